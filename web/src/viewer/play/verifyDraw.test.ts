import { createHash, createHmac, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import type { LotteryProof } from '@client/index'
import { verifyDraw, type Verdict } from './verifyDraw'

const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')

/** A draw by other means than those under test. */
function draw(entrants = 7): LotteryProof {
  const seed = randomBytes(32)
  const tickets = Array.from({ length: entrants }, (_, i) => hash(`lot_1/vwr_${i}`)).sort()
  const score = (t: string) => createHmac('sha256', seed).update(t).digest('hex')
  const ranked = [...tickets].sort((a, b) => (score(a) < score(b) ? -1 : 1))
  return {
    lottery_id: 'lot_1', state: 'drawn', commitment: hash(seed), seed: seed.toString('hex'), tickets,
    prizes: [{ title: 'first', quantity: 1 }, { title: 'second', quantity: 2 }],
    digest: hash(tickets.map((t) => t + '\n').join('')),
    winners: ranked.slice(0, 3).map((ticket, i) => ({ place: i + 1, prize_no: i === 0 ? 1 : 2, ticket })),
  }
}

test.each<[string, (proof: LotteryProof) => LotteryProof, Verdict]>([
  ['as drawn', (p) => p, 'ok'],
  ['winners in another order of telling', (p) => ({ ...p, winners: [...p.winners].reverse() }), 'ok'],
  ['another seed', (p) => ({ ...p, seed: 'ab'.repeat(32) }), 'seed'],
  ['another commitment than was told', (p) => ({ ...p, commitment: hash('x') }), 'seed'],
  ['a ticket slipped in', (p) => ({ ...p, tickets: [...p.tickets, hash('late')] }), 'tickets'],
  ['prizes exchanged', (p) => ({ ...p, winners: p.winners.map((w) => ({ ...w, prize_no: 3 - w.prize_no })) }), 'winners'],
  ['a winner left out', (p) => ({ ...p, winners: p.winners.slice(1) }), 'winners'],
])('%s', async (_name, change, verdict) => {
  const proof = draw()
  expect(await verifyDraw(change(proof), proof.commitment, proof.tickets[0]!)).toBe(verdict)
})

test('fewer entrants than prizes, and none', async () => {
  for (const entrants of [2, 0]) {
    const proof = draw(entrants)
    expect(await verifyDraw(proof, proof.commitment, '')).toBe('ok')
  }
})

test("one's own ticket must have taken part", async () => {
  const proof = draw()
  expect(await verifyDraw(proof, proof.commitment, hash('me'))).toBe('mine')
})
