import { reactive, ref, shallowRef, watch } from 'vue'
import { ApiError, type ApplicationDraft, type ConsentRef } from '@client/index'
import { forgetDraft, listDrafts, saveDraft } from '../calls/applications'
import { sharedBy } from '../lib/shareCode'
import { useSession } from '../session'
import type { Values } from './fieldRules'

/** How a draft stands: what the person sees is what is true at the bank. */
export type Saving = 'none' | 'unsaved' | 'saving' | 'saved' | 'offline' | 'failed' | 'conflict'

const pause = 900
const again = 10_000

/**
 * An application being filled in. It is kept at the bank, for this person on any
 * device, and not in this browser; the id number (class C2, and the most dangerous
 * part to leave behind) and the consents are given anew each time.
 */
export function useDraft(where: () => { step: string; room?: string }) {
  const session = useSession()
  const product = ref('')
  const values = reactive<Values>({})
  const idNo = ref('')
  const consents = reactive(new Set<string>())
  const drafts = shallowRef<ApplicationDraft[]>([])
  const saving = ref<Saving>('none')
  const savedAt = ref('')
  const cause = shallowRef<unknown>(null)
  let revision = 0
  let dirty = false
  let quiet = false
  let over = false
  let running: Promise<void> | null = null
  let timer = 0

  const of = (id: string): ApplicationDraft | undefined => drafts.value.find((d) => d.card_product_id === id)

  /** Fills the form without taking that for a change. */
  function fill(next: Values): void {
    quiet = true
    for (const name of Object.keys(values)) delete values[name]
    Object.assign(values, next)
    quiet = false
  }
  fill(session.typedPhone ? { phone: session.typedPhone } : {})

  watch(values, () => !quiet && touch(), { flush: 'sync' })

  function touch(): void {
    dirty = true
    if (over || !product.value || saving.value === 'conflict') return
    saving.value = 'unsaved'
    later(pause)
  }
  function later(ms: number): void {
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void flush(), ms)
  }

  /** Writes what is not written yet; one write at a time. */
  async function flush(): Promise<void> {
    window.clearTimeout(timer)
    if (running) await running
    if (!dirty || over || !product.value || saving.value === 'conflict') return
    running = write()
    await running
    running = null
  }

  async function write(): Promise<void> {
    dirty = false
    saving.value = 'saving'
    try {
      const { step, room } = where()
      const fields = Object.fromEntries(Object.entries(values).filter(([, v]) => v.trim() !== ''))
      if (fields.limit_wished_fen && /^\d+$/.test(fields.limit_wished_fen)) fields.limit_wished_fen += '00'
      const saved = await saveDraft(product.value, { revision, step, fields, room_id: room, share_code: sharedBy() })
      revision = saved.revision
      savedAt.value = saved.updated_at
      drafts.value = [saved, ...drafts.value.filter((d) => d.card_product_id !== saved.card_product_id)]
      saving.value = dirty ? 'unsaved' : 'saved'
      if (dirty) later(pause)
    } catch (error) {
      dirty = true
      cause.value = error
      const known = error instanceof ApiError ? error : null
      if (known?.code === 'draft.outdated') saving.value = 'conflict'
      else if (!known || known.status === 0) saving.value = 'offline'
      else saving.value = 'failed'
      if (saving.value !== 'conflict') later(again)
    }
  }

  /** Goes on with a draft; gives the page where the person was. */
  function resume(draft: ApplicationDraft): string {
    const fields = { ...draft.fields }
    if (fields.limit_wished_fen) fields.limit_wished_fen = String(Math.floor(Number(fields.limit_wished_fen) / 100))
    fill({ ...(session.typedPhone ? { phone: session.typedPhone } : {}), ...fields })
    product.value = draft.card_product_id
    revision = draft.revision
    savedAt.value = draft.updated_at
    dirty = false
    saving.value = 'saved'
    return draft.step
  }

  /** After another device wrote: its words, or these. */
  async function settle(keep: boolean): Promise<string | null> {
    drafts.value = await listDrafts()
    const theirs = of(product.value)
    saving.value = 'unsaved'
    revision = theirs?.revision ?? 0
    if (!keep && theirs) return resume(theirs)
    dirty = true
    await flush()
    return null
  }

  watch(product, (now, before) => {
    if (!before || now === before) return
    // What was filled in goes along; it is saved under the other card.
    revision = of(now)?.revision ?? 0
    if (dirty || saving.value === 'saved') touch()
  })

  const online = (): void => void flush()
  const hidden = (): void => void (document.hidden && flush())
  window.addEventListener('online', online)
  // What is not at the bank yet goes with the page: the browser asks first.
  const leaving = (event: BeforeUnloadEvent): void => void (dirty && !over && product.value && event.preventDefault())
  document.addEventListener('visibilitychange', hidden)
  window.addEventListener('beforeunload', leaving)
  onScopeDispose(() => {
    window.removeEventListener('online', online)
    document.removeEventListener('visibilitychange', hidden)
    window.removeEventListener('beforeunload', leaving)
    void flush()
  })

  return {
    product,
    values,
    idNo,
    consents,
    drafts,
    saving,
    savedAt,
    cause,
    of,
    resume,
    settle,
    flush,
    load: async () => void (drafts.value = await listDrafts()),
    consentKey: (ref: ConsentRef) => `${ref.document}@${ref.version}`,
    async forget(id: string): Promise<void> {
      await forgetDraft(id)
      drafts.value = drafts.value.filter((d) => d.card_product_id !== id)
      if (id === product.value) {
        revision = 0
        saving.value = 'none'
      }
    },
    /** Nothing more is written: the form is being sent in. */
    async hold(): Promise<void> {
      over = true
      window.clearTimeout(timer)
      if (running) await running
    },
    release(): void {
      over = false
    },
  }
}
