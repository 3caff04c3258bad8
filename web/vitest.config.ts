import { defineConfig, mergeConfig } from 'vitest/config'
import app from './vite.config.ts'

export default mergeConfig(
  app,
  defineConfig({
    test: {
      environment: 'node', // what needs a page says so in its first line
      include: ['src/**/*.test.ts', 'packages/**/*.test.ts', 'test/**/*.test.ts'],
      server: { deps: { inline: ['vant', 'element-plus'] } },
    },
  }),
)
