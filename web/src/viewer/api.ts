import { createApi, SessionStore, type Viewer } from '@client/index'
import { currentBank } from '@shared/bank'
import { currentLocale } from '@shared/i18n'

/** The viewer app's one API client. */
export const api = createApi<Viewer>({
  session: new SessionStore<Viewer>('viewer'),
  locale: currentLocale,
  bank: currentBank,
})
