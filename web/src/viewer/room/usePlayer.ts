import { onBeforeUnmount, onMounted, ref, watch, type Ref } from 'vue'
import type HlsType from 'hls.js'

const againAfter = 5000

/**
 * Plays an HLS address in a media element, by the player's own means or by
 * hls.js, which is loaded only now. Without an address nothing is loaded.
 */
export function usePlayer(media: Ref<HTMLMediaElement | null>, source: () => string, { live = true, stalled = () => {} } = {}) {
  const playing = ref(false)
  const broken = ref(false)
  let hls: HlsType | null = null
  let again = 0

  function stop(): void {
    clearTimeout(again)
    hls?.destroy()
    hls = null
    playing.value = false
  }

  /** Nothing to play (yet): a host may not be sending. Looked for again every 5 s. */
  function lost(): void {
    stop()
    broken.value = true
    if (live) again = window.setTimeout(() => void start(), againAfter)
  }

  async function start(): Promise<void> {
    stop()
    const url = source()
    const player = media.value
    if (!player) return
    if (!url) {
      player.removeAttribute('src')
      player.load()
      return
    }
    // iPhones play HLS themselves and have no MediaSource; elsewhere hls.js is the better player.
    if (!('MediaSource' in window) && player.canPlayType('application/vnd.apple.mpegurl')) {
      player.src = url
      void player.play().catch(() => undefined)
      return
    }
    const { default: Hls } = await import('hls.js/light')
    if (source() !== url || media.value !== player || !Hls.isSupported()) return
    hls = new Hls(live ? { liveSyncDurationCount: 2, maxBufferLength: 20, backBufferLength: 10 } : {}) as HlsType
    hls.on(Hls.Events.ERROR, (_name, data) => {
      if (data.fatal) lost()
      else if (data.details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) stalled()
    })
    hls.loadSource(url)
    hls.attachMedia(player)
    hls.on(Hls.Events.MANIFEST_PARSED, () => void player.play().catch(() => undefined))
  }

  onMounted(() => void start())
  watch(source, () => void start())
  onBeforeUnmount(stop)

  return {
    playing,
    broken,
    start,
    onPlaying(): void {
      playing.value = true
      broken.value = false
    },
    onError(): void {
      if (source() && !hls) lost()
    },
  }
}
