/** A real installation for a journey: a server process with an empty data folder, and an administrator's API client that talks to it over the network. */
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePorts } from './free-port.ts'
import { type Running, run, until } from './processes.ts'

const serverMain = fileURLToPath(import.meta.resolve('@muster/server/main'))
export const agentMain = fileURLToPath(import.meta.resolve('@muster/agent/main'))

export interface Answer<T> {
  status: number
  headers: Headers
  body: T
}
export interface Installation {
  readonly url: string
  readonly httpsUrl: string
  readonly dataDir: string
  readonly adminPassword: string
  readonly server: Running
  /** Calls the API as the bootstrap client; throws unless the answer is 2xx. */
  api<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>
  /** The same without throwing. */
  ask<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>
  token(): Promise<string>
  /** One more process on the same database. */
  secondNode(env?: Record<string, string>): Promise<{ url: string; server: Running }>
  close(): Promise<void>
}

const client = { id: 'journey', secret: 'a-secret-for-journeys-only' }
const shedForMs = 60_000
const adminPassword = 'correct horse battery staple'
/** Journeys wipe and remove what they enrolled; those about the guard itself set it to '', which is as it is unless told. */
export const wideGuard =
  '{"wipes":{"tenMinutes":1000,"day":1000,"atLeast":1000},"removals":{"tenMinutes":1000,"day":1000,"atLeast":1000}}'

async function start(
  dataDir: string,
  env: Record<string, string>,
): Promise<{ url: string; httpsUrl: string; server: Running }> {
  const [http, https] = await freePorts(2)
  const url = `http://127.0.0.1:${http}`
  const server = run(serverMain, [], {
    env: {
      MUSTER_HTTP_PORT: String(http),
      MUSTER_HTTPS_PORT: String(https),
      MUSTER_PUBLIC_URL: url,
      MUSTER_DATA: dataDir,
      MUSTER_ADMIN_PASSWORD: adminPassword,
      MUSTER_BOOTSTRAP_CLIENT: `${client.id}:${client.secret}`,
      MUSTER_LOG_LEVEL: 'warn',
      MUSTER_GUARD: wideGuard,
      DATABASE_URL: '',
      ...env,
    },
  })
  let over = false
  const ready = until('the server to be ready', async () => over || (await fetch(`${url}/readyz`)).ok, {
    withinMs: 120_000,
    last: () => server.output().slice(-4_000),
  })
  const died = server.ended.then((code) => {
    over = true
    throw new Error(`the server ended with ${code} before it was ready:\n${server.output()}`)
  })
  try {
    await Promise.race([ready, died])
  } catch (e) {
    // What lives on would keep the test from ending.
    await server.stop()
    throw e
  } finally {
    died.catch(() => undefined)
  }
  return { url, httpsUrl: `https://127.0.0.1:${https}`, server }
}

export async function install(env: Record<string, string> = {}): Promise<Installation> {
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-journey-'))
  // PostgreSQL never runs as root: its own user must be able to pass through.
  await chmod(dataDir, 0o711)
  const clear = () => rm(dataDir, { recursive: true, force: true })
  const first = await start(dataDir, env).catch(async (e: unknown) => {
    await clear()
    throw e
  })
  const others: Running[] = []
  let token: { value: string; until: number } | undefined

  async function bearer(): Promise<string> {
    if (token && token.until > Date.now()) return token.value
    const response = await fetch(`${first.url}/oauth2/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    })
    const body = (await response.json()) as { access_token: string; expires_in: number }
    if (!response.ok) throw new Error(`no token: ${response.status} ${JSON.stringify(body)}`)
    token = { value: body.access_token, until: Date.now() + (body.expires_in - 30) * 1000 }
    return token.value
  }
  /** As whoever is in no hurry: a server that lets go of what can wait, because the machine is busy, is asked again. */
  async function ask<T>(...asked: Parameters<typeof once>): Promise<Answer<T>> {
    for (const until = performance.now() + shedForMs; ; await pause(500)) {
      const answer = await once<T>(...asked)
      const shed = answer.status === 503 && (answer.body as { code?: string } | undefined)?.code === 'overloaded'
      if (!shed || performance.now() > until) return answer
    }
  }
  async function once<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const response = await fetch(`${first.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await bearer()}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as T,
    }
  }
  return {
    ...first,
    dataDir,
    adminPassword,
    token: bearer,
    ask,
    api: async <T>(method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
      const answer = await ask<T>(method, path, body, headers)
      if (answer.status >= 300)
        throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
      return answer.body
    },
    secondNode: async (more = {}) => {
      const node = await start(dataDir, { ...env, ...more })
      others.push(node.server)
      return node
    },
    close: async () => {
      for (const other of others) await other.stop()
      await first.server.stop()
      await clear()
    },
  }
}
