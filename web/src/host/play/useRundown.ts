import { computed, onScopeDispose, reactive, ref, watch } from 'vue'
import { learnServerTime } from '@shared/serverClock'
import { useAction } from '@shared/staff/useAction'
import { useLoad } from '@shared/useLoad'
import type { Desk } from '../desk/useDesk'
import { dryRun, fireCue, getRundown, putRundown, setRundownMode, skipCue, undoCue, type CueDraft, type Problem, type Rundown } from './calls'

const readEvery = 10_000

/** A room's rundown at the desk: read after each fact of the room, since any may be a cue's. */
export function useRundown(desk: Desk) {
  const { data: view, error, load } = useLoad(async () => {
    const read = await getRundown(desk.id)
    learnServerTime(read.server_time)
    return read
  })
  const { busy, run } = useAction()
  /** What the last dry run found, by cue; null before there was one. */
  const problems = reactive(new Map<string, Problem[]>())
  const checked = ref<number | null>(null)

  const cues = computed(() => view.value?.cues ?? [])
  const next = computed(() => cues.value.find((c) => c.id === view.value?.next_cue_id) ?? null)

  const forget = (): void => {
    problems.clear()
    checked.value = null
  }

  const act = (do_: (id: string) => Promise<unknown>) => async (id: string): Promise<void> => {
    await run(() => do_(id))
    await load() // Also after a refusal: the cue says why.
  }

  const take = (fresh: Rundown): void => {
    view.value = fresh
    forget()
  }

  const timer = window.setInterval(() => void load(), readEvery)
  onScopeDispose(() => window.clearInterval(timer))
  watch(() => [desk.facts.value, desk.room.value?.status], () => void load())

  return {
    view, error, load, busy, cues, next, problems, checked, forget,
    fire: act(fireCue),
    skip: act(skipCue),
    undo: act(undoCue),
    async setMode(mode: Rundown['mode']): Promise<void> {
      await run(async () => (view.value = await setRundownMode(desk.id, mode)))
    },
    async save(drafts: CueDraft[], confirmed: boolean): Promise<void> {
      take(await putRundown(desk.id, drafts, confirmed))
    },
    async dryRun(): Promise<void> {
      await run(async () => {
        const report = await dryRun(desk.id)
        forget()
        checked.value = report.checked
        for (const p of report.problems ?? []) problems.set(p.cue_id, [...(problems.get(p.cue_id) ?? []), p])
      })
    },
  }
}

export type RundownDesk = ReturnType<typeof useRundown>
