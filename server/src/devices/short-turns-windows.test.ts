/** Windows’ commands by the short way of turns: those that must not be done twice, and what a PC is offered that it put off. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Channel, Delivery, OperationRow, ShortTurn } from '@muster/contract'
import { type CoreBench, createHarness } from '@muster/core/testing'
import { windows } from '@muster/plugin-windows'

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([windows])
})
after(() => bench.close())

const get = { commands: [{ verb: 'Get', uri: './DevDetail/SwV' }] }
const answer = {
  statuses: [{ verb: 'Get', uri: './DevDetail/SwV', code: 200 }],
  results: [{ uri: './DevDetail/SwV', data: '10.0' }],
}
const idOf = (c: Channel, activity: number) => `o${c.no.toString(36)}-${activity.toString(36)}`

/** undefined: it is for the long way. */
async function short(c: Channel, turn: Partial<ShortTurn<OperationRow>>): Promise<readonly Delivery[] | undefined> {
  const head = await bench.core.devices.identity.channel(c.no)
  assert.ok(head)
  const answered = Promise.withResolvers<readonly Delivery[]>()
  const taken = bench.core.operations.short(head, { take: 10, expectInS: 60, ...turn }, (deliveries, error) => {
    if (deliveries) answered.resolve(deliveries)
    else answered.reject(error ?? new Error('it is for the long way after all'))
    return undefined
  })
  return taken ? answered.promise : undefined
}
/** A PC that asked for everything once, also for what it put off, of a command that this node has read. */
async function pc(): Promise<Channel> {
  const c = await bench.enrol('windows', { channel: 'device', facts: { 'os.name': 'Windows' } })
  await bench.send('windows.csp', get, [c])
  const host = bench.host('windows')
  const [d] = await host.turn(c, { take: 10, expectInS: 60 })
  await host.turn(c, { said: [{ id: d?.id ?? '', reply: answer }], take: 10, expectInS: 60 })
  await host.turn(c, { take: 10, deferred: 'again', expectInS: 60 })
  return c
}
const pendingOf = (c: Channel) =>
  bench.db.query<{ activity: number; state: string; safe: boolean; attempts: number }>({
    text: `select activity, state, safe, attempts from pending where channel = $1`,
    values: [c.no],
  })

test('a command that must not be done twice goes out and is settled, one transaction each', async () => {
  const c = await pc()
  await bench.send('windows.csp', get, [c])
  const [open] = await pendingOf(c)
  assert.ok(open)
  const { transactions } = await bench.db.count(async () => {
    const given = await short(c, { again: true })
    assert.deepEqual(
      given?.map((d) => [d.kind, d.id]),
      [['operation', idOf(c, open.activity)]],
    )
  })
  assert.equal(transactions, 1)
  assert.deepEqual(await pendingOf(c), [{ activity: open.activity, state: 'sent', safe: false, attempts: 1 }])
  const word = () => ({ state: 'completed' as const, result: JSON.stringify(answer) })
  assert.deepEqual(await short(c, { id: idOf(c, open.activity), raw: Buffer.from('x'), word }), [])
  assert.deepEqual(await pendingOf(c), [])
})

test('who put something off is offered it by the long way; who surely did not takes the short one', async () => {
  const c = await pc()
  await bench.send('windows.csp', get, [c])
  const host = bench.host('windows')
  const [d] = await host.turn(c, { take: 10, expectInS: 60 })
  assert.ok(d)
  const reason = { code: 'no-user', text: 'Nobody is logged on.' }
  await host.turn(c, { said: [{ id: d.id, state: 'deferred', reason, retryAfterS: 3600 }], take: 0, expectInS: 60 })
  await bench.send('windows.csp', get, [c])
  await bench.heard()
  assert.equal(await short(c, { again: true }), undefined)
  assert.deepEqual((await pendingOf(c)).map((p) => p.state).sort(), ['deferred', 'pending'])
  const both = await host.turn(c, { take: 10, deferred: 'again', expectInS: 60 })
  assert.equal(both.length, 2)
  await host.turn(c, { said: both.map(({ id }) => ({ id, reply: answer })), take: 10, expectInS: 60 })
  await host.turn(c, { take: 10, deferred: 'again', expectInS: 60 })
  await bench.send('windows.csp', get, [c])
  await bench.heard()
  assert.equal((await short(c, { again: true }))?.length, 1)
  // It asked for all that there is, also for what it put off: the next one costs nothing.
  const { statements } = await bench.db.count(async () => {
    assert.equal(await short(c, { again: true }), undefined)
    assert.ok(bench.core.operations.idle((await bench.core.devices.identity.channel(c.no)) as never, 10, 60, true))
  })
  assert.equal(statements, 0)
})

test('a lock takes the short way by the few facts that it looks at; who cannot do it is told why', async () => {
  const enrolled = (csp: string) => {
    const facts = { 'os.name': 'Windows', 'os.version': '10.0.22631.4317', 'windows.csp': { [csp]: '1.0' } }
    return bench.enrol('windows', { channel: 'device', facts })
  }
  const [first, able, unable] = [await enrolled('RemoteLock'), await enrolled('RemoteLock'), await enrolled('Reboot')]
  await bench.send('device.lock', {}, [first, able])
  await bench.heard()
  // From then on this node knows what the activity is.
  assert.equal((await short(first, {}))?.length, 1)
  const [open] = await pendingOf(able)
  assert.ok(open)
  const { transactions } = await bench.db.count(async () => {
    const given = await short(able, {})
    assert.deepEqual(
      given?.map((d) => [d.id, d.channel.facts]),
      [[idOf(able, open.activity), { 'os.version': '10.0.22631.4317', 'windows.csp': { RemoteLock: '1.0' } }]],
    )
  })
  assert.equal(transactions, 1)
  const word = () => ({ state: 'completed' as const, result: '{"sessions":1}' })
  assert.deepEqual(await short(able, { id: idOf(able, open.activity), raw: Buffer.from('x'), word }), [])
  assert.deepEqual(await pendingOf(able), [])
  // It was asked before it told what it has.
  await bench.db.query({
    text: `insert into pending (channel, activity, epoch, ownership, operation, state, safe, deadline) select $1, activity, 1, ownership, operation, 'pending', safe, deadline from pending where channel = $2`,
    values: [unable.no, first.no],
  })
  bench.core.devices.waiting.heard([unable.no])
  assert.deepEqual(await short(unable, {}), [])
  assert.deepEqual(await pendingOf(unable), [])
  const [ended] = await bench.db.query<{ state: string; reason: { code: string } }>({
    text: 'select state, reason from history where channel = $1',
    values: [unable.no],
  })
  assert.deepEqual([ended?.state, ended?.reason.code], ['failed', 'not-supported'])
})
