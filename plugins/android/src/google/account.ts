/** The service account that Google knows us by: its key, as Google's console gives it, and the access tokens got with it. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Json, PlatformHost } from '@muster/contract'
import { objectOf } from '../documents/index.ts'
import { errorOf, GoogleError } from './errors.ts'

export interface Account {
  readonly email: string
  readonly project: string
  readonly keyId: string
  /** PKCS#8 PEM. */
  readonly key: string
}

const scopes = 'https://www.googleapis.com/auth/androidmanagement https://www.googleapis.com/auth/pubsub'
/** Google takes an hour at most. */
const assertionS = 3600
/** A token is got anew this long before it ends. */
const spareMs = 120_000

/** Undefined: this is no key file of a service account (JSON, type service_account). */
export function readAccount(text: string): Account | undefined {
  let file: Json
  try {
    file = JSON.parse(text) as Json
  } catch {
    return undefined
  }
  const {
    type,
    client_email: email,
    project_id: project,
    private_key_id: keyId,
    private_key: key,
  } = objectOf(file) ?? {}
  if (type !== 'service_account' || typeof email !== 'string' || typeof key !== 'string') return undefined
  if (!/^[^\s@]{1,200}@[^\s@]{1,200}$/.test(email) || typeof project !== 'string') return undefined
  if (!/^[a-z0-9:.-]{1,100}$/.test(project) || !readKey(key)) return undefined
  return { email, project, keyId: typeof keyId === 'string' ? keyId.slice(0, 100) : '', key }
}

function readKey(pem: string): KeyObject | undefined {
  try {
    const key = createPrivateKey(pem)
    return key.asymmetricKeyType === 'rsa' ? key : undefined
  } catch {
    return undefined
  }
}

export interface Tokens {
  /** An access token of this account; `fresh` when Google did not take the last one. */
  get(account: Account, fresh: boolean, signal: AbortSignal): Promise<string>
}

/** RFC 7523, section 2.1: a signed assertion is exchanged for an access token. */
export function createTokens(host: PlatformHost, tokenUrl: string, answerMs: number): Tokens {
  const held = new Map<string, { until: number; token: Promise<{ token: string; until: number }> }>()

  async function grant(a: Account, signal: AbortSignal): Promise<{ token: string; until: number }> {
    const key = readKey(a.key)
    if (!key) throw new GoogleError('access', 'the key of the service account cannot be read')
    const now = host.clock.now().getTime()
    // Loaded when it is needed: not every server has phones of Google's.
    const { SignJWT } = await import('jose')
    const assertion = await new SignJWT({ scope: scopes })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(a.keyId ? { kid: a.keyId } : {}) })
      .setIssuer(a.email)
      .setAudience(tokenUrl)
      .setIssuedAt(Math.floor(now / 1000))
      .setExpirationTime(Math.floor(now / 1000) + assertionS)
      .sign(key)
    const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
    const soon = AbortSignal.any([signal, AbortSignal.timeout(answerMs)])
    const response = await host.fetch(tokenUrl, { method: 'POST', body, signal: soon }).catch((e: unknown) => {
      throw new GoogleError('away', e instanceof Error ? e.message : '')
    })
    const said = (await response.json().catch(() => null)) as Json
    const { access_token: token, expires_in: lives, error, error_description: why } = objectOf(said) ?? {}
    if (!response.ok || typeof token !== 'string') {
      // RFC 6749, section 5.2: the account is gone or disabled, its key was withdrawn, or the clock is wrong.
      if (response.status === 400 || response.status === 401)
        throw new GoogleError('access', `${String(error ?? '')} ${String(why ?? '')}`.trim().slice(0, 300))
      throw errorOf(response.ok ? 502 : response.status, said, response.headers.get('retry-after'))
    }
    const seconds = typeof lives === 'number' && lives > 0 ? lives : 300
    return { token, until: now + seconds * 1000 - Math.min(spareMs, seconds * 250) }
  }

  return {
    get: async (account, fresh, signal) => {
      const id = `${account.email} ${account.keyId}`
      const now = host.clock.now().getTime()
      const known = held.get(id)
      if (known && !fresh && known.until > now) return (await known.token).token
      const token = grant(account, signal)
      const entry = { until: now + assertionS * 1000, token }
      held.set(id, entry)
      try {
        const got = await token
        entry.until = got.until
        return got.token
      } catch (e) {
        if (held.get(id) === entry) held.delete(id)
        throw e
      }
    },
  }
}
