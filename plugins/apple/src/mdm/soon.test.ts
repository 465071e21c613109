/** The short way: who goes it, what they are answered, and that whatever means more is left to the long way with nothing done. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Channel,
  type Delivery,
  type OperationRow,
  type PlatformHost,
  Problem,
  type Reply,
} from '@muster/contract'
import { writeXmlPlist } from '@muster/kit/plist'
import { createConnect } from './connect.ts'
import { createPlainReports } from './plain-report.ts'
import type { Proof, Proofs } from './proof.ts'
import { nothing } from './replies.ts'
import { createSoon } from './soon.ts'

const channel: Channel = {
  no: 7,
  device: 'd',
  platform: 'apple',
  epoch: 1,
  name: 'device',
  lifecycle: 'active',
  blocked: false,
  ownership: 'cope',
}
const certificate = Buffer.from('certificate')
const row = { channel: 'device', examples: [] } as unknown as OperationRow
const delivery = (id: string, more: object = {}) =>
  ({
    kind: 'operation',
    id,
    operation: 'device.lock',
    row,
    params: {},
    channel,
    secrets: {},
    attempt: 1,
    deadline: '',
    ...more,
  }) as unknown as Delivery

type Short = PlatformHost['short']
type Asked = Parameters<Parameters<Short>[1]>[0] extends never ? never : ReturnType<Parameters<Short>[1]>

/** `gives`: what the core hands over, one after the other. */
function world(
  o: {
    proof?: Proof
    own?: boolean
    refuses?: boolean
    gives?: (Delivery[] | undefined | Error)[]
    later?: Delivery[][]
    crowd?: 'holds' | 'broken' | 'full'
    /** Nothing waits for who is idle. */
    quiet?: boolean
  } = {},
) {
  const asked: NonNullable<Asked>[] = []
  const logged: (string | undefined)[] = []
  const turns: unknown[] = []
  const kept: unknown[] = []
  const gives = [...(o.gives ?? [])]
  const later = [...(o.later ?? [])]
  const host = {
    short: ((proof, ask, done) => {
      assert.deepEqual(proof, { certificate })
      const turn = ask(channel)
      if (!turn || o.refuses) return false
      asked.push(turn)
      const given = gives.shift()
      setImmediate(() => logged.push(given instanceof Error ? done(undefined, given) : done(given)))
      return true
    }) as Short,
    turn: async (_c: Channel, t: unknown) => {
      turns.push(t)
      return later.shift() ?? []
    },
    sentBytes: (_c: Channel, raw: Uint8Array) => void logged.push(Buffer.from(raw).toString()),
    log: { info: () => undefined, warn: () => undefined },
  } as unknown as PlatformHost
  const connect = createConnect({
    host,
    encode: async (d) => ({ command: { RequestType: d.id === 'broken' ? assert.fail('broken') : 'ProfileList' } }),
    plain: (d) =>
      d.kind === 'operation' && d.operation === 'device.lock'
        ? {
            type: 'DeviceLock',
            read: () => ({ state: 'completed', result: { sessions: 1 } }),
            before: '<lock ',
            after: '>',
          }
        : undefined,
    facts: () => undefined,
    declare: async (d) => {
      if (d.id === 'gone') throw new Problem('device-gone')
      return undefined
    },
    repeatable: () => true,
    reader: () => undefined,
  })
  const soon = createSoon({
    host,
    proofs: {
      of: () => o.proof ?? { certificate },
      later: (_, done) => {
        if (o.crowd === undefined || o.crowd === 'full') return o.crowd && false
        setImmediate(() => done(o.crowd === 'holds' ? { certificate } : undefined))
        return true
      },
      keep: (_, proof) => void kept.push(proof),
    } satisfies Pick<Proofs, 'of' | 'later' | 'keep'>,
    idle: () => (o.quiet ? nothing() : undefined),
    reports: createPlainReports(),
    channels: { isOwn: (c, sender) => (o.own ?? sender.udid === 'U') && c.no === 7 },
    connect,
    inWords: (e) => {
      if (e instanceof Problem) return { status: 400, body: e.code }
      throw e
    },
  })
  /** undefined: it is for the long way, at once; 'long': after the core found that. */
  const say = (words: Record<string, string>): Promise<Reply | 'long'> | undefined => {
    const answered = Promise.withResolvers<Reply | 'long'>()
    const taken = soon({ headers: {}, query: '', body: Buffer.from(writeXmlPlist(words)) }, (reply, error) =>
      error === undefined ? answered.resolve(reply ?? 'long') : answered.reject(error),
    )
    return taken ? answered.promise : undefined
  }
  return { say, asked, logged, turns, connect, kept }
}
const idle = { Status: 'Idle', UDID: 'U' }
const did = (id: string) => ({ Status: 'Acknowledged', UDID: 'U', CommandUUID: id })
const empty = { status: 200, headers: { 'content-type': 'application/xml; charset=utf-8' }, body: '' }
const word = (turn: Asked | undefined) => turn?.word?.(row)

test('idle, a command, done and the next, done and nothing', async () => {
  const { say, asked, logged, connect } = world({ gives: [[delivery('o7-1')], [delivery('o7-2')], []] })
  assert.deepEqual(await say(idle), { ...empty, body: '<lock o7-1>' })
  assert.equal(connect.rests(7), false, 'it is remembered as under way')
  assert.deepEqual(await say(did('o7-1')), { ...empty, body: '<lock o7-2>' })
  assert.deepEqual(await say(did('o7-2')), empty)
  assert.equal(connect.rests(7), true)
  assert.deepEqual(logged, ['<lock o7-1>', '<lock o7-2>', undefined])
  assert.deepEqual(
    asked.map((t) => [t.take, t.again, t.id, t.raw !== undefined, word(t)]),
    [
      [1, true, undefined, false, undefined],
      [1, true, 'o7-1', true, { state: 'completed', result: '{"sessions":1}' }],
      [1, true, 'o7-2', true, { state: 'completed', result: '{"sessions":1}' }],
    ],
  )
})

test('whatever means more is left to the long way, and nothing is done', async () => {
  const words: Record<string, string>[] = [
    { ...did('o7-1'), Status: 'NotNow' },
    { ...did('o7-1'), Status: 'Error' },
    { ...did('o7-1'), RequestType: 'DeviceLock' },
    { ...did('o7-1'), UserID: 'somebody' },
    { ...did('o7-1'), UnlockToken: 'x' },
    { ...idle, CommandUUID: 'o7-1' },
    { Status: 'Acknowledged', UDID: 'U' },
    { Status: 'Idle' },
    { MessageType: 'TokenUpdate', UDID: 'U' },
    did('o7-9'),
    did(''),
    { ...did('o7-1'), UDID: 'another' },
    // While a command is under way, what is idle did not get it.
    idle,
  ]
  const { say, asked } = world({ gives: [[delivery('o7-1')]] })
  await say(idle)
  for (const w of words) assert.equal(say(w), undefined, JSON.stringify(w))
  assert.equal(asked.length, 1)
  for (const o of [{ proof: { missing: 'forged' } as const }, { own: false }, { refuses: true }])
    assert.equal(world(o).say(idle), undefined, JSON.stringify(o))
})

test('an answer is heard once: its repeat goes the long way', async () => {
  const { say } = world({ gives: [[delivery('o7-1')], []] })
  await say(idle)
  const first = say(did('o7-1'))
  assert.ok(first)
  assert.equal(say(did('o7-1')), undefined, 'while it is written')
  assert.deepEqual(await first, empty)
  assert.equal(say(did('o7-1')), undefined)
})

test('what is not plain goes out all the same, and its answer comes the long way', async () => {
  const { say, logged } = world({ gives: [[delivery('o7-1', { operation: 'device.inventory' })]] })
  const reply = await say(idle)
  assert.ok(reply && reply !== 'long' && String(reply.body).includes('ProfileList'))
  assert.equal(say(did('o7-1')), undefined)
  assert.ok(logged.some((l) => l?.includes('ProfileList')))
})

test('what cannot be written ends, and the next is handed over', async () => {
  const broken = delivery('broken', { operation: 'device.inventory' })
  const { say, turns } = world({ gives: [[broken]], later: [[delivery('o7-2')]] })
  assert.deepEqual(await say(idle), { ...empty, body: '<lock o7-2>' })
  assert.equal((turns[0] as { said: { id: string }[] }).said[0]?.id, 'broken')
})

test('a batch that failed goes the long way; errors are told as they are', async () => {
  assert.equal(await world({ gives: [undefined] }).say(idle), 'long')
  const away = new Error('away')
  await assert.rejects(world({ gives: [away] }).say(idle) ?? Promise.resolve(), away)
  const gone = await world({ gives: [[delivery('gone', { kind: 'setting' })]] }).say(idle)
  assert.deepEqual(gone, { status: 400, body: 'device-gone' })
})

test('who is proved with a crowd: quiet, handed a command, or left to the long way without being proved again', async () => {
  assert.deepEqual(await world({ crowd: 'holds', quiet: true }).say(idle), empty)
  const { say, asked, kept } = world({ crowd: 'holds', gives: [[delivery('o7-1')], []] })
  assert.deepEqual(await say(idle), { ...empty, body: '<lock o7-1>' })
  assert.deepEqual(await say(did('o7-1')), empty)
  assert.deepEqual([asked.length, kept], [2, []])
  assert.equal(await say(did('o7-9')), 'long')
  assert.deepEqual(kept, [{ certificate }])
})

test('a signature that does not hold in a crowd means nothing was done; and a crowd has its bounds', async () => {
  const forged = world({ crowd: 'broken', quiet: true, gives: [[delivery('o7-1')]] })
  assert.equal(await forged.say(idle), 'long')
  assert.deepEqual([forged.asked, forged.kept], [[], []])
  const full = world({ crowd: 'full', gives: [[delivery('o7-1')]] })
  assert.equal(full.say(idle), undefined)
  assert.deepEqual(full.asked, [])
})
