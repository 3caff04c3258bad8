export { useLoad, type Loaded } from '@shared/useLoad'
