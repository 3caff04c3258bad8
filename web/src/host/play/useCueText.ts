import { useI18n } from 'vue-i18n'
import { money } from '@shared/format'
import type { Cue } from './calls'

/** What a cue does in one line; `titleOf` names a SKU. */
export function useCueText(titleOf: (sku: string) => string) {
  const { t } = useI18n()
  return (cue: Cue): string => {
    if (cue.pin) return cue.pin.sku_id ? titleOf(cue.pin.sku_id) || cue.pin.sku_id : t('play.form.noSku')
    if (cue.flash) return `${titleOf(cue.flash.sku_id) || cue.flash.sku_id} · ${money(cue.flash.price_fen)} × ${cue.flash.total}`
    if (cue.coupon) return t('play.couponsOf', { n: cue.coupon.quantity })
    if (cue.notice) return cue.notice.text
    if (cue.lottery) return cue.lottery.title
    if (cue.red_packet) return `${cue.red_packet.title} · ${money(cue.red_packet.total_fen)}`
    return cue.poll?.question ?? ''
  }
}
