import { idempotent, unwrap, type Board, type CouponDrop, type Drawing, type Lottery, type Page, type Poll, type RedPacket } from '@client/index'
import type { components } from '@client/schema'
import { api } from '../api'

/** The API's objects of the rundown, the games and the report, as its document has them. */
type Schemas = components['schemas']
export type Cue = Schemas['RundownCue']
export type CueKind = Cue['kind']
export type CueState = Cue['state']
export type CueDraft = Schemas['CueDraft']
export type Rundown = Schemas['RundownView']
export type DryRun = Schemas['RundownReport']
export type Problem = Schemas['RundownProblem']
export type Owed = Schemas['PlayOwed']
export type Batch = Schemas['PromoBatchView']
/** The report: the board at the end, what was planned and run, and every minute in which something happened. */
export type Report = Omit<Schemas['ReportOut'], 'board'> & { board: Board }
export type RoomFunnel = Schemas['FunnelLine']
export type FlashChange = Schemas['ChangeFlashInBody']
export type Replay = Schemas['VideoReplay']

export interface Playing {
  red_packets: RedPacket[]
  lotteries: Lottery[]
  polls: Poll[]
}

const at = (id: string) => ({ params: { path: { id } } })
const keyed = (id: string, key: string) => ({ params: { path: { id }, ...idempotent(key) } })

export function getRundown(room: string): Promise<Rundown> {
  return unwrap(api.http.GET('/host/rooms/{id}/rundown', at(room)))
}

/** Replaces the cues that have not happened; `confirmed` where words were warned of. */
export function putRundown(room: string, cues: CueDraft[], confirmed: boolean): Promise<Rundown> {
  return unwrap(api.http.PUT('/host/rooms/{id}/rundown', { ...at(room), body: { cues, confirmed } }))
}

export function setRundownMode(room: string, mode: Rundown['mode']): Promise<Rundown> {
  return unwrap(api.http.POST('/host/rooms/{id}/rundown/mode', { ...at(room), body: { mode } }))
}

export function dryRun(room: string): Promise<DryRun> {
  return unwrap(api.http.POST('/host/rooms/{id}/rundown/dry-run', at(room)))
}

export function fireCue(id: string): Promise<Cue> {
  return unwrap(api.http.POST('/host/cues/{id}/fire', at(id)))
}

export function skipCue(id: string): Promise<Cue> {
  return unwrap(api.http.POST('/host/cues/{id}/skip', at(id)))
}

export function undoCue(id: string): Promise<Cue> {
  return unwrap(api.http.POST('/host/cues/{id}/undo', at(id)))
}

export function getPlaying(room: string): Promise<Playing> {
  return unwrap(api.http.GET('/rooms/{id}/play', at(room)))
}

/** The coupon drops that can be claimed from now. */
export async function getDrops(room: string): Promise<CouponDrop[]> {
  return (await unwrap<{ drops: CouponDrop[] }>(api.http.GET('/rooms/{id}/coupons', at(room)))).drops
}

/** Batches of which coupons can be given; for operators. */
export function listBatches(): Promise<Page<Batch>> {
  return unwrap(api.http.GET('/shop/coupon-batches', { params: { query: { state: 'open', limit: 100 } } }))
}

export async function listCardProducts(): Promise<{ id: string; name: string }[]> {
  return (await unwrap<{ items: { id: string; name: string }[] }>(api.http.GET('/card-products'))).items
}

export function openLottery(room: string, body: Schemas['RundownLottery'], key: string): Promise<Lottery> {
  return unwrap(api.http.POST('/host/rooms/{id}/lotteries', { ...keyed(room, key), body }))
}

export function drawLottery(id: string): Promise<Drawing> {
  return unwrap(api.http.POST('/host/lotteries/{id}/draw', at(id)))
}

export function cancelLottery(id: string): Promise<Lottery> {
  return unwrap(api.http.POST('/host/lotteries/{id}/cancel', at(id)))
}

export async function getWinners(id: string): Promise<Owed[]> {
  return (await unwrap<Schemas['WinnersOut']>(api.http.GET('/host/lotteries/{id}/winners', at(id)))).items ?? []
}

export function openPacket(room: string, body: Schemas['RundownRedPacket'], key: string): Promise<RedPacket> {
  return unwrap(api.http.POST('/host/rooms/{id}/red-packets', { ...keyed(room, key), body }))
}

export function closePacket(id: string): Promise<RedPacket> {
  return unwrap(api.http.POST('/host/red-packets/{id}/close', at(id)))
}

export function openPoll(room: string, body: Schemas['RundownPoll'], key: string): Promise<Poll> {
  return unwrap(api.http.POST('/host/rooms/{id}/polls', { ...keyed(room, key), body }))
}

export function closePoll(id: string): Promise<Poll> {
  return unwrap(api.http.POST('/host/polls/{id}/close', at(id)))
}

export function dropCoupons(room: string, body: Schemas['RundownCoupon'], key: string): Promise<CouponDrop> {
  return unwrap(api.http.POST('/host/rooms/{id}/coupons', { ...keyed(room, key), body }))
}

export function closeDrop(id: string): Promise<unknown> {
  return unwrap(api.http.POST('/host/coupon-drops/{id}/close', at(id)))
}

export function placeOnShelf(room: string, sku: string, change: Schemas['PlaceInBody']): Promise<unknown> {
  return unwrap(
    api.http.PATCH('/host/rooms/{id}/shelf/{sku_id}', { params: { path: { id: room, sku_id: sku } }, body: change }),
  )
}

export function changeFlash(id: string, change: FlashChange): Promise<Schemas['FlashView']> {
  return unwrap(api.http.PATCH('/host/flash/{id}', { ...at(id), body: change }))
}

export function getReport(room: string): Promise<Report> {
  return unwrap(api.http.GET('/host/rooms/{id}/report', at(room)))
}

export async function getSlices(room: string): Promise<Schemas['LiveSlice'][]> {
  return (await unwrap<Schemas['SlicesOut']>(api.http.GET('/rooms/{id}/slices', at(room)))).items ?? []
}

/** What was recorded; the addresses are signed and run out. */
export function getReplay(room: string): Promise<Replay> {
  return unwrap(api.http.GET('/rooms/{id}/replay', at(room)))
}

/** Puts slices cut by hand in place of those that there are. */
export const recut = (room: string, version: number, items: Schemas['VideoCut'][]): Promise<Replay> =>
  unwrap(api.http.PUT('/host/rooms/{id}/slices', { ...at(room), body: { version, items } }))

/** Cuts by what was pinned when again. */
export const uncut = (room: string, version: number): Promise<Replay> =>
  unwrap(api.http.POST('/host/rooms/{id}/slices/reset', { ...at(room), body: { version } }))

export function getFunnel(room: string): Promise<RoomFunnel> {
  return unwrap(api.http.GET('/host/rooms/{id}/funnel', at(room)))
}
