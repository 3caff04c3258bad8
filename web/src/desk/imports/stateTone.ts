import type { ImportState } from '../calls/imports'

/** The colour of an import's state, beside its word. */
export const stateTone: Record<ImportState, string> = { uploading: 'warn', queued: 'info', running: 'info', done: 'good', failed: 'bad', cancelled: '' }
