import { createApp } from 'vue'
import { createPinia } from 'pinia'
import { rememberBank } from '@shared/bank'
import { createAppI18n } from '@shared/i18n'
import { useTheme } from '@shared/theme'
import '@shared/theme/element.css'
import './desk.css'
import zh from './locales/zh-CN.json'
import App from './App.vue'
import { router } from './router'

async function start(): Promise<void> {
  rememberBank()
  useTheme('light')
  const i18n = await createAppI18n(zh, () => import('./locales/en.json'))
  createApp(App).use(createPinia()).use(i18n).use(router).mount('#app')
}

void start()
