/** The network under all devices: requests over kept-alive connections, bounded in number, size and time; a device with a client certificate has a connection of its own. */
import { Client, type Dispatcher, Pool } from 'undici'

export interface Asked {
  /** What it is counted as: `poll`, `report`, `scep`. */
  readonly kind: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below the server's address, or absolute: the same host by the same scheme, at any port. */
  readonly path: string
  /** Names and values in turn. */
  readonly headers?: readonly string[]
  readonly body?: string | Uint8Array
  /** By which certificate the device shows itself (mutual TLS). */
  readonly identity?: Identity
  readonly timeoutS?: number
  readonly signal?: AbortSignal
  /** The answer is to be lost: the connection is cut when it begins to arrive. */
  readonly lose?: boolean
}
export interface Answered {
  readonly status: number
  /** By lower-case name. */
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined }
  readonly bytes: Buffer
}
/** Rejects with WireFailed when there is no answer. */
export type Send = (a: Asked) => Promise<Answered>
export interface Wire {
  readonly send: Send
  close(): Promise<void>
}
/** A device's key and certificate, PEM; the certificate may be followed by its chain. The same object means the same connection; a renewed one is a new object. */
export interface Identity {
  readonly key: string
  readonly certificate: string
}

export class WireFailed extends Error {
  readonly code: string
  constructor(code: string, cause?: unknown) {
    super(`No answer: ${code}`, { cause })
    this.name = 'WireFailed'
    this.code = code
  }
}

const answerLimit = 8 * 1024 * 1024
const userAgent: readonly string[] = ['user-agent', 'muster-fleet']
const pathsLimit = 100

/** Throws TypeError for an address that is no http(s) address. `ca`: PEM to trust instead of the system's. */
export function createWire(o: { server: string; connections: number; ca?: string }): Wire {
  const base = new URL(o.server.endsWith('/') ? o.server : `${o.server}/`)
  if (base.protocol !== 'https:' && base.protocol !== 'http:')
    throw new TypeError(`${o.server} is neither an https nor an http address.`)
  const trust = o.ca === undefined ? {} : { ca: o.ca }
  const kept = { pipelining: 1, keepAliveTimeout: 60_000, keepAliveMaxTimeout: 120_000, maxResponseSize: answerLimit }
  const pools = new Map<string, Pool>()
  const clients = new Map<Identity, { origin: string; client: Client }>()
  const paths = new Map<string, { origin: string; path: string }>()

  function placeOf(path: string): { origin: string; path: string } {
    const known = paths.get(path)
    if (known) return known
    const url = new URL(path, base)
    if (url.protocol !== base.protocol || url.hostname !== base.hostname) throw new WireFailed('foreign-address')
    const found = { origin: url.origin, path: url.pathname + url.search }
    if (paths.size < pathsLimit) paths.set(path, found)
    return found
  }
  function poolOf(origin: string): Pool {
    const known = pools.get(origin)
    if (known) return known
    const pool = new Pool(origin, { ...kept, connections: o.connections, connect: { timeout: 10_000, ...trust } })
    pools.set(origin, pool)
    return pool
  }
  function clientOf(identity: Identity, origin: string): Client {
    const known = clients.get(identity)
    if (known?.origin === origin) return known.client
    const { key, certificate: cert } = identity
    const client = new Client(origin, { ...kept, connect: { timeout: 10_000, ...trust, key, cert } })
    // The connection closes itself when it has been idle; until then nobody else may use it.
    client.on('disconnect', () => {
      if (clients.get(identity)?.client === client && client.stats.size === 0) clients.delete(identity)
    })
    clients.set(identity, { origin, client })
    return client
  }

  return {
    async send(a) {
      const { origin, path } = placeOf(a.path)
      return ask(a.identity ? clientOf(a.identity, origin) : poolOf(origin), path, a)
    },
    async close() {
      await Promise.all([...pools.values(), ...[...clients.values()].map((c) => c.client)].map((d) => d.destroy()))
    },
  }
}

/** By the dispatcher's own events: a stream for each of thousands of small answers would be what costs most. */
function ask(by: Dispatcher, path: string, a: Asked): Promise<Answered> {
  const timeoutMs = 1000 * (a.timeoutS ?? 30)
  return new Promise((resolve, reject) => {
    let control: Dispatcher.DispatchController | undefined
    let status = 0
    let headers: Answered['headers'] = {}
    const chunks: Buffer[] = []
    function fail(error: WireFailed): void {
      forget()
      reject(error)
      control?.abort(error)
    }
    if (a.signal?.aborted) return reject(new WireFailed('aborted'))
    const forget = whenAborted(a.signal, () => fail(new WireFailed('aborted')))
    by.dispatch(
      {
        path,
        method: a.method,
        headers: [...userAgent, ...(a.headers ?? [])],
        body: a.body ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      },
      {
        onRequestStart(controller) {
          control = controller
          if (a.signal?.aborted) controller.abort(new WireFailed('aborted'))
        },
        onResponseStart(_, statusCode, named) {
          status = statusCode
          headers = named
          if (a.lose) fail(new WireFailed('answer-lost'))
        },
        onResponseData: (_, chunk) => void chunks.push(chunk),
        onResponseEnd() {
          forget()
          resolve({ status, headers, bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) })
        },
        onResponseError(_, error) {
          forget()
          reject(error instanceof WireFailed ? error : new WireFailed(codeOf(error), error))
        },
      },
    )
  })
}

const aborting = new WeakMap<AbortSignal, Set<() => void>>()
const nothing = () => undefined

/** One listener for all who wait: thousands of held polls on one signal would each search through all the others. Answers what ends the waiting. */
function whenAborted(signal: AbortSignal | undefined, act: () => void): () => void {
  if (!signal) return nothing
  let waiting = aborting.get(signal)
  if (!waiting) {
    const all = new Set<() => void>()
    signal.addEventListener('abort', () => all.forEach((each) => void each()), { once: true })
    aborting.set(signal, all)
    waiting = all
  }
  waiting.add(act)
  return () => waiting.delete(act)
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string'
    ? code
        .toLowerCase()
        .replace(/^und_err_/, '')
        .replaceAll('_', '-')
    : 'no-answer'
}

/** undefined: no JSON. */
export function jsonOf(a: Answered): unknown {
  try {
    return JSON.parse(a.bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

/** The problem's stable code, OAuth's word, or the bare status. */
export function problemOf(a: Answered): string {
  const body = jsonOf(a)
  const said = (typeof body === 'object' && body !== null ? body : {}) as { code?: unknown; error?: unknown }
  if (typeof said.code === 'string') return said.code
  return typeof said.error === 'string' ? said.error : `status-${a.status}`
}

/** Seconds that the server asks to be let alone; at most a day. */
export function retryAfterOf(a: Answered): number | undefined {
  const wait = Number(a.headers['retry-after'] ?? Number.NaN)
  return wait >= 0 ? Math.min(wait, 86_400) : undefined
}

/** Headers and body of a message in JSON. */
export function jsonAsked(value: unknown, bearer?: string): Pick<Asked, 'headers' | 'body'> {
  const headers = ['accept', 'application/json', 'content-type', 'application/json']
  if (bearer !== undefined) headers.push('authorization', `Bearer ${bearer}`)
  return { headers, body: JSON.stringify(value) }
}

/** The client credentials grant (RFC 6749, 4.4) with the secret in the header (2.3.1). */
export function grantAsked(client: { id: string; secret: string }, scope?: string): Pick<Asked, 'headers' | 'body'> {
  const basic = Buffer.from(`${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`).toString('base64')
  return {
    headers: ['content-type', 'application/x-www-form-urlencoded', 'authorization', `Basic ${basic}`],
    body: `grant_type=client_credentials${scope === undefined ? '' : `&scope=${encodeURIComponent(scope)}`}`,
  }
}
