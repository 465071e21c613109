/** The queue of turns: batches form while others are written, devices keep their order, one bad turn spoils no other, and a flood is refused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Delivery, isProblem, Problem } from '@muster/contract'
import fc from 'fast-check'
import type { KnownChannel } from '../devices/index.ts'
import { silentLog } from '../testing/index.ts'
import { createTurnQueue, queueLimits } from './queue.ts'
import type { TurnItem } from './turn.ts'

type Item = TurnItem & { name: string }
const numbers = new Map<string, number>()
const numberOf = (device: string) => {
  numbers.set(device, numbers.get(device) ?? numbers.size + 1)
  return numbers.get(device) as number
}
const channel = (device: string, no = 1): KnownChannel => ({
  no,
  device,
  deviceNo: numberOf(device),
  platform: 'p',
  epoch: 1,
  name: 'device',
  lifecycle: 'active',
  blocked: false,
  ownership: 'cope',
})
const item = (name: string, device: string, urgent = false): Item => ({
  name,
  channels: [channel(device)],
  turn: { take: 0 },
  urgent,
})
const nameOf = (i: TurnItem) => (i as Item).name
/** What a turn is answered with here: its own name. */
const answerTo = (i: TurnItem) => [{ id: nameOf(i) } as Delivery]

function held() {
  const gate = Promise.withResolvers<void>()
  const batches: string[][] = []
  let running = 0
  let most = 0
  const queue = createTurnQueue({
    log: silentLog,
    run: async (items) => {
      batches.push(items.map(nameOf))
      running += 1
      most = Math.max(most, running)
      await gate.promise
      running -= 1
      return items.map(answerTo)
    },
  })
  return { queue, batches, open: () => gate.resolve(), most: () => most }
}
/** Past what was set off for the next turn of the event loop. */
const soon = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

test('what arrives together is one batch; while as many are written as there are lanes the rest gathers', async () => {
  const { queue, batches, open, most } = held()
  const many = queueLimits.batch + 100
  const all = [queue.add(item('a', 'A')), queue.add(item('b', 'B'))]
  await soon()
  for (let lane = 1; lane < queueLimits.lanes; lane++) {
    all.push(queue.add(item(`c${lane}`, `C${lane}`)))
    await soon()
  }
  for (let i = 0; i < many; i++) all.push(queue.add(item(`n${i}`, `N${i}`)))
  await soon()
  const small = Array.from({ length: queueLimits.lanes - 1 }, (_, i) => `c${i + 1}`)
  assert.deepEqual(batches, [['a', 'b'], ...small.map((name) => [name])])
  assert.equal(queue.waiting(), many)
  open()
  const answers = await Promise.all(all)
  assert.deepEqual(
    answers.map((a) => a[0]?.id),
    ['a', 'b', ...small, ...Array.from({ length: many }, (_, i) => `n${i}`)],
  )
  assert.equal(batches[queueLimits.lanes]?.length, queueLimits.batch)
  assert.equal(most(), queueLimits.lanes)
  await queue.drain()
})

test('a device is never in two batches at once, and keeps its order, urgent or not', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ device: fc.constantFrom('A', 'B', 'C'), urgent: fc.boolean(), pause: fc.boolean() }), {
        minLength: 1,
        maxLength: 40,
      }),
      async (turns) => {
        const busy = new Set<string>()
        const order = new Map<string, number[]>()
        const queue = createTurnQueue({
          log: silentLog,
          run: async (items) => {
            for (const i of items) for (const c of i.channels) assert.ok(!busy.has(c.device) && busy.add(c.device))
            await new Promise((resolve) => setImmediate(resolve))
            for (const i of items)
              for (const c of i.channels) order.set(c.device, [...(order.get(c.device) ?? []), Number(nameOf(i))])
            for (const i of items) for (const c of i.channels) busy.delete(c.device)
            return items.map(answerTo)
          },
        })
        const all: Promise<unknown>[] = []
        for (const [n, t] of turns.entries()) {
          all.push(queue.add(item(String(n), t.device, t.urgent)))
          if (t.pause) await new Promise((resolve) => setImmediate(resolve))
        }
        await Promise.all(all)
        await queue.drain()
        for (const list of order.values())
          assert.deepEqual(
            list,
            [...list].sort((a, b) => a - b),
          )
        assert.equal([...order.values()].flat().length, turns.length)
      },
    ),
    { numRuns: 60 },
  )
})

test('what answers goes before what only tells', async () => {
  const { queue, batches, open } = held()
  const all = [queue.add(item('x', 'X')), queue.add(item('busy', 'Y'))]
  await soon()
  all.push(queue.add(item('x2', 'X')), queue.add(item('y2', 'Y')))
  await soon()
  for (let i = 0; i < queueLimits.batch + 5; i++) all.push(queue.add(item(`r${i}`, `R${i}`)))
  all.push(queue.add(item('ack', 'Q', true)), queue.add(item('ack2', 'X', true)))
  open()
  await Promise.all(all)
  const order = batches.flat()
  assert.ok(order.indexOf('ack') < order.indexOf(`r${queueLimits.batch + 4}`))
  assert.ok(order.indexOf('x2') < order.indexOf('ack2'), 'yet after what its own device said before')
})

test('one turn that cannot be written spoils no other, wherever it stands', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.uniqueArray(fc.nat({ max: 39 }), { maxLength: 4 }),
      async (n, bad) => {
        const written: string[] = []
        const queue = createTurnQueue({
          log: silentLog,
          run: async (items) => {
            if (items.some((i) => bad.includes(Number(nameOf(i))))) throw new Error('poison')
            written.push(...items.map(nameOf))
            return items.map(answerTo)
          },
        })
        const results = await Promise.allSettled(
          Array.from({ length: n }, (_, i) => queue.add(item(String(i), `D${i}`))),
        )
        for (const [i, r] of results.entries()) assert.equal(r.status, bad.includes(i) ? 'rejected' : 'fulfilled')
        assert.equal(new Set(written).size, written.length, 'and none is written twice')
        await queue.drain()
      },
    ),
    { numRuns: 40 },
  )
})

test('when the database is away a batch is not halved: each is told at once', async () => {
  let runs = 0
  const queue = createTurnQueue({
    log: silentLog,
    run: async () => {
      runs += 1
      throw Object.assign(new Error('away'), { code: 'database-away' })
    },
  })
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => queue.add(item(String(i), `D${i}`))))
  assert.ok(results.every((r) => r.status === 'rejected'))
  assert.equal(runs, 1)
})

test('a flood is refused with a time to come back; reports are shed before what answers', async () => {
  const { queue, open } = held()
  const first = queue.add(item('first', 'F'))
  await soon()
  const reports = Array.from({ length: queueLimits.waiting }, (_, i) => queue.add(item(`r${i}`, `R${i}`)))
  const settled = Promise.allSettled(reports)
  await assert.rejects(
    queue.add(item('late', 'L')),
    (e: unknown) => isProblem(e) && e.code === 'overloaded' && Number(e.extra.retryAfterS) >= 5,
  )
  const ack = queue.add(item('ack', 'A', true))
  open()
  assert.deepEqual((await ack)[0]?.id, 'ack')
  await first
  const refused = (await settled).filter((r) => r.status === 'rejected')
  assert.equal(refused.length, 1)
  assert.ok(refused[0]?.status === 'rejected' && refused[0].reason instanceof Problem)
})

test('when all that waits answers, memory stays bounded all the same', async () => {
  const { queue, open } = held()
  const first = queue.add(item('first', 'F', true))
  await soon()
  const acks = Array.from({ length: queueLimits.waiting }, (_, i) => queue.add(item(`a${i}`, `A${i}`, true)))
  await assert.rejects(queue.add(item('late', 'L', true)), { code: 'overloaded' })
  open()
  await Promise.all([first, ...acks])
  assert.equal(queue.waiting(), 0)
})

test('short turns have batches of their own; one device keeps its order over both kinds; a failed batch is answered with neither', async () => {
  const order: string[] = []
  let fails = false
  const queue = createTurnQueue({
    log: silentLog,
    run: async (items) => {
      order.push(`long ${items.map(nameOf)}`)
      await new Promise((resolve) => setImmediate(resolve))
      return items.map(answerTo)
    },
    runShort: async (items) => {
      order.push(`short ${items.map((i) => i.channel.device)}`)
      await new Promise((resolve) => setImmediate(resolve))
      if (fails) throw new Error('spoilt')
      return items.map((i) => [{ id: i.channel.device } as Delivery])
    },
    sent: (i, text) => order.push(`sent ${i.channel.device} ${text}`),
  })
  const brief = (device: string) =>
    new Promise<string | undefined>((resolve) => {
      const done = (deliveries: readonly Delivery[] | undefined, error?: unknown) => {
        order.push(`done ${device}`)
        resolve(error === undefined ? deliveries?.[0]?.id : 'failed')
        return deliveries && 'text'
      }
      assert.ok(queue.addShort({ channel: channel(device), take: 1, done }))
    })
  const first = [queue.add(item('a1', 'A')), brief('A'), queue.add(item('a2', 'A')), brief('B'), brief('C')]
  await Promise.all(first)
  assert.deepEqual(
    order.filter((o) => / [aA]/.test(o) && !o.startsWith('sent')),
    ['long a1', 'short A', 'long a2', 'done A'],
    'what is durable is answered while the next batch is under way',
  )
  assert.ok(order.includes('short B,C'))
  assert.equal(order.filter((o) => o.startsWith('sent')).length, 3)
  fails = true
  assert.deepEqual(await Promise.all([brief('A'), brief('B')]), [undefined, undefined])
  const last = brief('A')
  await queue.drain()
  assert.equal(queue.waiting(), 0)
  assert.equal(order.at(-1), 'done A', 'who drains waits for the answers, too')
  await last
})
