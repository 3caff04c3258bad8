import type { RouteLocationRaw } from 'vue-router'
import { useRouter } from 'vue-router'
import { useAction } from './useAction'
import type { StaffDesk } from './useStaff'

/** The sign-in page that comes back to `path`; `over` says that a session has just ended. */
export const whereTo = (path: string, over = false): RouteLocationRaw => ({
  name: 'sign-in',
  query: { ...(path && path !== '/' ? { to: path } : {}), ...(over ? { over: '1' } : {}) },
})

/** The way out: to the door first, so that a session that ends by wish is not told as one that ran out. */
export function useLeave(desk: StaffDesk) {
  const router = useRouter()
  const { busy, run } = useAction()
  const leave = (): Promise<boolean> =>
    run(async () => {
      await router.push({ name: 'sign-in' })
      await desk.signOut()
    })
  return { leaving: busy, leave }
}
