/** Every kind of credential there is, got as its holder gets it, and then lost, outlived or misused. */
import { createHash, randomUUID } from 'node:crypto'
import { system } from '@muster/core'
import type { TestServer } from '@muster/server/testing'
import type { Credential, Holder } from './identity-matrix-rules.ts'

const hash = (token: string) => createHash('sha256').update(token).digest()
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const basic = (idSecret: string) => ({ authorization: `Basic ${Buffer.from(idSecret).toString('base64')}` })
const nobody: Holder = { is: 'nobody' }
const password = 'correct horse battery'

export async function credentials(t: TestServer, permissions: readonly string[]): Promise<Credential[]> {
  return [...(await nobodys(t)), ...(await programs(t, permissions)), ...(await people(t)), ...(await devices(t))]
}

async function nobodys(t: TestServer): Promise<Credential[]> {
  const { code } = await t.api<{ code: string }>(201, 'POST', '/invitations', {
    body: { platform: 'linux', ownership: 'cope' },
  })
  const hook = await t.api<{ secret: string }>(201, 'POST', '/webhooks', { body: { url: 'https://192.0.2.1/x' } })
  const made = await t.api<{ client: { id: string }; secret: string }>(201, 'POST', '/clients', {
    body: { name: `matrix ${randomUUID()}`, scopes: ['device:read'] },
  })
  const proxy = {
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'https',
    'x-real-ip': '127.0.0.1',
    forwarded: 'for=127.0.0.1',
  }
  const certificate = {
    'x-client-cert': 'MIIB',
    'x-ssl-client-verify': 'SUCCESS',
    'ssl-client-cert': 'MIIB',
    'x-forwarded-client-cert': 'By=x',
  }
  const user = {
    'x-remote-user': 'admin',
    'x-forwarded-user': 'admin',
    'x-muster-principal': 'system',
    'x-original-url': '/healthz',
  }
  const kinds: Record<string, Record<string, string>> = {
    none: {},
    'a token nobody gave': bearer('A'.repeat(43)),
    'an empty token': { authorization: 'Bearer ' },
    'another scheme': { authorization: 'Negotiate YII=' },
    'a client’s id and secret': basic(`${made.client.id}:${made.secret}`),
    'a client’s secret as a token': bearer(made.secret),
    'a webhook’s secret as a token': bearer(hook.secret),
    'an invitation code as a token': bearer(code),
    'a forged JWT': bearer('eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.'),
    'forged heads of a proxy': proxy,
    'forged heads of a certificate': certificate,
    'forged heads of a user': user,
    'a session nobody gave': {
      cookie: `muster=${'A'.repeat(43)}; __Host-muster=${'A'.repeat(43)}`,
      'x-muster-csrf': 'x',
    },
  }
  return Object.entries(kinds).map(([kind, headers]) => ({ kind, holder: nobody, headers }))
}

/** One that holds a single permission, for each that some route asks for; and tokens that are over. */
async function programs(t: TestServer, permissions: readonly string[]): Promise<Credential[]> {
  const { db } = t.server.core
  const expired = await t.tokenWith('device:read')
  await db.query({
    text: `update oauth_item set expires = now() - interval '1 second' where hash = $1`,
    values: [hash(expired)],
  })
  const revoked = await t.tokenWith('device:read')
  await t.server.core.access.clients.revoke(await clientOf(t, revoked), system)
  const single = await Promise.all(
    permissions.map(
      async (p): Promise<Credential> => ({
        kind: `a client with ${p} alone`,
        holder: { is: 'principal', by: 'token', permissions: [p], proven: true },
        headers: bearer(await t.tokenWith(p)),
      }),
    ),
  )
  return [
    { kind: 'an expired token', holder: { is: 'over', how: 'expired' }, headers: bearer(expired) },
    { kind: 'a revoked token', holder: { is: 'over', how: 'revoked' }, headers: bearer(revoked) },
    ...single,
  ]
}

async function clientOf(t: TestServer, token: string): Promise<string> {
  const [row] = await t.server.core.db.query<{ client: string }>({
    text: `select client from oauth_item where hash = $1`,
    values: [hash(token)],
  })
  if (!row) throw new Error('the token is not kept')
  return row.client
}

/** One of each built-in role, and sessions that are over, or are used by another site's page. */
async function people(t: TestServer): Promise<Credential[]> {
  const roles = await t.api<{ items: { id: string; name: string; permissions: string[]; builtin: boolean }[] }>(
    200,
    'GET',
    '/roles',
  )
  const all: Credential[] = []
  const session = async (name: string) => t.signIn(name, password)
  for (const role of roles.items.filter((r) => r.builtin)) {
    const name = `matrix-${role.name}`
    await t.api(201, 'POST', '/users', { body: { name, password, roles: [{ role: role.id }] } })
    const holder = (proven: boolean): Holder => ({
      is: 'principal',
      by: 'cookie',
      permissions: role.permissions,
      proven,
    })
    const { cookie = '', ...proof } = await session(name)
    all.push({ kind: `a session as ${role.name}`, holder: holder(true), headers: { cookie, ...proof } })
    if (role.name !== 'administrator') continue
    all.push({ kind: 'a session without its page’s word', holder: holder(false), headers: { cookie } })
    all.push({
      kind: 'a session with another’s word',
      holder: holder(false),
      headers: { cookie, 'x-muster-csrf': 'A'.repeat(43) },
    })
    all.push({
      kind: 'a session from another site’s page',
      holder: holder(false),
      headers: { cookie, ...proof, origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' },
    })
    const out = await session(name)
    await t.call('DELETE', '/api/v1/session', { token: null, headers: out })
    all.push({ kind: 'a session that was signed out, replayed', holder: nobody, headers: out })
    const old = await session(name)
    const word = /=([\w-]{43})/.exec(old.cookie ?? '')?.[1] ?? ''
    await t.server.core.db.query({
      text: `update session set expires = now() - interval '1 second' where hash = $1`,
      values: [hash(word)],
    })
    all.push({ kind: 'an expired session', holder: nobody, headers: old })
  }
  return all
}

async function devices(t: TestServer): Promise<Credential[]> {
  const { db, enrollment } = t.server.core
  const of = (kind: string, state: Extract<Holder, { is: 'device' }>['state'], token: string): Credential => ({
    kind,
    holder: { is: 'device', platform: state === 'foreign-platform' ? 'toy' : 'linux', state },
    headers: bearer(token),
  })
  const own = await t.enrol('own')
  const expired = await t.enrol('expired')
  const revoked = await t.enrol('revoked')
  const gone = await t.enrol('gone')
  // Each of these was known and in use a moment ago: what is remembered of it must not outlive it.
  await t.call('POST', '/linux/agent/farewell', { token: gone.token, body: { reason: 'sold' } })
  await db.query({
    text: `update oauth_item set expires = now() - interval '1 second' where hash = $1`,
    values: [hash(expired.token)],
  })
  await db.query({
    text: `update oauth_client set revoked = now() where id = $1`,
    values: [await clientOf(t, revoked.token)],
  })
  t.server.core.devices.identity.forgetAll()
  t.server.core.access.forget()

  await db.query({
    text: `insert into platform (id, title, installed, descriptors) values ('toy', 'Toy', true, '{}') on conflict do nothing`,
  })
  const { code } = await enrollment.invite({ platform: 'toy', ownership: 'cope', actor: 'system' })
  const { registered, token } = await register(t, code, 'toy')
  return [
    of('a device’s token', 'enrolled', own.token),
    of('a device’s expired token', 'expired', expired.token),
    of('a device’s revoked token', 'revoked', revoked.token),
    of('a disenrolled device’s token', 'disenrolled', gone.token),
    of('the token of another platform’s device', 'foreign-platform', token),
    { kind: 'a device’s registration token', holder: nobody, headers: bearer(registered.registration_access_token) },
    { kind: 'a device’s client secret', holder: nobody, headers: bearer(registered.client_secret) },
    { kind: 'a used invitation code, replayed', holder: nobody, headers: bearer(code) },
  ]
}

async function register(t: TestServer, code: string, platform: string) {
  const body = {
    muster_platform: platform,
    muster_identifiers: [{ kind: 'machine-id', value: randomUUID() }],
    software_id: 'muster-agent',
    software_version: '0.1.0',
  }
  const registered = await t.call<{ client_id: string; client_secret: string; registration_access_token: string }>(
    'POST',
    '/oauth2/reg',
    { token: code, body },
  )
  const got = await t.call<{ access_token: string }>('POST', '/oauth2/token', {
    token: null,
    body: Buffer.from('grant_type=client_credentials'),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...basic(`${registered.body.client_id}:${registered.body.client_secret}`),
    },
  })
  return { registered: registered.body, token: got.body.access_token }
}
