/** Microsoft's push service: a raw notification a wake, to the channel's own address, with a token got for an app's client id and secret (Microsoft Learn: "Push notification service request and response headers"). */
import { createHash } from 'node:crypto'
import type { Credential, Json, Wake } from '@muster/contract'
import { createAccessTokens } from './access-tokens.ts'
import type { Adapter, PushLog, Sent } from './adapter.ts'
import { type Answer, createPost, objectOf } from './post.ts'

export interface WnsOptions {
  log: PushLog
  /** What stands in for the service: channels may have this origin beside `https://*.notify.windows.com`, and tokens are got at its `/accesstoken.srf` or `/<tenant>/oauth2/v2.0/token`. */
  url?: string
  answerMs?: number
  fetch?: typeof globalThis.fetch
  now?(): number
}

const usual = {
  answerMs: 15_000,
  fetch: (...a: Parameters<typeof globalThis.fetch>) => globalThis.fetch(...a),
  now: () => Date.now(),
}
/** Name of the credential: an installation has one app. */
const credentialName = 'wns'
const longestAddress = 4096
/** A raw notification must not be empty, and its contents say nothing: what there is, the device asks over its own connection. */
const contents = 'sync'

export function createWns(options: WnsOptions): Adapter {
  const o = { ...usual, ...options }
  const post = createPost(o)
  const tokens = createAccessTokens({ post, now: o.now })

  async function send(wake: Wake, credential: Credential): Promise<Sent> {
    const to = addressOf(wake.to)
    if (!to || !('client' in credential)) return { state: 'refused', reason: 'this is no channel or no app of WNS' }
    const name = createHash('sha256')
      .update(JSON.stringify([credential.client, credential.secret, credential.tenant]))
      .digest('base64url')
    const { url, scope } = grantOf(credential.tenant)
    const bearer = await tokens.of(
      name,
      url,
      () =>
        new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: credential.client,
          client_secret: credential.secret,
          scope,
        }),
    )
    if (typeof bearer !== 'string') return bearer
    const answer = await post(to, headersOf(bearer), contents)
    if (answer.status === 401) tokens.forget(name)
    return verdict(answer)
  }

  /** An app of the Store signs in at Microsoft account, one of the Windows App SDK at its Entra tenant. */
  function grantOf(tenant: string | undefined): { url: string; scope: string } {
    if (tenant)
      return {
        url: `${o.url ?? 'https://login.microsoftonline.com'}/${tenant}/oauth2/v2.0/token`,
        scope: 'https://wns.windows.com/.default',
      }
    return { url: `${o.url ?? 'https://login.live.com'}/accesstoken.srf`, scope: 'notify.windows.com' }
  }

  /** `{ channelUri }` of a device: it comes from the device, so that only Microsoft's own service may be asked. */
  function addressOf(to: Json): string | undefined {
    const { channelUri } = objectOf(to)
    if (typeof channelUri !== 'string' || channelUri.length > longestAddress || !URL.canParse(channelUri))
      return undefined
    const { protocol, hostname, port, username, password, origin } = new URL(channelUri)
    if (o.url !== undefined && origin === o.url && !username && !password) return channelUri
    const microsoft =
      protocol === 'https:' && hostname.endsWith('.notify.windows.com') && !port && !username && !password
    return microsoft ? channelUri : undefined
  }

  return {
    via: 'wns',
    name: (wake) => (addressOf(wake.to) ? credentialName : undefined),
    send,
    // Of fetch's own pool nothing can be told.
    connections: () => 0,
    close: async () => tokens.clear(),
  }
}

/** `cache`: kept for a device that is away, the newest alone. */
function headersOf(bearer: string): Record<string, string> {
  return {
    authorization: `Bearer ${bearer}`,
    'content-type': 'application/octet-stream',
    'x-wns-type': 'wns/raw',
    'x-wns-cache-policy': 'cache',
  }
}

function verdict(a: Answer): Sent {
  if (a.lost !== undefined) return { state: 'later', reason: a.lost, all: true }
  const reason = (a.header('x-wns-error-description') ?? `status ${a.status}`)
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 100)
  switch (a.status) {
    case 200:
      // The service took the request and not always the notification.
      if (a.header('x-wns-status') === 'channelthrottled')
        return { state: 'later', reason: 'channel throttled', afterMs: a.afterMs ?? 60_000 }
      return { state: 'sent' }
    // No channel, one that ended, one of another app's: none of them ever becomes ours.
    case 404:
    case 410:
    case 403:
      return { state: 'dead', reason }
    case 401:
      return { state: 'later', reason, afterMs: a.afterMs }
    // The throttle of the app.
    case 406:
    case 429:
      return { state: 'later', reason, afterMs: a.afterMs ?? 60_000, all: true }
    case 503:
      return { state: 'later', reason, afterMs: a.afterMs, all: true }
    default:
      return a.status >= 500 ? { state: 'later', reason, afterMs: a.afterMs } : { state: 'refused', reason }
  }
}
