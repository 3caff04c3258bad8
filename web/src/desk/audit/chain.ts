import type { ChainProof } from '../calls/audit'

export interface Verdict {
  holds: boolean
  /** Entries that hold, in all pieces. */
  count: number
  pieces: ChainProof[]
  first: ChainProof
  last: ChainProof
}

/**
 * Proves a chain piece by piece. A piece must begin with the hash with which the
 * one before it ended: else something between them changed while we looked.
 */
export async function proveAll(
  read: (from: number, to: number) => Promise<ChainProof>,
  from: number,
  to: number,
  told: (done: number, of: number) => void,
  stopped: () => boolean,
): Promise<Verdict | null> {
  const pieces: ChainProof[] = []
  let next: number | null = from
  let end = to
  while (next !== null) {
    if (stopped()) return null
    const piece: ChainProof = await read(next, end)
    end ||= piece.head_seq // who acts meanwhile does not keep us going for ever
    const before = pieces.at(-1)
    if (before && piece.prev_hash !== before.last_hash) {
      piece.verdict = 'broken'
      piece.broken_at = piece.from_seq
    }
    pieces.push(piece)
    told(piece.to_seq - from + 1, Math.min(end, piece.head_seq) - from + 1)
    next = piece.verdict === 'holds' && piece.next_seq !== null && piece.next_seq <= end ? piece.next_seq : null
  }
  return {
    holds: pieces.every((p) => p.verdict === 'holds'),
    count: pieces.reduce((n, p) => n + p.count, 0),
    pieces,
    first: pieces[0]!,
    last: pieces.at(-1)!,
  }
}
