import { onScopeDispose, ref, shallowRef } from 'vue'
import { ApiError } from '@client/index'
import { putPart, startImport, type ImportJob } from '../calls/imports'

export const partSize = 1024 * 1024
export const maxParts = 256
export const partsOf = (size: number): number => Math.ceil(size / partSize)

const storage = 'yinbo.desk.uploads'
type Marks = Record<string, string>

/** What tells a file from another one without reading it. */
const markOf = (file: File): string => `${file.name}\n${file.size}\n${file.lastModified}`

function marks(): Marks {
  try {
    return JSON.parse(localStorage.getItem(storage) ?? '{}') as Marks
  } catch {
    return {}
  }
}

function mark(job: string, value: string | null): void {
  const { [job]: _, ...rest } = marks()
  localStorage.setItem(storage, JSON.stringify(value === null ? rest : { ...rest, [job]: value }))
}

/** Files chosen in this page for jobs that are not uploaded yet; a reload forgets them. */
const chosen = new Map<string, File>()

export function chooseFor(job: string, file: File): void {
  chosen.set(job, file)
  mark(job, markOf(file))
}

export const chosenFor = (job: string): File | undefined => chosen.get(job)

/**
 * The part from which the file goes on; null where it is another file than the one
 * that was begun with. A file begun in another browser is sent anew.
 */
export function resumeFrom(job: ImportJob, file: File): number | null {
  const known = marks()[job.id]
  if (known !== undefined) return known === markOf(file) ? job.parts : null
  return file.name === job.name && partsOf(file.size) >= job.parts ? 0 : null
}

const tries = 3

/** Sends a file in its parts, one after another, and starts the import when all are there. */
export function useUpload() {
  const sent = ref(0)
  const total = ref(0)
  const busy = ref(false)
  const error = shallowRef<unknown>(null)
  let stopped = false
  onScopeDispose(() => (stopped = true))

  async function put(job: string, no: number, part: Blob): Promise<void> {
    for (let n = 1; ; n++) {
      try {
        await putPart(job, no, part)
        return
      } catch (cause) {
        // A line that breaks now and then is no reason to ask a person.
        if (n === tries || !(cause instanceof ApiError) || !cause.unknownOutcome) throw cause
      }
    }
  }

  /** True when the import was started. */
  async function send(job: ImportJob, file: File, from: number): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    error.value = null
    total.value = partsOf(file.size)
    sent.value = from
    try {
      for (let no = from + 1; no <= total.value && !stopped; no++) {
        await put(job.id, no, file.slice((no - 1) * partSize, no * partSize))
        sent.value = no
      }
      if (stopped) return false
      await startImport(job.id)
      chosen.delete(job.id)
      mark(job.id, null)
      return true
    } catch (cause) {
      error.value = cause
      return false
    } finally {
      busy.value = false
    }
  }
  return { sent, total, busy, error, send }
}
