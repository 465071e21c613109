/** Who is signed in and what they may do, for every page below. */
import { createContext, use } from 'react'
import type { Session } from '../../api/index.ts'
import { holds, holdsSome } from './permissions.ts'

export const SessionContext = createContext<Session | undefined>(undefined)

export function useSession(): Session {
  const session = use(SessionContext)
  if (session === undefined) throw new Error('This page is shown only to who is signed in')
  return session
}

export function useMay(permission: string): boolean {
  return holds(useSession().permissions, permission)
}

/** Whether any permission beginning with this is held. */
export function useMaySome(prefix: string): boolean {
  return holdsSome(useSession().permissions, prefix)
}
