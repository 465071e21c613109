/** Which errors are honest refusals. */
import { isProblem } from '@muster/contract'

/** A problem of the caller's, never one of ours. */
export const problem = (e: unknown): boolean => isProblem(e) && e.status >= 400 && e.status < 500
/** For readers that answer anything and never throw. */
export const never = (): boolean => false
export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what)
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair, in text or in jsonb. */
export function storable(value: unknown): void {
  const open: unknown[] = [value]
  for (let next = open.pop(); next !== undefined || open.length > 0; next = open.pop()) {
    if (typeof next === 'string') demand(next.isWellFormed() && !next.includes('\0'), 'a text that no database holds')
    else if (typeof next === 'object' && next !== null) open.push(...Object.keys(next), ...Object.values(next))
  }
}
