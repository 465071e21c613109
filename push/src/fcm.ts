/** Google's push service: HTTP v1, one small data message a wake, with a token got for a service account (Firebase: "Send messages using the HTTP v1 API"). */
import { createHash, sign } from 'node:crypto'
import type { Credential, Json, Wake } from '@muster/contract'
import type { Adapter, PushLog, Sent } from './adapter.ts'

export interface FcmOptions {
  log: PushLog
  /** `https://fcm.googleapis.com`. */
  url?: string
  /** Where access tokens are got; that of the account's key file unless told. */
  tokenUrl?: string
  answerMs?: number
  /** How long the service keeps a wake for a device that is off. */
  keepS?: number
  fetch?: typeof globalThis.fetch
  now?(): number
}
interface Address {
  project: string
  token: string
}
/** Of the key file that Google's console gives. */
interface Account {
  email: string
  key: string
  keyId: string
  tokenUrl: string
}

const usual = {
  url: 'https://fcm.googleapis.com',
  answerMs: 15_000,
  keepS: 86_400,
  fetch: (...a: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...a),
  now: () => Date.now(),
}
const scope = 'https://www.googleapis.com/auth/firebase.messaging'
const standardTokenUrl = 'https://oauth2.googleapis.com/token'
/** Google takes an hour at most. */
const assertionS = 3600
/** A token is got anew this long before it ends. */
const spareMs = 120_000
/** Bytes of an answer that are read. */
const answerBytes = 64 * 1024

export function createFcm(options: FcmOptions): Adapter {
  const o = { ...usual, ...options }
  /** By account: the token, or the way to it that is being gone. */
  const tokens = new Map<string, { until: number; value: Promise<string | Sent> }>()

  async function send(wake: Wake, credential: Credential): Promise<Sent> {
    const to = addressOf(wake.to)
    const account = 'account' in credential ? accountOf(credential.account) : undefined
    if (!to || !account) return { state: 'refused', reason: 'this is no address or no service account of FCM' }
    const bearer = await tokenOf(account)
    if (typeof bearer !== 'string') return bearer
    const answer = await post(
      `${o.url}/v1/projects/${to.project}/messages:send`,
      {
        authorization: `Bearer ${bearer}`,
        'content-type': 'application/json',
      },
      JSON.stringify({ message: message(to.token, wake) }),
    )
    const sent = verdict(answer)
    // A token that is not taken is not used again.
    if (answer.status === 401) tokens.delete(nameOf(account))
    return sent
  }

  /** Nothing in it but that there is something: what it is, the device asks over its own connection. */
  function message(token: string, wake: Wake): Json {
    return {
      token,
      data: { muster: 'sync' },
      android: { priority: 'HIGH', ttl: `${o.keepS}s`, collapse_key: wake.urgent ? 'muster-urgent' : 'muster' },
    }
  }

  /** RFC 7523: an assertion signed by the account's key for an access token. */
  async function tokenOf(account: Account): Promise<string | Sent> {
    const name = nameOf(account)
    const known = tokens.get(name)
    if (known && known.until > o.now()) return known.value
    const entry = { until: o.now() + 60_000, value: got(account) }
    tokens.set(name, entry)
    const value = await entry.value
    if (typeof value !== 'string' && tokens.get(name) === entry) tokens.delete(name)
    return value

    async function got(a: Account): Promise<string | Sent> {
      let assertion: string
      try {
        assertion = signed(a)
      } catch {
        return { state: 'later', all: true, afterMs: 60_000, reason: 'the key of the service account cannot be read' }
      }
      const url = o.tokenUrl ?? a.tokenUrl
      const body = new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion })
      const answer = await post(url, { 'content-type': 'application/x-www-form-urlencoded' }, body.toString())
      const { access_token: token, expires_in: lifeS, error } = objectOf(answer.body)
      if (answer.status === 200 && typeof token === 'string' && token !== '') {
        const life = typeof lifeS === 'number' && lifeS > 0 ? lifeS * 1000 : 0
        entry.until = o.now() + Math.max(0, life - spareMs)
        return token
      }
      // Google says invalid_grant when the key was withdrawn or our clock is wrong: nothing goes out before somebody mends that.
      const why = answer.lost ?? (typeof error === 'string' ? error.slice(0, 100) : `status ${answer.status}`)
      return {
        state: 'later',
        all: true,
        reason: `no access token: ${why}`,
        afterMs: answer.status === 400 || answer.status === 401 ? 60_000 : answer.afterMs,
      }
    }
  }

  /** A JWT by RS256 (RFC 7518 section 3.3). Throws for what is no private key. */
  function signed(a: Account): string {
    const seconds = Math.floor(o.now() / 1000)
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const head = part({ alg: 'RS256', typ: 'JWT', kid: a.keyId })
    const aud = o.tokenUrl ?? a.tokenUrl
    const said = `${head}.${part({ iss: a.email, scope, aud, iat: seconds, exp: seconds + assertionS })}`
    return `${said}.${sign('RSA-SHA256', Buffer.from(said), a.key).toString('base64url')}`
  }

  async function post(url: string, headers: Record<string, string>, body: string): Promise<Answer> {
    try {
      const signal = AbortSignal.timeout(o.answerMs)
      const response = await o.fetch(url, { method: 'POST', headers, body, redirect: 'error', signal })
      const text = (await response.text()).slice(0, answerBytes)
      return {
        status: response.status,
        body: parsed(text),
        afterMs: msOf(response.headers.get('retry-after'), o.now()),
      }
    } catch (error) {
      const cause = (error as { cause?: { code?: unknown } }).cause?.code
      return { status: 0, body: null, lost: `no answer: ${String(cause ?? (error as Error).name)}`.slice(0, 100) }
    }
  }

  return {
    via: 'fcm',
    name: (wake) => addressOf(wake.to)?.project,
    send,
    // Of fetch's own pool nothing can be told.
    connections: () => 0,
    close: async () => tokens.clear(),
  }
}

interface Answer {
  status: number
  body: Json
  lost?: string
  afterMs?: number
}

/** Firebase: "ErrorCode" of the HTTP v1 API. */
function verdict(a: Answer): Sent {
  if (a.lost !== undefined) return { state: 'later', reason: a.lost, all: true }
  if (a.status === 200) return { state: 'sent' }
  const { reason, dead } = errorOf(a.body)
  const said = reason || `status ${a.status}`
  // UNREGISTERED: the app is gone from the device. A sender that is another project's never becomes ours.
  if (dead || (a.status === 404 && reason === 'NOT_FOUND')) return { state: 'dead', reason: said }
  // The quota of the project, or of this device alone (QUOTA_EXCEEDED): a minute, as Firebase asks for.
  if (a.status === 429) return { state: 'later', reason: said, afterMs: a.afterMs ?? 60_000, all: true }
  if (a.status === 401) return { state: 'later', reason: said, afterMs: a.afterMs }
  if (a.status === 403) return { state: 'later', reason: said, afterMs: a.afterMs ?? 60_000, all: true }
  if (a.status === 503) return { state: 'later', reason: said, afterMs: a.afterMs, all: true }
  if (a.status >= 500) return { state: 'later', reason: said, afterMs: a.afterMs }
  return { state: 'refused', reason: said }
}

/** google.rpc.Status with an FcmError among its details. */
function errorOf(body: Json): { reason: string; dead: boolean } {
  const error = objectOf(objectOf(body).error)
  const details = Array.isArray(error.details) ? error.details.map(objectOf) : []
  const code = details.find((d) => typeof d.errorCode === 'string')?.errorCode ?? error.status
  const reason = typeof code === 'string' && /^[A-Z_]{1,60}$/.test(code) ? code : ''
  // An address that is no token at all is as dead as one that was one.
  const noToken = reason === 'INVALID_ARGUMENT' && details.some((d) => fieldsOf(d).includes('message.token'))
  return { reason, dead: reason === 'UNREGISTERED' || reason === 'SENDER_ID_MISMATCH' || noToken }
}
function fieldsOf(detail: { [key: string]: Json }): Json[] {
  return Array.isArray(detail.fieldViolations) ? detail.fieldViolations.map((v) => objectOf(v).field ?? null) : []
}

/** `{ project, token }`. */
function addressOf(to: Json): Address | undefined {
  const { project, token } = objectOf(to)
  if (typeof project !== 'string' || !/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/.test(project)) return undefined
  return typeof token === 'string' && /^[\x21-\x7e]{16,4096}$/.test(token) ? { project, token } : undefined
}

function accountOf(file: Json): Account | undefined {
  const { client_email: email, private_key: key, private_key_id: keyId, token_uri: uri } = objectOf(file)
  if (typeof email !== 'string' || typeof key !== 'string') return undefined
  const tokenUrl = typeof uri === 'string' && /^https:\/\//.test(uri) ? uri : standardTokenUrl
  return { email, key, keyId: typeof keyId === 'string' ? keyId : '', tokenUrl }
}
const nameOf = (a: Account) => createHash('sha256').update(`${a.email}|${a.key}|${a.tokenUrl}`).digest('base64url')

function objectOf(value: Json | undefined): { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}
/** Seconds, or a date (RFC 9110 section 10.2.3); an hour at most. */
function msOf(value: string | null, nowMs: number): number | undefined {
  if (value === null || value === '') return undefined
  const seconds = Number(value)
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - nowMs
  return Number.isFinite(ms) && ms >= 0 ? Math.min(ms, 3_600_000) : undefined
}
