import { idempotent, unwrap, type Coupon, type CouponDrop, type Lottery, type LotteryEntry, type LotteryProof, type Poll, type RedPacket } from '@client/index'
import { api } from '../api'

export interface Playing {
  lotteries: Lottery[] | null
  polls: Poll[] | null
  red_packets: RedPacket[] | null
}

export type LotteryOfMine = Lottery & { mine: LotteryEntry | null }

/** What a room plays, for those who come late. */
export function getPlaying(room: string): Promise<Playing> {
  return unwrap(api.http.GET('/rooms/{id}/play', { params: { path: { id: room } } }))
}

export async function getDrops(room: string): Promise<CouponDrop[]> {
  const offers = await unwrap<{ drops: CouponDrop[] | null }>(
    api.http.GET('/rooms/{id}/coupons', { params: { path: { id: room } } }),
  )
  return offers.drops ?? []
}

export function getLottery(id: string): Promise<LotteryOfMine> {
  return unwrap(api.http.GET('/lotteries/{id}', { params: { path: { id } } }))
}

export function enterLottery(id: string): Promise<LotteryEntry> {
  return unwrap(api.http.POST('/lotteries/{id}/entries', { params: { path: { id } } }))
}

export function getProof(id: string): Promise<LotteryProof> {
  return unwrap(api.http.GET('/lotteries/{id}/proof', { params: { path: { id } } }))
}

export function vote(poll: string, option: number): Promise<Poll> {
  return unwrap(api.http.PUT('/polls/{id}/vote', { params: { path: { id: poll } }, body: { option } }))
}

/** A share of a red packet; the same key asks for the same share again. */
export function takeShare(packet: string, key: string): Promise<Coupon> {
  return unwrap(api.http.POST('/red-packets/{id}/shares', { params: { path: { id: packet }, ...idempotent(key) } }))
}

export function claimDrop(drop: string, key: string): Promise<Coupon> {
  return unwrap(api.http.POST('/coupons/claims', { params: { ...idempotent(key) }, body: { drop_id: drop } }))
}
