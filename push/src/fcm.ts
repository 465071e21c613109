/** Google's push service: HTTP v1, one small data message a wake, with a token got for a service account (Firebase: "Send messages using the HTTP v1 API"). */
import { createHash, sign } from 'node:crypto'
import type { Credential, Json, Wake } from '@muster/contract'
import { createAccessTokens } from './access-tokens.ts'
import type { Adapter, PushLog, Sent } from './adapter.ts'
import { type Answer, createPost, objectOf } from './post.ts'

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
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

export function createFcm(options: FcmOptions): Adapter {
  const o = { ...usual, ...options }
  const post = createPost(o)
  const tokens = createAccessTokens({ post, now: o.now })

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
    if (answer.status === 401) tokens.forget(nameOf(account))
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
    const ask = () => new URLSearchParams({ grant_type: jwtBearer, assertion: signed(account) })
    try {
      return await tokens.of(nameOf(account), o.tokenUrl ?? account.tokenUrl, ask)
    } catch {
      return { state: 'later', all: true, afterMs: 60_000, reason: 'the key of the service account cannot be read' }
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

  return {
    via: 'fcm',
    name: (wake) => addressOf(wake.to)?.project,
    send,
    // Of fetch's own pool nothing can be told.
    connections: () => 0,
    close: async () => tokens.clear(),
  }
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
