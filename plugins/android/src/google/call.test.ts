/** A request whose answer Google holds back: silence is an empty answer, and no reason for anybody to rest. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import type { PlatformHost } from '@muster/contract'
import { createCall } from './call.ts'
import { GoogleError } from './errors.ts'
import type { Pace } from './pace.ts'

let status: number | undefined
const server = createServer((_, response) => {
  if (status !== undefined) response.writeHead(status).end('{}')
})
let rests = 0
const pace: Pace = { run: (work) => work(), rest: () => ++rests, well: () => undefined }
let url = ''
before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => {
  server.closeAllConnections()
  server.close()
})

function ask(held: boolean, o: { answerMs?: number; signal?: AbortSignal } = {}) {
  const call = createCall({
    host: { fetch } as PlatformHost,
    url,
    account: async () => ({ email: 'a@b.c', project: 'p', keyId: '', key: '' }),
    tokens: { get: async () => 'token' },
    pace,
    answerMs: o.answerMs ?? 200,
  })
  return call({ method: 'POST', path: 'v1/x:pull', body: {}, signal: o.signal, ...(held && { held: true as const }) })
}

test('silence, and what Google says after it has waited for long (504), is an empty answer', async () => {
  rests = 0
  status = undefined
  assert.deepEqual(await ask(true), {})
  status = 504
  assert.deepEqual(await ask(true), {})
  assert.equal(rests, 0)
})

test('to anything else both are that Google is away', async () => {
  for (status of [undefined, 504])
    await assert.rejects(ask(false), (e) => e instanceof GoogleError && e.kind === 'away')
  status = 503
  await assert.rejects(ask(true), (e) => e instanceof GoogleError && e.kind === 'away')
})

test('whoever stops does not wait for what is held', async () => {
  status = undefined
  const stop = new AbortController()
  const asked = ask(true, { answerMs: 60_000, signal: stop.signal })
  setImmediate(() => stop.abort(new Error('stopped')))
  await assert.rejects(asked, /stopped/)
})
