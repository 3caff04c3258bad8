const key = 'yinbo.bank'

/**
 * The bank named once by `?bank=` and remembered, or empty: then the host name
 * or the server decides. Also puts the bank's colours on.
 */
export function rememberBank(): string {
  const asked = new URLSearchParams(location.search).get('bank')
  if (asked && /^[a-z0-9-]{1,40}$/.test(asked)) localStorage.setItem(key, asked)
  const bank = currentBank()
  document.documentElement.dataset.bank = bank || 'demo'
  return bank
}

export function currentBank(): string {
  return localStorage.getItem(key) ?? ''
}
