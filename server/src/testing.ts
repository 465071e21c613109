/** For the server's tests: a real server on a database of its own, callers with any permissions, and devices that enrol over the wire. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json, JsonObject } from '@muster/contract'
import { silentLog, testDatabase } from '@muster/core/testing'
import type { ServerOptions } from './options.ts'
import { type RunningServer, startServer } from './start.ts'

export interface Answer<T = JsonObject> {
  status: number
  headers: Headers
  body: T
}
export interface CallOptions {
  body?: Json | Uint8Array
  headers?: Record<string, string>
  /** Absent: the bootstrap client's. Null: none. */
  token?: string | null
}
export interface TestServer {
  server: RunningServer
  url: string
  call<T = JsonObject>(method: string, path: string, o?: CallOptions): Promise<Answer<T>>
  /** As `call`, below /api/v1, with the status asserted. */
  api<T = JsonObject>(status: number, method: string, path: string, o?: CallOptions): Promise<T>
  /** A token of a new client that holds just these permissions. */
  tokenWith(...scopes: string[]): Promise<string>
  /** A token of a new user's: signed in, so with the reach of its roles. Answers the cookie and the CSRF word as headers. */
  signIn(username: string, password: string): Promise<Record<string, string>>
  enrol(name: string, o?: { ownership?: string; user?: string; facts?: JsonObject }): Promise<TestDevice>
  stop(): Promise<void>
}
export interface TestDevice {
  id: string
  token: string
  /** Its OAuth client. */
  client: string
  /** One exchange: says `results`, takes what waits. */
  sync(o?: {
    results?: JsonObject[]
    facts?: JsonObject
    take?: number
    waitS?: number
  }): Promise<{ deliveries: { id: string; kind: string; name: string; payload: JsonObject }[] }>
}
const bootstrap = 'test-bootstrap:0123456789abcdef0123456789abcdef'

export async function startTestServer(o: Partial<ServerOptions> = {}): Promise<TestServer> {
  const database = await testDatabase()
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-server-'))
  const cleanUp = async () => {
    await database.close()
    await rm(dataDir, { recursive: true, force: true })
  }
  const server = await startServer({
    dataDir,
    databaseUrl: database.url,
    httpPort: 0,
    httpsPort: null,
    host: '127.0.0.1',
    portal: false,
    bootstrapClient: bootstrap,
    adminPassword: 'first administrator',
    log: silentLog,
    ...o,
  }).catch(async (e: unknown) => {
    await cleanUp()
    throw e
  })
  const url = `http://127.0.0.1:${server.ports.http}`
  const all = await clientToken(url, bootstrap)

  async function call<T>(
    method: string,
    path: string,
    { body, headers = {}, token = all }: CallOptions = {},
  ): Promise<Answer<T>> {
    const bytes = body instanceof Uint8Array ? Buffer.from(body) : body === undefined ? undefined : JSON.stringify(body)
    const response = await fetch(url + path, {
      method,
      body: bytes,
      redirect: 'manual',
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(bytes === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: (text !== '' && isJson(response) ? JSON.parse(text) : text) as T,
    }
  }
  async function api<T>(status: number, method: string, path: string, options?: CallOptions): Promise<T> {
    for (const until = Date.now() + 30_000; ; ) {
      const got = await call<T>(method, `/api/v1${path}`, options)
      // A busy machine lets go of what can wait, and says so: asked again, it is answered.
      const shed = got.status === 503 && (got.body as { code?: string }).code === 'overloaded'
      if (shed && status !== 503 && Date.now() < until) {
        await new Promise((r) => setTimeout(r, 200))
        continue
      }
      assert.equal(got.status, status, `${method} ${path}: ${JSON.stringify(got.body)}`)
      return got.body
    }
  }
  return {
    server,
    url,
    call,
    api,
    tokenWith: async (...scopes) => {
      const { client, secret } = await api<{ client: { id: string }; secret: string }>(201, 'POST', '/clients', {
        body: { name: `test ${randomUUID()}`, scopes },
      })
      return clientToken(url, `${client.id}:${secret}`)
    },
    signIn: async (username, password) => {
      const got = await call<{ csrf: string }>('POST', '/api/v1/session', { body: { username, password }, token: null })
      assert.equal(got.status, 200, JSON.stringify(got.body))
      return {
        cookie: got.headers
          .getSetCookie()
          .map((c) => c.split(';', 1)[0])
          .join('; '),
        'x-muster-csrf': got.body.csrf,
      }
    },
    enrol: (name, options) => enrol({ call, api }, name, options),
    stop: async () => {
      await server.stop()
      await cleanUp()
    },
  }
}

async function clientToken(url: string, client: string): Promise<string> {
  const response = await fetch(`${url}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(client).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const body = (await response.json()) as { access_token?: string }
  assert.ok(body.access_token, `no token: ${JSON.stringify(body)}`)
  return body.access_token
}

/** A Linux device as the agent would enrol it: code, registration, token, terms. */
async function enrol(
  { call, api }: Pick<TestServer, 'call' | 'api'>,
  name: string,
  o: { ownership?: string; user?: string; facts?: JsonObject } = {},
): Promise<TestDevice> {
  const ownership = o.ownership ?? 'cope'
  const { code } = await api<{ code: string }>(201, 'POST', '/invitations', {
    body: { platform: 'linux', ownership, ...(o.user ? { user: o.user } : {}) },
  })
  const registered = await call<{ client_id: string; client_secret: string }>('POST', '/oauth2/reg', {
    token: code,
    body: {
      client_name: name,
      grant_types: ['client_credentials'],
      muster_platform: 'linux',
      muster_identifiers: [{ kind: 'machine-id', value: randomUUID() }],
      software_id: 'muster-agent',
      software_version: '0.1.0',
    },
  })
  assert.equal(registered.status, 201, JSON.stringify(registered.body))
  const got = await call<{ access_token: string }>('POST', '/oauth2/token', {
    token: null,
    body: Buffer.from('grant_type=client_credentials'),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${registered.body.client_id}:${registered.body.client_secret}`).toString('base64')}`,
    },
  })
  const token = got.body.access_token
  const facts = { 'device.name': name, 'os.name': 'Debian', 'os.version': '13', 'agent.version': '0.1.0', ...o.facts }
  const done = await call<{ device: string }>('POST', '/linux/agent/enrolment', { token, body: { ownership, facts } })
  assert.equal(done.status, 200, JSON.stringify(done.body))
  let sequence = 0
  return {
    id: done.body.device,
    token,
    client: registered.body.client_id,
    sync: async ({ take = 10, ...said } = {}) => {
      const answer = await call<Awaited<ReturnType<TestDevice['sync']>>>('POST', '/linux/agent/sync', {
        token,
        body: { sequence: ++sequence, at: new Date().toISOString(), take, ...said } as Json,
      })
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      return answer.body
    },
  }
}

function isJson(response: Response): boolean {
  return (
    /json/.test(response.headers.get('content-type') ?? '') && !/jsonl/.test(response.headers.get('content-type') ?? '')
  )
}

/** Tries until it holds: what other rooms do in their own time (each second, at most). */
export async function eventually<T>(look: () => Promise<T | undefined | false>, forMs = 30_000): Promise<T> {
  const until = Date.now() + forMs
  for (;;) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    if (Date.now() > until) throw new Error('it did not come true in time')
    await new Promise((r) => setTimeout(r, 50))
  }
}
export const nobody = '00000000-0000-7000-8000-000000000000'

export * as parsers from './parsers.ts'
