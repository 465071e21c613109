/** One request to Google: with a token, at the pace, and again where that does no harm. */
import type { Json, JsonObject, PlatformHost } from '@muster/contract'
import { objectOf } from '../documents/index.ts'
import type { Account, Tokens } from './account.ts'
import { errorOf, GoogleError } from './errors.ts'
import type { Pace } from './pace.ts'

export interface Request {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Below the service's address: "v1/enterprises/LC1/devices". */
  path: string
  query?: Readonly<Record<string, string | number | readonly string[] | undefined>>
  body?: JsonObject
  signal?: AbortSignal
  /** Doing it twice does no harm, though it is a POST. */
  repeatable?: true
  /** The answer is held back while there is nothing to say: that none comes in time is an empty one. */
  held?: true
}
/** Answers the body. Throws GoogleError. */
export type Call = (r: Request) => Promise<JsonObject>

/** Within this time a request is tried again; then it is given back to whoever keeps it. */
const patienceMs = 40_000
const bodyBytes = 20_000_000

export function createCall(o: {
  host: PlatformHost
  url: string
  account(): Promise<Account | undefined>
  tokens: Tokens
  pace: Pace
  /** Milliseconds that an answer is waited for. */
  answerMs: number
}): Call {
  const base = o.url.replace(/\/+$/, '')

  async function tokenFor(fresh: boolean, signal: AbortSignal): Promise<string> {
    try {
      const account = await o.account()
      if (!account) throw new GoogleError('unset', 'no service account')
      return await o.tokens.get(account, fresh, signal)
    } catch (e) {
      if (e instanceof GoogleError) e.unsent = true
      throw e
    }
  }
  async function once(r: Request, fresh: boolean, signal: AbortSignal): Promise<JsonObject> {
    const token = await tokenFor(fresh, signal)
    signal.throwIfAborted()
    const time = AbortSignal.timeout(o.answerMs)
    const response = await o.host
      .fetch(address(base, r), {
        method: r.method,
        // What has left is waited for, also when the server stops: whether it was done must be known.
        signal: r.held ? AbortSignal.any([signal, time]) : time,
        headers: { authorization: `Bearer ${token}`, ...(r.body ? { 'content-type': 'application/json' } : {}) },
        ...(r.body ? { body: JSON.stringify(r.body) } : {}),
      })
      .catch((e: unknown) => {
        if (r.held && signal.aborted) throw signal.reason
        if (r.held && e instanceof DOMException && e.name === 'TimeoutError') return undefined
        throw new GoogleError('away', e instanceof Error ? e.message : '')
      })
    if (response === undefined) return {}
    const body = await read(response)
    if (r.held && response.status === 504) return {}
    if (!response.ok) throw errorOf(response.status, body, response.headers.get('retry-after'))
    return objectOf(body) ?? {}
  }

  return async (r) => {
    const end = Date.now() + patienceMs
    const signal = r.signal ?? AbortSignal.timeout(2 * patienceMs)
    const harmless = r.method !== 'POST' || r.repeatable === true
    let fresh = false
    let last: GoogleError | undefined
    for (;;) {
      try {
        const answer = await o.pace.run(() => once(r, fresh, signal), signal)
        o.pace.well()
        return answer
      } catch (e) {
        if (isTimeout(e, signal)) throw last ?? tooLate()
        if (!(e instanceof GoogleError)) throw e
        last = e
        if (e.status === 401 && !fresh) {
          // The token may have been withdrawn before its time: once more with another.
          fresh = true
          continue
        }
        const later = e.kind === 'quota' || e.kind === 'away'
        const restS = later ? o.pace.rest(e.retryAfterS) : 0
        // What was refused for the quota was not done; what failed otherwise may have been.
        const again = e.kind === 'quota' || (e.kind === 'away' && (harmless || e.unsent))
        if (!again || Date.now() + restS * 1000 > end) throw e
      }
    }
  }
}

/** Whoever asked had so much time and no more: to him Google is away. Who stops the server is told so. */
function isTimeout(e: unknown, signal: AbortSignal): boolean {
  return signal.aborted && e === signal.reason && e instanceof DOMException && e.name === 'TimeoutError'
}
function tooLate(): GoogleError {
  const e = new GoogleError('away', 'it was not this request’s turn in time')
  e.unsent = true
  return e
}

function address(base: string, r: Request): string {
  const url = new URL(`${base}/${r.path}`)
  for (const [name, value] of Object.entries(r.query ?? {}))
    for (const one of Array.isArray(value) ? value : [value])
      if (one !== undefined) url.searchParams.append(name, String(one))
  return url.href
}

async function read(response: Response): Promise<Json> {
  const text = await response.text().catch(() => '')
  if (text.length > bodyBytes) return null
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}
