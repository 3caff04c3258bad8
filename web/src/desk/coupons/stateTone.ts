import type { BatchState } from '../calls/coupons'

/** The colour of a batch's state, beside its word. */
export const stateTone: Record<BatchState, string> = { draft: '', open: 'good', paused: 'warn', closed: '' }
