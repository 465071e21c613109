/** Shows the console to who is signed in, the sign-in page to everyone else; an ended session comes back to the same page. */
import { type Query, useQuery, useQueryClient } from '@tanstack/react-query'
import { Activity, useEffect, useState } from 'react'
import { Outlet } from 'react-router'
import { keepCsrf, onSessionExpired, onSessionReplaced, type Session, session } from '../../api/index.ts'
import { Shown } from '../../ui/index.ts'
import { LiveProvider } from './live.tsx'
import { SessionContext } from './session.tsx'
import { SignIn } from './sign-in.tsx'

/** How long what was on the page of an ended session stays in the browser: enough to sign in again, not for who passes by later. */
const keptMs = 5 * 60_000

export function SessionGate() {
  const client = useQueryClient()
  const current = useQuery(session.current())
  // Whose session ended by itself: the page with what they were writing waits unseen until they are back.
  const [ended, setEnded] = useState<Session>()
  const [kept, setKept] = useState(false)
  useEffect(() => {
    onSessionExpired(() => {
      keepCsrf(undefined)
      const { queryKey } = session.current()
      setEnded(client.getQueryData<Session | null>(queryKey) ?? undefined)
      setKept(true)
      client.setQueryData(queryKey, null)
    })
    onSessionReplaced(async () => {
      const { queryKey } = session.current()
      const before = client.getQueryData<Session | null>(queryKey)
      const now = await client.fetchQuery({ ...session.current(), staleTime: 0 })
      keepCsrf(now?.csrf)
      if (now !== null && now.user.id === before?.user.id) return true
      // What somebody else read is not theirs to see, and what they began is not sent in another's name.
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' })
      return false
    })
  }, [client])
  useEffect(() => {
    if (current.data) setEnded(undefined)
  }, [current.data])
  useEffect(() => {
    if (!kept || current.data) return
    const timer = setTimeout(() => {
      setKept(false)
      client.removeQueries({ predicate: ofTheirs })
    }, keptMs)
    return () => clearTimeout(timer)
  }, [kept, current.data, client])
  const enter = (now: Session) => {
    // Nothing that was read stays in the page for somebody else; who comes back sees it anew.
    if (now.user.id === ended?.user.id) void client.invalidateQueries({ predicate: ofTheirs })
    else client.removeQueries({ predicate: ofTheirs })
    client.setQueryData(session.current().queryKey, now)
  }
  return (
    <Shown query={current}>
      {(signedIn) => {
        keepCsrf(signedIn?.csrf)
        const whose = signedIn ?? (kept ? ended : undefined)
        return (
          <>
            {signedIn === null && <SignIn ended={ended !== undefined} onSignedIn={enter} />}
            {whose !== undefined && (
              <Activity key={whose.user.id} mode={signedIn === null ? 'hidden' : 'visible'}>
                <SessionContext value={whose}>
                  <LiveProvider>
                    <Outlet />
                  </LiveProvider>
                </SessionContext>
              </Activity>
            )}
          </>
        )
      }}
    </Shown>
  )
}

/** What was read in somebody's name. */
const ofTheirs = (query: Query) => query.queryKey[0] !== 'session' && query.queryKey[0] !== 'about'
