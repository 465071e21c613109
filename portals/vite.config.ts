/** How the portals are bundled: relative addresses (any path prefix), nothing inlined (strict CSP), no outside hosts. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const server = process.env.MUSTER_URL ?? 'http://localhost:8080'

export default defineConfig({
  base: './',
  plugins: [react()],
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': server, '/oauth2': server, '/pki': server } },
})
