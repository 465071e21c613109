/** The fake over HTTP: one server for the API, the token endpoint, Pub/Sub, the keys that pushes are signed with, and the page where an administrator signs an enterprise up. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { ApiError, invalid } from './errors.ts'
import type { Estate, Resource } from './estate.ts'
import type { Faults, Mishap } from './faults.ts'
import type { Method } from './method.ts'
import type { Accounts } from './oauth.ts'
import type { Discovery } from './schema/index.ts'
import { violationsOf } from './schema/index.ts'

const manages = ['https://www.googleapis.com/auth/androidmanagement']
const messages = ['https://www.googleapis.com/auth/pubsub', 'https://www.googleapis.com/auth/cloud-platform']
const mostBytes = 10 * 2 ** 20
const json = 'application/json; charset=UTF-8'

export interface HttpDeps {
  readonly methods: readonly Method[]
  readonly accounts: Accounts
  readonly faults: Faults
  readonly estate: Estate
  readonly discovery?: Discovery
  /** JWK set of what pushes are signed with. */
  keys(): object
  readonly latencyMs: () => number
  /** Some answers are held back until there is something to say; false: whoever asked has left. */
  held?(path: string, body: string, left: () => boolean): Promise<boolean> | undefined
  readonly port: number
  readonly tls?: { readonly key: string; readonly cert: string }
}
export interface Seen {
  /** Requests by method. */
  readonly requests: Record<string, number>
  /** Refusals by method and status: `enterprises.policies.patch 400`. */
  readonly refused: Record<string, number>
  /** Faults of the fake itself, and what Google's own document says against its answers: must stay empty. */
  readonly discrepancies: string[]
  mostAtOnce: number
}
export interface Http {
  readonly url: string
  readonly seen: Seen
  close(): Promise<void>
}
interface Reply {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}
const replyOf = (status: number, body: object): Reply => ({ status, body: JSON.stringify(body) })

export async function listen(deps: HttpDeps): Promise<Http> {
  const { accounts, faults, estate, discovery } = deps
  const rows = deps.methods.map((method) => ({ method, pattern: patternOf(method.path) }))
  const seen: Seen = { requests: {}, refused: {}, discrepancies: [], mostAtOnce: 0 }
  let atOnce = 0
  const server = deps.tls ? createTlsServer(deps.tls) : createServer()
  server.keepAliveTimeout = 60_000

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    atOnce += 1
    seen.mostAtOnce = Math.max(seen.mostAtOnce, atOnce)
    response.once('close', () => {
      atOnce -= 1
    })
    const chunks: Buffer[] = []
    let size = 0
    request.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= mostBytes) chunks.push(chunk)
    })
    request.once('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      const work = () => answer(request, response, body)
      const ms = deps.latencyMs()
      const held = deps.held?.(request.url ?? '/', body, () => response.destroyed)
      if (held) void held.then((there) => there && work())
      else if (ms > 0) setTimeout(work, ms)
      else work()
    })
  })

  function answer(request: IncomingMessage, response: ServerResponse, body: string): void {
    const url = new URL(request.url ?? '/', 'http://fake')
    const verb = request.method ?? 'GET'
    const path = decodeURI(url.pathname)
    let id = 'unknown'
    let mishap: Mishap | undefined
    let reply: Reply
    try {
      const found = find(verb, path)
      id = found.id
      seen.requests[id] = (seen.requests[id] ?? 0) + 1
      mishap = faults.due(id)
      if (mishap === 'cut' || mishap === 'hang') return mishap === 'cut' ? void response.destroy() : undefined
      reply = found.work({ request, url, verb, path, body })
    } catch (error) {
      if (!(error instanceof ApiError)) seen.discrepancies.push(`${id}: ${String(error)}`)
      reply = refusal(error instanceof ApiError ? error : new ApiError('INTERNAL', 'Internal error encountered.'))
    }
    if (reply.status >= 400) seen.refused[`${id} ${reply.status}`] = (seen.refused[`${id} ${reply.status}`] ?? 0) + 1
    if (mishap === 'lost') return void response.destroy()
    if (mishap === 'garbage')
      reply = {
        status: 200,
        body: '<html>Error 502 (Server Error)!!1</html>',
        headers: { 'content-type': 'text/html' },
      }
    if (response.destroyed) return
    response.writeHead(reply.status, { 'content-type': json, ...reply.headers })
    response.end(reply.body)
  }

  interface Asked {
    readonly request: IncomingMessage
    readonly url: URL
    readonly verb: string
    readonly path: string
    readonly body: string
  }
  function find(verb: string, path: string): { id: string; work: (asked: Asked) => Reply } {
    if (path === '/token' && verb === 'POST') return { id: 'token', work: token }
    if (path === '/oauth2/v3/certs' && verb === 'GET') return { id: 'certs', work: () => replyOf(200, deps.keys()) }
    if (path.startsWith('/signup/')) return { id: 'signup', work: signup }
    const row = rows.find(({ method, pattern }) => method.verb === verb && pattern.test(path))
    if (row === undefined) throw new ApiError('NOT_FOUND', `The requested URL ${path} was not found on this server.`)
    return { id: row.method.id, work: (asked) => call(row.method, row.pattern.exec(path)?.slice(1) ?? [], asked) }
  }

  function token({ request, body }: Asked): Reply {
    if (!String(request.headers['content-type']).startsWith('application/x-www-form-urlencoded'))
      return replyOf(400, { error: 'invalid_request', error_description: 'Unsupported content type.' })
    const { status, body: said } = accounts.grant(new URLSearchParams(body))
    return replyOf(status, said)
  }

  /** The administrator gives the form: the enterprise is there, and he is sent back with its token. */
  function signup({ path, verb }: Asked): Reply {
    const name = `signupUrls/${path.slice('/signup/'.length)}`
    const known = estate.signups.get(name)
    if (known === undefined)
      return { status: 404, body: 'This sign-up is not known.', headers: { 'content-type': 'text/plain' } }
    const form = '<!doctype html><title>Managed Google Play</title><form method="post"><button>Confirm</button></form>'
    if (verb !== 'POST') return { status: 200, body: form, headers: { 'content-type': 'text/html' } }
    known.token = `EA${estate.word(30)}`
    const back = new URL(known.callbackUrl)
    back.searchParams.set('enterpriseToken', known.token)
    return { status: 302, body: '', headers: { location: back.href } }
  }

  function call(method: Method, ids: readonly string[], { request, url, verb, path, body }: Asked): Reply {
    const isPubsub = method.id.startsWith('pubsub.')
    const caller = accounts.caller(request.headers.authorization, isPubsub ? messages : manages)
    if (!isPubsub) faults.spend(caller.project)
    const said = bodyOf(method, body)
    const described = isPubsub ? undefined : discovery
    const wrong = described?.request(verb, path, url.searchParams, said) ?? []
    if (method.body !== undefined) {
      const found = violationsOf(said, method.body.schema, method.body.as)
      if (found.length > 0) throw invalid(found)
    }
    if (wrong.length > 0) throw invalid(wrong)
    const answered = method.handle({ caller, ids, query: url.searchParams, body: said })
    const text = JSON.stringify(answered)
    for (const { description } of described?.response(verb, path, JSON.parse(text)) ?? [])
      seen.discrepancies.push(`${method.id}: ${description}`)
    return { status: 200, body: text }
  }

  server.listen(deps.port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `${deps.tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function bodyOf(method: Method, text: string): Resource {
  if (text === '') return {}
  if (method.body === undefined && (method.verb === 'GET' || method.verb === 'DELETE'))
    throw new ApiError('INVALID_ARGUMENT', 'Invalid JSON payload received. A body is not expected here.')
  try {
    const said = JSON.parse(text) as unknown
    if (typeof said === 'object' && said !== null && !Array.isArray(said)) return said as Resource
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new ApiError('INVALID_ARGUMENT', 'Invalid JSON payload received. Unexpected token.')
}

function refusal(error: ApiError): Reply {
  const { retryAfterS } = error.more
  return {
    status: error.status,
    body: error.body(),
    headers: {
      ...(error.status === 401
        ? { 'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"' }
        : {}),
      ...(retryAfterS === undefined ? {} : { 'retry-after': String(retryAfterS) }),
    },
  }
}

const patternOf = (path: string): RegExp => new RegExp(`^/${path.replace(/[.]/g, '\\.').replaceAll('*', '([^/:]+)')}$`)
