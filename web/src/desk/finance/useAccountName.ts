import { ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { listSettlements } from '../calls/finance'

/** Accounts in words: `merchant:mch_…` is the merchant's; the code stays readable beside it. */
export function useAccountName(): (account: string) => string {
  const { t, te } = useI18n()
  /** Merchants' names, from the latest settlements; without them the accounts' own codes have to do. */
  const merchants = ref(new Map<string, string>())
  void listSettlements('', '').then(
    ({ items }) => (merchants.value = new Map(items.map((s) => [s.merchant.id, s.merchant.name]))),
    () => undefined,
  )
  return (account) => {
    const [kind = account, of = ''] = account.split(':')
    const name = te(`desk.account.${kind}`) ? t(`desk.account.${kind}`) : account
    const whose = te(`desk.funder.${of}`) ? t(`desk.funder.${of}`) : merchants.value.get(of)
    return whose ? `${name} · ${whose}` : name
  }
}
