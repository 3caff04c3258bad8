import { createApi, SessionStore, type Api, type Staff } from '@client/index'
import { currentBank } from './bank'
import { currentLocale } from './i18n'

/** The API client of a staff app (`host` or `desk`); each keeps its own session. */
export function createStaffApi(app: 'host' | 'desk'): Api<Staff> {
  return createApi<Staff>({ session: new SessionStore<Staff>(app), locale: currentLocale, bank: currentBank })
}
