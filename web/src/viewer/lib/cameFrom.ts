/** Where the address says that the viewer came from (`?from=share`); undefined when it does not, or oddly. */
export function cameFrom(search = location.search): string | undefined {
  const from = new URLSearchParams(search).get('from') ?? ''
  return /^[a-z0-9_-]{1,40}$/.test(from) ? from : undefined
}
