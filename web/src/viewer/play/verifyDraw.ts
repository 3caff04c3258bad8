import type { LotteryProof } from '@client/index'

/** What does not agree in a proof; `ok` when all does, `unable` where this browser can't compute it. */
export type Verdict = 'ok' | 'seed' | 'tickets' | 'winners' | 'mine' | 'unable'

const text = new TextEncoder()
const hex = (bytes: ArrayBuffer) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, '0')).join('')
const bytesOf = (digits: string) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
const sha256 = async (data: Uint8Array<ArrayBuffer>) => hex(await crypto.subtle.digest('SHA-256', data))

/**
 * Draws again from the published seed and tickets: the seed is the one committed
 * to, the list is the one drawn from, the winners follow, and one's own ticket
 * took part.
 */
export async function verifyDraw(proof: LotteryProof, commitment: string, ticket: string): Promise<Verdict> {
  // Browsers have no WebCrypto on plain http.
  if (!globalThis.crypto?.subtle) return 'unable'
  const seed = bytesOf(proof.seed)
  if (proof.commitment !== commitment || (await sha256(seed)) !== commitment) return 'seed'
  const tickets = [...proof.tickets].sort()
  if ((await sha256(text.encode(tickets.map((t) => t + '\n').join('')))) !== proof.digest) return 'tickets'
  if (ticket && !tickets.includes(ticket)) return 'mine'

  const key = await crypto.subtle.importKey('raw', seed, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const score = async (t: string) => ({ ticket: t, score: hex(await crypto.subtle.sign('HMAC', key, text.encode(t))) })
  const ranked = (await Promise.all(tickets.map(score))).sort((a, b) => (a.score < b.score ? -1 : 1))
  const numbers = proof.prizes.flatMap((prize, i) => Array<number>(prize.quantity).fill(i + 1))
  const due = ranked.slice(0, numbers.length).map((r, i) => `${i + 1} ${numbers[i]} ${r.ticket}`)
  const told = [...proof.winners].sort((a, b) => a.place - b.place).map((w) => `${w.place} ${w.prize_no} ${w.ticket}`)
  return due.join() === told.join() ? 'ok' : 'winners'
}
