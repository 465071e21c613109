/** The short way in answers as the long one does, takes only the plain form, and counts and throttles like it. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type Message, Problem, type Reply } from '@muster/contract'
import type { Edge, Shortcut } from '../gateway/index.ts'
import { addShortcuts } from './index.ts'

describe('the short way in', () => {
  const shortcuts = new Map<string, Shortcut>()
  const stopping = new AbortController()
  const refused: string[] = []
  const measured: [string, number][] = []
  let proxied = false
  let throttled = false
  let handle: (m: Message) => Promise<Reply>
  const edge: Edge = {
    refusal: () => (throttled ? new Problem('throttled', { retryAfterS: 3 }) : undefined),
    refused: (ip) => refused.push(ip),
    problem: (error) => ({ status: error instanceof Problem ? error.status : 500, body: 'problem' }),
    get proxied() {
      return proxied
    },
  }
  const route = {
    method: 'POST' as const,
    path: '/in',
    maxBytes: 64,
    access: { device: true as const },
    handle: (m: Message) => handle(m),
  }
  const server = createServer((request, response) => {
    const taken = shortcuts.get(request.url ?? '')?.(request, response)
    if (!taken) response.writeHead(299).end('the long way')
  })
  let url: string

  before(async () => {
    addShortcuts(
      { shortcuts, edge },
      {
        routes: [
          { platform: 'toy', route },
          { platform: 'toy', route: { ...route, path: '/open', access: { public: 'for everybody' } } },
          { platform: 'toy', route: { ...route, path: '/of/:id' } },
          { platform: 'toy', route: { ...route, path: '/read', method: 'GET' } },
        ],
        stopping: stopping.signal,
        meter: (_method, target) => (status) => measured.push([target, status]),
      },
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/toy`
  })
  after(() => server.close())
  beforeEach(() => {
    refused.length = 0
    measured.length = 0
    proxied = false
    throttled = false
    handle = async (m) => ({ status: 200, headers: { 'x-toy': 'yes' }, body: `${m.path} ${Buffer.from(m.body)}` })
  })
  const headers = { 'content-type': 'application/json', authorization: 'Bearer x' }
  const post = (path = '/in', o: RequestInit = {}) =>
    fetch(url + path, { method: 'POST', headers, body: '{"a":1}', ...o })

  it('is there for devices’ own POST routes of one path alone', () => {
    assert.deepEqual([...shortcuts.keys()], ['/toy/in'])
  })
  it('gives the route what was sent, and the device what the route answers', async () => {
    const r = await post()
    assert.deepEqual([r.status, r.headers.get('x-toy'), await r.text()], [200, 'yes', '/in {"a":1}'])
    assert.deepEqual(measured, [['/toy/in', 200]])
  })
  it('answers without a body too', async () => {
    handle = async () => ({ status: 204 })
    const r = await post()
    assert.deepEqual([r.status, await r.text()], [204, ''])
  })
  it('leaves everything unusual to the long way', async () => {
    const long = async (answer: Promise<Response>) => assert.equal((await answer).status, 299)
    await long(post('/in?x=1'))
    await long(post('/in', { method: 'PUT' }))
    await long(post('/in', { headers: { 'content-type': 'application/json' } }))
    await long(post('/in', { headers: { ...headers, 'content-type': 'text/plain' } }))
    await long(post('/in', { headers: { ...headers, 'content-encoding': 'gzip' } }))
    await long(post('/in', { body: 'x'.repeat(65) }))
    await long(post('/in', { body: '' }))
    await long(post('/in', { body: new Blob(['{}']).stream(), duplex: 'half' } as RequestInit))
    proxied = true
    await long(post())
    assert.deepEqual(measured, [])
  })
  it('turns what is thrown into a problem, and counts refused credentials', async () => {
    handle = async () => {
      throw new Problem('unauthenticated')
    }
    assert.equal((await post()).status, 401)
    assert.deepEqual(refused, ['127.0.0.1'])
    handle = async () => {
      throw new Error('broken')
    }
    assert.equal((await post()).status, 500)
    assert.equal(refused.length, 1)
  })
  it('refuses a throttled caller without asking the route', async () => {
    throttled = true
    handle = () => assert.fail('it was asked')
    assert.equal((await post()).status, 429)
  })
  it('tells a waiting route that the device went away', async () => {
    const gone = Promise.withResolvers<void>()
    handle = (m) =>
      new Promise((resolve) => {
        m.signal.addEventListener('abort', () => {
          gone.resolve()
          resolve({ status: 204 })
        })
      })
    const leave = new AbortController()
    const asked = post('/in', { signal: leave.signal }).catch(() => undefined)
    setTimeout(() => leave.abort(), 50)
    await gone.promise
    await asked
  })
})
