import { readonly, ref, type Ref } from 'vue'
import { unwrap, type Api, type Role, type Staff, type TokenAnswer } from '@client/index'

export interface StaffDesk {
  /** Who is signed in, or null. */
  person: Readonly<Ref<Staff | null>>
  /** Whether one of the roles is held. */
  has(...roles: Role[]): boolean
  signIn(username: string, password: string, totp: string): Promise<Staff>
  signOut(): Promise<void>
}

/** One app's signed-in person, kept in step with its session over all tabs. */
export function createStaffDesk(api: Api<Staff>): StaffDesk {
  const person = ref<Staff | null>(api.session.read()?.person ?? null)
  api.session.onChange((session) => {
    person.value = session?.person ?? null
  })

  return {
    person: readonly(person) as Readonly<Ref<Staff | null>>,
    has: (...roles) => roles.some((role) => person.value?.roles.includes(role)),

    async signIn(username, password, totp) {
      const body = { username, password, ...(totp ? { totp } : {}) }
      const answer = await unwrap<TokenAnswer>(api.http.POST('/staff/login', { body }))
      return api.session.accept(answer).person
    },

    async signOut() {
      try {
        await api.http.POST('/auth/logout', {})
      } catch {
        // The tokens are forgotten here all the same; at the server they run out.
      }
      api.session.clear()
    },
  }
}
