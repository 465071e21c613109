/** Configuration, certificates, audit, the catalogue and the API's own description over HTTP. */
import assert from 'node:assert/strict'
import { createPublicKey, X509Certificate } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type AuditLine, verifyChain } from '@muster/core'
import { describeServer } from '../describe.ts'
import { installedPlatforms } from '../platforms.ts'
import { eventually, startTestServer, type TestServer } from '../testing.ts'

describe('the server itself', () => {
  let t: TestServer
  before(async () => {
    t = await startTestServer()
  })
  after(() => t.stop())

  it('keeps its configuration with revisions', async () => {
    type Entry = {
      key: string
      value: { name?: string; defaultS?: number }
      revision: number
      changedBy: string | null
    }
    const { items } = await t.api<{ items: Entry[] }>(200, 'GET', '/configuration')
    assert.ok(items.some((e) => e.key === 'polling' && e.revision === 0 && e.value.defaultS === 60))
    const put = (status: number, revision: number, value: object, key = 'organisation') =>
      t.api<Entry & { code: string }>(status, 'PUT', `/configuration/${key}`, {
        body: { value } as never,
        headers: { 'if-match': `"${revision}"` },
      })
    const saved = await put(200, 0, { name: 'Acme' })
    assert.deepEqual([saved.revision, saved.value.name, saved.changedBy], [1, 'Acme', 'client:test-bootstrap'])
    assert.equal((await put(412, 0, { name: 'Other' })).code, 'revision-mismatch')
    await put(400, 1, { name: 7 })
    await put(404, 0, {}, 'nonsense')
    assert.equal((await t.api<{ organisation: string }>(200, 'GET', '/about', { token: null })).organisation, 'Acme')
  })
  it('publishes its root and what it has revoked, and revokes', async () => {
    const root = await t.call<string>('GET', '/pki/root.pem', { token: null })
    assert.equal(new X509Certificate(root.body).ca, true)
    const { items } = await t.api<{ items: { serial: string; revokedAt: string | null }[] }>(
      200,
      'GET',
      '/certificates',
    )
    const serial = items[0]!.serial
    await t.api(204, 'POST', `/certificates/${serial}/revoke`, { body: { reason: 'test' } })
    await t.api(204, 'POST', `/certificates/${serial}/revoke`, { body: {} })
    const after = await t.api<{ items: { serial: string; reason: string; revokedAt: string | null }[] }>(
      200,
      'GET',
      '/certificates',
    )
    assert.ok(after.items.find((c) => c.serial === serial)?.revokedAt)
    await t.api(404, 'POST', '/certificates/abcdef/revoke', { body: {} })
    await t.api(400, 'POST', '/certificates/not-a-serial/revoke', { body: {} })
    assert.equal((await t.call('GET', '/pki/crl', { token: null })).headers.get('content-type'), 'application/pkix-crl')
  })
  it('proves its audit, here and anywhere', async () => {
    await t.api(201, 'POST', '/groups', { body: { name: 'witnessed' } })
    const entry = await eventually(async () =>
      (
        await t.api<{ items: { act: string; actor: string; seq: number | null }[] }>(
          200,
          'GET',
          '/audit?act=group.create',
        )
      ).items.find((e) => e.seq !== null),
    )
    assert.equal(entry.actor, 'client:test-bootstrap')
    const verified = await t.api<{ ok: boolean; entries: number }>(200, 'GET', '/audit/verify')
    assert.equal(verified.ok, true)
    const exported = await t.call<string>('GET', '/api/v1/audit/export')
    const lines = exported.body
      .trim()
      .split('\n')
      .map((l) => JSON.parse(l) as AuditLine)
    const { key } = await t.api<{ key: string }>(200, 'GET', '/audit/key')
    assert.equal((await verifyChain(each(lines), createPublicKey(key))).ok, true)
    const changed = lines.map((l) => (l.act === 'group.create' ? { ...l, actor: 'user:somebody-else' } : l))
    assert.equal((await verifyChain(each(changed), createPublicKey(key))).ok, false)
    const page = await t.api<{ items: { no: string }[]; next: string }>(200, 'GET', '/audit?limit=2')
    const next = await t.api<{ items: { no: string }[] }>(200, 'GET', `/audit?limit=2&cursor=${page.next}`)
    assert.ok(Number(next.items[0]!.no) < Number(page.items[1]!.no))
  })
  it('shows a catalogue from which requests can be made', async () => {
    const catalog = await t.api<{
      operations: { id: string; examples: object[]; platforms: string[] }[]
      problems: unknown[]
    }>(200, 'GET', '/catalog')
    for (const operation of catalog.operations) {
      const example = operation.examples[0]
      const got = await t.call<{ code: string }>('POST', '/api/v1/activities/preview', {
        body: { operation: operation.id, params: example, target: { all: true } } as never,
      })
      assert.equal(got.status, 200, `${operation.id}: ${JSON.stringify(got.body)}`)
    }
    assert.ok(catalog.problems.length > 50)
  })
  it('describes every route it has, and no other', async () => {
    type Description = {
      openapi: string
      paths: Record<
        string,
        Record<
          string,
          {
            operationId?: string
            summary?: string
            security?: { oauth2?: string[] }[]
            responses: Record<string, unknown>
          }
        >
      >
    }
    const live = await t.call<Description>('GET', '/openapi.json', { token: null })
    assert.equal(live.body.openapi, '3.1.0')
    const { openapi } = await describeServer(installedPlatforms)
    assert.deepEqual(
      live.body,
      JSON.parse(JSON.stringify(openapi)),
      'the committed description is made without a server: both must agree',
    )
    const described = Object.entries(live.body.paths)
      .flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m.toUpperCase()} ${path}`))
      .sort()
    const routes = t.server.routeTable().filter((r) => r.path.startsWith('/api/v1/') && r.method !== 'HEAD')
    assert.deepEqual(described, routes.map((r) => `${r.method} ${r.path.replace(/:(\w+)/g, '{$1}')}`).sort())
    const ids = new Set<string>()
    for (const { method, path, access } of routes) {
      const operation = live.body.paths[path.replace(/:(\w+)/g, '{$1}')]![method.toLowerCase()]!
      assert.ok(operation.operationId && operation.summary, `${method} ${path}`)
      assert.ok(!ids.has(operation.operationId), `${operation.operationId} is there once`)
      ids.add(operation.operationId)
      if ('permission' in access) assert.deepEqual(operation.security?.[0]?.oauth2, [access.permission])
      if (!('public' in access)) assert.ok(operation.responses['401'])
    }
    assert.ok(!JSON.stringify(live.body).includes('PLACEHOLDER'))
    for (const [, name] of JSON.stringify(live.body).matchAll(/#\/components\/schemas\/([A-Za-z]+)/g))
      assert.ok(
        (live.body as unknown as { components: { schemas: object } }).components.schemas[name as never],
        `${name} exists`,
      )
  })
})

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}
