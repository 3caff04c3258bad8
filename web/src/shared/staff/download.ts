import { errorFrom } from '@client/index'

interface BlobAnswer {
  data?: unknown
  error?: unknown
  response: Response
}

/** Saves the file that a call (with `parseAs: 'blob'`) answers with; its name is the server's, else `fallback`. */
export async function download(call: Promise<BlobAnswer>, fallback: string): Promise<void> {
  const { data, error, response } = await call
  if (!response.ok || !(data instanceof Blob)) throw errorFrom(response, error)
  saveFile(data, fileName(response.headers.get('Content-Disposition')) || fallback)
}

/** Saves what the page has made itself. */
export function saveFile(data: Blob, name: string): void {
  const url = URL.createObjectURL(data)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
  // The browser reads the blob after the click; a minute is ample.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

/** The file's name of a Content-Disposition, plain or RFC 5987. */
export function fileName(disposition: string | null): string {
  if (!disposition) return ''
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(disposition)
  if (extended) {
    try {
      return decodeURIComponent(extended[1]!)
    } catch {
      // Badly encoded: the plain name will do.
    }
  }
  return /filename="?([^";]+)"?/i.exec(disposition)?.[1] ?? ''
}
