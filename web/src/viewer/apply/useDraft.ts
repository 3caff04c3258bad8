import { reactive, ref, watch } from 'vue'
import type { ConsentRef } from '@client/index'
import { useSession } from '../session'

const key = 'yinbo.viewer.apply'

export interface Draft {
  productId: string
  name: string
  phone: string
  email: string
  employer: string
  incomeBand: string
  cityCode: string
  cityName: string
  address: string
}

/**
 * An application being filled in. The draft outlives a reload in this tab; the
 * id number does not (class C2, and the most dangerous part to leave behind),
 * nor do consents: each is given anew.
 */
export function useDraft() {
  const session = useSession()
  const blank: Draft = {
    productId: '', name: '', phone: session.typedPhone, email: '', employer: '', incomeBand: '', cityCode: '', cityName: '', address: '',
  }
  const draft = reactive<Draft>({ ...blank, ...saved() })
  const idNo = ref('')
  const consents = reactive(new Set<string>())

  watch(draft, () => sessionStorage.setItem(key, JSON.stringify(draft)))

  return {
    draft,
    idNo,
    consents,
    consentKey: (ref: ConsentRef) => `${ref.document}@${ref.version}`,
    forget(): void {
      Object.assign(draft, blank)
      idNo.value = ''
      consents.clear()
      sessionStorage.removeItem(key)
    },
  }
}

function saved(): Partial<Draft> {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '{}') as Partial<Draft>
  } catch {
    return {}
  }
}
