/**
 * Who may knock where: one set of rules from what a route declares and what a credential is to the answer that is due.
 * A route that fits no rule, or a credential that none speaks of, is an error: nothing is tried that was not thought of.
 */
import type { RouteEntry } from '@muster/server'

/** What the holder of a credential is to the server. */
export type Holder =
  /** Nobody: no word, or one that was never given, or one that is for something else. */
  | { is: 'nobody' }
  /** It was somebody's, and is over. */
  | { is: 'over'; how: 'expired' | 'revoked' }
  /** A person or a program; `permissions` exact, or `*`. `proven`: a cookie that comes with the word of its page. */
  | { is: 'principal'; by: 'token' | 'cookie'; permissions: readonly string[]; proven: boolean }
  /** A device's own token. */
  | { is: 'device'; platform: string; state: 'enrolled' | 'expired' | 'revoked' | 'disenrolled' | 'foreign-platform' }

export interface Credential {
  readonly kind: string
  readonly holder: Holder
  readonly headers: Readonly<Record<string, string>>
}

/** `admitted`: past identity and permission, whatever becomes of it there. `as-none`: as a caller without any credential is answered. */
export type Due = { status: number; code: string; permission?: string } | 'admitted' | 'as-none' | 'own-rules'

const unauthenticated = { status: 401, code: 'unauthenticated' } as const
const forbidden = { status: 403, code: 'forbidden' } as const
const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Signing in needs no credential, yet no other site's page may do it for somebody. */
const signsIn = (route: RouteEntry) => route.path === '/api/v1/session' && route.method === 'POST'

/** OAuth's own endpoints read the header themselves, by other specifications: RFC 6749, 7591, 7592, 7662; a page on the way to enrolment asks who is signed in. */
const authenticatesItself = (route: RouteEntry) =>
  /^\/(oauth2\/|apple\/account\/\w+\/sign-in$|windows\/(sign-in|terms)$)/.test(route.path)

/** Apple's devices and Windows PCs prove themselves by certificate, signature and digest alone, and a 401 would make Apple's leave: a token is nothing there, neither good nor bad. */
export const takesTokens = (route: Pick<RouteEntry, 'path'>) => !/^\/(apple|windows)\//.test(route.path)

export function due(route: RouteEntry, { holder, headers }: Credential): Due {
  const { access } = route
  if (signsIn(route) && headers.origin !== undefined) return { status: 403, code: 'csrf-refused' }
  if ('public' in access) return authenticatesItself(route) ? 'own-rules' : 'as-none'
  if ('device' in access) return takesTokens(route) ? dueAtDeviceRoute(route, holder) : 'as-none'
  if ('permission' in access || 'principal' in access)
    return dueAtApi(route, holder, 'permission' in access ? access.permission : undefined)
  throw new Error(`no rule for ${route.method} ${route.path}: ${JSON.stringify(access)}`)
}

/** Each refusal has a word of its own, so that a device knows what to do: ask again, get a new token, enrol anew, or give up. */
function dueAtDeviceRoute(route: RouteEntry, holder: Holder): Due {
  switch (holder.is) {
    case 'nobody':
      return unauthenticated
    case 'over':
      return { status: 401, code: `token-${holder.how}` }
    case 'principal':
      return holder.by === 'cookie' ? unauthenticated : { status: 403, code: 'foreign-device' }
    case 'device':
      switch (holder.state) {
        case 'enrolled':
          return route.path.startsWith(`/${holder.platform}/`) ? 'admitted' : { status: 403, code: 'foreign-device' }
        case 'expired':
        case 'revoked':
          return { status: 401, code: `token-${holder.state}` }
        case 'disenrolled':
          return { status: 410, code: 'device-gone' }
        case 'foreign-platform':
          return { status: 403, code: 'foreign-device' }
      }
  }
}

function dueAtApi(route: RouteEntry, holder: Holder, permission: string | undefined): Due {
  switch (holder.is) {
    case 'nobody':
      return unauthenticated
    case 'over':
      return { status: 401, code: `token-${holder.how}` }
    case 'device':
      if (holder.state === 'enrolled' || holder.state === 'foreign-platform') return forbidden
      return { status: 401, code: holder.state === 'expired' ? 'token-expired' : 'token-revoked' }
    case 'principal':
      if (holder.by === 'cookie' && !holder.proven && !safe.has(route.method))
        return { status: 403, code: 'csrf-refused' }
      if (permission === undefined || holder.permissions.some((p) => p === '*' || p === permission)) return 'admitted'
      return { ...forbidden, permission }
  }
}
