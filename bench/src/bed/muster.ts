/** The subject: the real server as a process of its own, and its API as an administrator's program calls it. */
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { startChild } from '../children.ts'

export interface Muster {
  readonly pid: number
  readonly port: number
  /** Milliseconds from starting the process until it was ready. */
  readonly readyMs: number
  /** Throws unless the answer is 2xx. */
  api<T>(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<T>
  /** One number of /metrics, of all processes together. */
  metric(name: string): Promise<number>
  /** Bytes of heap and of buffers in use after collecting garbage. */
  memory(): Promise<number>
  stop(): Promise<void>
  /** It falls where it stands. */
  kill(): Promise<void>
}
export interface MusterOptions {
  dataDir: string
  databaseUrl: string
  port?: number
  /** Options of Node: `--cpu-prof`. */
  execArgv?: readonly string[]
  roles?: string
  /** One unless told. */
  processes?: number
  /** More of its environment. */
  env?: Readonly<Record<string, string>>
  /** Nothing of the benchmark's own is loaded into it, which would count as its start; it tells nothing of its memory then. */
  bare?: true
  /** Another entry than the server's own. */
  entry?: string
}

const client = 'bench:a-secret-for-benchmarks-only'
const main = fileURLToPath(import.meta.resolve('@muster/server/main'))
const probe = new URL('probe.ts', import.meta.url).href

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

export async function startMuster(o: MusterOptions): Promise<Muster> {
  const port = o.port ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const started = performance.now()
  const child = startChild(o.entry ?? main, {
    execArgv: [...(o.bare ? [] : ['--expose-gc', '--import', probe]), ...(o.execArgv ?? [])],
    env: {
      MUSTER_HTTP_PORT: String(port),
      MUSTER_HTTPS_PORT: 'off',
      MUSTER_HOST: '127.0.0.1',
      MUSTER_PUBLIC_URL: url,
      MUSTER_DATA: o.dataDir,
      DATABASE_URL: o.databaseUrl,
      MUSTER_BOOTSTRAP_CLIENT: client,
      MUSTER_ADMIN_PASSWORD: 'correct horse battery staple',
      MUSTER_LOG_LEVEL: 'warn',
      MUSTER_ROLES: o.roles ?? '',
      MUSTER_PROCESSES: String(o.processes ?? 1),
      ...o.env,
    },
    loud: true,
  })
  await untilReady(url, child.pid)
  await untilAll(url, o.processes ?? 1)
  const readyMs = performance.now() - started
  let token: { value: string; until: number } | undefined

  async function bearer(): Promise<string> {
    if (token && token.until > Date.now()) return token.value
    const answer = await fetch(`${url}/oauth2/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(client).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    })
    const body = (await answer.json()) as { access_token: string; expires_in: number }
    if (!answer.ok) throw new Error(`no token: ${JSON.stringify(body)}`)
    token = { value: body.access_token, until: Date.now() + (body.expires_in - 30) * 1000 }
    return token.value
  }
  return {
    pid: child.pid,
    port,
    readyMs,
    api: async <T>(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
      const answer = await fetch(`${url}/api/v1${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await bearer()}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
      return JSON.parse(text) as T
    },
    metric: async (name) => {
      const text = await (await fetch(`${url}/metrics`)).text()
      const lines = text.matchAll(new RegExp(`^${name}(?:\\{process="\\d+"\\})? (\\S+)$`, 'gm'))
      return [...lines].reduce((sum, [, value]) => sum + Number(value), 0)
    },
    memory: async () => (await child.ask<{ used: number }>('memory')).used,
    stop: () => child.stop(),
    kill: () => child.kill(),
  }
}

/** The others start once the first is ready. */
async function untilAll(url: string, processes: number): Promise<void> {
  for (const until = Date.now() + 60_000; processes > 1; await new Promise((resolve) => setTimeout(resolve, 50))) {
    const text = await (await fetch(`${url}/metrics`)).text()
    if (text.includes(`muster_database_listening{process="${processes}"} 1`)) return
    if (Date.now() > until) throw new Error('not all processes of the server were ready within a minute')
  }
}

async function untilReady(url: string, pid: number): Promise<void> {
  for (const until = Date.now() + 60_000; Date.now() < until; ) {
    const ready = await fetch(`${url}/readyz`).then(
      (r) => r.ok,
      () => false,
    )
    if (ready) return
    process.kill(pid, 0)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('the server was not ready within a minute')
}
