/** Delivering at the rate a platform asks for: nobody is starved, nothing is claimed that cannot leave in time, and what never left goes back. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Channel, Delivery, OpenPlatform } from '@muster/contract'
import { cloud } from '@muster/contract/testing'
import { type CoreBench, createHarness, silentLog } from '../testing/index.ts'
import { createDeliverer } from './deliver.ts'

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([cloud])
})
after(() => bench.close())

function deliverer(
  deliver: OpenPlatform['deliver'],
  o: { rate?: OpenPlatform['rate']; atOnce?: number; calls?: OpenPlatform['calls'] } = {},
) {
  const { db, devices, operations, policies } = bench.core
  const open: OpenPlatform = {
    routes: [],
    invite: async () => ({ steps: [] }),
    close: async () => undefined,
    deliver,
    rate: o.rate ?? { perSecond: 1_000, inFlight: 50 },
    calls: o.calls,
  }
  return createDeliverer({
    db,
    log: silentLog,
    devices,
    operations,
    platform: 'cloud',
    open,
    settingsWaiting: () => policies.waitingChannels(),
    atOnce: o.atOnce,
  })
}
const answer = (d: Delivery) =>
  bench.host('cloud').turn(d.channel, { said: [{ id: d.id, state: 'completed' }], take: 0 })
const forever = () => new AbortController().signal
const state = async (a: string, c: Channel) => (await bench.operation(a, c))?.state

test('devices that wait in vain keep no other waiting', async () => {
  // Without a serial number their settings can never be put: they count as waiting for good.
  await bench.publish('cloud', { 'cloud.banner': { text: 'Belongs to {{device.serial}}' } })
  const stuck = await Promise.all(Array.from({ length: 6 }, () => bench.enrol('cloud')))
  const fine = await bench.enrol('cloud', { facts: { 'device.serial': 'S' } })
  assert.ok(stuck.every((c) => c.no < fine.no))
  const got: string[] = []
  const d = deliverer(
    async (all) => {
      for (const x of all) {
        got.push(x.channel.device)
        await answer(x)
      }
    },
    { atOnce: 2 },
  )
  await d.round(forever())
  assert.deepEqual(got, [fine.device])
  assert.equal(await d.round(forever()), 0)
  await bench.publish('cloud', {})
  await d.round(forever())
})

test('the rate holds over parts, batches and rounds, and nothing is claimed that would wait past its lease', async () => {
  const all = await Promise.all(Array.from({ length: 5 }, () => bench.enrol('cloud')))
  const a = await bench.send('cloud.reboot', {}, all)
  const times: number[] = []
  let most = 0
  const d = deliverer(
    async (part) => {
      times.push(Date.now())
      most = Math.max(most, part.length)
      await Promise.all(part.map(answer))
    },
    { rate: { perSecond: 20, inFlight: 2 }, atOnce: 2 },
  )
  await d.round(forever())
  await d.round(forever())
  assert.deepEqual((await bench.core.operations.activity(Number(a))).counts, { completed: 5 })
  assert.ok(most <= 2)
  // One that was late puts off nobody: the next may follow up to 50 ms sooner.
  for (const [i, t] of times.entries())
    assert.ok(t - (times[0] ?? 0) >= 50 * i - 55, `part ${i} came too soon: ${times.map((x) => x - (times[0] ?? 0))}`)
  assert.equal(times.length, 5)
  const slow = await bench.send('cloud.reboot', {}, all)
  const stop = new AbortController()
  const crawling = deliverer(async () => stop.abort(), { rate: { perSecond: 1 / 60, inFlight: 1 } })
  await crawling.round(stop.signal)
  assert.deepEqual(
    (await bench.core.operations.activity(Number(slow))).counts,
    { pending: 4, sent: 1 },
    'one a minute: one is claimed',
  )
  await bench.cancel(slow)
})

test('stopping gives back what never left; what the plugin had in hand when it failed stands as handed over', async () => {
  const all = await Promise.all(Array.from({ length: 4 }, () => bench.enrol('cloud')))
  const [a, b] = [
    await bench.send('cloud.reboot', {}, all.slice(0, 2)),
    await bench.send('cloud.reboot', {}, all.slice(2)),
  ]
  const stop = new AbortController()
  const handed: string[] = []
  await deliverer(
    async (part) => {
      handed.push(...part.map((x) => x.channel.device))
      stop.abort()
    },
    { rate: { perSecond: 100, inFlight: 1 } },
  ).round(stop.signal)
  const after = await Promise.all(all.map(async (c, i) => [await state(i < 2 ? a : b, c), handed.includes(c.device)]))
  assert.deepEqual(after.map(([s]) => s).sort(), ['pending', 'pending', 'pending', 'sent'])
  for (const [s, left] of after) assert.equal(s === 'sent', left)
  for (const c of all) await bench.lapse(c, 'due')
  await bench.tick()
  const breaks = deliverer(async () => Promise.reject(new Error('the plugin failed')), {
    rate: { perSecond: 1_000, inFlight: 1 },
  })
  await assert.rejects(breaks.round(forever()), /the plugin failed/)
  const states = await Promise.all(all.map((c, i) => state(i < 2 ? a : b, c)))
  assert.deepEqual(states.sort(), ['pending', 'pending', 'sent', 'sent'])
})

test('what we do on a device’s behalf is no sign of life of it', async () => {
  const c = await bench.enrol('cloud')
  await bench.core.devices.seen.flush()
  await bench.db.query({ text: 'delete from seen where channel = $1', values: [c.no] })
  await bench.send('cloud.reboot', {}, [c])
  await deliverer(async () => undefined).round(forever())
  await bench.core.devices.seen.flush()
  assert.deepEqual(await bench.db.query({ text: 'select from seen where channel = $1', values: [c.no] }), [])
})

test('channels that come by themselves are left to themselves, each with its own way of settings', async () => {
  await bench.publish('cloud', { 'cloud.banner': { text: 'Hi' } })
  const reached = await bench.enrol('cloud')
  const agent = await bench.enrol('cloud', { channel: 'agent' })
  const a = await bench.send('cloud.reboot', {}, [reached, agent])
  const got: string[] = []
  const d = deliverer(
    async (all) => {
      for (const x of all) {
        if ([reached.device, agent.device].includes(x.channel.device)) got.push(`${x.channel.name} ${x.kind}`)
        await answer(x)
      }
    },
    { calls: ['device'] },
  )
  await d.round(forever())
  assert.deepEqual(got.sort(), ['device document', 'device operation'])
  assert.equal(await state(a, agent), 'pending')
  const fetched = await bench.host('cloud').turn(agent, { take: 10 })
  assert.deepEqual(fetched.map((x) => x.kind).sort(), ['operation', 'setting'])
  await bench.publish('cloud', {})
})

test('who begins takes back at once what its forerunner had claimed, unless it may have been done and must not be done twice', async () => {
  const [c, settled] = [await bench.enrol('cloud'), await bench.enrol('cloud')]
  const again = await bench.send('device.inventory', {}, [c])
  const once = await bench.send('cloud.reboot', {}, [c])
  await bench.publish('cloud', { 'cloud.banner': { text: 'Mine' } })
  const got = (list: string[]) => async (part: readonly Delivery[]) =>
    void list.push(...part.map((x) => `${x.channel.no} ${x.kind === 'operation' ? x.operation : x.kind}`))
  const [before, after]: [string[], string[]] = [[], []]
  // It dies before anything is told: what was claimed stands as handed over.
  await deliverer(got(before), { rate: { perSecond: 1_000, inFlight: 1 } }).round(forever())
  assert.ok(before.includes(`${c.no} device.inventory`) && before.includes(`${c.no} cloud.reboot`), before.join())
  assert.ok(before.includes(`${settled.no} document`), before.join())
  const next = deliverer(got(after))
  const lead = forever()
  await next.round(lead)
  await bench.tick()
  await next.round(lead)
  assert.deepEqual([await state(again, c), await state(once, c)], ['sent', 'sent'])
  assert.equal(after.filter((x) => x === `${c.no} device.inventory`).length, 1)
  assert.equal(after.filter((x) => x === `${settled.no} document`).length, 1)
  assert.equal(after.filter((x) => x === `${c.no} cloud.reboot`).length, 0)
  // Only who begins looks back: what it claims itself keeps its lease.
  await bench.tick()
  await next.round(lead)
  assert.equal(after.filter((x) => x === `${c.no} device.inventory`).length, 1)
  await bench.publish('cloud', {})
})

test('what is urgent goes before what is many, and one device’s things in their order', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, () => bench.enrol('cloud')))
  const many = await bench.send('device.inventory', {}, all)
  const last = all.at(-1) as Channel
  const second = await bench.send('cloud.reboot', {}, [last])
  await bench.db.query({ text: 'update pending set urgent = true where activity = $1', values: [second] })
  const got: string[] = []
  const d = deliverer(
    async (part) => {
      for (const x of part) {
        got.push(`${x.channel.no} ${x.kind === 'operation' ? x.operation : x.kind}`)
        await answer(x)
      }
    },
    { rate: { perSecond: 1_000, inFlight: 4 } },
  )
  await d.round(forever())
  const own = got.filter((g) => all.some((c) => g.startsWith(`${c.no} `)))
  assert.deepEqual([own[0], own.length], [`${last.no} cloud.reboot`, 7])
  assert.deepEqual(await state(many, last), 'completed')
})
