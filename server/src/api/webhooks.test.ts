/** Webhooks over the wire: to a real server of somebody else's that hangs, redirects or pours; and to addresses that are never called. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { signature } from '@muster/core'
import { eventually, startTestServer, type TestServer } from '../testing.ts'
import { allowedBy, createPoster, readNetworks } from '../webhooks/index.ts'

interface Hook {
  id: string
  revision: number
  state: string
  failingSince: string | null
}
interface Heard {
  path: string
  headers: IncomingMessage['headers']
  body: string
}

describe('webhooks', () => {
  let t: TestServer
  let other: Server
  let url: string
  const heard: Heard[] = []
  const answers = new Map<string, (response: ServerResponse) => void>()
  before(async () => {
    other = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      request.on('end', () => {
        heard.push({ path: request.url ?? '', headers: request.headers, body })
        const answer = answers.get(request.url ?? '')
        if (answer) answer(response)
        else response.writeHead(204).end()
      })
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    t = await startTestServer({ webhooks: { networks: ['127.0.0.0/8'] } })
  })
  after(async () => {
    await t.stop()
    other.closeAllConnections()
    other.close()
  })
  const make = (path: string, events = ['group.changed']) =>
    t.api<{ webhook: Hook; secret: string }>(201, 'POST', '/webhooks', { body: { url: url + path, events } })
  const group = (name: string) => t.api<{ id: string }>(201, 'POST', '/groups', { body: { name } })
  const at = (path: string) => heard.filter((h) => h.path === path)

  it('carries events, signed, while another one hangs', async () => {
    answers.set('/hangs', () => undefined)
    const hanging = await make('/hangs')
    const { secret, webhook } = await make('/well')
    const ids = []
    for (const name of ['one', 'two', 'three']) ids.push(Number((await group(name)).id))
    const got = await eventually(async () => (at('/well').length === 3 ? at('/well') : undefined))
    assert.deepEqual(
      got.map((h) => (JSON.parse(h.body) as { data: { group: number } }).data.group),
      ids,
    )
    for (const { headers, body } of got) {
      const signed = signature(secret, String(headers['webhook-id']), Number(headers['webhook-timestamp']), body)
      assert.equal(headers['webhook-signature'], signed)
      assert.equal(headers['content-type'], 'application/json')
    }
    await eventually(async () => at('/hangs').length === 1)
    // What was heard is written down a moment later.
    const page = await eventually(async () => {
      const path = `/webhooks/${webhook.id}/deliveries?limit=2`
      const got = await t.api<{ items: { state: string; status: number }[]; next?: string }>(200, 'GET', path)
      return got.next !== undefined && got
    })
    assert.deepEqual(
      page.items.map((d) => d.status),
      [204, 204],
    )
    await t.api(204, 'DELETE', `/webhooks/${hanging.webhook.id}`)
    await t.api(404, 'GET', `/webhooks/${hanging.webhook.id}`)
  })
  it('tries a message now, and follows no redirect', async () => {
    answers.set('/moved', (r) => r.writeHead(302, { location: `${url}/elsewhere` }).end())
    answers.set('/pours', (r) => {
      r.writeHead(200)
      for (let i = 0; i < 64; i++) r.write(Buffer.alloc(64 * 1024))
    })
    const { webhook } = await make('/moved')
    const tried = await t.api<{ ok: boolean; status: number }>(200, 'POST', `/webhooks/${webhook.id}/test`)
    assert.deepEqual([tried.ok, tried.status, at('/elsewhere').length], [false, 302, 0])
    const poured = await make('/pours')
    const answer = await t.api<{ ok: boolean; ms: number }>(200, 'POST', `/webhooks/${poured.webhook.id}/test`)
    assert.ok(answer.ok && answer.ms < 5_000, JSON.stringify(answer))
  })
  it('is changed with its revision, paused, resumed, replayed and rotated', async () => {
    const { webhook, secret } = await make('/kept', ['user.changed'])
    const path = `/webhooks/${webhook.id}`
    const body = { url: `${url}/kept`, events: ['group.changed'] }
    await t.api(400, 'PUT', path, { body })
    await t.api(412, 'PUT', path, { body, headers: { 'if-match': '"99"' } })
    await t.api(200, 'PUT', path, { body, headers: { 'if-match': `"${webhook.revision}"` } })
    assert.equal((await t.api<Hook>(200, 'POST', `${path}/pause`)).state, 'paused')
    await t.api(409, 'POST', `${path}/pause`)
    const { id } = await group('meanwhile')
    await t.api(200, 'POST', `${path}/resume`)
    const heard = () => at('/kept').filter((h) => h.body.includes(`"group":${id}`)).length
    // At least once: one that was under way when something changed comes again.
    await eventually(async () => heard() >= 1)
    const before = heard()
    await t.api(200, 'POST', `${path}/replay`, { body: { since: new Date(Date.now() - 60_000).toISOString() } })
    await eventually(async () => heard() > before)
    assert.notEqual((await t.api<{ secret: string }>(200, 'POST', `${path}/rotate`)).secret, secret)
    await t.api(400, 'POST', `${path}/replay`, { body: { since: 'yesterday' } })
    await t.api(400, 'POST', `${path}/replay`, { body: { after: 'x' } })
    await t.api(400, 'POST', `${path}/replay`, { body: { after: '1.2', since: new Date().toISOString() } })
  })
  it('asks for permissions, and gives nobody more than they have', async () => {
    const reading = await t.tokenWith('webhook:read')
    await t.api(200, 'GET', '/webhooks', { token: reading })
    await t.api(403, 'POST', '/webhooks', { token: reading, body: { url } })
    const writing = await t.tokenWith('webhook:write')
    const refused = await t.api<{ permission: string }>(403, 'POST', '/webhooks', { token: writing, body: { url } })
    assert.equal(refused.permission, 'event:read')
  })
  it('refuses addresses that are none of its business, however they are written', async () => {
    for (const bad of [
      'ftp://x.example',
      'http://public.example/',
      'https://10.0.0.1/',
      'https://[::1]/',
      'https://169.254.169.254/latest',
      'https://0xa.0.0.1/',
      'https://[::ffff:10.0.0.1]/',
      'file:///etc/passwd',
    ])
      await t.api(422, 'POST', '/webhooks', { body: { url: bad } })
    for (const bad of ['', 'nonsense', 'https://u:p@x.example/', 'https://x.example/#a'])
      await t.api(400, 'POST', '/webhooks', { body: { url: bad } })
  })
  it('judges what a name stands for when it is called', async () => {
    const poster = createPoster({ plainHttp: true })
    const call = poster.post({
      url: `http://localhost:${new URL(url).port}/named`,
      headers: {},
      body: '{}',
      signal: AbortSignal.timeout(30_000),
    })
    await assert.rejects(call, /not public/)
    assert.equal(at('/named').length, 0)
    answers.set('/slow', () => undefined)
    const patient = createPoster({ networks: ['127.0.0.1', '::1'] })
    await assert.rejects(
      patient.post({ url: `${url}/slow`, headers: {}, body: '{}', signal: AbortSignal.timeout(200) }),
      /no answer in time/,
    )
    const none = patient.post({
      url: 'http://127.0.0.1:1/',
      headers: {},
      body: '{}',
      signal: AbortSignal.timeout(30_000),
    })
    await assert.rejects(none, /ECONNREFUSED/)
    patient.close()
    poster.close()
  })
  it('knows the public from the private', () => {
    const allowed = allowedBy()
    for (const a of [
      '127.0.0.1',
      '10.9.8.7',
      '172.31.0.1',
      '192.168.1.1',
      '169.254.1.1',
      '100.64.0.1',
      '0.0.0.0',
      '::',
      '::1',
      'fe80::1',
      'fd00::1',
      '::ffff:127.0.0.1',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '::127.0.0.1',
      'ff02::1',
      '255.255.255.255',
      'x',
    ])
      assert.equal(allowed(a), false, a)
    for (const a of ['8.8.8.8', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8']) assert.equal(allowed(a), true, a)
    assert.equal(allowedBy(['10.1.0.0/16'])('10.1.2.3'), true)
    assert.equal(allowedBy(['10.1.0.0/16'])('10.2.2.3'), false)
    assert.throws(() => readNetworks('10.0.0.0/8, home'), /MUSTER_WEBHOOK_NETWORKS/)
    assert.throws(() => readNetworks('10.0.0.0/99'), /MUSTER_WEBHOOK_NETWORKS/)
  })
})
