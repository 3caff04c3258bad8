/** The value of a token now, for what draws without style sheets, such as a chart. */
export const token = (name: `--${string}`): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
