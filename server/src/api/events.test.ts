/** The event stream: live, resumable without loss or repeats, within the reader's reach, and over when the reader's session is. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eventually, startTestServer, type TestServer } from '../testing.ts'

interface Seen {
  id: string
  event: string
  data: { [key: string]: unknown }
}

describe('events', () => {
  let t: TestServer
  before(async () => {
    t = await startTestServer()
  })
  after(() => t.stop())

  /** Reads a stream until `stop`; `following` resolves once it stands. */
  async function open(path: string, headers: Record<string, string>) {
    const abort = new AbortController()
    const response = await fetch(`${t.url}/api/v1/events${path}`, { headers, signal: abort.signal })
    assert.equal(response.status, 200)
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
    const seen: Seen[] = []
    const following = Promise.withResolvers<void>()
    let text = ''
    let ended = false
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk
        if (text.includes(': following')) following.resolve()
        const parts = text.split('\n\n')
        text = parts.pop() ?? ''
        for (const part of parts) {
          const fields = Object.fromEntries(
            part.split('\n').map((l) => [l.slice(0, l.indexOf(': ')), l.slice(l.indexOf(': ') + 2)]),
          )
          if (fields.id && fields.event)
            seen.push({ id: fields.id, event: fields.event, data: JSON.parse(fields.data ?? '{}') as Seen['data'] })
        }
      }
    })()
      .catch((e: unknown) => {
        if (!abort.signal.aborted) throw e
      })
      .finally(() => {
        ended = true
      })
    await following.promise
    return {
      seen,
      ended: () => ended,
      stop: async () => {
        abort.abort()
        await reading
      },
    }
  }
  const bearer = async (...scopes: string[]) => ({ authorization: `Bearer ${await t.tokenWith(...scopes)}` })
  const group = (name: string) => t.api<{ id: string }>(201, 'POST', '/groups', { body: { name } })

  it('tells what happens as it happens', async () => {
    const stream = await open('', await bearer('event:read'))
    const { id } = await group('told')
    const event = await eventually(async () => stream.seen.find((e) => e.event === 'group.changed'))
    assert.equal(String(event.data.group), id)
    assert.ok(Date.parse(String(event.data.at)) > 0)
    await stream.stop()
  })
  it('goes on where it broke off, with nothing lost or told twice', async () => {
    const headers = await bearer('event:read')
    await t.api(400, 'GET', '/events?types=group.changd')
    const first = await open('?types=group.changed', headers)
    await group('a')
    await eventually(async () => first.seen.length === 1)
    await first.stop()
    for (const name of ['b', 'c', 'd']) await group(name)
    const second = await open('?types=group.changed', { ...headers, 'last-event-id': first.seen[0]!.id })
    await group('e')
    await eventually(async () => second.seen.length >= 4)
    assert.equal(new Set(second.seen.map((e) => e.id)).size, 4)
    assert.ok(second.seen.every((e) => e.event === 'group.changed'))
    await second.stop()
  })
  it('refuses a place that is none', async () => {
    const { authorization } = await bearer('event:read')
    for (const id of ['x', '1', '-1.2', '1.2.3', '9'.repeat(40)]) {
      const got = await fetch(`${t.url}/api/v1/events`, { headers: { authorization, 'last-event-id': id } })
      assert.equal(got.status, 400, id)
      assert.equal(((await got.json()) as { code: string }).code, 'invalid-cursor')
    }
  })
  it('shows an employee only their own devices, and ends with the session', async () => {
    const { items } = await t.api<{ items: { id: string; name: string }[] }>(200, 'GET', '/roles')
    const role = await t.api<{ id: string }>(201, 'POST', '/roles', {
      body: { name: 'own-events', permissions: ['event:read', 'device:read'], own: true },
    })
    assert.ok(items.length > 0)
    const anna = await t.api<{ id: string; revision: number }>(201, 'POST', '/users', {
      body: { name: 'anna', password: 'a long enough word', roles: [{ role: role.id }] },
    })
    const headers = await t.signIn('anna', 'a long enough word')
    const stream = await open('', headers)
    await t.enrol('somebody-elses')
    await group('not hers')
    const hers = await t.enrol('hers', { user: anna.id })
    await eventually(async () => stream.seen.some((e) => e.event === 'device.enrolled'))
    for (const e of stream.seen) assert.ok(JSON.stringify(e.data).includes(hers.id), JSON.stringify(e))
    const now = await t.api<{ revision: number }>(200, 'GET', `/users/${anna.id}`)
    await t.api(200, 'PATCH', `/users/${anna.id}`, {
      body: { disabled: true },
      headers: { 'if-match': `"${now.revision}"` },
    })
    await eventually(async () => stream.ended())
  })
})
