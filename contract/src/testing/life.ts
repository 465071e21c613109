/** The suite's third part, through a real core: what is nobody's is refused, repeats change nothing, and each word lives to its end. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import {
  type Channel,
  type Delivery,
  type Json,
  type JsonObject,
  type OperationRow,
  type Ownership,
  type Platform,
  type RowExample,
  type Said,
  settingsMode,
} from '../index.ts'
import type { Bench, Harness } from './harness.ts'
import { wordsOf } from './words.ts'

const disenrol = 'device.disenrol'

export function testLife(
  platform: Platform,
  harness: Harness,
  o: { settings: Json; facts: (id: string) => JsonObject; ownership: Ownership },
): void {
  const words = wordsOf(platform, o.settings)
  let bench: Bench
  before(async () => {
    bench = await harness.open([platform], { [platform.id]: o.settings })
  })
  after(() => bench?.close())

  /** A device with a channel of this kind, that can do this, and that channel. */
  async function channelOf(kind: OperationRow['channel'], id: string): Promise<Channel> {
    const main = await bench.enrol(platform.id, {
      ownership: o.ownership,
      facts: o.facts(id),
      channel: kind === 'agent' ? 'agent' : 'device',
    })
    return kind === 'user' ? bench.host(platform.id).channel(main, 'user:501', {}) : main
  }
  const say = (c: Channel, ...said: Said[]) => bench.host(platform.id).turn(c, { said, take: 0 })
  const fetch = (c: Channel) => bench.host(platform.id).turn(c, { take: 10 })
  const done = (id: string): Said => ({ id, state: 'completed' })

  test('what is nobody’s is refused: unknown ids and names change nothing', async () => {
    const c = await channelOf('device', '')
    const before = await bench.kept(c)
    await say(c, done('nonsense'), done('o1-1'), done('s1-1'), done('d1-1'), {
      ref: 'never heard of',
      state: 'completed',
    })
    assert.deepEqual(await bench.kept(c), before)
    assert.equal((await bench.unmatched(c)).length, 5)
  })

  const able = words.operationRows.filter(([id]) => id !== disenrol)
  for (const [id, row] of able) {
    test(`${id} lives to its end, and a repeat of its answer changes nothing`, async () => {
      const c = await channelOf(row.channel, id)
      const example = row.examples[0] as RowExample
      const activity = await bench.send(id, example.in, [c])
      const d = await given(bench, c, id, fetch)
      assert.equal(d.kind === 'operation' && d.operation, id)
      if (d.kind === 'operation')
        assert.deepEqual(
          d.row.to(d.params, d.channel, d.secrets, d.kept),
          d.row.to(d.params, d.channel, d.secrets, d.kept),
        )
      const reply = example.replies?.find((r) => stateOf(r.outcome) === 'completed')
      const answer: Said = reply ? { id: d.id, reply: reply.reply } : done(d.id)
      await say(c, answer)
      assert.equal((await bench.operation(activity, c))?.state, 'completed')
      const kept = await bench.kept(c)
      await say(c, answer)
      await say(c, { id: d.id, state: 'failed', reason: { code: 'late', text: 'Said too late.' } })
      assert.deepEqual(await bench.kept(c), kept)
      // What ends the enrolment (a wipe) leaves nobody to have said it.
      const gone = (await bench.host(platform.id).detail(c)).lifecycle === 'removed'
      assert.deepEqual(await bench.unmatched(c), gone ? [] : ['not-open', 'not-open'])
      assert.deepEqual(await fetch(c), [])
    })
  }
  const first = able[0]
  if (first) {
    const [id, row] = first
    const params = (row.examples[0] as RowExample).in
    test('another device’s id is refused', async () => {
      const [mine, other] = [await channelOf(row.channel, id), await channelOf(row.channel, id)]
      const activity = await bench.send(id, params, [mine])
      const d = await given(bench, mine, id, fetch)
      const before = await bench.kept(mine)
      await say(other, done(d.id))
      assert.deepEqual(await bench.kept(mine), before)
      assert.deepEqual(await bench.unmatched(other), ['foreign'])
      assert.equal((await bench.operation(activity, mine))?.state, 'sent')
    })
    test('a blocked device gets nothing until it is let in again', async () => {
      const c = await channelOf(row.channel, id)
      await bench.send(id, params, [c])
      await bench.lapse(c, 'due')
      await bench.tick()
      await bench.block(c, true)
      assert.deepEqual(await fetch(c), [])
      await bench.block(c, false)
      assert.equal((await fetch(c)).length, 1)
    })
  }
  if (words.operationRows.some(([id]) => id === disenrol)) {
    test('a device that confirms its disenrolment is gone', async () => {
      const c = await channelOf('device', disenrol)
      await bench.send(disenrol, {}, [c])
      const d = await given(bench, c, disenrol, fetch)
      await say(c, done(d.id))
      assert.deepEqual(await fetch(c), [])
    })
  }

  for (const [id, row] of words.featureRows) {
    test(`${id} is put, and a repeat of its answer changes nothing`, async () => {
      const c = await channelOf(row.channel, id)
      await bench.publish(platform.id, { [id]: (row.examples[0] as RowExample).in as JsonObject })
      const [d] = await fetch(c)
      assert.ok(d, 'nothing was handed over')
      assert.equal(d.kind, settingsMode(platform, row.channel) === 'whole' ? 'document' : 'setting')
      if (d.kind === 'setting') assert.equal(d.feature, id)
      if (d.kind === 'document')
        assert.deepEqual(
          (await bench.host(platform.id).desired(d.set)).map((f) => f.feature),
          [id],
        )
      await say(c, done(d.id))
      assert.match((await bench.settings(c))[id]?.state ?? '', /^(acknowledged|verified)$/)
      const kept = await bench.kept(c)
      await say(c, done(d.id))
      assert.deepEqual(await bench.kept(c), kept)
      assert.deepEqual(await fetch(c), [])
    })
  }
}

/** The one delivery of an operation that was just sent; what is held before it may go is released. */
async function given(
  bench: Bench,
  c: Channel,
  operation: string,
  fetch: (c: Channel) => Promise<readonly Delivery[]>,
): Promise<Delivery> {
  await bench.lapse(c, 'due')
  await bench.tick()
  const mine = (await fetch(c)).filter((d) => d.kind === 'operation' && d.operation === operation)
  assert.equal(mine.length, 1, `${operation} was not handed over once`)
  return mine[0] as Delivery
}

function stateOf(outcome: Json): Json | undefined {
  return typeof outcome === 'object' && outcome !== null && !Array.isArray(outcome) ? outcome.state : undefined
}
