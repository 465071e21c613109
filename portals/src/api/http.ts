/** One way to call the API: same origin, session cookie, CSRF header on unsafe methods, problem+json as errors. */

/** Where the API is, under whatever path prefix the page was reached. */
export const apiBase = new URL('api/v1/', document.baseURI).href

export interface FieldError {
  path: string
  message: string
}

/** What the server refused and what to do about it (RFC 9457). `status` 0: it could not be reached. */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly fields: readonly FieldError[]
  readonly extra: Readonly<Record<string, unknown>>
  constructor(status: number, body: Record<string, unknown>) {
    super(text(body.detail) ?? text(body.title) ?? `HTTP ${status}`)
    this.name = 'ApiProblem'
    this.status = status
    this.code = text(body.code) ?? 'unknown'
    this.fields = Array.isArray(body.errors) ? body.errors.filter(isFieldError) : []
    this.extra = body
  }
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  query?: Readonly<Record<string, string | number | undefined>>
  body?: unknown
  /** Makes a repeated POST change nothing twice. */
  idempotencyKey?: string
  /** The revision that was read: the server refuses when somebody saved meanwhile. */
  revision?: number
  signal?: AbortSignal
}

const session: { csrf?: string; onExpired: () => void } = { onExpired: () => undefined }

export function keepCsrf(csrf: string | undefined): void {
  if (csrf === undefined) delete session.csrf
  else session.csrf = csrf
}
/** Called whenever a signed-in call is answered with 401. */
export function onSessionExpired(handler: () => void): void {
  session.onExpired = handler
}

export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const url = new URL(path, apiBase)
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value))
  }
  const response = await fetch(url, { ...requestOf(options), credentials: 'same-origin' }).catch((cause: unknown) => {
    if (options.signal?.aborted) throw cause
    throw new ApiProblem(0, { code: 'unreachable' })
  })
  if (response.status === 204) return undefined as T
  const body: unknown = await response.json().catch(() => ({}))
  if (response.ok) return body as T
  const problem = new ApiProblem(response.status, isRecord(body) ? body : {})
  if (response.status === 401 && session.csrf !== undefined) session.onExpired()
  throw problem
}

function requestOf(options: Call): RequestInit {
  const method = options.method ?? 'GET'
  const headers: Record<string, string> = { Accept: 'application/json' }
  if (method !== 'GET' && session.csrf !== undefined) headers['X-Muster-CSRF'] = session.csrf
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  if (options.idempotencyKey !== undefined) headers['Idempotency-Key'] = options.idempotencyKey
  if (options.revision !== undefined) headers['If-Match'] = `"${options.revision}"`
  return {
    method,
    headers,
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }
}

/** Random and unique; works on plain http too, where `crypto.randomUUID` does not exist. */
export function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
function isFieldError(value: unknown): value is FieldError {
  return isRecord(value) && typeof value.path === 'string' && typeof value.message === 'string'
}
