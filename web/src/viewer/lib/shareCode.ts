const key = 'yinbo.share'

/** The share code of the link that opened the app (`?share=`), kept for this tab. */
export function rememberShare(search = location.search): void {
  const asked = new URLSearchParams(search).get('share') ?? ''
  if (/^[\x21-\x7e]{1,64}$/.test(asked)) sessionStorage.setItem(key, asked)
}

export function sharedBy(): string | undefined {
  return sessionStorage.getItem(key) ?? undefined
}
