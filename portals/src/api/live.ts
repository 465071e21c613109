/** The live stream: server-sent events mark what changed as stale, at most once a second; without it, a look every 5 s. */
import type { QueryClient } from '@tanstack/react-query'
import { base } from './http.ts'
import { eventTypes, type LiveEvent, staleKeys, watchedKeys } from './stale.ts'

export type LiveState = 'connecting' | 'live' | 'polling'
export interface Live {
  /** Begins listening; the answer ends it. */
  start(): () => void
  state(): LiveState
  subscribe(listener: () => void): () => void
  on(listener: (event: LiveEvent) => void): () => void
}

const flushMs = 1000
const pollMs = 5000
const retryMs = 15_000

export function createLive(client: QueryClient): Live {
  const watchers = new Set<() => void>()
  const listeners = new Set<(event: LiveEvent) => void>()
  const stale = new Map<string, string[]>()
  let state: LiveState = 'connecting'
  let flushing: ReturnType<typeof setTimeout> | undefined

  const become = (next: LiveState) => {
    if (next === state) return
    state = next
    for (const watcher of watchers) watcher()
  }
  const flush = () => {
    flushing = undefined
    for (const [name, queryKey] of stale) {
      // Reading anew breaks off what is being read: where answers take longer than events do, none would ever come.
      if (client.isFetching({ queryKey }) > 0) continue
      stale.delete(name)
      void client.invalidateQueries({ queryKey })
    }
    if (stale.size > 0) flushing = setTimeout(flush, flushMs)
  }
  const heard = (event: LiveEvent) => {
    for (const key of staleKeys(event)) stale.set(key.join('\0'), key)
    flushing ??= setTimeout(flush, flushMs)
    for (const listener of listeners) listener(event)
  }
  const refreshAll = () => {
    for (const key of watchedKeys) stale.set(key, [key])
    clearTimeout(flushing)
    flush()
  }

  function start(): () => void {
    let source: EventSource | undefined
    let retry: ReturnType<typeof setTimeout> | undefined
    let wasOpen = false
    const began = Date.now()
    const close = () => {
      clearTimeout(retry)
      source?.close()
      source = undefined
    }
    const open = () => {
      close()
      source = listen(heard, {
        opened() {
          // Whatever happened while nobody listened is read anew, once.
          if (wasOpen || Date.now() - began > flushMs) refreshAll()
          wasOpen = true
          become('live')
        },
        lost(ended) {
          become('polling')
          if (ended) retry = setTimeout(open, retryMs)
        },
      })
    }
    // A hidden tab gives its connection back: browsers allow only six to one http/1.1 server over all tabs.
    const visibility = () => (document.hidden ? close() : open())
    const poll = setInterval(() => {
      if (state === 'polling' && !document.hidden) refreshAll()
    }, pollMs)
    document.addEventListener('visibilitychange', visibility)
    if (!document.hidden) open()
    return () => {
      close()
      clearInterval(poll)
      clearTimeout(flushing)
      flushing = undefined
      document.removeEventListener('visibilitychange', visibility)
    }
  }

  return {
    start,
    state: () => state,
    subscribe(watcher) {
      watchers.add(watcher)
      return () => watchers.delete(watcher)
    },
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function listen(heard: (event: LiveEvent) => void, on: { opened(): void; lost(ended: boolean): void }): EventSource {
  const source = new EventSource(new URL('api/v1/events', base))
  source.onopen = () => on.opened()
  source.onerror = () => on.lost(source.readyState === EventSource.CLOSED)
  for (const type of eventTypes) {
    source.addEventListener(type, (message: MessageEvent<string>) => {
      const data: unknown = JSON.parse(message.data)
      heard({ type, data: typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {} })
    })
  }
  return source
}
