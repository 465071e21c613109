/** The network under all devices: JSON over one pool of kept-alive connections, bounded in number, size and time. */
import { Pool } from 'undici'
import { createHistogram, type Histogram, type Percentiles } from './histogram.ts'

export type Kind = 'about' | 'look' | 'register' | 'token' | 'enrol' | 'report' | 'poll' | 'hold' | 'farewell' | 'api'

export interface Asked {
  readonly kind: Kind
  readonly method: 'GET' | 'POST'
  /** Below the server's address, or absolute with the same origin. */
  readonly path: string
  readonly authorization?: string
  readonly json?: string
  readonly form?: string
  readonly timeoutS?: number
  readonly signal?: AbortSignal
  /** The answer is to be lost: the connection is cut when it begins to arrive. */
  readonly lose?: boolean
}
export interface Answered {
  readonly status: number
  /** undefined: no JSON. */
  readonly body: unknown
  readonly retryAfterS?: number
}
/** Rejects with WireFailed when there is no answer. */
export type Send = (a: Asked) => Promise<Answered>
export interface Wire {
  readonly send: Send
  close(): Promise<void>
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
const userAgent = 'muster-fleet'

/** Throws TypeError for an address that is no http(s) address. `ca`: PEM to trust instead of the system's. */
export function createWire(o: { server: string; connections: number; ca?: string }): Wire {
  const base = new URL(o.server.endsWith('/') ? o.server : `${o.server}/`)
  if (base.protocol !== 'https:' && base.protocol !== 'http:')
    throw new TypeError(`${o.server} is neither an https nor an http address.`)
  const pool = new Pool(base.origin, {
    connections: o.connections,
    pipelining: 1,
    connect: { timeout: 10_000, ...(o.ca === undefined ? {} : { ca: o.ca }) },
    keepAliveTimeout: 60_000,
    keepAliveMaxTimeout: 120_000,
    maxResponseSize: answerLimit,
  })
  const paths = new Map<string, string>()

  function pathOf(path: string): string {
    const known = paths.get(path)
    if (known !== undefined) return known
    const url = new URL(path, base)
    if (url.origin !== base.origin) throw new WireFailed('foreign-address')
    const found = url.pathname + url.search
    if (paths.size < 100) paths.set(path, found)
    return found
  }

  async function send(a: Asked): Promise<Answered> {
    const timeoutMs = 1000 * (a.timeoutS ?? 30)
    const headers: string[] = ['accept', 'application/json', 'user-agent', userAgent]
    if (a.authorization !== undefined) headers.push('authorization', a.authorization)
    if (a.json !== undefined) headers.push('content-type', 'application/json')
    else if (a.form !== undefined) headers.push('content-type', 'application/x-www-form-urlencoded')
    try {
      const answer = await pool.request({
        path: pathOf(a.path),
        method: a.method,
        headers,
        body: a.json ?? a.form ?? null,
        signal: a.signal ?? null,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      })
      if (a.lose) {
        answer.body.on('error', () => undefined)
        answer.body.destroy()
        throw new WireFailed('answer-lost')
      }
      const text = await answer.body.text()
      const wait = Number(answer.headers['retry-after'] ?? Number.NaN)
      return {
        status: answer.statusCode,
        body: parse(text),
        ...(wait >= 0 ? { retryAfterS: Math.min(wait, 86_400) } : {}),
      }
    } catch (error) {
      throw error instanceof WireFailed ? error : new WireFailed(codeOf(error, a.signal), error)
    }
  }
  return { send, close: () => pool.destroy() }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function codeOf(error: unknown, signal: AbortSignal | undefined): string {
  if (signal?.aborted) return 'aborted'
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string'
    ? code
        .toLowerCase()
        .replace(/^und_err_/, '')
        .replaceAll('_', '-')
    : 'no-answer'
}

/** Counts what passes: latencies by kind and refusals by code. */
export interface Meter {
  readonly send: Send
  exchanges(): number
  error(code: string): void
  readonly errors: Readonly<{ [code: string]: number }>
  latencies(): { [kind: string]: Percentiles }
}

export function meter(send: Send, clock: () => number): Meter {
  const kinds = new Map<string, Histogram>()
  const errors: { [code: string]: number } = {}
  let exchanges = 0
  const error = (code: string) => {
    errors[code] = (errors[code] ?? 0) + 1
  }
  return {
    errors,
    error,
    exchanges: () => exchanges,
    latencies: () => Object.fromEntries([...kinds].map(([kind, h]) => [kind, h.percentiles()])),
    async send(a) {
      const began = clock()
      try {
        const answer = await send(a)
        if (answer.status >= 400) error(problemOf(answer))
        const h = kinds.get(a.kind) ?? createHistogram()
        kinds.set(a.kind, h)
        h.add(clock() - began)
        exchanges += 1
        return answer
      } catch (e) {
        const code = e instanceof WireFailed ? e.code : 'unexpected'
        if (code !== 'answer-lost' && code !== 'aborted') error(code)
        throw e
      }
    },
  }
}

/** The problem's stable code, OAuth's word, or the bare status. */
export function problemOf(a: Answered): string {
  const said = (typeof a.body === 'object' && a.body !== null ? a.body : {}) as { code?: unknown; error?: unknown }
  if (typeof said.code === 'string') return said.code
  return typeof said.error === 'string' ? said.error : `status-${a.status}`
}
