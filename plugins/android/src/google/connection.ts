/** The one connection to Google that all of the channel uses: which account, which enterprise, and the two services. */
import type { PlatformHost } from '@muster/contract'
import { type Account, createTokens, type Tokens } from './account.ts'
import { type Call, createCall } from './call.ts'
import { GoogleError } from './errors.ts'
import { createPace, type Pace } from './pace.ts'
import type { GoogleSettings } from './settings.ts'
import { type Enterprise, readEnterprise, readKeptAccount } from './store.ts'

export interface Connection {
  /** The Android Management API; counted against its quota. */
  readonly api: Call
  readonly pubsub: Call
  readonly tokens: Tokens
  account(): Promise<Account | undefined>
  /** Undefined: none is bound. */
  enterprise(): Promise<Enterprise | undefined>
  /** Throws GoogleError `unset`. */
  bound(): Promise<Enterprise>
  /** After the set-up was changed here; other nodes hear of it within seconds. */
  forget(): void
}
/** A node knows of changes of the set-up this late at most. */
const keptMs = 5_000

export function createConnection(host: PlatformHost, s: GoogleSettings): Connection {
  const account = remembered(() => readKeptAccount(host.sql, host.vault))
  const enterprise = remembered(() => readEnterprise(host.sql, host.vault))
  const tokens = createTokens(host, s.tokenUrl, 1000 * s.answerS)
  const pace = (perSecond: number, inFlight: number): Pace => createPace({ perSecond, inFlight, firstRestS: s.restS })
  const service = (url: string, p: Pace) =>
    createCall({ host, url, account: account.get, tokens, pace: p, answerMs: 1000 * s.answerS })
  return {
    api: service(s.apiUrl, pace(s.requestsPerSecond, s.inFlight)),
    // Pub/Sub has its own quota, far above what is asked of it.
    pubsub: service(s.pubsubUrl, pace(100, 4)),
    tokens,
    account: account.get,
    enterprise: enterprise.get,
    bound: async () => {
      const found = await enterprise.get()
      if (!found) throw new GoogleError('unset', '')
      return found
    },
    forget: () => {
      account.forget()
      enterprise.forget()
    },
  }
}

function remembered<T>(read: () => Promise<T>): { get(): Promise<T>; forget(): void } {
  let kept: { until: number; value: Promise<T> } | undefined
  return {
    get: () => {
      if (!kept || kept.until <= Date.now()) {
        const value = read()
        const now = { until: Date.now() + keptMs, value }
        kept = now
        value.catch(() => {
          if (kept === now) kept = undefined
        })
      }
      return kept.value
    },
    forget: () => {
      kept = undefined
    },
  }
}
