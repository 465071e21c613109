/** The short way in counts and throttles as the long one does, and leaves to it what is not plain. */
import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { beforeEach, describe, it } from 'node:test'
import { type Message, Problem, type Reply, type Route } from '@muster/contract'
import type { Edge, PlainRequest, Shortcut } from '../gateway/index.ts'
import { addShortcuts } from './index.ts'

describe('the short way in', () => {
  const shortcuts = new Map<string, Shortcut>()
  let stopping = new AbortController()
  const refused: string[] = []
  const keys: string[] = []
  const measured: [string, number][] = []
  /** Of who calls, as a proxy may tell it. */
  const caller: { remote: string | undefined; certificate?: Buffer } = { remote: '' }
  let throttled = false
  let handle: (m: Message) => Promise<Reply>
  const edge: Edge = {
    refusal: (key) => (keys.push(key) && throttled ? new Problem('throttled', { retryAfterS: 3 }) : undefined),
    refused: (ip) => refused.push(ip),
    problem: (error) => ({ status: error instanceof Problem ? error.status : 500, body: 'problem' }),
    remoteOf: () => caller.remote,
    certificateOf: () => caller.certificate,
  }
  const route = {
    method: 'POST' as const,
    path: '/in',
    maxBytes: 64,
    access: { device: true as const },
    handle: (m: Message) => handle(m),
  }
  const add = () =>
    addShortcuts(
      { shortcuts, edge },
      {
        routes: [
          { platform: 'toy', route },
          { platform: 'toy', route: { ...route, path: '/now', now: (m) => now(m) } },
          { platform: 'toy', route: { ...route, path: '/open', access: { public: 'for everybody' } } },
          { platform: 'toy', route: { ...route, path: '/of/:id' } },
          { platform: 'toy', route: { ...route, path: '/read', method: 'GET' } },
          { platform: 'toy', route: { ...route, path: '/put', method: 'PUT', now: (m) => now(m) } },
          { platform: 'toy', route: { ...route, path: '/soon', soon: (m, done) => soon(m, done) } },
        ],
        stopping: stopping.signal,
        meter: (_method, target) => (status) => measured.push([target, status]),
      },
    )
  let now: NonNullable<Route['now']>
  let soon: NonNullable<Route['soon']>

  beforeEach(() => {
    refused.length = 0
    measured.length = 0
    caller.remote = ''
    caller.certificate = undefined
    throttled = false
    stopping = new AbortController()
    shortcuts.clear()
    add()
    handle = async (m) => ({ status: 200, headers: { 'x-toy': 'yes' }, body: `${m.path} ${Buffer.from(m.body)}` })
    now = () => undefined
    soon = () => false
  })
  const headers = { 'content-type': 'application/json', authorization: 'Bearer x' }
  const socket = new Socket()
  const post = (path = '/in', o: Partial<PlainRequest> = {}) => ask(`POST /toy${path}`, o)
  /** An answer that comes later is a promise here, as the long way's is. */
  const ask = (place: string, o: Partial<PlainRequest> = {}) => {
    const { promise, resolve } = Promise.withResolvers<Reply>()
    const request = { place, query: '', headers, body: Buffer.from('{"a":1}'), ...o }
    const answer = shortcuts.get(place)?.(request, socket, resolve)
    return answer === 'later' ? promise : answer
  }

  it('is there for devices’ own POST and PUT routes of one path alone', () => {
    assert.deepEqual([...shortcuts.keys()], ['POST /toy/in', 'POST /toy/now', 'PUT /toy/put', 'POST /toy/soon'])
  })
  it('gives the route what was sent, and the device what the route answers', async () => {
    assert.deepEqual(await post(), { status: 200, headers: { 'x-toy': 'yes' }, body: '/in {"a":1}' })
    assert.deepEqual(measured, [['/toy/in', 200]])
  })
  it('answers at once what the route knows at once, and asks it properly otherwise', async () => {
    now = (m) => (m.headers.authorization === 'Bearer x' ? { status: 204 } : undefined)
    assert.deepEqual(post('/now'), { status: 204 })
    assert.deepEqual(measured, [['/toy/now', 204]])
    const other = post('/now', { headers: { ...headers, authorization: 'Bearer y' } })
    assert.ok(other instanceof Promise)
    assert.equal((await other).body, '/now {"a":1}')
  })
  it('answers later what the route takes by its short way, asks it properly where that did nothing, and tells what failed', async () => {
    const under: ((reply: Reply | undefined, error?: unknown) => void)[] = []
    soon = (_m, done) => under.push(done) > 0
    const all = [post('/soon'), post('/soon'), post('/soon')]
    assert.equal(measured.length, 0)
    under[0]?.({ status: 204 })
    under[1]?.(undefined)
    under[2]?.(undefined, new Problem('overloaded'))
    assert.deepEqual(
      (await Promise.all(all)).map((r) => [r?.status, r?.body]),
      [
        [204, undefined],
        [200, '/soon {"a":1}'],
        [503, 'problem'],
      ],
    )
    const statuses = (measured as readonly [string, number][]).map(([, status]) => status)
    assert.deepEqual(statuses.sort(), [200, 204, 503])
    soon = () => false
    assert.equal((await post('/soon'))?.body, '/soon {"a":1}')
    soon = () => {
      throw new Error('broken at once')
    }
    assert.equal((await post('/soon'))?.status, 500)
  })
  it('takes who signs instead of bringing a token, counted by the connection, with the query as it was sent', async () => {
    const signed = { 'content-type': 'application/x-toy; charset=UTF-8', 'mdm-signature': 'AAAA' }
    handle = async (m) => ({ status: 200, body: `${m.method} ${m.path}?${m.query}` })
    assert.equal((await ask('PUT /toy/put', { headers: signed, query: 'licence=2' }))?.body, 'PUT /put?licence=2')
    now = (m) => (m.certificate === undefined && m.headers['mdm-signature'] === 'AAAA' ? { status: 204 } : undefined)
    assert.deepEqual(ask('PUT /toy/put', { headers: signed }), { status: 204 })
    assert.deepEqual(keys.slice(-2), ['at :undefined', 'at :undefined'])
    await post()
    assert.equal(keys.at(-1), 'Bearer x')
  })
  it('knows the caller as a proxy tells it, and leaves alone whom the framework must look up', async () => {
    const shown = { 'content-type': 'application/x-toy' }
    assert.equal(post('/in', { headers: shown }), undefined)
    caller.remote = '192.0.2.7'
    caller.certificate = Buffer.from('certificate')
    handle = async (m) => ({ status: 200, body: `${m.remote} ${Buffer.from(m.certificate ?? '')}` })
    assert.equal((await post('/in', { headers: shown }))?.body, '192.0.2.7 certificate')
    assert.equal(keys.at(-1), 'at 192.0.2.7:undefined')
    soon = (m, done) => {
      done({ status: 200, body: `${Buffer.from(m.certificate ?? '')}?${m.query}` })
      return true
    }
    assert.equal((await post('/soon', { headers: shown, query: 'a=b' }))?.body, 'certificate?a=b')
    caller.remote = undefined
    assert.equal(post('/in', { headers: shown }), undefined)
  })
  it('leaves everything unusual to the long way', () => {
    assert.equal(post('/in', { headers: { 'content-type': 'application/json' } }), undefined)
    for (const type of [
      '',
      'text',
      'text/plain;',
      'text/plain; charset',
      'text/plain; a=b',
      'a/b, c/d',
      ` x/y`,
      'x/\u00e9',
    ])
      assert.equal(post('/in', { headers: { ...headers, 'content-type': type } }), undefined, type)
    assert.equal(post('/in', { body: Buffer.alloc(65) }), undefined)
    stopping.abort()
    assert.equal(post(), undefined)
    assert.deepEqual(measured, [])
  })
  it('turns what is thrown into a problem, and counts refused credentials', async () => {
    handle = async () => {
      throw new Problem('unauthenticated')
    }
    assert.equal((await post())?.status, 401)
    assert.equal(refused.length, 1)
    handle = async () => {
      throw new Error('broken')
    }
    assert.equal((await post())?.status, 500)
    now = () => {
      throw new Error('broken at once')
    }
    assert.equal((await post('/now'))?.status, 500)
    assert.equal(refused.length, 1)
  })
  it('refuses a throttled caller without asking the route', async () => {
    throttled = true
    handle = () => assert.fail('it was asked')
    now = () => assert.fail('it was asked')
    assert.equal((await post())?.status, 429)
    assert.equal((await post('/now'))?.status, 429)
  })
  it('tells a waiting route that the device went away or the server stops, and listens no longer than it waits', async () => {
    const wait = (m: Message) =>
      new Promise<Reply>((resolve) => m.signal.addEventListener('abort', () => resolve({ status: 204 })))
    handle = wait
    const leaving = post()
    socket.emit('close')
    assert.equal((await leaving)?.status, 204)
    const stopped = post()
    stopping.abort()
    assert.equal((await stopped)?.status, 204)
    stopping = new AbortController()
    shortcuts.clear()
    add()
    handle = async (m) => ({ status: m.signal.aborted ? 500 : 200 })
    for (let i = 0; i < 20; i++) assert.equal((await post())?.status, 200)
    assert.equal(socket.listenerCount('close'), 0)
  })
})
