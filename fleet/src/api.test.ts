/** The fleet as an API client: it gets its own invitations, and reads the history that its record is compared with. */
import assert from 'node:assert/strict'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { createAgenda } from './agenda.ts'
import type { HistoryRow } from './check.ts'
import { readHistory } from './history.ts'
import { createCodes } from './invitations.ts'
import { createWire } from './wire.ts'

const client = { id: 'ci', secret: 's:e/cret' }
const basic = `Basic ${Buffer.from(`ci:${encodeURIComponent(client.secret)}`).toString('base64')}`

interface Asked {
  method: string
  url: URL
  authorization: string
  body: string
}
type Answer = [status: number, body: object, headers?: http.OutgoingHttpHeaders]

async function serving<T>(
  answer: (a: Asked) => Answer,
  work: (server: string, asked: Asked[]) => Promise<T>,
): Promise<T> {
  const asked: Asked[] = []
  const server = http.createServer(async (q, s) => {
    const chunks: Buffer[] = []
    for await (const chunk of q) chunks.push(chunk as Buffer)
    const a = {
      method: q.method ?? '',
      url: new URL(q.url ?? '', 'http://x'),
      authorization: q.headers.authorization ?? '',
      body: Buffer.concat(chunks).toString('utf8'),
    }
    asked.push(a)
    const [status, body, headers] = answer(a)
    s.writeHead(status, { 'content-type': 'application/json', ...headers })
    s.end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

test('codes come from the API: one token, throttling waited out, an expired token renewed', async () => {
  let [tokens, made, throttled] = [0, 0, 0]
  const answer = (a: Asked): Answer => {
    if (a.url.pathname === '/oauth2/token') {
      assert.equal(a.authorization, basic)
      tokens += 1
      return [200, { access_token: `t${tokens}`, expires_in: 60 }]
    }
    if (made === 2 && throttled++ === 0) return [429, { code: 'throttled' }, { 'retry-after': '0' }]
    if (made === 4 && a.authorization === 'Bearer t1') return [401, { code: 'token-expired' }]
    assert.deepEqual(JSON.parse(a.body), { platform: 'linux', ownership: 'byod' })
    made += 1
    return [201, { code: `C${made}` }]
  }
  await serving(answer, async (server) => {
    const wire = createWire({ server, connections: 4 })
    const agenda = createAgenda()
    const next = createCodes({ client }, { send: wire.send, agenda, platform: 'linux', ownership: 'byod', wanted: 6 })
    const codes = await Promise.all(Array.from({ length: 6 }, next))
    assert.deepEqual(codes.sort(), ['C1', 'C2', 'C3', 'C4', 'C5', 'C6'])
    assert.deepEqual([tokens, throttled > 0], [2, true])
    agenda.clear()
    await wire.close()
  })
})

test('a client that may not invite is told so, with the code of the refusal', async () => {
  const answer = (a: Asked): Answer =>
    a.url.pathname === '/oauth2/token' ? [200, { access_token: 't' }] : [403, { code: 'forbidden' }]
  await serving(answer, async (server) => {
    const wire = createWire({ server, connections: 1 })
    const from = { send: wire.send, agenda: createAgenda(), platform: 'linux', ownership: 'cope', wanted: 1 } as const
    await assert.rejects(createCodes({ client }, from)(), /no invitation: forbidden \(403\)/)
    await assert.rejects(createCodes({ codes: [] }, from)(), /no enrolment codes left/)
    await wire.close()
  })
})

const [a, b] = ['aaaaaaaa-0000-4000-8000-000000000000', 'bbbbbbbb-0000-4000-8000-000000000000']

test('the history is read page by page, device by device; by its serial number where the device knows no more', async () => {
  const row = (id: string) => ({
    id,
    state: 'completed',
    reason: null,
    updatedAt: '2026-01-01T00:00:00.000Z',
    params: {},
  })
  const removed = ({ url }: Asked) =>
    url.searchParams.get('q') === 'B' && url.searchParams.get('lifecycle') === 'removed'
  const answer = (asked: Asked): Answer => {
    if (asked.url.pathname === '/oauth2/token') return [200, { access_token: 't' }]
    const device = asked.url.pathname.split('/')[4]
    if (device === undefined) return [200, { items: removed(asked) ? [{ id: b, serial: 'B' }] : [] }]
    if (device === b) return [200, { items: [row('b1')] }]
    return asked.url.searchParams.get('cursor') === 'more'
      ? [200, { items: [row('a3')] }]
      : [200, { items: [row('a1'), row('a2')], next: 'more' }]
  }
  await serving(answer, async (server, asked) => {
    const rows: HistoryRow[] = []
    for await (const r of readHistory({ server, client, devices: [a, 'B'] })) rows.push(r)
    assert.deepEqual(
      rows.map((r) => [r.device, r.id]),
      [
        [a, 'a1'],
        [a, 'a2'],
        [a, 'a3'],
        ['B', 'b1'],
      ],
    )
    assert.equal(asked.length, 6)
    await assert.rejects(async () => {
      for await (const r of readHistory({ server, client, devices: ['C'] })) rows.push(r)
    }, /serial number C/)
  })
})
