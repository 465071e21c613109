/** Who is signed in and what they may do, for every page below. */
import { createContext, use } from 'react'
import type { Session } from '../../api/index.ts'

export const SessionContext = createContext<Session | undefined>(undefined)

export function useSession(): Session {
  const session = use(SessionContext)
  if (session === undefined) throw new Error('This page is shown only to who is signed in')
  return session
}

/** Holds when one of the permissions is the asked one, exactly or with a final `*`. The server decides again. */
export function holds(permissions: readonly string[], asked: string): boolean {
  return permissions.some((one) => one === asked || (one.endsWith('*') && asked.startsWith(one.slice(0, -1))))
}

export function useMay(permission: string): boolean {
  return holds(useSession().permissions, permission)
}
