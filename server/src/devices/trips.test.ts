/** What one operation costs the database on the agent channel, fetched and answered: the same for Android as for Linux, also where rows ask how a device is managed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, Json, JsonObject, Platform } from '@muster/contract'
import { type CoreBench, type Counts, createHarness } from '@muster/core/testing'
import { android } from '@muster/plugin-android'
import { linux } from '@muster/plugin-linux'

interface Trip {
  fetched: Counts
  answered: Counts
}
const said: Readonly<Record<string, Json>> = { 'device.message': { shownTo: 1 }, 'device.lock': { sessions: 1 } }

async function trip(
  bench: CoreBench,
  platform: Platform,
  c: Channel,
  operation: string,
  params: JsonObject,
): Promise<Trip> {
  const host = bench.host(platform.id)
  await bench.send(operation, params, [c])
  let ids: string[] = []
  const fetched = await bench.db.count(async () => {
    ids = (await host.turn(c, { take: 10, expectInS: 60 })).map((d) => d.id)
  })
  assert.equal(ids.length, 1)
  const answered = await bench.db.count(async () => {
    const reply = { id: ids[0] ?? '', state: 'completed', result: said[operation] }
    await host.turn(c, { said: [{ id: ids[0] ?? '', reply: reply as unknown as Json }], take: 10, expectInS: 60 })
  })
  return { fetched, answered }
}

test('fetch and answer: no more statements and transactions than on Linux', async () => {
  const bench = await createHarness().open([linux, android])
  try {
    const computer = await bench.enrol('linux', { channel: 'device', facts: { 'os.name': 'Debian GNU/Linux' } })
    const facts = { 'android.mode': 'device-owner', 'android.companyOwned': true, 'android.apiLevel': 34 }
    const till = await bench.enrol('android', { channel: 'agent', facts, ownership: 'dedicated' })
    const message = { title: '', text: 'Hello' }
    // Each once, so that what is remembered of activities and devices is there.
    await trip(bench, linux, computer, 'device.message', message)
    await trip(bench, android, till, 'device.message', message)
    const plain = await trip(bench, linux, computer, 'device.message', message)
    assert.deepEqual(await trip(bench, android, till, 'device.message', message), plain)
    assert.ok(plain.fetched.statements > 0 && plain.answered.transactions === 1)
    // Whether a device can lock depends on how it is managed: its facts are read with it, by the statement that hands it over.
    const asked = await trip(bench, android, till, 'device.lock', {})
    assert.ok(
      asked.fetched.statements <= plain.fetched.statements + 1 &&
        asked.answered.statements <= plain.answered.statements + 1,
      JSON.stringify({ asked, plain }),
    )
    const idle = await bench.db.count(() => bench.host('android').turn(till, { take: 10, expectInS: 60 }))
    assert.deepEqual(idle, { statements: 0, transactions: 0 })
  } finally {
    await bench.close()
  }
})
