import { newKey } from '@client/index'

const key = 'yinbo.device'

/** This browser's own random id, told when signing in and applying; it holds nothing about the device. */
export function deviceId(): string {
  const known = localStorage.getItem(key)
  if (known) return known
  const made = newKey()
  localStorage.setItem(key, made)
  return made
}
