import { defineStore } from 'pinia'
import { shallowRef, computed, ref } from 'vue'
import type { Session, Viewer } from '@client/index'
import { api } from './api'

/** Who is signed in, for templates; follows other tabs too. */
export const useSession = defineStore('session', () => {
  const session = shallowRef<Session<Viewer> | null>(api.session.read())
  api.session.onChange((next) => {
    session.value = next
    if (!next) typedPhone.value = ''
  })
  /** The phone as typed at sign-in; in memory only, to spare typing it again in forms. */
  const typedPhone = ref('')
  return {
    viewer: computed(() => session.value?.person ?? null),
    signedIn: computed(() => session.value !== null),
    typedPhone,
  }
})
