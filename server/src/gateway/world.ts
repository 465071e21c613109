/** What the gateway's tests stand on: a real database, the whole core, and a gateway that listens on ports of its own. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Core, createCore, system } from '@muster/core'
import { silentLog, testDatabase } from '@muster/core/testing'
import { type HeldPort, holdPort } from '../held-port.ts'
import { createGateway, type Gateway, type GatewayOptions } from './gateway.ts'

export const adminPassword = 'correct horse battery'
export const bootstrap = { id: 'boot', secret: 'bootstrap-secret-0123456789' }

export interface World {
  core: Core
  gateway: Gateway
  url: string
  /** An access token of the bootstrap client, or of the named one. */
  token(scope?: string, client?: { id: string; secret: string }): Promise<string>
  /** A code for a new device of the platform "toy". */
  invite(): Promise<string>
  close(): Promise<void>
}

export async function openWorld(
  routes?: (gateway: Gateway) => void,
  options: Partial<GatewayOptions> = {},
  /** Options that the core gives, such as a certificate. */
  more?: (core: Core) => Promise<Partial<GatewayOptions>>,
): Promise<World> {
  const t = await testDatabase()
  const keysDir = mkdtempSync(join(tmpdir(), 'gateway-'))
  const core = await createCore({ db: t.db, keysDir, log: silentLog, platforms: [] })
  await t.db.query({
    text: `insert into platform (id, title, installed, descriptors) values ('toy', 'Toy', true, '{}') on conflict do nothing`,
  })
  const port = await freePort()
  const url = options.publicUrl ?? `http://localhost:${port}`
  const gateway = createGateway({
    access: core.access,
    log: silentLog,
    publicUrl: url,
    ports: { http: port },
    bootstrapClient: `${bootstrap.id}:${bootstrap.secret}`,
    permissions: ['operation:device.lock', 'operation:device.wipe'],
    registration: {
      claim: async (c) => ({ channel: (await core.enrollment.begin(c)).channel.no }),
    },
    ...options,
    ...(await more?.(core)),
  })
  routes?.(gateway)
  await Promise.all([...held].map((port) => port.release()))
  held.clear()
  await gateway.start()
  const admin = await core.access.users.create(
    {
      name: 'admin',
      displayName: 'Ada',
      password: adminPassword,
      roles: [{ role: await roleId(core, 'administrator') }],
    },
    system,
  )
  assert.equal(admin.name, 'admin')

  return {
    core,
    gateway,
    url,
    token: async (scope, client = bootstrap) => {
      const answer = await post(
        `${url}/oauth2/token`,
        { grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) },
        client,
      )
      assert.equal(answer.status, 200, await answer.clone().text())
      return String(((await answer.json()) as { access_token: string }).access_token)
    },
    invite: async () => (await core.enrollment.invite({ platform: 'toy', ownership: 'cope', actor: 'system' })).code,
    close: async () => {
      await gateway.stop(200)
      await core.stop()
      await core.secrets.close()
      await core.events.close()
      await t.close()
      rmSync(keysDir, { recursive: true })
    },
  }
}

export async function roleId(core: Core, name: string): Promise<string> {
  const role = (await core.access.roles.list()).find((r) => r.name === name)
  assert.ok(role, name)
  return role.id
}

/** A form as OAuth endpoints take it, with the client's secret in the header. */
export function post(
  url: string,
  form: Record<string, string>,
  client?: { id: string; secret: string },
): Promise<Response> {
  const headers: Record<string, string> = client
    ? { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}` }
    : {}
  return fetch(url, { method: 'POST', body: new URLSearchParams(form), headers, redirect: 'manual' })
}

/** Given out, and kept from everybody else until a gateway opens its own. */
const held = new Set<HeldPort>()
export async function freePort(): Promise<number> {
  const one = await holdPort(0, 0)
  held.add(one)
  return one.port ?? 0
}
