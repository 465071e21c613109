/** One live stream for the whole console, and what pages do with it. */
import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, use, useEffect, useEffectEvent, useState, useSyncExternalStore } from 'react'
import { createLive, type Live, type LiveEvent, type LiveState } from '../../api/index.ts'

const LiveContext = createContext<Live | undefined>(undefined)

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const [live] = useState(() => createLive(client))
  useEffect(() => live.start(), [live])
  return <LiveContext value={live}>{children}</LiveContext>
}

export function useLiveState(): LiveState {
  const live = use(LiveContext)
  return useSyncExternalStore(
    (watcher) => live?.subscribe(watcher) ?? (() => undefined),
    () => live?.state() ?? 'connecting',
  )
}

/** Calls back for each event of one type while the page is shown. */
export function useEvent(type: string, handle: (data: LiveEvent['data']) => void): void {
  const live = use(LiveContext)
  const heard = useEffectEvent((event: LiveEvent) => {
    if (event.type === type) handle(event.data)
  })
  useEffect(() => live?.on((event) => heard(event)), [live])
}
