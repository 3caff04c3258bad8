import type { Named } from '@client/index'
import { useLoad } from '@shared/useLoad'
import { listBranches } from '../calls/review'

/** The bank's branches, asked for once; `nameOf` puts a name to an id, the whole bank to none. */
export function useBranches() {
  const { t } = useI18n()
  const { data, load } = useLoad(async () => (await listBranches()).items as Named[])
  onMounted(load)
  const branches = computed(() => data.value ?? [])
  const nameOf = (id: string | null | undefined): string => (id ? (branches.value.find((b) => b.id === id)?.name ?? id) : t('desk.staff.wholeBank'))
  return { branches, nameOf }
}
