import { unwrap, type TokenAnswer } from '@client/index'
import { api } from '../api'
import { deviceId } from '../lib/device'
import { forgetPerson } from '../lib/savedAddress'

export function askCode(phone: string): Promise<unknown> {
  return unwrap(api.http.POST('/auth/otp', { body: { phone } }))
}

/** Signs in; the session is kept before the promise resolves. */
export async function verifyCode(phone: string, code: string): Promise<void> {
  const answer = await unwrap<TokenAnswer>(
    api.http.POST('/auth/otp/verify', { body: { phone, code, device_id: deviceId() } }),
  )
  api.session.accept(answer)
}

/** Signs out here even when the server can't be told. */
export async function signOut(): Promise<void> {
  try {
    await unwrap(api.http.POST('/auth/logout'))
  } finally {
    api.session.clear()
    forgetPerson()
  }
}
