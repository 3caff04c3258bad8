import './tokens.css'
import './elder.css'
import './banks/demo.css'
import './banks/other.css'
import './base.css'

export type Theme = 'light' | 'dark'

let again: () => void = () => undefined

/** Puts elder mode's type, contrast and targets on, or off. */
export function useElderTheme(on: boolean): void {
  const { dataset } = document.documentElement
  if (on) dataset.mode = 'elder'
  else delete dataset.mode
  again()
}

/** Sets the colours of the whole page; `auto` follows the device, but for elder mode, which is light. */
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
  again = () => apply(dark.matches && root.dataset.mode !== 'elder' ? 'dark' : 'light')
  again()
  dark.addEventListener?.('change', again)
}
