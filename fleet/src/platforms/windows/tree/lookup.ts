/** Which line of the table a node falls under. */
import { areas, type Fact, facts } from './table.ts'

interface Ready extends Fact {
  readonly matches: RegExp
}
const ready: readonly Ready[] = facts.map((f) => ({
  ...f,
  matches: new RegExp(
    `^${f.pattern
      .split('/')
      .map((s) => (s === '**' ? '.+' : s.replace(/[.~+(){}[\]^$|\\]/g, '\\$&').replaceAll('*', '[^/]+')))
      .join('/')}$`,
  ),
}))
const known = new Map<string, Fact | undefined>()
const knownLimit = 4000

/** `./Vendor` is the device's (MS-MDM); `./cimv2` and the rest stay as they are. */
export const canonical = (uri: string): string => (uri.startsWith('./Vendor/') ? `./Device${uri.slice(1)}` : uri)

export function factOf(uri: string): Fact | undefined {
  if (known.has(uri)) return known.get(uri)
  const found = ready.find((f) => f.matches.test(uri))
  const result = found && isPolicyUnknown(uri) ? undefined : found
  if (known.size >= knownLimit) known.clear()
  known.set(uri, result)
  return result
}

function isPolicyUnknown(uri: string): boolean {
  const area = /\/Policy\/(?:Config|Result)\/([^/]+)\//.exec(uri)?.[1]
  return area !== undefined && !areas.has(area) && !area.startsWith('ADMX_') && !area.includes('~')
}
