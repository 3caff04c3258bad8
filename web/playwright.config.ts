import { defineConfig } from '@playwright/test'

/** The running product; start it with `make run`, or point elsewhere. */
const baseURL = process.env.E2E_BASE_URL ?? 'http://127.0.0.1:8080'

export default defineConfig({
  testDir: 'e2e',
  timeout: 60_000,
  expect: { timeout: 10_000 },
  workers: 1,
  retries: 0,
  reporter: [['list']],
  use: {
    baseURL,
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    viewport: { width: 390, height: 844 },
    screenshot: 'only-on-failure',
    serviceWorkers: 'block', // a test's own routes come first; one spec lets it in
    contextOptions: { reducedMotion: 'reduce' }, // nothing is waited for that only moves
    launchOptions: {
      executablePath: process.env.E2E_CHROMIUM ?? '/usr/bin/chromium-headless-shell', // Chromium without its windows: a third less work
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
        '--autoplay-policy=no-user-gesture-required',
        '--disable-features=SpareRendererForSitePerProcess,Translate,OptimizationHints,MediaRouter',
      ],
    },
  },
})
