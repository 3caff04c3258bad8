import { reactive, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useErrors } from '@shared/errors'
import { notify } from '@shared/notices'
import { api } from '../api'
import { follows, listFollowing, setFollow } from '../calls/follows'
import { confirmed } from '../lib/confirm'
import { useSession } from '../session'

export interface Host {
  id: string
  name: string
}

/** Whom one follows, as far as it is known: one truth for rooms, lists and reservations. */
const known = reactive(new Map<string, boolean>())
const busy = reactive(new Set<string>())
let whose = ''

export function useFollow() {
  const { t } = useI18n()
  const { toast } = useErrors()
  const session = useSession()
  watch(
    () => session.viewer?.id ?? '',
    (who) => {
      if (who !== whose) known.clear()
      whose = who
    },
    { immediate: true },
  )

  return {
    busy: (host: string) => busy.has(host),
    following: (host: string) => known.get(host) ?? false,
    /** Asks about one host; what is not known is no mark, and not worth a message of failure. */
    async learn(host: string): Promise<void> {
      if (!api.session.read() || known.has(host)) return
      const got = await follows(host).catch(() => null)
      if (got && !known.has(host)) known.set(host, got.following)
    },
    /** Asks about all at once, for lists. */
    async learnAll(): Promise<void> {
      if (!api.session.read()) return
      const page = await listFollowing().catch(() => null)
      for (const f of page?.items ?? []) if (!known.has(f.host.id)) known.set(f.host.id, true)
    },
    /** Follows, or follows no more, once the person has read what it brings; whether it changed. */
    async turn(host: Host): Promise<boolean> {
      const on = !known.get(host.id)
      const words = on
        ? ([t('follow.ask', { name: host.name }), t('follow.hint'), t('follow.follow'), t('follow.no')] as const)
        : ([t('follow.drop', { name: host.name }), t('follow.dropHint'), t('follow.dropYes'), t('follow.keep')] as const)
      if (busy.has(host.id) || !(await confirmed(...words))) return false
      busy.add(host.id)
      try {
        known.set(host.id, (await setFollow(host.id, on)).following)
        notify(t(on ? 'follow.done' : 'follow.dropped', { name: host.name }), 'good')
        return true
      } catch (error) {
        toast(error)
        return false
      } finally {
        busy.delete(host.id)
      }
    },
  }
}
