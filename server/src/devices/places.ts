/** Where the routes of platforms stand: below their own folder, or where the world expects them; nobody takes a place that is another's. */
import type { Route } from '@muster/contract'

type Placed = { platform: string; route: Pick<Route, 'method' | 'path' | 'root'> }

export function placeOf(platform: string, route: Pick<Route, 'path' | 'root'>): string {
  return route.root ? route.path : `/${platform}${route.path}`
}

/** Folders at the root that are nobody's: whoever needs a name in them takes it (RFC 8615). */
const shared = new Set(['.well-known'])
/** Nothing to be filled in: the address is known before anybody asks. */
const exact = /^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*|\/\.well-known)+$/

/** Throws, naming who wants what: a server with two owners of one address does not start. `taken`: paths of the server's own routes. */
export function checkPlaces(routes: readonly Placed[], taken: readonly string[]): void {
  const folders = new Map<string, string>()
  for (const path of taken) if (!shared.has(folderOf(path))) folders.set(folderOf(path), 'the server')
  for (const { platform } of routes) folders.set(platform, `the platform ${platform}`)
  const held = new Map(taken.map((path) => [path, 'the server']))
  for (const { platform, route } of routes) {
    if (!route.root) continue
    const refuse = (why: string) => {
      throw new Error(`The platform ${platform} cannot have ${route.method} ${route.path}: ${why}.`)
    }
    if (!exact.test(route.path)) refuse('a path at the root is exact, of letters, digits, dots and dashes')
    const folder = folders.get(folderOf(route.path))
    if (folder !== undefined) refuse(`it is below what belongs to ${folder}`)
    const holder = held.get(route.path)
    if (holder !== undefined && holder !== platform) refuse(`it belongs to ${holder} already`)
    held.set(route.path, platform)
  }
}

const folderOf = (path: string): string => path.split('/')[1] ?? ''
