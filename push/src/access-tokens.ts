/** Access tokens of OAuth 2.0 (RFC 6749 section 5), one per account: asked for once for all that wait, kept until shortly before its end. */
import type { Sent } from './adapter.ts'
import { type Answer, objectOf, type Post } from './post.ts'

/** A token is got anew this long before it ends. */
const spareMs = 120_000

export interface AccessTokens {
  /** The token, or what becomes of all wakes that need it. `ask` gives the body of the request for one; what it throws is thrown. */
  of(account: string, url: string, ask: () => URLSearchParams): Promise<string | Sent>
  /** One that was not taken is not used again. */
  forget(account: string): void
  clear(): void
}

export function createAccessTokens(o: { post: Post; now(): number }): AccessTokens {
  /** The token, or the way to it that is being gone. */
  const tokens = new Map<string, { until: number; value: Promise<string | Sent> }>()

  async function of(account: string, url: string, ask: () => URLSearchParams): Promise<string | Sent> {
    const known = tokens.get(account)
    if (known && known.until > o.now()) return known.value
    const entry = { until: o.now() + 60_000, value: got() }
    tokens.set(account, entry)
    let value: string | Sent | undefined
    try {
      value = await entry.value
      return value
    } finally {
      if (typeof value !== 'string' && tokens.get(account) === entry) tokens.delete(account)
    }

    async function got(): Promise<string | Sent> {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const answer = await o.post(url, headers, ask().toString())
      const { access_token: token, expires_in: lifeS } = objectOf(answer.body)
      if (answer.status !== 200 || typeof token !== 'string' || token === '') return without(answer)
      entry.until = o.now() + Math.max(0, Number(lifeS) > 0 ? Number(lifeS) * 1000 - spareMs : 0)
      return token
    }
  }

  return { of, forget: (account) => void tokens.delete(account), clear: () => tokens.clear() }
}

/** The account was withdrawn, or our clock is wrong (400, 401): nothing goes out before somebody mends that. */
function without(answer: Answer): Sent {
  const { error } = objectOf(answer.body)
  const why = answer.lost ?? (typeof error === 'string' ? error.slice(0, 100) : `status ${answer.status}`)
  const afterMs = answer.status === 400 || answer.status === 401 ? 60_000 : answer.afterMs
  return { state: 'later', all: true, reason: `no access token: ${why}`, afterMs }
}
