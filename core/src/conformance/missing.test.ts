/** A device that says what it has is handed at once what went missing on the way: never what may have been done and must not be done twice. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Turn } from '@muster/contract'
import { pull } from '@muster/contract/testing'
import { type CoreBench, createHarness } from '../testing/index.ts'
import { phone } from './world.ts'

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([pull])
})
after(() => bench.close())

type Phone = Awaited<ReturnType<typeof phone>>
const lock = { text: 'x' }
const turn = async (p: Phone, t: Partial<Turn>) =>
  (await bench.host('pull').turn(p.channel, { take: 10, ...t })).map((d) => [d.id, d.attempt])
const stands = async (activity: string, p: Phone) => {
  const o = await bench.operation(activity, p.channel)
  return [o?.state, o?.attempts]
}
/** Handed over, and nobody heard it. */
async function lost(operation: string, params = {}) {
  const p = await phone(bench)
  const activity = await bench.send(operation, params, [p.channel])
  await bench.heard()
  const [[id] = []] = await turn(p, {})
  assert.ok(id)
  assert.deepEqual(await turn(p, {}), [], 'nothing is handed over twice by itself')
  return { p, activity, id: String(id) }
}

test('what it does not have comes at once, under the same id; what it has does not', async () => {
  const { p, id, activity } = await lost('device.inventory')
  assert.deepEqual(await turn(p, { has: [id] }), [])
  assert.deepEqual(await turn(p, { has: [] }), [[id, 2]])
  assert.deepEqual(await turn(p, { has: [] }), [[id, 3]])
  assert.deepEqual(await stands(activity, p), ['sent', 3])
  assert.deepEqual(await turn(p, { said: [{ id, reply: { status: 'Acknowledged' } }], has: [] }), [])
  assert.equal((await stands(activity, p))[0], 'completed')
})

test('what must not be done twice stands until its lease ends, whatever the device says', async () => {
  const { p, activity } = await lost('pull.lock', lock)
  assert.deepEqual(await turn(p, { has: [] }), [])
  assert.deepEqual(await stands(activity, p), ['sent', 1])
  await bench.lapse(p.channel, 'lease')
  await bench.tick()
  assert.deepEqual((await bench.operation(activity, p.channel))?.state, 'failed')
})

test('who takes nothing now finds it later; the others’ stays theirs, and names that are nobody’s change nothing', async () => {
  const [a, b] = [await lost('device.inventory'), await lost('device.inventory')]
  assert.deepEqual(await turn(a.p, { take: 0, has: ['nonsense', b.id, ''] }), [])
  assert.deepEqual(await stands(a.activity, a.p), ['pending', 1])
  assert.deepEqual(await stands(b.activity, b.p), ['sent', 1])
  assert.deepEqual(await turn(a.p, {}), [[a.id, 2]])
})

test('what goes missing each time is not handed over for ever', async () => {
  const { p, id, activity } = await lost('device.inventory')
  const given: unknown[] = []
  for (let i = 0; i < 8; i++) given.push(...(await turn(p, { has: [] })))
  assert.deepEqual(given, [
    [id, 2],
    [id, 3],
    [id, 4],
    [id, 5],
  ])
  await bench.lapse(p.channel, 'lease')
  await bench.tick()
  assert.equal((await bench.operation(activity, p.channel))?.state, 'failed')
})

test('a device that says it has more than there can be is refused', async () => {
  const p = await phone(bench)
  await assert.rejects(turn(p, { has: Array.from({ length: 1001 }, (_, i) => `o1-${i}`) }), { code: 'invalid-request' })
})
