/** A server as a whole: first start, health, both ports, roles, two nodes on one database, and its end. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:http2'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { silentLog, testDatabase } from '@muster/core/testing'
import { ensureAdministrator } from './first-start.ts'
import type { ServerOptions } from './options.ts'
import { type RunningServer, startServer } from './start.ts'

let database: Awaited<ReturnType<typeof testDatabase>>
let dataDir: string
before(async () => {
  database = await testDatabase()
  dataDir = await mkdtemp(join(tmpdir(), 'muster-start-'))
  await chmod(dataDir, 0o711) // the embedded database's own user must be able to pass through
})
after(async () => {
  await database.close()
  await rm(dataDir, { recursive: true, force: true })
})
const start = (o: Partial<ServerOptions> = {}) =>
  startServer({
    dataDir,
    databaseUrl: database.url,
    httpPort: 0,
    httpsPort: null,
    host: '127.0.0.1',
    portal: false,
    log: silentLog,
    ...o,
  })
const get = async (server: RunningServer, path: string) => {
  const response = await fetch(`http://127.0.0.1:${server.ports.http}${path}`)
  return { status: response.status, body: await response.text() }
}

describe('the first start', () => {
  it('makes one administrator, whoever of two nodes is first, and shows the password once', async () => {
    const nodes = await Promise.all([start(), start()])
    const shown = nodes.map((n) => n.adminPassword).filter((p) => p !== undefined)
    assert.equal(shown.length, 1)
    const sessions = await Promise.all(
      nodes.map((n) =>
        fetch(`http://127.0.0.1:${n.ports.http}/api/v1/session`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ username: 'admin', password: shown[0] }),
        }),
      ),
    )
    assert.deepEqual(
      sessions.map((s) => s.status),
      [200, 200],
      'the password is good on both',
    )
    await Promise.all(nodes.map((n) => n.stop()))
    const again = await start({ adminPassword: 'another password' })
    assert.equal(again.adminPassword, undefined)
    assert.equal(await ensureAdministrator(again.core, undefined), undefined)
    await again.stop()
  })
})

describe('a running server', () => {
  let server: RunningServer
  before(async () => {
    server = await start({ httpsPort: 0, organisation: 'Taken once' })
  })
  after(() => server.stop())

  it('tells whether it lives and can serve', async () => {
    assert.equal((await get(server, '/healthz')).status, 200)
    const ready = await get(server, '/readyz')
    assert.deepEqual(
      [ready.status, JSON.parse(ready.body).checks],
      [200, { database: true, listener: true, stopping: false }],
    )
  })
  it('measures itself', async () => {
    await get(server, '/api/v1/about')
    const { body } = await get(server, '/metrics')
    assert.match(body, /muster_http_request_seconds_count\{method="GET",route="\/api\/v1\/about",status="2xx"\} 1/)
    assert.match(body, /muster_database_statements \d+/)
    assert.match(body, /muster_turns_queued 0/)
  })
  it('serves the same over TLS with a certificate of its own authority, in both versions of HTTP', async () => {
    const root = (await get(server, '/pki/root.pem')).body
    const port = server.ports.https
    const body = await new Promise<string>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path: '/api/v1/about', ca: root, servername: 'localhost' }, (response) => {
        let text = ''
        response
          .setEncoding('utf8')
          .on('data', (c: string) => (text += c))
          .on('end', () => resolve(text))
      })
        .on('error', reject)
        .end()
    })
    assert.equal(JSON.parse(body).organisation, 'Taken once')
    const session = connect(`https://localhost:${port}`, { ca: root })
    const stream = session.request({ ':path': '/api/v1/about' })
    const [headers] = await once(stream, 'response')
    assert.equal((headers as { ':status': number })[':status'], 200)
    stream.resume()
    await once(stream, 'end')
    session.close()
    assert.equal(session.alpnProtocol, 'h2')
  })
  it('keeps the name that was given first', async () => {
    const other = await start({ organisation: 'Too late' })
    assert.equal(JSON.parse((await get(other, '/api/v1/about')).body).organisation, 'Taken once')
    await other.stop()
  })
})

describe('roles', () => {
  it('serves only what its role is for', async () => {
    const api = await start({ roles: ['api'] })
    const devices = await start({ roles: ['devices'] })
    const worker = await start({ roles: ['worker'] })
    const statuses = async (s: RunningServer) =>
      Promise.all(['/api/v1/about', '/linux/agent/about', '/readyz'].map(async (p) => (await get(s, p)).status))
    assert.deepEqual(await statuses(api), [200, 404, 200])
    assert.deepEqual(await statuses(devices), [404, 200, 200])
    assert.deepEqual(await statuses(worker), [404, 404, 200])
    await Promise.all([api, devices, worker].map((s) => s.stop()))
  })
  it('moves the metrics to an address of their own', async () => {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address() as { port: number }
    await new Promise((r) => probe.close(r))
    const server = await start({ metricsAddress: `127.0.0.1:${port}` })
    assert.equal((await get(server, '/metrics')).status, 404)
    assert.match(await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), /muster_process_cpu/)
    await server.stop()
  })
})

describe('the end', () => {
  it('ends long polls and streams at once, and refuses nothing that was begun', async () => {
    const server = await start({ bootstrapClient: 'c:0123456789abcdef' })
    const base = `http://127.0.0.1:${server.ports.http}`
    const token = (await (
      await fetch(`${base}/oauth2/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa('c:0123456789abcdef')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      })
    ).json()) as { access_token: string }
    const stream = await fetch(`${base}/api/v1/events`, { headers: { authorization: `Bearer ${token.access_token}` } })
    assert.equal(stream.status, 200)
    const began = performance.now()
    const streamed = stream.text().then(() => performance.now() - began)
    await Promise.all([server.stop(), server.stop()])
    const took = await streamed
    assert.ok(took < 9_000, `a stream does not hold it: it ended after ${Math.round(took)} ms`)
    await assert.rejects(fetch(`${base}/healthz`))
  })
  it('leaves nothing open when it cannot start', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    await assert.rejects(start({ httpPort: port }), { code: 'EADDRINUSE' })
    await new Promise((r) => taken.close(r))
    const server = await start({ httpPort: port })
    await server.stop()
  })
})
