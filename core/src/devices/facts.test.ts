/** Facts as devices send them, hostile ones too: what is kept, what is refused, and what becomes of identifiers. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { JsonObject } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { checkFacts, factLimits, identifiersOf, writeFacts } from './facts.ts'

let t: TestDatabase
before(async () => {
  t = await testDatabase()
  await t.db.query(sql`insert into platform (id, title, installed, descriptors) values ('p', 'P', true, '{}')`)
})
after(() => t.close())

async function device(): Promise<number> {
  const [d] = await t.db.query<{ no: number }>(
    sql`insert into device (id, platform, ownership) values (${randomUUID()}, 'p', 'cope') returning no`,
  )
  return d?.no ?? 0
}
const report = (deviceNo: number, facts: JsonObject, o: { partial?: boolean; reportedAt?: string } = {}) =>
  t.db.tx((tx) => writeFacts(tx, [{ deviceNo, facts, ...o }]))
async function read(no: number): Promise<Record<string, unknown> & { facts: JsonObject; facts_at: Date }> {
  const [d] = await t.db.query<Record<string, unknown> & { facts: JsonObject; facts_at: Date }>(
    sql`select * from device where no = ${no}`,
  )
  assert.ok(d)
  return d
}
const identifiers = (no: number) =>
  t.db.query<{ kind: string; value: string; open: boolean }>(
    sql`select kind, value, until is null as open from identifier where device = ${no} order by since, kind, value`,
  )
const list = (...of: [string, string][]) => ({ 'device.identifiers': of.map(([kind, value]) => ({ kind, value })) })

test('a report replaces everything, a partial one only what it names; columns follow', async () => {
  const no = await device()
  await report(no, {
    'os.name': 'Linux',
    'os.version': '12',
    'security.encrypted': true,
    'device.name': 'First',
    odd: { deep: [1] },
  })
  await report(no, { 'os.version': '13' }, { partial: true })
  const d = await read(no)
  assert.deepEqual(d.facts, {
    'os.name': 'Linux',
    'os.version': '13',
    'security.encrypted': true,
    'device.name': 'First',
    odd: { deep: [1] },
  })
  assert.deepEqual([d.name, d.os_name, d.os_version, d.encrypted], ['First', 'Linux', '13', true])
  await report(no, { 'device.name': 'Second' })
  assert.deepEqual((await read(no)).facts, { 'device.name': 'Second' })
  assert.equal((await read(no)).name, 'First', 'a name that administrators know stays')
})

test('a report that is older than what is kept changes nothing; one from the future counts as now', async () => {
  const no = await device()
  await report(no, { a: 1 }, { reportedAt: '2999-01-01T00:00:00Z' })
  assert.ok((await read(no)).facts_at.getTime() <= Date.now() + 1000)
  assert.deepEqual(await report(no, { a: 2 }, { reportedAt: '2020-01-01T00:00:00Z' }), [])
  assert.deepEqual((await read(no)).facts, { a: 1 })
  for (const odd of ['+275760-09-13T00:00:00Z', '-271821-04-20T00:00:00Z', 'Nov 5 2026', '0000'])
    await report(no, { a: 3 }, { reportedAt: odd })
  assert.deepEqual((await read(no)).facts, { a: 3 })
})

test('columns take only what they are for', async () => {
  const no = await device()
  await report(no, {
    'os.name': 7,
    'device.formFactor': 'spaceship',
    'security.rooted': 'yes',
    'device.serial': { $ne: null },
    'device.model': 'x'.repeat(5_000),
    'device.manufacturer': 'a\0b\ud800',
  })
  const d = await read(no)
  assert.deepEqual(
    [d.os_name, d.form_factor, d.rooted, d.serial, (d.model as string).length, d.manufacturer],
    [null, 'other', null, null, 200, 'ab\uFFFD'],
  )
})

test('any JSON of bounded size is taken, also NUL and halves of characters', async () => {
  const no = await device()
  const anything = fc.dictionary(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    fc.jsonValue({ stringUnit: 'binary' }),
    { maxKeys: 6 },
  )
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(anything, fc.constant({ 'k\0\ud800': 'v\0\udfff', __proto__: 'x', constructor: { prototype: 1 } })),
      async (facts) => {
        checkFacts(facts as JsonObject)
        assert.deepEqual(await report(no, facts as JsonObject), [no])
      },
    ),
    { numRuns: 60 },
  )
})

test('what no device has reason to send is refused before it joins a batch', () => {
  const refused = (facts: JsonObject) => assert.throws(() => checkFacts(facts), { code: 'invalid-request' })
  refused(Object.fromEntries(Array.from({ length: factLimits.names + 1 }, (_, i) => [`f${i}`, 1])))
  refused({ '': 1 })
  refused({ ['n'.repeat(129)]: 1 })
  refused({ big: 'é'.repeat(factLimits.bytes / 2) })
  checkFacts({ big: 'x'.repeat(factLimits.bytes - 100) })
})

test('a new SIM closes the old one; hardware stays; what another device holds is not taken from it', async () => {
  const [a, b] = [await device(), await device()]
  await report(a, list(['imei', '350000000000001'], ['imsi', '1'], ['phone', '+491']))
  await report(a, list(['imsi', '2']), { partial: true })
  assert.deepEqual(await identifiers(a), [
    { kind: 'imei', value: '350000000000001', open: true },
    { kind: 'imsi', value: '1', open: false },
    { kind: 'phone', value: '+491', open: true },
    { kind: 'imsi', value: '2', open: true },
  ])
  await report(b, list(['imsi', '2'], ['serial', 'B']))
  assert.deepEqual(await identifiers(b), [{ kind: 'serial', value: 'B', open: true }])
  await report(b, list(['imsi', '1']))
  assert.deepEqual(
    (await identifiers(b)).at(-1),
    { kind: 'imsi', value: '1', open: true },
    'given up by the one, it can be the other’s',
  )
})

test('identifiers are read out of anything', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      for (const i of identifiersOf({ 'device.identifiers': value } as JsonObject))
        assert.ok(i.value.length > 0 && i.value.length <= 128)
    }),
  )
  assert.deepEqual(identifiersOf(list(['serial', 'S'], ['nonsense', 'x'], ['serial', ''])), [
    { kind: 'serial', value: 'S' },
  ])
  assert.equal(
    identifiersOf({ 'device.identifiers': Array.from({ length: 500 }, (_, i) => ({ kind: 'mac', value: String(i) })) })
      .length,
    64,
  )
})
