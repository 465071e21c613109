/** Turns by the short way: what they leave behind is what the long way leaves, and whatever is not so plain is left to it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Channel, Delivery, OperationRow, ShortTurn, ShortWord } from '@muster/contract'
import { type CoreBench, createHarness } from '@muster/core/testing'
import { linux } from '@muster/plugin-linux'

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([linux])
})
after(() => bench.close())

const done: ShortWord = { state: 'completed', result: '{"shownTo":1}' }
const message = { title: '', text: 'Hello' }
interface Answered {
  deliveries?: readonly Delivery[]
  error?: unknown
}

/** undefined: it is for the long way. */
async function short(c: Channel, turn: Partial<ShortTurn<OperationRow>>, sent = ''): Promise<Answered | undefined> {
  const head = await bench.core.devices.identity.channel(c.no)
  assert.ok(head)
  const answered = Promise.withResolvers<Answered>()
  const taken = bench.core.operations.short(head, { take: 10, expectInS: 60, ...turn }, (deliveries, error) => {
    answered.resolve({ deliveries, error })
    return sent === '' ? undefined : sent
  })
  return taken ? answered.promise : undefined
}
const says = (id: string | undefined, word: ShortWord | undefined = done) => ({
  id,
  raw: Buffer.from(`{"results":[{"id":"${id}"}]}`),
  word: () => word,
})
const computer = async () => {
  const c = await bench.enrol('linux', { channel: 'device', facts: { 'os.name': 'Debian GNU/Linux' } })
  await known(c)
  return c
}
/** What is remembered of the activity and the device is there. */
async function known(c: Channel): Promise<void> {
  await bench.send('device.message', message, [c])
  const host = bench.host('linux')
  const [d] = await host.turn(c, { take: 10, expectInS: 60 })
  const reply = { id: d?.id ?? '', state: 'completed', result: { shownTo: 1 } }
  await host.turn(c, { said: [{ id: d?.id ?? '', reply }], take: 10, expectInS: 60 })
}
async function left(c: Channel) {
  const read = (text: string) => bench.db.query({ text, values: [c.no] })
  return {
    history: await read(
      `select operation, state, reason, result, attempts, epoch from history where channel = $1 order by activity`,
    ),
    tally: await read(
      `select state, sum(n)::integer as n from tally where activity in (select activity from history where channel = $1) group by 1 order by 1`,
    ),
    open: await read(`select state from pending where channel = $1`),
    told: (
      await read(
        `select r ->> 2 as state from outbox, jsonb_array_elements(data -> 'rows') r where type = 'operations.changed' and (r ->> 0)::bigint = $1 order by xid, no`,
      )
    ).map((r) => (r as { state: string }).state),
    unmatched: await read(`select why from unmatched where channel = $1`),
  }
}

test('fetched and answered: one transaction each, and the same is left behind as by the long way', async () => {
  const [long, brief] = [await computer(), await computer()]
  await known(long)
  await bench.send('device.message', message, [brief])
  const fetched = await bench.db.count(async () => {
    const answer = await short(brief, {}, 'what was sent')
    const [d, ...others] = answer?.deliveries ?? []
    assert.deepEqual(others, [])
    assert.ok(d?.kind === 'operation' && d.operation === 'device.message' && d.attempt === 1)
    assert.deepEqual(d.params, message)
    assert.equal(d.channel.no, brief.no)
    assert.throws(() => d.channel.facts, /blind/)
  })
  assert.equal(fetched.transactions, 1)
  const [open] = await bench.db.query<{ id: string }>({
    text: `select channel, activity, state from pending where channel = ${brief.no}`,
  })
  assert.ok(open)
  const { channel, activity, state } = open as never as { channel: number; activity: number; state: string }
  assert.equal(state, 'sent')
  const id = `o${channel.toString(36)}-${activity.toString(36)}`
  const answered = await bench.db.count(async () => assert.deepEqual(await short(brief, says(id)), ok))
  assert.equal(answered.transactions, 1)
  assert.deepEqual(await left(brief), await left(long))
  // What it sent rode this batch, and what came did, too.
  const logged = await bench.db.query({
    text: `select x.outbound, x.size from message, unnest(channels, outbounds, sizes) with ordinality x (no, outbound, size, nth) where x.no = ${brief.no} order by message.no desc, nth desc limit 2`,
  })
  assert.deepEqual(logged, [
    { outbound: true, size: 'what was sent'.length },
    { outbound: false, size: says(id).raw.length },
  ])
})
const ok = { deliveries: [], error: undefined }

test('a failure keeps its reason; a repeat and a word of what was never sent change nothing and are noted', async () => {
  const c = await computer()
  await bench.send('device.message', message, [c])
  const [d] = (await short(c, {}))?.deliveries ?? []
  const failed: ShortWord = { state: 'failed', reason: '{"code":"failed","text":"no screen"}' }
  assert.deepEqual(await short(c, says(d?.id, failed)), ok)
  assert.deepEqual(await short(c, says(d?.id)), ok)
  await bench.send('device.message', message, [c])
  const [waiting] = await bench.db.query<{ activity: number }>({
    text: `select activity from pending where channel = ${c.no}`,
  })
  // Known of another device, and not handed to this one yet.
  await bench.core.operations.turn([(await bench.core.devices.identity.channel(c.no)) as never], { take: 0 })
  const { history, unmatched, open } = await left(c)
  assert.deepEqual(history.at(-1), {
    operation: 'device.message',
    state: 'failed',
    reason: { code: 'failed', text: 'no screen' },
    result: null,
    attempts: 1,
    epoch: 1,
  })
  assert.deepEqual(unmatched, [{ why: 'not-open' }])
  assert.deepEqual(open, [{ state: 'pending' }])
  assert.ok(waiting)
})

test('a word of what is handed over in the same breath was said before it was sent: it is noted, and the operation stays open', async () => {
  const c = await computer()
  await bench.send('device.message', message, [c])
  const [waiting] = await bench.db.query<{ activity: number }>({
    text: `select activity from pending where channel = ${c.no}`,
  })
  const id = `o${c.no.toString(36)}-${waiting?.activity.toString(36)}`
  const host = bench.host('linux')
  const reply = { id, state: 'completed', result: { shownTo: 1 } }
  const [given] = await host.turn(c, { said: [{ id, reply }], take: 1, expectInS: 60 })
  assert.equal(given?.id, id)
  assert.deepEqual((await left(c)).open, [{ state: 'sent' }])
  assert.deepEqual((await left(c)).unmatched, [{ why: 'unsent' }])
  // By the short way: it comes back into the queue as if it had never left.
  await bench.db.query({
    text: `update pending set state = 'pending', attempts = 0, lease = null where channel = ${c.no}`,
  })
  bench.core.devices.waiting.heard([c.no])
  const again = await short(c, says(id))
  assert.deepEqual(
    again?.deliveries?.map((d) => d.id),
    [id],
  )
  assert.deepEqual((await left(c)).open, [{ state: 'sent' }])
  assert.deepEqual((await left(c)).unmatched, [{ why: 'unsent' }, { why: 'unsent' }])
})

test('who is not so plain goes the long way, and nothing was done', async () => {
  const [c, other] = [await computer(), await computer()]
  await bench.heard()
  const before = await bench.db.count(async () => {
    assert.equal(await short(c, {}), undefined, 'nothing waits')
    assert.equal(await short(c, { take: 0 }), undefined, 'nothing is asked')
    assert.equal(await short(c, says('o1-zzzz')), undefined, 'another device’s')
    assert.equal(await short(c, says(`o${c.no.toString(36)}-zzzzz`)), undefined, 'an activity that is not known')
    assert.equal(await short(c, says('nonsense')), undefined, 'no id of ours')
  })
  assert.deepEqual(before, { statements: 0, transactions: 0 })
  await bench.send('device.message', message, [other])
  const [d] = (await short(other, {}))?.deliveries ?? []
  assert.equal(await short(c, says(d?.id)), undefined, 'another device’s operation')
  assert.equal(await short(other, { ...says(d?.id), word: () => undefined }), undefined, 'no last word')
  assert.deepEqual((await left(other)).open, [{ state: 'sent' }])
})

test('many at once are few transactions, each device is given its own, and of two answers one counts', async () => {
  const all = await Promise.all(Array.from({ length: 12 }, computer))
  await bench.send('device.message', message, all)
  const { transactions } = await bench.db.count(async () => {
    const answers = await Promise.all(all.map((c) => short(c, {})))
    for (const [i, a] of answers.entries())
      assert.deepEqual(
        a?.deliveries?.map((d) => d.channel.no),
        [all[i]?.no],
      )
    const ids = answers.map((a) => a?.deliveries?.[0]?.id)
    const twice = all.flatMap((c, i) => [short(c, says(ids[i])), short(c, says(ids[i]))])
    for (const a of await Promise.all(twice)) assert.deepEqual(a, ok)
  })
  assert.ok(transactions <= 8, `${transactions} transactions`)
  for (const c of all) {
    const { history, unmatched, open } = await left(c)
    assert.deepEqual([history.length, unmatched.length, open.length], [2, 1, 0])
  }
})

test('one that spoils its batch holds up nobody', async () => {
  const [good, bad] = [await computer(), await computer()]
  await bench.send('device.message', message, [good, bad])
  const [g, b] = await Promise.all([short(good, {}), short(bad, {})])
  const [first, second] = await Promise.all([
    short(good, says(g?.deliveries?.[0]?.id)),
    short(bad, says(b?.deliveries?.[0]?.id, { state: 'completed', result: '{"not":"json' })),
  ])
  // Neither an answer nor an error: both are asked to go the long way, where each is judged by itself.
  assert.deepEqual(
    [first, second],
    [
      { deliveries: undefined, error: undefined },
      { deliveries: undefined, error: undefined },
    ],
  )
  assert.deepEqual((await left(good)).open, [{ state: 'sent' }])
})

test('settings that wait are handed over with it, and an operation of another kind by the long look', async () => {
  const c = await computer()
  await bench.core.operations.errand((await bench.core.devices.identity.channel(c.no)) as never, 'probe', { a: 1 })
  await bench.send('device.message', message, [c])
  await bench.heard()
  const kinds = (await short(c, {}))?.deliveries?.map((d) => d.kind)
  assert.deepEqual(kinds, ['errand', 'operation'])
})
