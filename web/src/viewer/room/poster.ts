import { encode } from 'uqr'

export interface PosterWords {
  title: string
  host: string
  bank: string
  when: string
  scan: string
}

const wide = 750
const high = 1200
const cover = 720
const font = (px: number, weight = 400) => `${weight} ${px}px ${getComputedStyle(document.body).fontFamily}`
const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** Draws a room's poster and gives it as PNG: the cover, what and who and when, and the link as QR code. */
export async function drawPoster(canvas: HTMLCanvasElement, words: PosterWords, link: string, coverUrl: string | null): Promise<Blob> {
  canvas.width = wide
  canvas.height = high
  const pen = canvas.getContext('2d')!
  pen.fillStyle = 'white'
  pen.fillRect(0, 0, wide, high)
  await drawCover(pen, coverUrl)
  pen.fillStyle = token('--brand')
  pen.fillRect(0, cover, wide, 8)
  drawWords(pen, words)
  drawCode(pen, link, wide - 244, high - 310, 204)
  return new Promise((resolve, reject) => canvas.toBlob((png) => (png ? resolve(png) : reject(new Error('no picture'))), 'image/png'))
}

/** The cover fills its place; where it does not come, or may not be drawn, the brand's colour does. */
async function drawCover(pen: CanvasRenderingContext2D, url: string | null): Promise<void> {
  const ground = pen.createLinearGradient(0, 0, wide, cover)
  ground.addColorStop(0, token('--brand'))
  ground.addColorStop(1, token('--brand-deep'))
  pen.fillStyle = ground
  pen.fillRect(0, 0, wide, cover)
  const image = url ? await load(url) : null
  if (!image?.naturalWidth) return
  const scale = Math.max(wide / image.naturalWidth, cover / image.naturalHeight)
  const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale]
  // The whole picture, cut by the pen: cut by its own pixels, one without a size of its own comes out too large.
  pen.save()
  pen.beginPath()
  pen.rect(0, 0, wide, cover)
  pen.clip()
  pen.drawImage(image, (wide - w) / 2, (cover - h) / 2, w, h)
  pen.restore()
}

/** Null where it fails; of another origin only when that lets it be drawn. */
function load(url: string): Promise<HTMLImageElement | null> {
  return new Promise((resolve) => {
    const image = new Image()
    image.crossOrigin = 'anonymous'
    image.onload = () => resolve(image)
    image.onerror = () => resolve(null)
    image.src = url
  })
}

function drawWords(pen: CanvasRenderingContext2D, { title, host, bank, when, scan }: PosterWords): void {
  pen.textBaseline = 'top'
  pen.fillStyle = 'black'
  pen.font = font(44, 600)
  let y = cover + 44
  for (const line of lines(pen, title, wide - 80, 2)) {
    pen.fillText(line, 40, y)
    y += 58
  }
  pen.font = font(34)
  pen.fillStyle = token('--ink-2')
  const room = wide - 330
  for (const text of [host, when, bank]) {
    pen.fillText(lines(pen, text, room, 1)[0] ?? '', 40, y + 24)
    y += 54
  }
  pen.font = font(28)
  pen.textAlign = 'center'
  pen.fillText(lines(pen, scan, 240, 1)[0] ?? '', wide - 142, high - 92)
  pen.textAlign = 'left'
}

/** Breaks a text into lines of a width; the last is cut with an ellipsis. */
export function lines(pen: Pick<CanvasRenderingContext2D, 'measureText'>, text: string, width: number, most: number): string[] {
  const out: string[] = []
  let line = ''
  const fits = (s: string) => pen.measureText(s).width <= width
  for (const part of text.match(/[\x21-\x7e]+\s*|[^]/gu) ?? []) {
    if (fits(line + part) || !line) {
      line += part
      continue
    }
    out.push(line.trimEnd())
    line = part
  }
  if (line) out.push(line)
  if (out.length <= most) return out
  let last = out[most - 1]!
  while (last && !fits(`${last}…`)) last = last.slice(0, -1)
  return [...out.slice(0, most - 1), `${last}…`]
}

function drawCode(pen: CanvasRenderingContext2D, link: string, x: number, y: number, size: number): void {
  const { data } = encode(link, { border: 1 })
  const cell = size / data.length
  pen.fillStyle = 'black'
  data.forEach((row, r) => row.forEach((dark, c) => dark && pen.fillRect(x + c * cell, y + r * cell, cell + 0.5, cell + 0.5)))
}
