import { createApp } from 'vue'
import { createPinia } from 'pinia'
import { rememberBank } from '@shared/bank'
import { createAppI18n, onLocale } from '@shared/i18n'
import { notify } from '@shared/notices'
import { reloadWhenStale } from '@shared/staleBuild'
import { useTheme } from '@shared/theme'
import zh from './locales/zh-CN.json'
import App from './App.vue'
import { rememberShare } from './lib/shareCode'
import { rememberModes } from './lib/useModes'
import { keepShell } from './lib/shell'
import { watchNet } from './lib/useNet'
import { router } from './router'
import './viewer.css'

async function start(): Promise<void> {
  rememberBank()
  rememberShare()
  reloadWhenStale()
  rememberModes()
  watchNet()
  keepShell()
  useTheme('auto')
  const i18n = await createAppI18n(zh, () => import('./locales/en.json'))
  const { t } = i18n.global as unknown as { t: (key: string) => string }
  const name = (): void => {
    document.title = t('app.title')
  }
  name()
  onLocale(name)
  // A page whose part could not be loaded: the one before stays, and says so.
  router.onError(() => notify(t('shared.error.offline'), 'bad', t('shared.error.offlineHint')))
  createApp(App).use(createPinia()).use(i18n).use(router).mount('#app')
}

void start()
