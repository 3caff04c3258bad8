import { onBeforeUnmount, onMounted } from 'vue'

/**
 * Single-key shortcuts of a page. They rest while someone types, while a modal
 * is open, and when the key comes with Ctrl, Alt or Meta.
 */
export function useKeys(handler: (key: string) => boolean): void {
  const listen = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || event.isComposing) return
    const target = event.target as HTMLElement | null
    if (target?.closest('input, textarea, select, [contenteditable="true"], [role="dialog"], [role="listbox"]')) return
    // One that is on its way out holds no key back.
    if ([...document.querySelectorAll('.el-overlay:not([class*=leave-]) :is(.el-overlay-dialog, .el-drawer.open, .el-message-box)')].some((modal) => modal.checkVisibility?.())) return
    if (handler(event.key.toLowerCase())) event.preventDefault()
  }
  onMounted(() => window.addEventListener('keydown', listen))
  onBeforeUnmount(() => window.removeEventListener('keydown', listen))
}
