import './tokens.css'
import './banks/demo.css'
import './banks/other.css'
import './base.css'

export type Theme = 'light' | 'dark'

/** Sets the colours of the whole page; `auto` follows the device. */
export function useTheme(choice: Theme | 'auto'): void {
  const root = document.documentElement
  const apply = (theme: Theme) => {
    root.dataset.theme = theme
    root.classList.toggle('dark', theme === 'dark')
    root.classList.toggle('van-theme-dark', theme === 'dark')
  }
  if (choice !== 'auto') {
    apply(choice)
    return
  }
  const dark = window.matchMedia('(prefers-color-scheme: dark)')
  apply(dark.matches ? 'dark' : 'light')
  dark.addEventListener?.('change', () => apply(dark.matches ? 'dark' : 'light'))
}
