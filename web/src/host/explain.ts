import { useI18n } from 'vue-i18n'

/** What the figures of the strip and the report are: their unit, and whether the nodes report them or the database counts them. */
const figures = {
  viewers: ['people', 'nodes'],
  peak: ['people', 'nodes'],
  unique: ['people', 'counted'],
  later: ['people', 'counted'],
  stay: ['minutes', 'nodes'],
  likes: ['times', 'nodes'],
  chats: ['lines', 'counted'],
  orders: ['orders', 'counted'],
  paid: ['orders', 'counted'],
  gmv: ['yuan', 'counted'],
  applications: ['applications', 'counted'],
  bindings: ['cards', 'counted'],
  followers: ['people', 'counted'],
  newFollowers: ['people', 'counted'],
  bindRate: ['percent', 'counted'],
} as const

export type Figure = keyof typeof figures

/** A figure's explanation in words. */
export function useExplain() {
  const { t } = useI18n()
  return (figure: Figure): { what: string; unit: string; from: string } => {
    const [unit, from] = figures[figure]
    return { what: t(`host.explain.what.${figure}`), unit: t(`host.explain.unit.${unit}`), from: t(`host.explain.from.${from}`) }
  }
}
