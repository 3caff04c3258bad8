import { idempotent, unwrap } from '@client/index'
import type { components } from '@client/schema'
import { api } from '../api'

export type Redemption = components['schemas']['VoucherRedemption']

export function redeemVoucher(code: string, key: string): Promise<Redemption> {
  return unwrap(api.http.POST('/shop/vouchers/redeem', { params: { ...idempotent(key) }, body: { code } }))
}
