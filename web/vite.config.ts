import { fileURLToPath, URL } from 'node:url'
import { defineConfig } from 'vite'
import vue from '@vitejs/plugin-vue'
import vueI18n from '@intlify/unplugin-vue-i18n/vite'
import components from 'unplugin-vue-components/vite'
import autoImport from 'unplugin-auto-import/vite'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import { VantResolver } from '@vant/auto-import-resolver'
import { apiDocs, guides, vantIconsAsSvg } from './build-plugins.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Where `npm run dev` sends API calls and the room socket. */
const backend = process.env.YINBO_DEV_BACKEND ?? 'http://127.0.0.1:8080'

/** In development, what the Go server does in production: each app owns its paths. */
const appFallback = {
  name: 'yinbo:app-fallback',
  configureServer(server: { middlewares: { use(fn: (req: { url?: string }, res: unknown, next: () => void) => void): void } }) {
    server.middlewares.use((req, _res, next) => {
      const path = (req.url ?? '/').split('?')[0] ?? '/'
      const plain = !path.includes('.') && !path.startsWith('/@') && !path.startsWith('/api')
      if (plain && /^\/host(\/|$)/.test(path)) req.url = '/host/index.html'
      else if (plain && /^\/desk(\/|$)/.test(path)) req.url = '/desk/index.html'
      next()
    })
  },
}

export default defineConfig({
  plugins: [
    appFallback,
    apiDocs(here('./node_modules/swagger-ui-dist')),
    guides(here('../docs/guides')),
    vantIconsAsSvg(),
    vue(),
    vueI18n({
      include: [here('./src') + '/*/locales/*.json'],
      runtimeOnly: true,
      dropMessageCompiler: true,
      strictMessage: true,
    }),
    autoImport({
      imports: ['vue', 'vue-router', 'pinia', { 'vue-i18n': ['useI18n'] }],
      resolvers: [VantResolver(), ElementPlusResolver()],
      dts: 'src/auto-imports.d.ts',
    }),
    components({
      dirs: ['src/shared/components'],
      resolvers: [VantResolver(), ElementPlusResolver()],
      dts: 'src/components.d.ts',
    }),
  ],
  resolve: {
    alias: {
      '@shared': here('./src/shared'),
      '@client': here('./packages/client'),
    },
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: ['chrome87', 'safari14'],
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      input: {
        viewer: here('./index.html'),
        host: here('./host/index.html'),
        desk: here('./desk/index.html'),
      },
    },
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: backend, ws: true, changeOrigin: false } },
  },
})
