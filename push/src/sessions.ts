/** HTTP/2 connections to one service with one client certificate: as many streams as the peer allows, spread over several connections, replaced as they go. */
import { type ClientHttp2Session, connect, constants, type OutgoingHttpHeaders } from 'node:http2'
import type { PushLog } from './adapter.ts'

export type Answer =
  | { status: number; body: string; retryAfterS?: number }
  /** No answer came. `unreachable`: no connection was to be had at all. */
  | { lost: string; unreachable?: true }

export interface Sessions {
  post(headers: OutgoingHttpHeaders, body: Uint8Array): Promise<Answer>
  /** Connections that stand. */
  open(): number
  /** Takes nothing new and closes when what is under way has ended. */
  drain(): void
  close(): void
}
export interface SessionsOptions {
  url: string
  certificate: string
  key: string
  ca?: string
  log: PushLog
  connections: { least: number; most: number }
  idleMs: number
  answerMs: number
}

interface Session {
  readonly h2: ClientHttp2Session
  streams: number
  ready: boolean
  leaving: boolean
}
interface Parcel {
  headers: OutgoingHttpHeaders
  body: Uint8Array
  done(answer: Answer): void
}

const connectMs = 10_000
/** Beside one that stands, another that could not be made is not tried again sooner. */
const againMs = 1_000
const bodyChars = 4_096
/** However many the peer allows. */
const mostStreams = 1_500

export function createSessions(o: SessionsOptions): Sessions {
  const sessions = new Set<Session>()
  let parcels: Parcel[] = []
  let failedAt = 0
  let ended = false

  /** The least busy of those that take another stream. */
  function free(): Session | undefined {
    let best: Session | undefined
    for (const s of sessions)
      if (s.ready && !s.leaving && s.streams < room(s) && (!best || s.streams < best.streams)) best = s
    return best
  }
  const room = (s: Session) => Math.min(mostStreams, s.h2.remoteSettings?.maxConcurrentStreams ?? 1)
  const usable = () => [...sessions].filter((s) => !s.leaving).length

  function flush(): void {
    const waiting = parcels
    parcels = []
    for (const [i, parcel] of waiting.entries()) {
      const s = free()
      if (!s) {
        parcels = waiting.slice(i)
        break
      }
      exchange(s, parcel)
    }
    while (!ended && usable() < wanted() && !(usable() > 0 && Date.now() - failedAt < againMs)) start()
  }
  /** Two at least; one more while all that stand are full. */
  function wanted(): number {
    if (parcels.length === 0) return sessions.size === 0 ? 0 : Math.min(o.connections.least, usable() + 1)
    const opening = [...sessions].some((s) => !s.ready && !s.leaving)
    return Math.min(o.connections.most, Math.max(o.connections.least, usable() + (opening ? 0 : 1)))
  }

  function start(): void {
    const h2 = connect(o.url, {
      cert: o.certificate,
      key: o.key,
      ...(o.ca !== undefined && { ca: o.ca }),
      settings: { enablePush: false },
    })
    const s: Session = { h2, streams: 0, ready: false, leaving: false }
    sessions.add(s)
    const slow = setTimeout(() => h2.destroy(new Error('no connection in time')), connectMs).unref()
    h2.unref()
    h2.setTimeout(o.idleMs, () => leave(s))
    // Only the peer's settings say how many streams there may be.
    h2.once('remoteSettings', () => {
      clearTimeout(slow)
      s.ready = true
      flush()
    })
    h2.on('goaway', () => leave(s))
    h2.on('error', (error: Error) => fail(s, error))
    h2.once('close', () => {
      clearTimeout(slow)
      sessions.delete(s)
      if (!s.ready) fail(s, new Error('closed before it stood'))
      if (parcels.length > 0) flush()
    })
  }
  /** Streams that the peer took go on to their end. */
  function leave(s: Session): void {
    s.leaving = true
    if (!s.h2.closed) s.h2.close()
  }
  /** One that never stood: without another that does, what waits is told so. */
  function fail(s: Session, error: Error): void {
    s.leaving = true
    sessions.delete(s)
    if (!s.ready) failedAt = Date.now()
    if (s.ready || [...sessions].some((x) => !x.leaving)) return
    const waiting = parcels
    parcels = []
    for (const p of waiting) p.done({ lost: `no connection: ${error.message}`.slice(0, 200), unreachable: true })
  }

  function exchange(s: Session, { headers, body, done }: Parcel): void {
    let answered = false
    const finish = (answer: Answer) => {
      if (answered) return
      answered = true
      s.streams -= 1
      done(answer)
      if (parcels.length > 0) flush()
    }
    s.streams += 1
    try {
      const stream = s.h2.request({ ':method': 'POST', ...headers, 'content-length': body.length })
      let status = 0
      let retryAfterS: number | undefined
      let text = ''
      stream.setEncoding('utf8')
      stream.setTimeout(o.answerMs, () => {
        stream.close(constants.NGHTTP2_CANCEL)
        // An exchange that is not answered may be a connection that is dead without saying so.
        leave(s)
        finish({ lost: 'no answer in time' })
      })
      stream.once('response', (h) => {
        status = Number(h[':status'])
        retryAfterS = secondsOf(h['retry-after'])
      })
      stream.on('data', (chunk: string) => {
        if (text.length < bodyChars) text += chunk
      })
      stream.once('end', () => status > 0 && finish({ status, body: text, retryAfterS }))
      stream.on('error', (error) => finish({ lost: error.message.slice(0, 200) }))
      stream.once('close', () => finish({ lost: 'the stream was closed' }))
      stream.end(body)
    } catch (error) {
      leave(s)
      finish({ lost: (error as Error).message.slice(0, 200) })
    }
  }

  return {
    post: (headers, body) =>
      new Promise((done) => {
        if (ended) return done({ lost: 'closed' })
        const s = free()
        if (s) exchange(s, { headers, body, done })
        else parcels.push({ headers, body, done })
        if (!s || usable() < o.connections.least) flush()
      }),
    open: () => [...sessions].filter((s) => s.ready).length,
    drain: () => {
      ended = true
      for (const s of sessions) leave(s)
      for (const p of parcels.splice(0)) p.done({ lost: 'another certificate came' })
    },
    close: () => {
      ended = true
      for (const s of [...sessions]) s.h2.destroy()
      for (const p of parcels.splice(0)) p.done({ lost: 'closed' })
    },
  }
}

function secondsOf(value: unknown): number | undefined {
  const seconds = Number(Array.isArray(value) ? value[0] : value)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 3_600) : undefined
}
