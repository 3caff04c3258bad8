/** The business date, YYYY-MM-DD in the bank's zone, `days` from the day of `now`. */
export function businessDate(now: number, days = 0): string {
  // Sweden's way of writing dates is ISO's.
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' }).format(new Date(now + days * 86_400_000))
}
