/** What a hostile device or a failing plugin says: refused in words, or settled as unreadable; nobody else’s turn is spoilt. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  type Channel,
  isProblem,
  type Json,
  type JsonObject,
  type Platform,
  type Said,
  type Turn,
} from '@muster/contract'
import { pull, rounds } from '@muster/contract/testing'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { type CoreBench, createHarness } from '../testing/index.ts'

/** A plugin that breaks its word: its rows throw. */
const broken: Platform = {
  ...rounds,
  id: 'broken',
  describe: () => ({ ...rounds.describe({}), operations: [], features: [] }),
  rows: () => ({
    operations: {
      'device.inventory': [{ channel: 'device', to: () => ({}), from: () => fail('from'), examples: [] }],
      'device.message': [
        {
          channel: 'device',
          when: () => fail('when'),
          to: () => ({}),
          from: () => ({ state: 'completed' }),
          examples: [],
        },
      ],
    },
    features: { passcode: [{ channel: 'device', to: () => ({}), check: () => fail('check'), examples: [] }] },
  }),
}
function fail(what: string): never {
  throw new Error(`the plugin broke in ${what}`)
}

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([pull, broken])
})
after(() => bench.close())

function nested(depth: number): Json {
  let value: Json = 1
  for (let i = 0; i < depth; i++) value = [value]
  return value
}
const turn = (c: Channel, t: Turn) => bench.host(c.platform).turn(c, t)

test('what would spoil a batch is refused before it joins one, in words', async () => {
  const c = await bench.enrol('pull')
  const bad: Turn[] = [
    { take: 1, facts: { deep: nested(5_000) } },
    { take: 1, state: nested(5_000) },
    { take: 1, push: nested(5_000) },
    { take: 1, said: [{ id: 'o1-1', reply: nested(5_000) }] },
    { take: 1, state: 'x'.repeat(17_000) },
    { take: 1, facts: { a: 1 }, reportedAt: 'yesterday' },
    { take: 1, events: [{ type: 'e', at: 'never', data: {} }] },
    { take: 1, facts: { big: 'x'.repeat(2_000_000) } },
  ]
  for (const [i, t] of bad.entries())
    await assert.rejects(turn(c, t), (e: unknown) => isProblem(e) && e.status === 400, `turn ${i}`)
  const host = bench.host('pull')
  for (const facts of [{ deep: nested(5_000) }, { '': 1 }] as JsonObject[]) {
    await assert.rejects(host.activate(c, facts), { code: 'invalid-request' })
    await assert.rejects(host.channel(c, 'user:1', facts), { code: 'invalid-request' })
    const code = await bench.code('pull')
    await assert.rejects(host.begin(code, facts), { code: 'invalid-request' })
    assert.ok(await host.begin(code, {}), 'and the code is not spent')
  }
})

test('anything else a device says is taken, whatever stands in it, and the next exchange goes on', async () => {
  const c = await bench.enrol('pull')
  const any = fc.jsonValue({ stringUnit: 'binary' }) as fc.Arbitrary<Json>
  const text = fc.string({ unit: 'binary', maxLength: 300 })
  const ids = fc.oneof(
    text,
    fc.constantFrom(
      'o1-1',
      `o${c.no.toString(36)}-1`,
      's1-1',
      `s${c.no.toString(36)}-1`,
      `d${c.no.toString(36)}-1`,
      'o\0',
      '\ud800',
    ),
  )
  const number = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, -1, 0, 1e300)
  const outcome: fc.Arbitrary<object> = fc.oneof(
    any.map((reply) => ({ reply })),
    fc.record({ state: fc.constant('deferred'), reason: fc.record({ code: text, text }), retryAfterS: number }),
    fc.record({ state: fc.constant('acknowledged'), progress: text }),
    fc.record({ state: fc.constant('again'), kept: any }),
    fc.record({ state: fc.constant('failed'), reason: fc.record({ code: text, text }), result: any }),
  )
  const said = fc.tuple(outcome, ids, fc.option(text, { nil: undefined })).map(
    ([o, id, ref]) =>
      ({
        ...o,
        ...(ref !== undefined && id === '' ? { ref } : { id, ...(ref === undefined ? {} : { ref }) }),
      }) as unknown as Said,
  )
  const event = fc.record({
    type: text,
    at: fc.constantFrom('2026-01-01T00:00:00Z', '+275760-09-13T00:00:00Z', 'Nov 5 1970', '0001-01-01T00:00:00Z'),
    data: any,
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(said, { maxLength: 4 }),
      fc.array(event, { maxLength: 2 }),
      any,
      number,
      async (list, events, push, expectInS) => {
        const given = await bench.send('device.inventory', {}, [c])
        await turn(c, { said: list, events, push, take: 5, deferred: 'again', expectInS })
        assert.equal((await bench.operation(given, c))?.state, 'sent')
        await turn(c, {
          said: [
            {
              id: `o${c.no.toString(36)}-${Number(given).toString(36)}`,
              ref: 'r\0\udfff',
              ...(list[0] && 'state' in list[0] ? list[0] : { state: 'completed' }),
              id_: 0,
            } as unknown as Said,
          ],
          take: 0,
        })
      },
    ),
    { numRuns: 40 },
  )
  await bench.core.devices.seen.flush()
})

test('what a device says of its own waiting operations, in any words, leaves them in a state of the table', async () => {
  const c = await bench.enrol('pull')
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), async (reply) => {
      const a = await bench.send('pull.lock', {}, [c])
      const [d] = await turn(c, { take: 1, deferred: 'again' })
      await turn(c, { said: [{ id: d?.id ?? '', reply: reply as Json }], take: 0 })
      assert.match((await bench.operation(a, c))?.state ?? '', /^(sent|completed|failed|deferred)$/)
      await turn(c, { said: [{ id: d?.id ?? '', state: 'completed' }], take: 0 })
    }),
    { numRuns: 30 },
  )
})

test('a plugin that throws: its answers are unreadable, its operations refused with a reason, its checks unknown; others go on', async () => {
  const [c, p] = [await bench.enrol('broken'), await bench.enrol('pull')]
  const a = await bench.send('device.inventory', {}, [c])
  const [d] = await turn(c, { take: 1 })
  await Promise.all([
    turn(c, { said: [{ id: d?.id ?? '', reply: {} }], take: 0 }),
    turn(p, { facts: { a: 1 }, take: 0 }),
  ])
  assert.deepEqual(await bench.operation(a, c).then((o) => [o?.state, o?.reason?.code]), ['sent', 'unreadable'])
  await assert.rejects(
    bench.send('device.message', { text: 'x' }, [c]),
    (e: unknown) => isProblem(e) && e.code === 'empty-target' && JSON.stringify(e.extra).includes('platform-failed'),
  )
  await bench.publish('broken', { passcode: { minLength: 8 } })
  const [s] = await turn(c, { take: 1 })
  await turn(c, { said: [{ id: s?.id ?? '', state: 'completed' }], take: 0 })
  await turn(c, { facts: { b: 1 }, take: 0 })
  assert.equal((await bench.settings(c)).passcode?.state, 'acknowledged')
})

test('the severity of an event is the one its platform describes', async () => {
  const c = await bench.enrol('pull')
  const at = new Date().toISOString()
  await turn(c, {
    events: [
      { type: 'pull.jailbreak', at, data: {} },
      { type: 'pull.unheard', at, data: {} },
    ],
    take: 0,
  })
  const rows = await bench.db.query(
    sql`select type, severity from device_event where device = (select no from device where id = ${c.device}::uuid) order by type`,
  )
  assert.deepEqual(rows, [
    { type: 'pull.jailbreak', severity: 'critical' },
    { type: 'pull.unheard', severity: 'info' },
  ])
})

test('a report of a device that is gone changes nothing', async () => {
  const c = await bench.enrol('pull')
  await bench.send('pull.lock', {}, [c])
  const [d] = await turn(c, { take: 1 })
  await bench.host('pull').gone(c, { code: 'left', text: '' })
  const before = await bench.kept(c)
  assert.deepEqual(
    await turn(c, { said: [{ id: d?.id ?? '', state: 'completed' }], facts: { late: 1 }, state: 1, take: 5 }),
    [],
  )
  assert.deepEqual(await bench.kept(c), before)
})
