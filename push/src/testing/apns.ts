/** A push service that answers as APNs does: HTTP/2 over TLS with client certificates, topics, tokens, limits, and every way of refusing. */
import { once } from 'node:events'
import { createSecureServer, type Http2Session, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type TestIdentity, testCertificate } from './der.ts'

export interface FakeApnsOptions {
  port?: number
  /** Milliseconds before an answer. */
  latencyMs?: number
  /** Streams that a connection may have at once. */
  streams?: number
}
/** A push as it was accepted. */
export interface Pushed {
  token: string
  topic: string
  type: string
  expiration: number
  payload: { mdm?: string } & Record<string, unknown>
}
/** Answered instead, for the next `times` pushes (or for ever), of one token or of all. */
export interface Fault {
  status: number
  reason: string
  retryAfterS?: number
  times?: number
  token?: string
}
export interface FakeApns {
  readonly url: string
  /** What clients must trust, PEM. */
  readonly ca: string
  /** A push certificate that it takes. */
  certificate(topic: string, o?: { from?: Date; until?: Date; key?: TestIdentity['key'] }): TestIdentity
  /** Knows this token (hex) from now on; `wake` is called for each push that it takes. Without any, every token is known. */
  register(token: string, topic: string, wake?: (p: Pushed) => void): void
  /** Answers 410 for it from now on. */
  unregister(token: string): void
  onPush(listener: (p: Pushed) => void): void
  fault(f: Fault): void
  /** Says GOAWAY on every connection that stands and takes no more on them. */
  goAway(code?: number): void
  /** Breaks every connection that stands. */
  cut(): void
  latency(ms: number): void
  readonly seen: {
    pushes: number
    accepted: number
    refused: Record<string, number>
    connections: number
    sessions: number
    mostStreams: number
    mostAtOnce: number
  }
  close(): Promise<void>
}

const mdmPayloadBytes = 5_120

export async function startFakeApns(o: FakeApnsOptions = {}): Promise<FakeApns> {
  const authority = testCertificate({ name: 'Push test authority' })
  const issuer = { name: 'Push test authority', key: authority.key }
  const own = testCertificate({ name: '127.0.0.1', issuer, address: '127.0.0.1' })
  const tokens = new Map<string, { topic: string; wake?: (p: Pushed) => void; gone?: number }>()
  const listeners: ((p: Pushed) => void)[] = []
  const faults: Fault[] = []
  const sessions = new Set<Http2Session>()
  const topics = new WeakMap<Http2Session, string | undefined>()
  const seen: FakeApns['seen'] = {
    pushes: 0,
    accepted: 0,
    refused: {},
    connections: 0,
    sessions: 0,
    mostStreams: 0,
    mostAtOnce: 0,
  }
  let latencyMs = o.latencyMs ?? 0
  let atOnce = 0

  const server = createSecureServer({
    cert: own.certificateText,
    key: own.keyText,
    ca: authority.certificateText,
    requestCert: true,
    rejectUnauthorized: false,
    settings: { maxConcurrentStreams: o.streams ?? 1_000 },
  })
  server.on('sessionError', () => undefined)
  server.on('session', (session) => {
    sessions.add(session)
    seen.connections += 1
    seen.sessions = sessions.size
    topics.set(session, topicOf(session.socket as TLSSocket))
    session.on('error', () => undefined)
    session.once('close', () => {
      sessions.delete(session)
      seen.sessions = sessions.size
    })
  })
  const streamsOf = new WeakMap<Http2Session, number>()
  server.on('stream', (stream, headers) => {
    const session = stream.session
    const body: Buffer[] = []
    atOnce += 1
    seen.mostAtOnce = Math.max(seen.mostAtOnce, atOnce)
    if (session) {
      const streams = (streamsOf.get(session) ?? 0) + 1
      streamsOf.set(session, streams)
      seen.mostStreams = Math.max(seen.mostStreams, streams)
    }
    stream.on('error', () => undefined)
    stream.once('close', () => {
      atOnce -= 1
      if (session) streamsOf.set(session, (streamsOf.get(session) ?? 1) - 1)
    })
    stream.on('data', (chunk: Buffer) => body.push(chunk))
    stream.once('end', () => {
      const reply = () => answer(stream, headers, Buffer.concat(body), session && topics.get(session))
      if (latencyMs > 0) setTimeout(reply, latencyMs)
      else reply()
    })
  })

  function answer(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    body: Buffer,
    topic: string | undefined,
  ): void {
    if (stream.destroyed) return
    seen.pushes += 1
    const token = /^\/3\/device\/([0-9a-f]+)$/.exec(String(headers[':path']))?.[1]
    const fault = takeFault(token)
    const refused = fault ?? refusal(headers, token, body, topic)
    if (refused) {
      seen.refused[refused.reason] = (seen.refused[refused.reason] ?? 0) + 1
      const after = fault?.retryAfterS
      stream.respond({
        ':status': refused.status,
        'content-type': 'application/json',
        ...(after !== undefined && { 'retry-after': String(after) }),
      })
      const timestamp = refused.status === 410 ? { timestamp: Date.now() } : {}
      return void stream.end(JSON.stringify({ reason: refused.reason, ...timestamp }))
    }
    seen.accepted += 1
    stream.respond({ ':status': 200, 'apns-id': crypto.randomUUID() })
    stream.end()
    const pushed: Pushed = {
      token: token as string,
      topic: topic as string,
      type: String(headers['apns-push-type']),
      expiration: Number(headers['apns-expiration']),
      payload: JSON.parse(body.toString('utf8')) as Pushed['payload'],
    }
    tokens.get(pushed.token)?.wake?.(pushed)
    for (const listen of listeners) listen(pushed)
  }
  function takeFault(token: string | undefined): Fault | undefined {
    const at = faults.findIndex((f) => f.token === undefined || f.token === token)
    const fault = faults[at]
    if (fault?.times !== undefined && --fault.times === 0) faults.splice(at, 1)
    return fault
  }
  /** Apple: "Handling notification responses from APNs". */
  function refusal(
    h: IncomingHttpHeaders,
    token: string | undefined,
    body: Buffer,
    topic: string | undefined,
  ): { status: number; reason: string } | undefined {
    if (h[':method'] !== 'POST') return { status: 405, reason: 'MethodNotAllowed' }
    if (topic === undefined) return { status: 403, reason: 'BadCertificate' }
    if (token === undefined) return { status: 400, reason: 'BadDeviceToken' }
    if (h['apns-topic'] === undefined) return { status: 400, reason: 'MissingTopic' }
    if (h['apns-topic'] !== topic) return { status: 400, reason: 'TopicDisallowed' }
    if (!/^\d{1,10}$/.test(String(h['apns-expiration'] ?? '0'))) return { status: 400, reason: 'BadExpirationDate' }
    if (h['apns-push-type'] !== 'mdm') return { status: 400, reason: 'InvalidPushType' }
    if (body.length === 0) return { status: 400, reason: 'PayloadEmpty' }
    if (body.length > mdmPayloadBytes) return { status: 413, reason: 'PayloadTooLarge' }
    if (!isMdm(body)) return { status: 400, reason: 'BadPayload' }
    if (tokens.size === 0) return undefined
    const known = tokens.get(token)
    if (!known) return { status: 400, reason: 'BadDeviceToken' }
    if (known.topic !== topic) return { status: 400, reason: 'DeviceTokenNotForTopic' }
    return known.gone === undefined ? undefined : { status: 410, reason: 'Unregistered' }
  }

  server.listen(o.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: authority.certificateText,
    certificate: (topic, how = {}) => testCertificate({ name: `APSP:${topic}`, uid: topic, issuer, ...how }),
    register: (token, topic, wake) => void tokens.set(token, { topic, wake }),
    unregister: (token) => {
      const known = tokens.get(token)
      if (known) known.gone = Date.now()
    },
    onPush: (listener) => void listeners.push(listener),
    fault: (f) => void faults.push({ ...f }),
    goAway: (code = 0) => {
      // Those whose other side went away stand here for a moment longer.
      for (const s of sessions) if (!s.destroyed) s.goaway(code)
    },
    cut: () => {
      for (const s of sessions) s.destroy()
    },
    latency: (ms) => {
      latencyMs = ms
    },
    seen,
    close: async () => {
      for (const s of sessions) s.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The topic of a certificate that is ours and valid: the attribute UID of its subject. */
function topicOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined
  const subject = socket.getPeerCertificate().subject as unknown as Record<string, string> | undefined
  return subject?.UID
}

function isMdm(body: Buffer): boolean {
  try {
    const value = JSON.parse(body.toString('utf8')) as { mdm?: unknown }
    return typeof value.mdm === 'string' && value.mdm.length > 0
  } catch {
    return false
  }
}
