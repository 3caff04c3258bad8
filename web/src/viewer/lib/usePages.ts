export { usePages } from '@shared/usePages'
