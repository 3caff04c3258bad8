import { onScopeDispose, watch } from 'vue'
import { touch, type Touch } from '../calls/touches'

const most = 64

/** A code of the address, where it is one. */
export function codeOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= most && /^[A-Za-z0-9_-]+$/.test(value) ? value : undefined
}

/** Tells once for each product that its form is open, and once that somebody began to fill it in. */
export function useTouches(product: () => string, filled: () => unknown, from: () => Omit<Touch, 'kind' | 'product'>): void {
  const told = new Set<string>()
  const tell = (kind: Touch['kind']): void => {
    const id = product()
    if (!id || told.has(kind + id)) return
    told.add(kind + id)
    touch({ kind, product: id, ...from() })
  }
  let began = false
  const stops = [
    watch(product, () => {
      tell('clicked')
      if (began) tell('started')
    }, { immediate: true }),
    watch(filled, () => {
      began = true
      tell('started')
    }),
  ]
  onScopeDispose(() => stops.forEach((stop) => stop()))
}
