/** Plugins' routes as they are mounted: bytes in, bytes out, bounded, with a signal that tells when nobody listens any more. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Message, Reply, Route } from '@muster/contract'
import Fastify, { type FastifyInstance } from 'fastify'
import { registerDeviceRoutes } from './index.ts'

describe('device routes', () => {
  let app: FastifyInstance
  let url: string
  let last: Message | undefined
  let arrived = Promise.withResolvers<void>()
  let aborted = Promise.withResolvers<void>()
  const stopping = new AbortController()
  const route = (
    path: string,
    handle: (m: Message) => Promise<Reply>,
    method: Route['method'] = 'POST',
    maxBytes = 16,
  ): { platform: string; route: Route } => ({
    platform: 'toy',
    route: { method, path, maxBytes, access: { device: true }, handle },
  })
  const waiting = (m: Message) =>
    new Promise<Reply>((resolve) => {
      m.signal.addEventListener('abort', () => {
        aborted.resolve()
        resolve({ status: 204 })
      })
      arrived.resolve()
    })

  before(async () => {
    app = Fastify({ forceCloseConnections: true })
    const keep = async (m: Message): Promise<Reply> => {
      last = m
      return {
        status: 207,
        headers: { 'content-type': 'application/x-toy', 'x-more': 'yes' },
        body: new Uint8Array([1, 2, 255]).subarray(1),
      }
    }
    await registerDeviceRoutes(app, {
      routes: [
        route('/in', keep),
        route('/read', keep, 'GET', 0),
        route('/wait', waiting),
        route('/text', async () => ({ status: 200, headers: { 'content-type': 'text/xml' }, body: '<x/>' })),
      ],
      certificateOf: () => undefined,
      stopping: stopping.signal,
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    url = `http://127.0.0.1:${(app.server.address() as { port: number }).port}`
  })
  after(() => app.close())

  it('hands the bytes over as they came, whatever they are called', async () => {
    for (const type of ['application/json', 'application/pkcs7-signature', 'text/plain; charset=x', undefined]) {
      const bytes = new Uint8Array([0, 0xff, 0x7b])
      const response = await fetch(`${url}/toy/in?a=%20b`, {
        method: 'POST',
        body: bytes,
        headers: type ? { 'content-type': type } : {},
      })
      assert.deepEqual(
        [response.status, response.headers.get('content-type'), response.headers.get('x-more')],
        [207, 'application/x-toy', 'yes'],
      )
      assert.deepEqual(new Uint8Array(await response.arrayBuffer()), new Uint8Array([2, 255]))
      assert.deepEqual([last?.method, last?.path, last?.query, last?.remote], ['POST', '/in', 'a=%20b', '127.0.0.1'])
      assert.deepEqual(new Uint8Array(last!.body), bytes, String(type))
    }
  })
  it('answers text as text, and reads without a body', async () => {
    assert.equal(await (await fetch(`${url}/toy/text`, { method: 'POST' })).text(), '<x/>')
    assert.equal((await fetch(`${url}/toy/read`)).status, 207)
    assert.equal(last?.body.length, 0)
  })
  it('refuses more bytes than the route takes', async () => {
    assert.equal((await fetch(`${url}/toy/in`, { method: 'POST', body: new Uint8Array(17) })).status, 413)
    assert.equal((await fetch(`${url}/toy/in`, { method: 'POST', body: new Uint8Array(16) })).status, 207)
  })
  it('tells a waiting route that the device went away', async () => {
    arrived = Promise.withResolvers()
    aborted = Promise.withResolvers()
    const leave = new AbortController()
    const asked = fetch(`${url}/toy/wait`, { method: 'POST', signal: leave.signal }).catch(() => undefined)
    await arrived.promise
    leave.abort()
    await aborted.promise
    await asked
  })
  it('tells it that the server stops', async () => {
    arrived = Promise.withResolvers()
    const asked = fetch(`${url}/toy/wait`, { method: 'POST' })
    await arrived.promise
    stopping.abort()
    assert.equal((await asked).status, 204)
  })
})
