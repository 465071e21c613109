/** Apple's push service over HTTP/2 with a client certificate per topic (Apple: "Sending notification requests to APNs"). */
import type { Credential, Json, Wake } from '@muster/contract'
import type { Adapter, PushLog, Sent } from './adapter.ts'
import { type Answer, createSessions, type Sessions } from './sessions.ts'

export interface ApnsOptions {
  /** `https://api.push.apple.com`, also at port 2197. */
  url?: string
  log: PushLog
  /** Authorities that the service's certificate may come from, PEM, when it is not a public one. */
  ca?: string
  /** Connections per certificate. */
  connections?: { least: number; most: number }
  /** A connection on which nothing went for so long is closed. */
  idleMs?: number
  answerMs?: number
  /** How long the service keeps a wake for a device that is off. */
  keepS?: number
  now?(): number
}
interface Address {
  token: string
  topic: string
  type: string
}

const usual = {
  url: 'https://api.push.apple.com',
  connections: { least: 2, most: 8 },
  idleMs: 10 * 60_000,
  answerMs: 15_000,
  keepS: 86_400,
}
/** "The device token is inactive for the specified topic", "… is not valid", "… has expired": nothing reaches it any more. */
const deadReasons = new Set(['Unregistered', 'BadDeviceToken', 'ExpiredToken'])

export function createApns(options: ApnsOptions): Adapter {
  const o = { ...usual, now: () => Date.now(), ...options }
  /** By topic, with the certificate that they were made with. */
  const pools = new Map<string, { id: string; sessions: Sessions }>()

  function sessionsOf(topic: string, credential: Credential): Sessions | undefined {
    const known = pools.get(topic)
    if (known?.id === credential.id) return known.sessions
    if (!('certificate' in credential)) return undefined
    known?.sessions.drain()
    const sessions = createSessions({ ...o, certificate: credential.certificate, key: credential.key })
    pools.set(topic, { id: credential.id, sessions })
    return sessions
  }

  async function send(wake: Wake, credential: Credential): Promise<Sent> {
    const to = addressOf(wake.to)
    const sessions = to && sessionsOf(to.topic, credential)
    if (!to || !sessions) return { state: 'refused', reason: 'this is no address or no certificate of APNs' }
    const answer = await sessions.post(
      {
        ':path': `/3/device/${to.token}`,
        'apns-topic': to.topic,
        'apns-push-type': to.type,
        'apns-priority': '10',
        'apns-expiration': String(Math.floor(o.now() / 1000) + o.keepS),
      },
      wake.body ?? new Uint8Array(0),
    )
    return verdict(answer)
  }
  return {
    via: 'apns',
    name: (wake) => addressOf(wake.to)?.topic,
    send,
    connections: () => [...pools.values()].reduce((sum, p) => sum + p.sessions.open(), 0),
    close: async () => {
      for (const { sessions } of pools.values()) sessions.close()
      pools.clear()
    },
  }
}

/** `{ token (hex), topic, type? }`; the type is `mdm` unless told. */
function addressOf(to: Json): Address | undefined {
  if (typeof to !== 'object' || to === null || Array.isArray(to)) return undefined
  const { token, topic, type = 'mdm' } = to
  if (typeof token !== 'string' || !/^([0-9a-f]{2}){1,256}$/i.test(token)) return undefined
  if (typeof topic !== 'string' || !/^[\w.-]{1,256}$/.test(topic)) return undefined
  return typeof type === 'string' && /^[a-z]{1,32}$/.test(type) ? { token, topic, type } : undefined
}

/** Apple: "Handling notification responses from APNs". */
function verdict(answer: Answer): Sent {
  if ('lost' in answer) return { state: 'later', reason: answer.lost, ...(answer.unreachable && { all: true }) }
  const { status, retryAfterS } = answer
  // Nothing stands in it, and finding that out would cost as much as sending.
  if (status === 200) return { state: 'sent' }
  const reason = reasonOf(answer.body) || `status ${status}`
  const afterMs = retryAfterS === undefined ? undefined : retryAfterS * 1000
  if (status === 410 || deadReasons.has(reason)) return { state: 'dead', reason }
  // Too many to this one device: it alone waits.
  if (status === 429) return { state: 'later', reason, afterMs: afterMs ?? 5_000 }
  // The certificate is not accepted: no other wake of the topic has a chance before it is replaced.
  if (status === 403) return { state: 'later', reason, afterMs: afterMs ?? 60_000, all: true }
  if (status === 503) return { state: 'later', reason, afterMs, all: true }
  if (status >= 500) return { state: 'later', reason, afterMs }
  return { state: 'refused', reason }
}

function reasonOf(body: string): string {
  try {
    const { reason } = JSON.parse(body) as { reason?: unknown }
    return typeof reason === 'string' ? reason.slice(0, 100) : ''
  } catch {
    return ''
  }
}
