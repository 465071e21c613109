/** The typed client of the HTTP API: paths and shapes come from the server's own description. */
import createClient, { type Client, type Middleware } from 'openapi-fetch'
import type { paths } from './schema.ts'

export type * from './schema.ts'

export interface ClientOptions {
  /** Address of the server: https://muster.example */
  baseUrl: string
  /** An access token, or what gives one for each request (and may renew it). */
  token?: string | (() => string | undefined | Promise<string | undefined>)
  /** Takes the place of the global fetch: for cookies, tests, own trust anchors. */
  fetch?: (request: Request) => Promise<Response>
  /** Added to every request. */
  headers?: Record<string, string>
  /** Seconds that a reading may wait in all, while a busy server asks to come again later (503 with Retry-After). 30 when absent; 0: never. */
  patienceS?: number
}
export type MusterClient = Client<paths>

export function createMusterClient(o: ClientOptions): MusterClient {
  const client = createClient<paths>({
    baseUrl: o.baseUrl.replace(/\/+$/, ''),
    fetch: patient(o.fetch ?? ((request) => globalThis.fetch(request)), o.patienceS ?? 30),
    ...(o.headers && { headers: o.headers }),
  })
  const { token } = o
  if (token !== undefined) client.use(authorize(token))
  return client
}

/** Readings change nothing, so they are asked again when the server says when. */
function patient(fetch: (request: Request) => Promise<Response>, patienceS: number) {
  return async (request: Request): Promise<Response> => {
    for (let left = patienceS; ; ) {
      const response = await fetch(request.clone())
      const wait = Number(response.headers.get('retry-after') ?? Number.NaN)
      if (request.method !== 'GET' || response.status !== 503 || !(wait > 0 && wait <= left)) return response
      // Whose database is away says so at once.
      if (!(await isBusy(response.clone()))) return response
      left -= wait
      await response.body?.cancel()
      await pause(wait * 1000, request.signal)
    }
  }
}

async function isBusy(response: Response): Promise<boolean> {
  const body: unknown = await response.json().catch(() => undefined)
  return isRecord(body) && body.code === 'overloaded'
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
}

function authorize(token: NonNullable<ClientOptions['token']>): Middleware {
  return {
    onRequest: async ({ request }) => {
      const value = typeof token === 'string' ? token : await token()
      if (value !== undefined) request.headers.set('authorization', `Bearer ${value}`)
      return request
    },
  }
}

/** A refusal as the server said it (RFC 9457). `status` 0: no answer came (code `unreachable`). */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly requestId: string | undefined
  readonly errors: readonly { path: string; message: string }[]
  /** Seconds to wait, when the server says so. */
  readonly retryAfterS: number | undefined
  readonly body: Readonly<Record<string, unknown>>
  constructor(status: number, body: Record<string, unknown>, retryAfterS?: number) {
    const text = (key: string) => (typeof body[key] === 'string' ? body[key] : undefined)
    super(text('detail') ?? text('error_description') ?? text('title') ?? `The server answered ${status}.`)
    this.name = 'ApiProblem'
    this.status = status
    this.code = text('code') ?? text('error') ?? 'unknown'
    this.requestId = text('requestId')
    this.errors = Array.isArray(body.errors) ? body.errors.filter(isFieldError) : []
    this.retryAfterS = retryAfterS
    this.body = body
  }
}

interface Answered<T> {
  data?: T
  error?: unknown
  response: Response
}
/** The answer of a call, or ApiProblem thrown: `const page = await answer(client.GET('/api/v1/devices', { ... }))`. */
export async function answer<T>(call: Promise<Answered<T>>): Promise<T> {
  const got = await call.catch((cause: unknown) => {
    throw unreachable(cause)
  })
  if (got.response.ok) return got.data as T
  throw problemOf(got.response, got.error)
}

/** The problem in a response that is not ok; `body` is what was read from it. */
export function problemOf(response: Response, body: unknown): ApiProblem {
  const wait = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new ApiProblem(response.status, isRecord(body) ? body : {}, Number.isFinite(wait) ? wait : undefined)
}
export function unreachable(cause: unknown): Error {
  if (cause instanceof ApiProblem || (cause instanceof Error && cause.name === 'AbortError')) return cause
  const problem = new ApiProblem(0, { code: 'unreachable', detail: 'The server cannot be reached.' })
  problem.cause = cause
  return problem
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
function isFieldError(value: unknown): value is { path: string; message: string } {
  return isRecord(value) && typeof value.path === 'string' && typeof value.message === 'string'
}
