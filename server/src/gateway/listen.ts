/** The two doors to the network: one router behind plain HTTP and behind TLS (HTTP/1.1 and HTTP/2), bounded in head, body and time. */
import { randomUUID } from 'node:crypto'
import type http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Log } from '@muster/core'
import type { FastifyRequest } from 'fastify'
import { nodeHttp } from '../node-http.ts'
import { createKept, fileRoom } from './kept.ts'
import { createLane, type Shortcut } from './lane.ts'
import { rawProblem } from './problems.ts'

export interface Ports {
  /** 0: any free one. Absent: not opened. */
  http?: number
  https?: number
}
export interface TlsFiles {
  key: string | Buffer
  /** Leaf first, PEM. */
  cert: string | Buffer
  /** Root of our own PKI, PEM: named to clients, so that browsers offer no certificate of somebody else's. */
  clientCa?: string | Buffer
}
export interface Doors {
  open(): Promise<{ http?: number; https?: number }>
  /** Requests that have no answer yet. */
  active(): number
  /** Stops accepting, lets what runs finish for `graceMs`, then cuts. */
  close(graceMs: number): Promise<void>
  renewTls(tls: TlsFiles): void
}

/** Milliseconds. A poll each minute keeps its connection; a slow sender does not keep ours. */
const times = { keepAlive: 120_000, headers: 20_000, request: 120_000, idle: 150_000, handshake: 10_000, check: 5_000 }
const headBytes = 16 * 1024
const headerCount = 100
/** Connections that wait to be accepted: after a restart a whole fleet knocks at once. The kernel takes less when its own limit is lower. */
const backlog = 4096

type Server = http.Server | http2.Http2SecureServer
export type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => void

export function createDoors(o: {
  /** Answers what does not take the lane. */
  handle: Handler
  ports: Ports
  /** Other processes listen there, too (SO_REUSEPORT). */
  shared?: boolean
  host?: string
  tls?: TlsFiles
  log: Log
  maxConnections?: number
  /** Served in the lane below node:http, by method and path. */
  shortcuts?: ReadonlyMap<string, Shortcut>
}): Doors {
  const sockets = new Set<Socket>()
  const kept = createKept()
  const files = fileRoom()
  let active = 0
  let draining = false
  let drained: (() => void) | undefined
  const done = () => {
    if (--active === 0) drained?.()
  }
  const handle: Handler = (request, response) => {
    active++
    // Whoever keeps a connection is sent to another node.
    if (draining && request.httpVersionMajor === 1) response.setHeader('connection', 'close')
    const use = kept.of((request as unknown as Partial<http2.Http2ServerRequest>).stream?.session ?? request.socket)
    if (use) use.busy++
    response.once('close', () => {
      if (use) {
        use.busy--
        use.since = performance.now()
      }
      done()
    })
    o.handle(request, response)
  }
  const lane = createLane({
    shortcuts: o.shortcuts ?? new Map(),
    draining: () => draining,
    began: (use) => {
      active++
      use.busy++
    },
    done: (use) => {
      use.busy--
      use.since = performance.now()
      done()
    },
    times: { first: times.headers, keepAlive: times.keepAlive },
  })

  const plain =
    o.ports.http === undefined
      ? undefined
      : nodeHttp.createServer(
          {
            maxHeaderSize: headBytes,
            keepAliveTimeout: times.keepAlive,
            headersTimeout: times.headers,
            requestTimeout: times.request,
            noDelay: true,
            connectionsCheckingInterval: times.check,
          },
          handle,
        )
  const secure = o.ports.https === undefined || !o.tls ? undefined : createSecure(o.tls, handle)
  const servers: Server[] = [plain, secure].filter((s) => s !== undefined)
  if (plain) throughLane(plain, 'connection')
  if (secure) throughLane(secure, 'secureConnection')
  for (const server of servers) bound(server)

  /** Connections come to the lane first; what it does not keep goes on to where they went before. HTTP/2 never comes here. */
  function throughLane(server: Server, event: 'connection' | 'secureConnection'): void {
    const [onward, ...others] = server.listeners(event) as ((socket: Socket) => void)[]
    if (!onward || others.length > 0) throw new Error(`it is not known who takes a ${event}`)
    server.off(event, onward)
    server.on(event, (socket: Socket & { alpnProtocol?: string | false | null }) => {
      if (socket.alpnProtocol === 'h2') return onward.call(server, socket)
      const use = kept.put(socket, () => socket.destroySoon())
      if (o.shortcuts?.size) lane(socket, (s) => onward.call(server, s), use)
      else onward.call(server, socket)
    })
    if (event === 'secureConnection')
      server.on('session', (session: http2.ServerHttp2Session) => kept.put(session, () => session.close()))
  }

  function bound(server: Server): void {
    const most = o.maxConnections ?? Number.POSITIVE_INFINITY
    if (o.maxConnections !== undefined) server.maxConnections = most
    let own = 0
    server.on('connection', (socket: Socket) => {
      sockets.add(socket)
      own++
      socket.once('close', () => {
        sockets.delete(socket)
        own--
      })
      // Full now: whoever comes next would be turned away, while some only keep what they no longer use.
      if (own >= most || sockets.size >= files) kept.makeRoom()
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      if (
        error.code === 'ECONNRESET' ||
        error.code === 'HPE_INVALID_EOF_STATE' ||
        !socket.writable ||
        ('bytesWritten' in socket && socket.bytesWritten > 0 && error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
      ) {
        socket.destroy()
        return
      }
      socket.end(rawProblem(randomUUID()), () => socket.destroy())
    })
    // Silence is normal between polls, never longer than this.
    server.setTimeout(times.idle)
  }

  async function listen(server: Server, port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port, host: o.host, backlog, reusePort: o.shared === true }, () => {
        server.off('error', reject)
        resolve()
      })
    })
    server.on('error', (e) => o.log.error({ err: e }, 'a listening socket failed'))
    return (server.address() as AddressInfo).port
  }

  return {
    active: () => active,
    open: async () => {
      const opened: { http?: number; https?: number } = {}
      if (plain) opened.http = await listen(plain, o.ports.http!)
      if (secure) opened.https = await listen(secure, o.ports.https!)
      return opened
    },
    close: async (graceMs) => {
      draining = true
      const closed = servers
        .filter((s) => s.listening)
        .map((s) => new Promise<void>((resolve) => s.close(() => resolve())))
      // A connection that is only kept would hold the door open until it times out: what counts is the last answer.
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs)
      })
      if (active > 0) await Promise.race([late, new Promise<void>((resolve) => (drained = resolve))])
      clearTimeout(timer)
      for (const socket of sockets) socket.destroySoon()
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, 500)
      await Promise.all(closed)
      clearTimeout(cut)
    },
    renewTls: (tls) => secure?.setSecureContext({ key: tls.key, cert: tls.cert, ca: tls.clientCa }),
  }
}

function createSecure(tls: TlsFiles, handle: Handler): http2.Http2SecureServer {
  const server = http2.createSecureServer(
    {
      key: tls.key,
      cert: tls.cert,
      ca: tls.clientCa,
      allowHTTP1: true,
      minVersion: 'TLSv1.2',
      handshakeTimeout: times.handshake,
      // Asked for, never required, and believed only after our own look at the bytes (see `clientCertificate`).
      requestCert: true,
      rejectUnauthorized: false,
      settings: { maxConcurrentStreams: 100, maxHeaderListSize: headBytes },
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: 50,
      maxHeaderListPairs: headerCount,
      unknownProtocolTimeout: times.handshake,
      streamResetBurst: 200,
      streamResetRate: 33,
      ...({ maxHeaderSize: headBytes, noDelay: true, connectionsCheckingInterval: times.check } as object),
    },
    handle as unknown as (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void,
  )
  // The HTTP/1.1 side reads these from the server, though the types do not say so.
  Object.assign(server, {
    keepAliveTimeout: times.keepAlive,
    headersTimeout: times.headers,
    requestTimeout: times.request,
  })
  const sessions = new Set<http2.ServerHttp2Session>()
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    session.on('error', () => session.destroy())
  })
  server.on('timeout', (session: http2.ServerHttp2Session | undefined) => {
    if (session && typeof session.close === 'function') session.close()
  })
  const close = server.close.bind(server)
  server.close = (done) => {
    for (const session of sessions) session.close()
    return close(done)
  }
  return server
}

/** One parse per connection: the certificate does not change while it lasts. */
const certificates = new WeakMap<object, Buffer | null>()

/** The raw DER of the certificate that the peer showed, unjudged: its signature, revocation and owner are checked by whom it is handed to. */
export function clientCertificate(request: FastifyRequest['raw']): Buffer | undefined {
  const raw = request as http.IncomingMessage & { stream?: { session?: { socket?: object } } }
  return certificateOf(raw.stream?.session?.socket ?? raw.socket)
}

/** The same of a connection. */
export function certificateOf(socket: object | undefined): Buffer | undefined {
  if (!isTls(socket)) return undefined
  const known = certificates.get(socket)
  if (known !== undefined) return known ?? undefined
  const der = socket.getPeerCertificate(true)?.raw
  certificates.set(socket, der ?? null)
  return der
}

function isTls(socket: object | undefined): socket is TLSSocket {
  // Not `in`: the socket of an HTTP/2 session is a proxy that answers to reading alone.
  return typeof (socket as Partial<TLSSocket> | undefined)?.getPeerCertificate === 'function'
}
