/** A server to attack, with what an attacker may have got hold of: credentials of every kind, and ids of things that exist. */
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Db } from '@muster/core'
import { testDatabase } from '@muster/core/testing'
import { freePorts } from '../free-port.ts'
import type { Ports } from './wire.ts'

export interface Target {
  readonly ports: Ports
  readonly url: string
  readonly db: Db
  /** Everything may be done with it. */
  readonly admin: string
  /** `id:secret` of a client that holds next to nothing. */
  readonly client: string
  readonly cookie: string
  readonly csrf: string
  /** Tokens of enrolled devices; the second is the one that may be lost. */
  readonly devices: readonly { id: string; token: string }[]
  /** An invitation that nobody has used. */
  readonly code: string
  readonly ids: Readonly<Record<string, string>>
  /** The description of the API. */
  readonly api: OpenApi
  /** Undefined while it lives; what it said when it ended. */
  ended(): string | undefined
  rss(): number
  close(): Promise<void>
}
export interface OpenApi {
  paths: Record<string, Record<string, OpenApiOperation>>
  components: { schemas: Record<string, unknown> }
}
export interface OpenApiOperation {
  parameters?: { name: string; in: string; schema?: unknown }[]
  requestBody?: { content: Record<string, { schema: unknown }> }
}

const bootstrap = 'fuzz:a-secret-of-the-attacked-server'
const password = 'correct horse battery staple'

export async function openTarget(): Promise<Target> {
  const database = await testDatabase({ alone: true })
  const dataDir = await mkdtemp(join(tmpdir(), 'muster-fuzz-'))
  const [http, https] = (await freePorts(2)) as [number, number]
  const url = `http://127.0.0.1:${http}`
  const child = fork(fileURLToPath(new URL('./server.fixture.ts', import.meta.url)), [], {
    silent: true,
    execArgv: ['--max-old-space-size=512'],
    env: {
      ...process.env,
      MUSTER_HTTP_PORT: String(http),
      MUSTER_HTTPS_PORT: String(https),
      MUSTER_PUBLIC_URL: url,
      MUSTER_DATA: dataDir,
      MUSTER_ADMIN_PASSWORD: password,
      MUSTER_BOOTSTRAP_CLIENT: bootstrap,
      MUSTER_LOG_LEVEL: 'error',
      DATABASE_URL: database.url,
    },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (d: Buffer) => {
      output = (output + d.toString()).slice(-20_000)
    })
  let ended: string | undefined
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', (code, signal) => {
    ended = `the server ended (${code ?? signal}): ${output}`
  })
  const close = async () => {
    process.off('exit', kill)
    if (ended === undefined) {
      child.kill('SIGTERM')
      const late = setTimeout(kill, 15_000)
      await new Promise((resolve) => (ended === undefined ? child.once('exit', resolve) : resolve(undefined)))
      clearTimeout(late)
    }
    await database.close()
    await rm(dataDir, { recursive: true, force: true })
  }
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve())
      child.once('exit', () => reject(new Error(output)))
    })
    return {
      ports: { http, https },
      url,
      db: database.db,
      ...(await furnish(url)),
      ended: () => ended,
      rss: () => Number(readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ')[1]) * 4096,
      close,
    }
  } catch (e) {
    await close()
    throw e
  }
}

/** Something of each kind, so that ids and credentials are there to be abused. */
async function furnish(url: string) {
  const form = 'application/x-www-form-urlencoded'
  const ask = async <T>(method: string, path: string, headers: Record<string, string>, body?: unknown): Promise<T> => {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': typeof body === 'string' ? form : 'application/json', ...headers },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return Object.assign(text === '' ? {} : JSON.parse(text), { cookies: response.headers.getSetCookie() }) as T
  }
  const token = async (idSecret: string) => {
    const authorization = `Basic ${Buffer.from(idSecret).toString('base64')}`
    return (
      await ask<{ access_token: string }>('POST', '/oauth2/token', { authorization }, 'grant_type=client_credentials')
    ).access_token
  }
  const admin = await token(bootstrap)
  const api = <T>(method: string, path: string, body?: unknown) =>
    ask<T>(method, `/api/v1${path}`, { authorization: `Bearer ${admin}` }, body)
  const invite = async () =>
    (await api<{ code: string }>('POST', '/invitations', { platform: 'linux', ownership: 'cope' })).code

  async function enrol(name: string) {
    const client = await ask<{ client_id: string; client_secret: string }>(
      'POST',
      '/oauth2/reg',
      { authorization: `Bearer ${await invite()}` },
      {
        client_name: name,
        grant_types: ['client_credentials'],
        muster_platform: 'linux',
        muster_identifiers: [{ kind: 'machine-id', value: randomUUID() }],
        software_id: 'muster-agent',
        software_version: '0.1.0',
      },
    )
    const own = await token(`${client.client_id}:${client.client_secret}`)
    const facts = { 'device.name': name, 'agent.version': '0.1.0' }
    const done = await ask<{ device: string }>(
      'POST',
      '/linux/agent/enrolment',
      { authorization: `Bearer ${own}` },
      { ownership: 'cope', facts },
    )
    return { id: done.device, token: own }
  }
  const devices = [await enrol('kept'), await enrol('lost')]
  const group = await api<{ id: string }>('POST', '/groups', {
    name: 'all of it',
    query: { field: 'platform', op: 'eq', value: 'linux' },
  })
  const policy = await api<{ id: string }>('POST', '/policies', { name: 'plain', platform: 'linux', features: [] })
  const little = await api<{ client: { id: string }; secret: string }>('POST', '/clients', {
    name: 'little',
    scopes: ['platform:read'],
  })
  const signed = await ask<{ csrf: string; cookies: string[] }>(
    'POST',
    '/api/v1/session',
    {},
    { username: 'admin', password },
  )
  return {
    admin,
    client: `${little.client.id}:${little.secret}`,
    cookie: signed.cookies.map((c) => c.split(';', 1)[0]).join('; '),
    csrf: signed.csrf,
    devices,
    code: await invite(),
    ids: {
      devices: devices[0]?.id ?? '',
      groups: group.id,
      policies: policy.id,
      clients: little.client.id,
      users: '1',
      roles: '1',
    },
    api: await ask<OpenApi>('GET', '/openapi.json', {}),
  }
}
