/** Starts the portals in the browser: nonce for injected styles, theme, cached reads, addresses below the page's base. */
import '@mantine/core/styles.css'
import './page.css'
import { MantineProvider } from '@mantine/core'
import { notifyManager, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { setNonce } from 'get-nonce'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { BrowserRouter } from 'react-router'
import { ApiProblem } from './api/index.ts'
import { App } from './app.tsx'
import { language } from './text/index.ts'
import { cssVariables, theme } from './ui/index.ts'

document.documentElement.lang = language
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''
setNonce(nonce)

// What is being sent is known before the next key or click is heard: a double click sends once.
notifyManager.setScheduler(queueMicrotask)

const client = new QueryClient({
  defaultOptions: {
    // Muster may be reached where the browser takes itself for offline (a closed network, this very machine): whether it answers is found out by asking.
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      // Only what may pass by itself is tried again: no way to the server, or the server busy.
      retry: (count, error) => count < 2 && error instanceof ApiProblem && (error.status === 0 || error.status >= 500),
    },
  },
})

const root = document.getElementById('root')
if (root === null) throw new Error('The page has no #root')
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={client}>
        <BrowserRouter basename={new URL(document.baseURI).pathname.replace(/\/$/, '')}>
          <App />
        </BrowserRouter>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
