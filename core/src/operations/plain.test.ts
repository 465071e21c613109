/** The plain case of sending: taken only when no row asks anything of a device, and then a row for each device that has the channel, in one statement. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { OperationDescriptor, OperationRow } from '@muster/contract'
import sql from 'sql-template-tag'
import { z } from 'zod'
import type { Registry } from '../registry/index.ts'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { type PlainSend, sendPlain } from './plain.ts'

let t: TestDatabase
before(async () => {
  t = await testDatabase()
  await t.db.query(
    sql`insert into platform (id, title, installed, descriptors) values ('a', 'A', true, '{}'), ('b', 'B', true, '{}')`,
  )
  // Of platform a: ten devices with their channel, the last two without it. Of b: three, of which one is not in.
  for (const [platform, from, to, channel, state] of [
    ['a', 1, 8, 'device', 'active'],
    ['a', 9, 10, 'user:1', 'active'],
    ['b', 11, 12, 'device', 'active'],
    ['b', 13, 13, 'device', 'created'],
  ] as const)
    await t.db.query(sql`
      with d as (insert into device (id, platform, ownership, name) select gen_random_uuid(), ${platform}, 'cope', n::text from generate_series(${from}::integer, ${to}::integer) n returning no),
      e as (insert into enrolment (device, epoch, ownership, state) select no, 3, 'cope', ${state} from d returning no, device)
      insert into channel (enrolment, device, epoch, name) select no, device, 3, ${channel} from e`)
})
after(() => t.close())

const descriptor = (more: Partial<OperationDescriptor> = {}): OperationDescriptor => ({
  id: 'toy.do',
  title: 'Do',
  summary: 'Does it.',
  danger: 'none',
  repeatable: false,
  params: z.object({}),
  result: z.object({}),
  expiresS: 60,
  examples: [],
  ...more,
})
const row = (more: Partial<OperationRow> = {}): OperationRow => ({
  channel: 'device',
  examples: [],
  to: () => null,
  from: () => ({ state: 'completed' }),
  ...more,
})
const registry = (rows: Record<string, OperationRow[]>) =>
  ({ operationRows: (platform: string) => rows[platform] ?? [] }) as unknown as Registry
const send = (no: number, more: Partial<PlainSend> = {}): PlainSend => ({
  no,
  descriptor: descriptor(),
  deadline: new Date(Date.now() + 60_000),
  urgent: false,
  target: sql`select no from device`,
  refusedShown: 1,
  ...more,
})
const put = (no: number) =>
  t.db.query(sql`select d.platform, count(*) as n, bool_and(p.safe) as safe, bool_or(p.urgent) as urgent, min(p.epoch) as epoch, min(p.collapse) as collapse
    from pending p join channel c on c.no = p.channel join device d on d.no = c.device where p.activity = ${no} group by 1 order by 1`)

test('a row for each active device with the channel; who lacks it is told, up to the number shown', async () => {
  const rows = registry({ a: [row()], b: [row({ remembers: true })] })
  const sent = await t.db.tx((tx) =>
    sendPlain(tx, rows, send(1, { urgent: true, descriptor: descriptor({ collapse: true }) })),
  )
  assert.ok(sent)
  assert.deepEqual([sent.targets, sent.refusedCount, sent.channels?.length], [10, 2, 10])
  const [lacking] = await t.db.query<{ id: string }>(sql`select id from device where name = '9'`)
  assert.deepEqual(sent.withoutChannel, [lacking?.id])
  // Safe to hand over again where the device remembers ids.
  assert.deepEqual(await put(1), [
    { platform: 'a', n: 8, safe: false, urgent: true, epoch: 3, collapse: 'toy.do' },
    { platform: 'b', n: 2, safe: true, urgent: true, epoch: 3, collapse: 'toy.do' },
  ])
})

test('only who is in the target gets it, and nobody is a plain answer too', async () => {
  const rows = registry({ a: [row()], b: [row()] })
  const some = await t.db.tx((tx) =>
    sendPlain(tx, rows, send(2, { target: sql`select no from device where name = '3'` })),
  )
  assert.deepEqual([some?.targets, some?.refusedCount, some?.withoutChannel], [1, 0, []])
  const none = await t.db.tx((tx) =>
    sendPlain(tx, rows, send(3, { target: sql`select no from device where name = '13'` })),
  )
  assert.deepEqual([none?.targets, none?.refusedCount], [0, 0])
  assert.deepEqual(await put(3), [])
})

test('whatever asks something of a device, or does more than be queued, is not plain, and nothing is written', async () => {
  const plain = registry({ a: [row()], b: [row()] })
  const cases: [string, Registry, Partial<OperationDescriptor>][] = [
    ['destructive', plain, { danger: 'destructive' }],
    ['with an effect', plain, { effect: 'wipe' }],
    ['disenrolment', plain, { id: 'device.disenrol' }],
    ['a condition', registry({ a: [row({ when: () => true })], b: [row()] }), {}],
    ['two rows', registry({ a: [row(), row()], b: [row()] }), {}],
    ['no row on one platform', registry({ a: [row()] }), {}],
    ['a channel that a device may have many of', registry({ a: [row({ channel: 'user' })], b: [row()] }), {}],
  ]
  for (const [name, rows, more] of cases) {
    assert.equal(await t.db.tx((tx) => sendPlain(tx, rows, send(4, { descriptor: descriptor(more) }))), undefined, name)
    assert.deepEqual(await put(4), [], name)
  }
})
