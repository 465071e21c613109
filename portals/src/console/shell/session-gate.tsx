/** Shows the console to who is signed in, the sign-in page to everyone else; an ended session comes back to the same page. */
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Outlet } from 'react-router'
import { keepCsrf, onSessionExpired, session } from '../../api/index.ts'
import { Shown } from '../../ui/index.ts'
import { LiveProvider } from './live.tsx'
import { SessionContext } from './session.tsx'
import { SignIn } from './sign-in.tsx'

export function SessionGate() {
  const client = useQueryClient()
  const current = useQuery(session.current())
  const [ended, setEnded] = useState(false)
  useEffect(() => {
    onSessionExpired(() => {
      keepCsrf(undefined)
      setEnded(true)
      client.setQueryData(session.current().queryKey, null)
    })
  }, [client])
  return (
    <Shown query={current}>
      {(signedIn) => {
        keepCsrf(signedIn?.csrf)
        if (signedIn === null) return <SignIn ended={ended} onSignedIn={() => setEnded(false)} />
        return (
          <SessionContext value={signedIn}>
            <LiveProvider>
              <Outlet />
            </LiveProvider>
          </SessionContext>
        )
      }}
    </Shown>
  )
}
