/** What is let go first when the node is pressed: reports, then inventory, then pages. What devices acknowledge, and what stops a command, never. */
import { randomInt } from 'node:crypto'
import { Problem } from '@muster/contract'
import type { RouteAccess } from './route-access.ts'

export type Shed = 'report' | 'inventory' | 'page'
/** `work`: people's and programs' own changes, refused only when too many run at once. `never`: not even then. */
export type Weight = Shed | 'work' | 'never'

/** Requests of people and programs that run at once on one node. */
export const mostAtOnce = 2_000

/** Reading what was, adding up what is, looking ahead. */
const reports =
  /^\/api\/v1\/(metrics-summary|audit|alerts|webhooks\/:id\/deliveries|devices\/:id\/(events|messages)|.*\/preview$)/
const inventory = /^\/api\/v1\/(devices|groups\/:id\/devices|certificates)/
const reading = new Set(['GET', 'HEAD'])

/** Each route's place in the order, from what it is declared to be: a new one finds its place by itself. */
export function weightOf(method: string, path: string, access: RouteAccess): Weight {
  // Devices' own exchanges: what of them may wait is known only where they are read.
  if ('device' in access) return 'never'
  // The one that stops a command, and whoever has to sign in first to press it.
  if (path.endsWith('/cancel') || path.endsWith('/session') || path === '/api/v1/events') return 'never'
  if (!path.startsWith('/api/')) return 'public' in access && isPage(access.public) ? 'page' : 'never'
  if (/\/preview$/.test(path)) return 'report'
  if (!reading.has(method)) return 'work'
  if (reports.test(path)) return 'report'
  return inventory.test(path) ? 'inventory' : 'page'
}

/** The web app's files. All else that is public is how devices and programs get in: tokens, registration, certificates, packages, health. */
const isPage = (reason: string) => reason.startsWith('the web app')

/** Seconds to wait, spread so that those who were sent away together do not come back together. */
export function overloaded(level: number): Problem {
  return new Problem('overloaded', { retryAfterS: randomInt(2, 8) * Math.max(1, level) })
}
