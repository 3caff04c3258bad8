/** What a voucher's code is made of: no 0 O, no 1 I L; the last symbol checks the others. */
const alphabet = '23456789ABCDEFGHJKMNPQRSTUVWXYZ'
export const symbols = 16

/** The code without what does not matter: case, spaces and hyphens. */
export const bare = (typed: string): string => typed.toUpperCase().replace(/[\s-]/g, '')

/** In groups of four, as it is printed. */
export const grouped = (typed: string): string => bare(typed).replace(/(.{4})(?=.)/g, '$1-')

/** Why it can be no code: a symbol that codes do not have, its length, or the check symbol; null for none. */
export function wrongOf(typed: string): 'symbol' | 'length' | 'check' | null {
  const code = bare(typed)
  let sum = 0
  for (let i = 0; i < code.length; i++) {
    const value = alphabet.indexOf(code[i]!)
    if (value < 0) return 'symbol'
    sum += (i + 1) * value
  }
  if (code.length !== symbols) return 'length'
  return sum % alphabet.length === 0 ? null : 'check'
}
