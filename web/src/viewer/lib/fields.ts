/** Checks of what people type, the same rules as the server's, so that a form can tell at once. */

export const phoneOk = (phone: string): boolean => /^1[3-9]\d{9}$/.test(phone)

export const emailOk = (email: string): boolean => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)

/** A bank card's number: 13 to 19 digits that pass Luhn; blanks between them are fine. */
export function panOk(typed: string): boolean {
  const pan = typed.replace(/\s/g, '')
  if (!/^\d{13,19}$/.test(pan)) return false
  let sum = 0
  for (let i = 0; i < pan.length; i++) {
    let digit = Number(pan[pan.length - 1 - i])
    if (i % 2 === 1) digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2
    sum += digit
  }
  return sum % 10 === 0
}

const idWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const idChecks = '10X98765432'

export const normalId = (typed: string): string => typed.replace(/\s/g, '').toUpperCase()

export type IdProblem = 'length' | 'checksum' | 'birth' | 'minor'

/** What is wrong with a resident id (GB 11643-1999), or null; `now` decides who is of age. */
export function idProblem(typed: string, now = new Date()): IdProblem | null {
  const id = normalId(typed)
  if (!/^\d{17}[\dX]$/.test(id)) return 'length'
  const sum = idWeights.reduce((total, weight, i) => total + weight * Number(id[i]), 0)
  if (idChecks[sum % 11] !== id[17]) return 'checksum'
  const [year, month, day] = [Number(id.slice(6, 10)), Number(id.slice(10, 12)), Number(id.slice(12, 14))]
  const birth = new Date(Date.UTC(year, month - 1, day))
  const real = birth.getUTCMonth() === month - 1 && birth.getUTCDate() === day && birth.getTime() < now.getTime()
  if (!real) return 'birth'
  return isAdult(year, month, day, now) ? null : 'minor'
}

/** Eighteen by the calendar of Asia/Shanghai (UTC+8, no summer time). */
function isAdult(year: number, month: number, day: number, now: Date): boolean {
  const there = new Date(now.getTime() + 8 * 3600_000)
  const coming = Date.UTC(year + 18, month - 1, day)
  return Date.UTC(there.getUTCFullYear(), there.getUTCMonth(), there.getUTCDate()) >= coming
}

export const maskId = (id: string): string => (id.length > 2 ? id[0] + '*'.repeat(id.length - 2) + id.slice(-1) : '')

export const maskPhone = (phone: string): string => phone.slice(0, 3) + '****' + phone.slice(-4)

/** Groups a card number by four while it is typed. */
export const groupPan = (typed: string): string =>
  typed
    .replace(/\D/g, '')
    .slice(0, 19)
    .replace(/(\d{4})(?=\d)/g, '$1 ')
