/** The agent's way to its server: JSON over one kept-alive connection, bounded, no redirects, trust as told at enrolment. */
import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import { checkPin, presentedChain } from './pin.ts'
import type { Link } from './state.ts'

export interface Asked {
  method?: 'GET' | 'POST' | 'PUT'
  /** Below the server's address, or absolute. */
  path: string
  headers?: Record<string, string>
  json?: unknown
  form?: Record<string, string>
  timeoutS?: number
  signal?: AbortSignal
}
export interface Answered {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  /** undefined: no JSON. */
  readonly body: unknown
}
export interface Http {
  ask(a: Asked): Promise<Answered>
  close(): void
}

/** No answer: unreachable, untrusted, too slow, too large. `text` says what to look at. */
export class Unreachable extends Error {
  readonly code: string
  constructor(code: string, text: string) {
    super(text)
    this.name = 'Unreachable'
    this.code = code
  }
}
/** The server refused: its problem+json or OAuth error. */
export class ServerRefused extends Error {
  readonly status: number
  readonly code: string
  readonly step?: string
  readonly retryAfterS?: number
  constructor(a: Answered) {
    const said = asRecord(a.body)
    const text = (v: unknown) => (typeof v === 'string' ? v.slice(0, 500) : undefined)
    super(
      text(said.detail) ??
        text(said.error_description) ??
        text(said.title) ??
        `The server answered with status ${a.status}.`,
    )
    this.name = 'ServerRefused'
    this.status = a.status
    this.code = text(said.code) ?? text(said.error) ?? `status-${a.status}`
    this.step = text(said.step)
    const wait = Number(a.headers['retry-after'])
    if (Number.isFinite(wait) && wait >= 0) this.retryAfterS = Math.min(wait, 86_400)
  }
}

const answerLimit = 8 * 1024 * 1024
const userAgent = 'muster-agent'

/** Throws TypeError for an address that must not be used. */
export function createHttp(link: Link, version: string): Http {
  const base = new URL(link.server.endsWith('/') ? link.server : `${link.server}/`)
  if (base.protocol !== 'https:' && base.protocol !== 'http:')
    throw new TypeError(`${link.server} is neither an https nor an http address.`)
  if (base.protocol === 'http:' && !isLoopback(base.hostname) && !link.insecureHttp) {
    throw new TypeError(
      'Plain http would show the enrolment code to the network. Use https, or add --insecure-http if this network is trusted.',
    )
  }
  const agent = base.protocol === 'https:' ? secureAgent(link) : new http.Agent({ keepAlive: true, maxSockets: 2 })

  function ask(a: Asked): Promise<Answered> {
    const url = new URL(a.path, base)
    if (url.origin !== base.origin)
      return Promise.reject(
        new Unreachable(
          'foreign-address',
          `The server sends this agent to ${url.origin}, which is not the address it was given.`,
        ),
      )
    const body =
      a.json !== undefined ? JSON.stringify(a.json) : a.form ? new URLSearchParams(a.form).toString() : undefined
    const headers: Record<string, string> = {
      accept: 'application/json',
      'user-agent': `${userAgent}/${version}`,
      ...a.headers,
    }
    if (body !== undefined)
      headers['content-type'] = a.json !== undefined ? 'application/json' : 'application/x-www-form-urlencoded'
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body))
    return new Promise((resolve, reject) => {
      const request = (base.protocol === 'https:' ? https : http).request(url, {
        method: a.method ?? (body === undefined ? 'GET' : 'POST'),
        headers,
        agent,
        signal: a.signal,
      })
      const timer = setTimeout(
        () => request.destroy(new Unreachable('timeout', `The server did not answer within ${a.timeoutS ?? 30} s.`)),
        (a.timeoutS ?? 30) * 1000,
      )
      request.on('error', (error) => {
        clearTimeout(timer)
        reject(error instanceof Unreachable || a.signal?.aborted ? error : unreachable(error, base))
      })
      request.on('response', (response) => {
        readAll(response)
          .then(
            (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parse(text) }),
            reject,
          )
          .finally(() => clearTimeout(timer))
      })
      request.end(body)
    })
  }
  return { ask, close: () => agent.destroy() }
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    length += (chunk as Buffer).length
    if (length > answerLimit) {
      response.destroy()
      throw new Unreachable('answer-too-large', 'The answer is larger than a Muster server sends.')
    }
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A pinned server is judged by its fingerprint before the first byte is sent; another by the system's authorities and the one given. */
function secureAgent(link: Link): https.Agent {
  const agent = new https.Agent({
    keepAlive: true,
    maxSockets: 2,
    // A resumed session shows no certificates to judge.
    maxCachedSessions: 0,
    ca:
      link.ca === undefined
        ? undefined
        : [...tls.getCACertificates('default'), ...tls.getCACertificates('system'), link.ca],
    minVersion: 'TLSv1.2',
  })
  const { fingerprint } = link
  if (fingerprint !== undefined) {
    agent.createConnection = ((
      options: tls.ConnectionOptions & { host?: string },
      done: (error: Error | null, socket?: net.Socket) => void,
    ) => {
      const host = options.host ?? ''
      // The chain is judged below, by what was pinned, instead of by the system's authorities.
      const socket = tls.connect({ ...options, servername: net.isIP(host) ? '' : host, rejectUnauthorized: false })
      socket.once('error', done)
      socket.once('secureConnect', () => {
        const wrong = checkPin(host, presentedChain(socket), fingerprint, new Date())
        socket.off('error', done)
        if (wrong === undefined) return done(null, socket)
        socket.destroy()
        done(new Unreachable('untrusted', `This is not the server that was pinned: ${wrong}.`))
      })
      return undefined
    }) as typeof agent.createConnection
  }
  return agent
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

const untrusted = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

function unreachable(error: Error & { code?: string }, base: URL): Unreachable {
  const code = error.code ?? ''
  if (untrusted.has(code))
    return new Unreachable(
      'untrusted',
      `The certificate of ${base.host} is not trusted (${error.message}). Give its authority with --ca FILE or its fingerprint with --server-fingerprint, and check the clock, which shows ${new Date().toISOString()}.`,
    )
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new Unreachable('no-such-host', `The name ${base.hostname} is not known. Check the address and the network.`)
  if (code === 'ECONNREFUSED')
    return new Unreachable('refused', `Nobody listens at ${base.host}. Check the address and the port.`)
  return new Unreachable('unreachable', `${base.host} cannot be reached: ${error.message}`)
}

export function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}
