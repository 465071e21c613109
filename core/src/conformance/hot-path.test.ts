/** What an exchange costs: an idle poll no statement at all, an exchange with results, facts and deliveries one transaction. */
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

const nothing = { statements: 0, transactions: 0 }

test('an idle poll issues no statement: neither to know the device, nor to know that nothing waits', async () => {
  const p = await phone(bench)
  await bench.heard()
  await p.idle()
  assert.deepEqual(await bench.db.count(() => p.idle()), nothing)
  assert.deepEqual(
    await bench.db.count(async () => void (await Promise.all(Array.from({ length: 200 }, () => p.idle())))),
    nothing,
  )
  const c = await computer(bench)
  await bench.heard()
  await c.session()
  assert.deepEqual(await bench.db.count(() => c.session()), nothing)
})

test('work that arrives ends the quiet, and when it is done it is quiet again', async () => {
  const p = await phone(bench)
  await p.idle()
  await bench.send('pull.lock', { text: '' }, [p.channel])
  const command = await p.idle()
  assert.ok(command)
  await p.answer(command.id, 'Acknowledged')
  await p.idle()
  await bench.heard()
  await p.idle()
  assert.deepEqual(await bench.db.count(() => p.idle()), nothing)
})

test('what a device put off is offered to each new connection, and costs nothing once it is done', async () => {
  const p = await phone(bench)
  await bench.send('pull.lock', { text: '' }, [p.channel])
  const command = await p.idle()
  await p.answer(command?.id ?? '', 'NotNow')
  for (let i = 0; i < 3; i++) {
    assert.equal((await p.idle())?.id, command?.id)
    await p.answer(command?.id ?? '', 'NotNow')
  }
  assert.equal((await p.idle())?.id, command?.id)
  await p.answer(command?.id ?? '', 'Acknowledged')
  await p.idle()
  await bench.heard()
  await p.idle()
  assert.deepEqual(await bench.db.count(() => p.idle()), nothing)
})

test('results, facts, state, an event and deliveries together are one transaction', async () => {
  const c = await computer(bench)
  for (let i = 0; i < 4; i++) await bench.send('rounds.set', { path: `./${i}`, value: 'x' }, [c.channel])
  const given = await c.session([], 2)
  const turn = {
    said: given.map((g) => ({ id: g.id, reply: { status: 200 } })),
    facts: { 'os.version': '1' },
    state: { step: 1 },
    push: 'token',
    raw: new TextEncoder().encode('the message'),
    events: [{ type: 'rounds.started', at: new Date().toISOString(), data: {} }],
    take: 10,
    expectInS: 60,
  }
  let deliveries = 0
  const cost = await bench.db.count(async () => {
    deliveries = (await bench.host('rounds').turn(c.channel, turn)).length
  })
  assert.equal(deliveries, 2)
  assert.equal(cost.transactions, 1)
  assert.ok(cost.statements <= 20, `${cost.statements} statements`)
  const [kept] =
    await bench.db.query(sql`select (select count(*) from history where channel = ${c.channel.no}) as history, (select facts ->> 'os.version' from device where id = ${c.channel.device}::uuid) as os,
    (select push #>> '{}' from channel where no = ${c.channel.no}) as push, (select count(*) from message, unnest(channels, outbounds) x (no, outbound) where x.no = ${c.channel.no} and not x.outbound) > 0 as logged`)
  assert.deepEqual(kept, { history: 2, os: '1', push: 'token', logged: true })
})

test('devices that come together share a transaction; each gets its own', async () => {
  const all = await Promise.all(Array.from({ length: 12 }, () => computer(bench)))
  await bench.send(
    'rounds.set',
    { path: './together', value: 'x' },
    all.map((c) => c.channel),
  )
  let given: string[] = []
  const cost = await bench.db.count(async () => {
    given = (await Promise.all(all.map((c) => c.session()))).map((x) => x[0]?.id ?? '')
  })
  assert.equal(new Set(given).size, 12)
  // A busy machine hears them in portions.
  assert.ok(cost.transactions <= 6, `${cost.transactions} transactions`)
  for (const [i, c] of all.entries()) assert.ok(given[i]?.startsWith(`o${c.channel.no.toString(36)}-`))
})

test('sending to many devices costs the same few statements as to one', async () => {
  const all = await Promise.all(Array.from({ length: 30 }, () => bench.enrol('rounds')))
  const one = await bench.db.count(() => bench.send('rounds.set', { path: './n', value: 'x' }, all.slice(0, 1)))
  const many = await bench.db.count(() => bench.send('rounds.set', { path: './n', value: 'x' }, all))
  assert.equal(many.statements, one.statements)
})

test('when last seen is written it is for all at once', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => computer(bench)))
  await Promise.all(all.map((c) => c.session()))
  const cost = await bench.db.count(() => bench.core.devices.seen.flush())
  assert.deepEqual(cost, { statements: 2, transactions: 1 })
})
