import { ApiError } from '@client/index'

/** The words that a refusal asks to think over; none when it is about something else. */
export function warnedWords(error: unknown): string[] {
  return error instanceof ApiError && error.code === 'words.warned' ? error.fields.map((f) => f.message) : []
}
