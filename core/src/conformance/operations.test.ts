/** The life of an operation on devices that ask: each row of the transition table, by the devices' own protocols. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pull, rounds } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import { type CoreBench, createHarness } from '../testing/index.ts'
import { computer, phone } from './world.ts'

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([pull, rounds])
})
after(() => bench.close())

const lock = { text: 'x' }
async function state(activity: string, c: { channel: Parameters<CoreBench['operation']>[1] }) {
  const o = await bench.operation(activity, c.channel)
  return o && [o.state, o.reason?.code ?? null]
}

test('what is put off never blocks those behind, and a new connection is offered it again, first', async () => {
  const p = await phone(bench)
  const [a, b] = [
    await bench.send('pull.lock', lock, [p.channel]),
    await bench.send('device.inventory', {}, [p.channel]),
  ]
  const first = await p.idle()
  assert.equal(first?.command.type, 'Lock')
  const second = await p.answer(first.id, 'NotNow')
  assert.equal(second?.command.type, 'Inventory', 'the one behind it goes on')
  assert.deepEqual(await state(a, p), ['deferred', 'not-now'])
  assert.equal(await p.answer(second.id, 'Acknowledged'), undefined, 'not offered again on the same connection')
  const again = await p.idle()
  assert.equal(again?.id, first.id, 'the same id')
  assert.equal(await p.answer(again.id, 'Acknowledged'), undefined)
  assert.deepEqual(
    [await state(a, p), await state(b, p)],
    [
      ['completed', null],
      ['completed', null],
    ],
  )
  assert.equal((await bench.operation(a, p.channel))?.attempts, 2)
})

test('what was put off comes due by time for those that stay connected', async () => {
  const p = await phone(bench)
  const a = await bench.send('pull.lock', lock, [p.channel])
  const first = await p.idle()
  await p.answer(first?.id ?? '', 'NotNow')
  await bench.lapse(p.channel, 'due')
  await bench.tick()
  assert.deepEqual((await state(a, p))?.[0], 'pending')
  const [d] = await bench.host('pull').turn(p.channel, { take: 1, deferred: 'skip' })
  assert.equal(d?.id, first?.id)
  assert.equal(d?.attempt, 2)
})

test('a second wire message goes to the head of the queue with what was kept, and no attempt is counted', async () => {
  const c = await computer(bench)
  const a = await bench.send('rounds.set', { path: './a', value: '1' }, [c.channel])
  const b = await bench.send('rounds.set', { path: './b', value: '2' }, [c.channel])
  await bench.send('rounds.set', { path: './urgent', value: '3' }, [c.channel], { urgent: true })
  const [urgent, one] = await c.session([], 2)
  assert.deepEqual([urgent?.path, one?.path], ['./urgent', './a'], 'urgent first')
  const [again] = await c.session([{ id: one?.id ?? '', status: 418 }], 1)
  assert.deepEqual([again?.id, again?.verb, again?.path], [one?.id, 'Replace', './a'], 'before the one behind it')
  const [next] = await c.session([
    { id: again?.id ?? '', status: 200 },
    { id: urgent?.id ?? '', status: 200 },
  ])
  assert.equal(next?.path, './b')
  assert.deepEqual(
    [await state(a, c), await state(b, c)],
    [
      ['completed', null],
      ['sent', null],
    ],
  )
  assert.equal((await bench.operation(a, c.channel))?.attempts, 1)
})

test('a device that keeps asking for one more message is let down after sixteen', async () => {
  const c = await computer(bench)
  const a = await bench.send('rounds.set', { path: './loop', value: '1' }, [c.channel])
  let [command] = await c.session()
  for (let i = 0; i < 16; i++) {
    assert.ok(command, `round ${i}`)
    ;[command] = await c.session([{ id: command.id, status: 418 }])
  }
  assert.ok(command)
  assert.deepEqual(await c.session([{ id: command.id, status: 418 }]), [])
  assert.deepEqual(await state(a, c), ['failed', 'too-many-rounds'])
})

test('what never left us goes back, rests, and no attempt is counted', async () => {
  const c = await computer(bench)
  const a = await bench.send('rounds.set', { path: './busy', value: '1' }, [c.channel])
  const [command] = await c.session()
  assert.deepEqual(await c.session([{ id: command?.id ?? '', status: 503 }]), [], 'not at once')
  assert.deepEqual(await bench.operation(a, c.channel).then((o) => [o?.state, o?.attempts]), ['pending', 0])
  await bench.lapse(c.channel, 'due')
  await bench.tick()
  const [again] = await c.session()
  assert.equal(again?.id, command?.id)
  assert.equal((await bench.operation(a, c.channel))?.attempts, 1)
})

test('an answer that comes later: accepted is never handed over again, and ends by its result', async () => {
  const c = await computer(bench)
  const a = await bench.send('rounds.set', { path: './later', value: '1' }, [c.channel])
  const [command] = await c.session()
  await c.session([{ id: command?.id ?? '', status: 202 }])
  assert.deepEqual(await state(a, c), ['acknowledged', 'in-progress'])
  await bench.lapse(c.channel, 'lease')
  await bench.tick()
  assert.deepEqual(await c.session(), [])
  // What would hand it over again changes nothing: the device has it.
  await c.session([{ id: command?.id ?? '', status: 418 }])
  assert.equal((await state(a, c))?.[0], 'acknowledged')
  await c.session([{ id: command?.id ?? '', status: 200 }])
  assert.deepEqual(await state(a, c), ['completed', null])
})

test('no answer: handed over again with the same id where that is safe, five times at most', async () => {
  const [p, c] = [await phone(bench), await computer(bench)]
  for (const [activity, fetch, who] of [
    [await bench.send('device.inventory', {}, [p.channel]), () => p.idle().then((x) => x?.id), p],
    [await bench.send('rounds.exec', { path: './x' }, [c.channel]), () => c.session().then((x) => x[0]?.id), c],
  ] as const) {
    const id = await fetch()
    assert.ok(id)
    for (let i = 2; i <= 5; i++) {
      await bench.lapse(who.channel, 'lease')
      await bench.tick()
      assert.equal((await state(activity, who))?.[1], 'no-answer')
      assert.equal(await fetch(), id, `attempt ${i}`)
    }
    await bench.lapse(who.channel, 'lease')
    await bench.tick()
    assert.deepEqual(await state(activity, who), ['failed', 'outcome-unknown'])
  }
})

test('no answer: where a repeat may do harm, the honest end is that nobody knows', async () => {
  const p = await phone(bench)
  const a = await bench.send('pull.lock', lock, [p.channel])
  const command = await p.idle()
  await bench.lapse(p.channel, 'lease')
  await bench.tick()
  assert.deepEqual(await state(a, p), ['failed', 'outcome-unknown'])
  assert.equal(await p.answer(command?.id ?? '', 'Acknowledged'), undefined)
  assert.deepEqual(await bench.unmatched(p.channel), ['not-open'], 'said too late: noted, and nothing changed')
})

test('a report that comes while it waits to be handed over again still counts', async () => {
  const p = await phone(bench)
  const a = await bench.send('device.inventory', {}, [p.channel])
  const command = await p.idle()
  await bench.lapse(p.channel, 'lease')
  await bench.tick()
  assert.equal((await state(a, p))?.[0], 'pending')
  assert.equal(await p.answer(command?.id ?? '', 'Acknowledged'), undefined, 'not handed over again')
  assert.deepEqual(await state(a, p), ['completed', null])
})

test('three unreadable replies are the end; the last one is kept', async () => {
  const p = await phone(bench)
  const [a, behind] = [
    await bench.send('device.inventory', {}, [p.channel]),
    await bench.send('pull.lock', lock, [p.channel]),
  ]
  const first = await p.idle()
  const next = await p.answer(first?.id ?? '', 'Gibberish')
  assert.equal(next?.command.type, 'Lock', 'those behind go on')
  await p.answer(next.id, 'Acknowledged')
  assert.deepEqual(await state(a, p), ['sent', 'unreadable'])
  for (const _ of [2, 3]) {
    await bench.lapse(p.channel, 'lease')
    await bench.tick()
    const again = await p.idle()
    assert.equal(again?.id, first?.id)
    await p.answer(again?.id ?? '', 'Gibberish', { odd: true })
  }
  assert.deepEqual(await state(a, p), ['failed', 'unreadable'])
  assert.deepEqual((await bench.operation(a, p.channel))?.result, { reply: { status: 'Gibberish', odd: true } })
  assert.deepEqual(await state(behind, p), ['completed', null])
})

test('unreadable replies to what waits to be handed over again lose neither lease nor time', async () => {
  const p = await phone(bench)
  const a = await bench.send('device.inventory', {}, [p.channel])
  const first = await p.idle()
  await bench.lapse(p.channel, 'lease')
  await bench.tick()
  await bench.host('pull').turn(p.channel, { said: [{ id: first?.id ?? '', reply: 'x' }], take: 0 })
  assert.equal((await state(a, p))?.[0], 'pending', 'still to be handed over')
  assert.equal((await p.idle())?.id, first?.id)
  await p.answer(first?.id ?? '', 'NotNow')
  await bench.host('pull').turn(p.channel, { said: [{ id: first?.id ?? '', reply: 'x' }], take: 0 })
  const [row] = await bench.db.query<{ state: string; due: Date | null }>(
    sql`select state, due from pending where channel = ${p.channel.no}`,
  )
  assert.equal(row?.state, 'deferred')
  assert.ok(row.due, 'and it still comes due')
})

test('cancel in each state', async () => {
  const [held, waiting, deferred, sent, taken, lost, put] = await Promise.all([
    phone(bench),
    phone(bench),
    phone(bench),
    phone(bench),
    computer(bench),
    phone(bench),
    phone(bench),
  ])
  const acts = {
    held: await bench.send('pull.wipe', {}, [held.channel]),
    waiting: await bench.send('pull.lock', lock, [waiting.channel]),
    deferred: await bench.send('pull.lock', lock, [deferred.channel]),
    sent: await bench.send('pull.lock', lock, [sent.channel]),
    taken: await bench.send('rounds.set', { path: './c', value: '1' }, [taken.channel]),
    lost: await bench.send('device.inventory', {}, [lost.channel]),
    put: await bench.send('pull.lock', lock, [put.channel]),
  }
  await deferred.answer((await deferred.idle())?.id ?? '', 'NotNow')
  const handed = await sent.idle()
  const [command] = await taken.session()
  await taken.session([{ id: command?.id ?? '', status: 202 }])
  await lost.idle()
  const late = await put.idle()
  for (const a of Object.values(acts)) await bench.cancel(a)
  for (const a of Object.values(acts)) await bench.cancel(a)

  assert.deepEqual(
    [await state(acts.held, held), await state(acts.waiting, waiting), await state(acts.deferred, deferred)],
    [
      ['cancelled', 'cancelled'],
      ['cancelled', 'cancelled'],
      ['cancelled', 'cancelled'],
    ],
  )
  assert.deepEqual([await held.idle(), await waiting.idle(), await deferred.idle()], [undefined, undefined, undefined])
  assert.deepEqual((await bench.operation(acts.sent, sent.channel))?.cancelling, true)
  await sent.answer(handed?.id ?? '', 'Acknowledged')
  assert.deepEqual(await state(acts.sent, sent), ['completed', null], 'it was done: that is the truth')
  await taken.session([{ id: command?.id ?? '', status: 405 }])
  assert.deepEqual(await state(acts.taken, taken), ['failed', 'status'])
  await bench.lapse(lost.channel, 'lease')
  await bench.tick()
  assert.deepEqual(await state(acts.lost, lost), ['cancelled', 'outcome-unknown'], 'repeatable, yet never sent again')
  assert.equal(await put.answer(late?.id ?? '', 'NotNow'), undefined)
  assert.deepEqual(await state(acts.put, put), ['cancelled', 'cancelled'], 'put off is as good as not begun')
})

test('the deadline in each state', async () => {
  const [held, waiting, deferred, sent, taken] = await Promise.all([
    phone(bench),
    phone(bench),
    phone(bench),
    phone(bench),
    computer(bench),
  ])
  const acts = {
    held: await bench.send('pull.wipe', {}, [held.channel]),
    waiting: await bench.send('pull.lock', lock, [waiting.channel]),
    deferred: await bench.send('pull.lock', lock, [deferred.channel]),
    sent: await bench.send('device.inventory', {}, [sent.channel]),
    taken: await bench.send('rounds.set', { path: './d', value: '1' }, [taken.channel]),
  }
  await deferred.answer((await deferred.idle())?.id ?? '', 'NotNow')
  await sent.idle()
  const [command] = await taken.session()
  await taken.session([{ id: command?.id ?? '', status: 202 }])
  for (const x of [held, waiting, deferred, sent, taken]) await bench.lapse(x.channel, 'deadline')
  assert.equal(await waiting.idle(), undefined, 'past its deadline nothing is handed over, though no tick has come')
  await bench.tick()
  assert.deepEqual(
    [
      await state(acts.held, held),
      await state(acts.waiting, waiting),
      await state(acts.deferred, deferred),
      await state(acts.sent, sent),
      await state(acts.taken, taken),
    ],
    [
      ['expired', 'expired'],
      ['expired', 'expired'],
      ['expired', 'expired'],
      ['expired', 'outcome-unknown'],
      ['failed', 'no-result'],
    ],
  )
})

test('a newer one of the same kind takes the place of one that waits, never of one that was handed over', async () => {
  const p = await phone(bench)
  const a = await bench.send('device.inventory', {}, [p.channel])
  const b = await bench.send('device.inventory', {}, [p.channel])
  assert.deepEqual(await state(a, p), ['superseded', 'superseded'])
  const command = await p.idle()
  const c = await bench.send('device.inventory', {}, [p.channel])
  assert.deepEqual(
    [await state(b, p), await state(c, p)],
    [
      ['sent', null],
      ['pending', null],
    ],
  )
  assert.notEqual((await p.answer(command?.id ?? '', 'Acknowledged'))?.id, command?.id)
})

test('a destructive one is held; the release lets it go; a personal device is never wiped whole', async () => {
  const p = await phone(bench)
  const a = await bench.send('pull.wipe', {}, [p.channel])
  assert.deepEqual(await state(a, p), ['held', null])
  assert.equal(await p.idle(), undefined)
  await bench.lapse(p.channel, 'due')
  await bench.tick()
  assert.equal((await p.idle())?.command.type, 'Erase')
  const byod = await phone(bench, { ownership: 'byod' })
  await assert.rejects(bench.send('pull.wipe', {}, [byod.channel]), { code: 'empty-target' })
})

test('enrolling again closes the epoch: what waited dies with it, the old id means nothing', async () => {
  const identity = { 'device.identifiers': [{ kind: 'serial', value: 'PHONE-1' }] }
  const old = await phone(bench, { facts: identity })
  const [sent, waiting] = [
    await bench.send('pull.lock', lock, [old.channel]),
    await bench.send('device.inventory', {}, [old.channel]),
  ]
  const command = await old.idle()
  const fresh = await phone(bench, { facts: identity })
  assert.equal(fresh.channel.device, old.channel.device)
  assert.equal(fresh.channel.epoch, old.channel.epoch + 1)
  assert.deepEqual(
    [await state(sent, old), await state(waiting, old)],
    [
      ['cancelled', 'epoch-closed'],
      ['cancelled', 'epoch-closed'],
    ],
  )
  assert.equal(await fresh.answer(command?.id ?? '', 'Acknowledged'), undefined)
  assert.deepEqual(await bench.unmatched(fresh.channel), ['foreign'])
  await bench.heard()
  assert.deepEqual(await old.raw({ status: 'Idle' }), { status: 410, body: { refused: 'gone' } }, 'the farewell')
})

test('a person at the device has a queue of their own; one exchange of both never gets more than it can take', async () => {
  const p = await phone(bench)
  const user = await bench.host('pull').channel(p.channel, 'user:501', {})
  const message = await bench.send('device.message', { text: 'Hello' }, [p.channel])
  assert.equal(await p.idle(), undefined, 'it waits for the person, not for the device')
  for (let i = 0; i < 3; i++) await bench.send('pull.lock', lock, [p.channel])
  const both = await bench.host('pull').turn([p.channel, user], { take: 2 })
  assert.equal(both.length, 2)
  const rest = await bench.host('pull').turn([p.channel, user], { take: 10 })
  assert.equal(rest.length, 2, 'and nothing is forgotten')
  assert.deepEqual([...both, ...rest].filter((d) => d.channel.no === user.no).length, 1)
  assert.equal((await bench.operation(message, user))?.state, 'sent')
  assert.deepEqual(await bench.host('pull').turn([p.channel, user], { take: 10 }), [])
})

test('what turns out impossible fails with its reason and does not use up what the device can take', async () => {
  const p = await phone(bench)
  const [a, b] = [
    await bench.send('pull.lock', lock, [p.channel]),
    await bench.send('device.inventory', {}, [p.channel]),
  ]
  const command = await p.idle({ facts: { 'pull.supervised': false } })
  assert.equal(command?.command.type, 'Inventory')
  assert.deepEqual([await state(a, p), (await state(b, p))?.[0]], [['failed', 'not-supervised'], 'sent'])
  await assert.rejects(bench.send('pull.lock', lock, [p.channel]), {
    code: 'empty-target',
    extra: {
      refused: [{ device: p.channel.device, code: 'not-supervised', text: 'Only a supervised device can be locked.' }],
    },
  })
})

test('each exchange of an activity is counted: open and settled add up to its targets', async () => {
  const phones = await Promise.all([1, 2, 3, 4].map(() => phone(bench)))
  const a = await bench.send(
    'pull.lock',
    lock,
    phones.map((p) => p.channel),
  )
  const [one, two, three] = phones as [(typeof phones)[0], (typeof phones)[0], (typeof phones)[0]]
  await one?.answer((await one.idle())?.id ?? '', 'Acknowledged')
  await two?.answer((await two.idle())?.id ?? '', 'Error', { error: 'no' })
  await three?.idle()
  const view = await bench.core.operations.activity(Number(a))
  assert.deepEqual(view.counts, { completed: 1, failed: 1, sent: 1, pending: 1 })
  assert.equal(view.targets, 4)
})
