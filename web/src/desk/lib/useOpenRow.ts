import { useRoute, useRouter } from 'vue-router'

/** Opens a list's row by the address, under the list's filters; '' closes it. */
export function useOpenRow(name: string): (id: string) => void {
  const route = useRoute()
  const router = useRouter()
  return (id) => void router.push({ name, params: { id }, query: route.query })
}
