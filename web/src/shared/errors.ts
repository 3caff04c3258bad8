import { useI18n } from 'vue-i18n'
import { ApiError, FrameError } from '@client/index'
import { notify } from './notices'

export interface Told {
  /** What happened. */
  title: string
  /** What to do. */
  detail: string
  requestId: string
}

/** Puts errors into words: the server's own, or ours where nothing came back. */
export function useErrors() {
  const { t } = useI18n()

  const describe = (error: unknown): Told => {
    if (error instanceof ApiError) {
      const requestId = error.requestId
      if (error.code === 'client.offline') return { title: t('shared.error.offline'), detail: t('shared.error.offlineHint'), requestId }
      if (error.code === 'client.timeout') return { title: t('shared.error.timeout'), detail: t('shared.error.timeoutHint'), requestId }
      if (error.code === 'rate_limited') {
        const wait = error.retryAfter ? t('shared.error.waitSeconds', { n: error.retryAfter }) : t('shared.error.waitHint')
        return { title: error.title || t('shared.error.tooMany'), detail: error.detail || wait, requestId }
      }
      const fields = error.fields.map((f) => f.message).filter(Boolean)
      return {
        title: error.title || t('shared.error.unexpected'),
        detail: [error.detail, ...fields].filter(Boolean).join(' · ') || t('shared.error.retryHint'),
        requestId,
      }
    }
    if (error instanceof FrameError) {
      return { title: error.message || t('shared.error.offline'), detail: '', requestId: '' }
    }
    return { title: t('shared.error.unexpected'), detail: t('shared.error.retryHint'), requestId: '' }
  }

  return {
    describe,
    /** Shows an error as a note; for failures that leave the screen as it was. */
    toast(error: unknown): void {
      const told = describe(error)
      notify(told.title, 'bad', told.detail === told.title ? '' : told.detail, told.requestId)
    },
  }
}
