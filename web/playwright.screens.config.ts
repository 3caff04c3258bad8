import { defineConfig } from '@playwright/test'
import base from './playwright.config'

/** Takes the pictures of docs/screens; run by scripts/screens. */
export default defineConfig(base, { testMatch: 'screens.ts', timeout: 120_000 })
