type Listener = (orderId: string) => void

const listeners = new Set<Listener>()

/** That an order changed, by its id; the empty id means any may have (after a join). */
export const orderChanged = {
  emit(orderId: string): void {
    for (const listener of listeners) listener(orderId)
  },
  on(listener: Listener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
}
