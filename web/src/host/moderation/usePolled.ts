import { onScopeDispose } from 'vue'
import { useLoad, type Loaded } from '@shared/useLoad'

/** Reads something now and every so often while the page is seen and it is wanted. */
export function usePolled<T>(read: () => Promise<T>, every: number, wanted: () => boolean = () => true): Loaded<T> {
  const loaded = useLoad(read)
  const again = (): void => {
    if (!document.hidden && wanted() && !loaded.loading.value) void loaded.load()
  }
  again()
  const timer = window.setInterval(again, every)
  onScopeDispose(() => window.clearInterval(timer))
  return loaded
}
