import { defineConfig, mergeConfig } from 'vitest/config'
import app from './vite.config.ts'

export default mergeConfig(
  app,
  defineConfig({
    test: {
      environment: 'jsdom',
      include: ['src/**/*.test.ts', 'packages/**/*.test.ts', 'test/**/*.test.ts'],
      server: { deps: { inline: ['vant', 'element-plus'] } },
    },
  }),
)
