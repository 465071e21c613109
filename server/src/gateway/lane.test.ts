/**
 * The lane below node:http answers as node:http would: for whole requests and for bytes that were changed, cut and glued in any way, plain
 * and over TLS, the same answers come back, the same requests reach the route, and the connection ends alike.
 */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import tls from 'node:tls'
import type { Message, Reply } from '@muster/contract'
import { silentLog } from '@muster/core/testing'
import fc from 'fast-check'
import Fastify, { type FastifyInstance } from 'fastify'
import { addShortcuts, registerDeviceRoutes } from '../devices/index.ts'
import { createCallerReader } from './caller.ts'
import type { Shortcut } from './lane.ts'
import { createDoors, type Doors } from './listen.ts'
import { readPlainRequest } from './plain-request.ts'
import { openWorld, type World } from './world.ts'

interface House {
  doors: Doors
  app: FastifyInstance
  ports: { http?: number; https?: number }
  /** Bodies that reached the route, and how many of them came through the lane. */
  heard: string[]
  short: number
}
let w: World
let root: string
let lane: House
let long: House
const stopping = new AbortController()

async function build(tlsFiles: { key: string; cert: string }, withLane: boolean): Promise<House> {
  const heard: string[] = []
  const answer = (m: Pick<Message, 'query' | 'headers' | 'body'>): Reply => {
    const body = `${Buffer.from(m.body)}${m.headers['mdm-signature'] ?? ''}${m.query}`
    heard.push(body)
    return {
      status: body.includes('none') ? 204 : 200,
      ...(body.includes('none')
        ? {}
        : { headers: { 'content-type': 'text/plain', 'x-toy': 'yes' }, body: `heard ${body}` }),
    }
  }
  const route = {
    method: 'POST' as const,
    path: '/in',
    maxBytes: 5_000,
    access: { device: true as const },
    // Some answers are known at once, some later.
    now: (m: Pick<Message, 'query' | 'headers' | 'body'>) => (m.body[0] === 0x7b ? undefined : answer(m)),
    handle: async (m: Message) => {
      await new Promise((resolve) => setImmediate(resolve))
      return answer(m)
    },
  }
  const app = Fastify()
  const routes = [
    { platform: 'toy', route },
    { platform: 'toy', route: { ...route, method: 'PUT' as const } },
  ]
  await registerDeviceRoutes(app, { routes, certificateOf: () => undefined, stopping: stopping.signal })
  await app.ready()
  const shortcuts = new Map<string, Shortcut>()
  const house: House = { app, heard, short: 0, ports: {}, doors: undefined as unknown as Doors }
  if (withLane)
    addShortcuts(
      {
        shortcuts,
        edge: {
          ...createCallerReader({}),
          refusal: () => undefined,
          refused: () => undefined,
          problem: () => ({ status: 500 }),
        },
      },
      { routes, stopping: stopping.signal, meter: () => () => void house.short++ },
    )
  house.doors = createDoors({
    handle: (request, response) => app.routing(request, response),
    shortcuts,
    ports: { http: 0, https: 0 },
    host: '127.0.0.1',
    tls: tlsFiles,
    log: silentLog,
  })
  house.ports = await house.doors.open()
  return house
}

before(async () => {
  w = await openWorld()
  await w.core.certificates.ensureAuthorities('Test')
  root = w.core.certificates.authorities().root.pem
  const { key, chain } = await w.core.certificates.serverCertificate(['localhost'])
  lane = await build({ key, cert: chain }, true)
  long = await build({ key, cert: chain }, false)
})
after(async () => {
  for (const house of [lane, long]) {
    await house.doors.close(0)
    await house.app.close()
  }
  await w.close()
})

const open = (house: House, secure: boolean): Socket =>
  secure
    ? tls.connect({ host: '127.0.0.1', servername: 'localhost', port: house.ports.https as number, ca: root })
    : connect({ host: '127.0.0.1', port: house.ports.http as number })

const request = (body: string, more = '', length = Buffer.byteLength(body)) =>
  `POST /toy/in HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t\r\nContent-Type: application/json\r\n${more}Content-Length: ${length}\r\n\r\n${body}`

/** As devices ask that sign what they say. */
const signed = (body: string, o: { query?: string; signature?: string; more?: string } = {}) =>
  `PUT /toy/in${o.query ?? ''} HTTP/1.1\r\nHost: x\r\nUser-Agent: Toy/1.0\r\nContent-Type: application/x-toy\r\nMdm-Signature: ${o.signature ?? 'MIIB'}\r\n${o.more ?? ''}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** As Windows asks for management, through a proxy. */
const managed = (body: string) =>
  `POST /toy/in?mode=Maintenance&Platform=WoA HTTP/1.1\r\nHost: x\r\nAccept: application/vnd.syncml.dm+xml, application/vnd.syncml.dm+wbxml, application/octet-stream\r\nAccept-Charset: UTF-8\r\nAuthorization: Bearer t\r\nUser-Agent: MSFT OMA DM Client/1.2.0.1\r\nContent-Type: application/vnd.syncml.dm+xml\r\nClient-Request-Id: {1b2c}\r\nMS-CV: abc.0\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nClient-Cert: :MIIB:\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

/** A piece of what is sent, and whether its answer is awaited before the next. */
interface Piece {
  bytes: Buffer
  pause: 'none' | 'tick' | 'answer'
}
interface Outcome {
  /** Without dates and numbers of requests. */
  said: string
  heard: string[]
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Sends all, closes our side when nothing comes any more for `quietMs`, and tells what came. */
async function converse(house: House, secure: boolean, pieces: readonly Piece[], quietMs: number): Promise<Outcome> {
  house.heard.length = 0
  const socket = open(house, secure)
  let said = ''
  let closed = false
  socket.on('data', (d) => {
    said += d.toString('latin1')
  })
  socket.on('error', () => undefined)
  const ended = new Promise<void>((resolve) =>
    socket.once('close', () => {
      closed = true
      resolve()
    }),
  )
  await new Promise<void>((resolve) => socket.once(secure ? 'secureConnect' : 'connect', () => resolve()))
  for (const { bytes, pause } of pieces) {
    if (closed || !socket.writable) break
    const before = said.length
    socket.write(bytes)
    if (pause === 'tick') await sleep(2)
    for (
      const until = Date.now() + quietMs;
      pause === 'answer' && said.length === before && !closed && Date.now() < until;
    )
      await sleep(1)
  }
  for (let quiet = 0, last = -1; quiet < quietMs && !closed; quiet += 5) {
    if (said.length !== last) quiet = 0
    last = said.length
    await sleep(5)
  }
  const byItself = closed
  socket.end()
  await Promise.race([ended, sleep(2_000)])
  socket.destroy()
  const plain = said.replace(/^Date: .*$/gim, 'Date').replace(/[0-9a-f-]{36}|req-\w+/g, 'id')
  return {
    said: `${plain.replace(/^(\S+): /gm, (_, name: string) => `${name.toLowerCase()}: `)}${byItself ? '<closed>' : ''}`,
    heard: [...house.heard],
  }
}

/** Once more and patiently before it counts as a difference: this machine may be busy. */
async function same(secure: boolean, pieces: readonly Piece[]): Promise<void> {
  for (const quietMs of [60, 2_500]) {
    const short = await converse(lane, secure, pieces, quietMs)
    const whole = await converse(long, secure, pieces, quietMs)
    try {
      assert.deepEqual(sorted(short), sorted(whole))
      return
    } catch (error) {
      if (quietMs > 1_000) throw error
    }
  }
}
/** Headers of an answer in any order, for theirs means nothing; nor does that of requests which were sent ahead and reach the route side by side. */
const sorted = (o: Outcome) => ({ heard: o.heard.toSorted(), said: o.said.split('\r\n').sort() })

const whole = (text: string): Piece => ({ bytes: Buffer.from(text), pause: 'answer' })

for (const secure of [false, true]) {
  const over = secure ? 'over TLS' : 'plain'
  test(`${over}: one connection serves one request after another in the lane`, async () => {
    lane.short = 0
    await same(secure, [
      whole(request('{"a":1}')),
      whole(request('now')),
      whole(request('{"none":1}')),
      whole(request('{"ü":"ß"}')),
      whole(signed('now')),
      whole(signed('{"a":1}')),
      whole(signed('{"a":1}', { query: '?licence=2.1&x=y_z~' })),
      whole(managed('{"a":1}')),
      whole(managed('now')),
      whole(signed('{"a":1}', { signature: 'A'.repeat(6_000) })),
      whole(request('{"a":1}').replace('/toy/in', '/toy/in?x=1')),
      whole(request('{"a":1}').replace('/toy/in', '/toy/in?')),
    ])
    assert.ok(lane.short >= 12, String(lane.short))
  })
  test(`${over}: what is unusual is answered by node:http, and so is all that follows on that connection`, async () => {
    for (const odd of [
      request('{"a":1}', 'X-Other: 1\r\n'),
      request('{"a":1}', 'Connection: close\r\n'),
      request('{"a":1}', 'Expect: 100-continue\r\n'),
      request('{"a":1}', 'Transfer-Encoding: chunked\r\n'),
      request('{"a":1}', 'Content-Length: 7\r\n'),
      request('{"a":1}', 'Host: y\r\n'),
      request('{"a":1}').replace('Host: x', 'Host : x'),
      request('{"a":1}').replace('Host: x\r\n', 'Host: x\n'),
      request('{"a":1}').replace('Host: x', 'Host: x\r\n folded'),
      request('{"a":1}').replace('HTTP/1.1', 'HTTP/1.0'),
      request('{"a":1}').replace('/toy/in', '/toy/in?x=%31'),
      request('{"a":1}').replace('/toy/in', '/toy/in?x=1?y'),
      request('{"a":1}').replace('/toy/in', '/toy/in?#x'),
      request('{"a":1}').replace('Authorization: Bearer t\r\n', ''),
      signed('{"a":1}').replace('PUT', 'PATCH'),
      signed('{"a":1}').replace('PUT', 'put'),
      signed('{"a":1}').replace('Mdm-Signature: MIIB\r\n', ''),
      signed('{"a":1}', { more: 'Mdm-Signature: MIIB\r\n' }),
      signed('{"a":1}', { signature: 'A'.repeat(8_200) }),
      signed('{"a":1}').replace('application/x-toy', 'application/x-toy;'),
      signed('{"a":1}').replace('application/x-toy', 'none'),
      request('{"a":1}').replace('/toy/in', 'http://x/toy/in'),
      request('{"a":1}').replace('POST', 'GET'),
      request('x'.repeat(6_000)),
      request('{"a":1}') + request('{"b":2}'),
      'POST /toy/in HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    ]) {
      lane.short = 0
      await same(secure, [whole(odd), whole(request('{"after":1}'))])
      assert.equal(lane.short, 0, odd)
    }
  })
  test(`${over}: any change, cut and gluing of requests is answered alike`, async () => {
    const bodies = fc.constantFrom('{"a":1}', 'now', '{"none":1}', '{"text":"ü"}', 'x'.repeat(300))
    const signature = fc.constantFrom('MIIB', 'A'.repeat(500), 'A'.repeat(7_700))
    const query = fc.constantFrom('', '', '?', '?x=1', '?a=b&c', '?x=%')
    const good = fc.oneof(
      bodies.map((b) => request(b)),
      fc.tuple(bodies, signature, query).map(([body, signature, query]) => signed(body, { signature, query })),
    )
    const flip = fc.tuple(
      good,
      fc.nat(),
      fc.constantFrom('', '\r', '\n', ' ', '\0', ':', '0', 'A', '\r\n', 'Content-Length: 3\r\n', 'é'),
    )
    const changed = flip.map(([text, at, put]) => {
      const i = at % text.length
      return text.slice(0, i) + put + text.slice(i + (put.length === 1 ? 1 : 0))
    })
    const stream = fc.array(fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: changed }), {
      minLength: 1,
      maxLength: 3,
    })
    const cuts = fc.array(fc.tuple(fc.nat(2_000), fc.constantFrom<Piece['pause']>('none', 'tick', 'answer')), {
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(stream, cuts, fc.boolean(), async (texts, places, inTurns) => {
        const pieces: Piece[] = texts.map((t) => whole(t))
        const glued = Buffer.concat(pieces.map((p) => p.bytes))
        let from = 0
        const cut = places
          .map(([at, pause]) => ({ at: at % glued.length, pause }))
          .sort((a, b) => a.at - b.at)
          .map(({ at, pause }): Piece => {
            const bytes = glued.subarray(from, at)
            from = at
            return { bytes, pause }
          })
        await same(secure, inTurns ? pieces : [...cut, { bytes: glued.subarray(from), pause: 'none' }])
      }),
      { numRuns: secure ? 25 : 60 },
    )
  })
}

test('a request that comes byte by byte or not at all is not waited for here', async () => {
  lane.short = 0
  const bytes = Buffer.from(request('{"a":1}'))
  const slowly = [...bytes].map((_, i): Piece => ({ bytes: bytes.subarray(i, i + 1), pause: 'tick' }))
  await same(false, slowly)
  assert.equal(lane.short, 0)
  await same(false, [{ bytes: bytes.subarray(0, 40), pause: 'tick' }])
})

test('what is known at once is answered to all who asked together, whoever of them went away', async () => {
  const sockets = Array.from({ length: 12 }, () => open(lane, false))
  await Promise.all(sockets.map((s) => new Promise((resolve) => s.once('connect', resolve))))
  const heard = sockets.map(
    (s) =>
      new Promise<string>((resolve) => {
        s.once('data', (d) => resolve(String(d)))
        s.once('close', () => resolve('closed'))
      }),
  )
  for (const s of sockets) s.write(request('now'))
  for (const s of sockets.slice(0, 4)) s.resetAndDestroy()
  const answers = await Promise.all(heard)
  for (const said of answers.slice(4)) assert.match(said, /^HTTP\/1\.1 200 /)
  for (const s of sockets) s.destroy()
})

test('who is being answered when the server stops still hears it, and is sent away', async () => {
  const socket = open(lane, false)
  const heard = new Promise<string>((resolve) => {
    let said = ''
    socket.on('data', (d) => {
      said += String(d)
    })
    socket.once('close', () => resolve(said))
  })
  socket.write(request('{"last":1}'))
  for (const until = Date.now() + 20_000; !lane.heard.includes('{"last":1}') && Date.now() < until; ) await sleep(1)
  const closing = lane.doors.close(5_000)
  assert.match(await heard, /^HTTP\/1\.1 200 /)
  await closing
})

test('the reader of plain requests takes what it reads to the last byte, and never more than it was given', () => {
  const text = request('{"a":1}')
  const bytes = Buffer.from(text)
  for (let n = 0; n < bytes.length; n++) assert.equal(readPlainRequest(bytes.subarray(0, n)), 'more', String(n))
  const read = readPlainRequest(bytes)
  assert.ok(typeof read === 'object')
  assert.deepEqual([read.place, read.body.toString(), Object.keys(read.headers).length], ['POST /toy/in', '{"a":1}', 4])
  const put = readPlainRequest(Buffer.from(signed('{"a":1}', { query: '?x=1' })))
  assert.ok(typeof put === 'object')
  assert.deepEqual([put.place, put.query, put.headers['mdm-signature']], ['PUT /toy/in', 'x=1', 'MIIB'])
  assert.equal(readPlainRequest(Buffer.concat([bytes, Buffer.from('P')])), 'odd')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(text.length), (junk, at) => {
      const result = readPlainRequest(Buffer.concat([bytes.subarray(0, at), junk]))
      if (typeof result === 'object') assert.ok(result.body.length === Number(result.headers['content-length']))
    }),
  )
})
