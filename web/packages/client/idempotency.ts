/**
 * A form's idempotency key: made when the form opens, the same for every retry
 * of the same form, new once the form was answered for good and opens again.
 */
export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  // Pages on plain http (a bank's test machine) have no randomUUID.
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
}

/** The header parameters of a call that creates money, stock or an application. */
export function idempotent(key: string): { header: { 'Idempotency-Key': string } } {
  return { header: { 'Idempotency-Key': key } }
}
