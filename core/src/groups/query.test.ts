/** The query language against a second reading of it: what SQL selects is what the evaluator below says, on random devices. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isProblem, type Json } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { jsonText } from '../db/index.ts'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { type Condition, checkQuery, type Query, querySql, type Scalar } from './query.ts'

let t: TestDatabase
before(async () => {
  t = await testDatabase()
  await t.db.query(
    sql`insert into platform (id, title, installed, descriptors) values ('linux', 'Linux', true, '{}'), ('apple', 'Apple', true, '{}')`,
  )
  await t.db.query(sql`insert into app_user (name) values ('a'), ('b')`)
})
after(() => t.close())

interface Device {
  platform: string
  ownership: string
  name: string
  osVersion: string | null
  model: string | null
  encrypted: boolean | null
  owner: number | null
  facts: Record<string, Json>
}

// the second reading ------------------------------------------------------------------------------------------------
function holds(q: Query, d: Device): boolean {
  if ('and' in q) return q.and.every((x) => holds(x, d))
  if ('or' in q) return q.or.some((x) => holds(x, d))
  if ('not' in q) return !holds(q.not, d)
  const known = ['platform', 'ownership', 'name', 'osVersion', 'model', 'encrypted', 'owner'].includes(q.field)
  const have: Json | undefined = known
    ? (d[q.field as keyof Device] as Json)
    : Object.hasOwn(d.facts, q.field)
      ? d.facts[q.field]
      : undefined
  return leaf(q, q.field === 'owner' && have !== null ? String(have) : have)
}

function leaf(c: Condition, have: Json | undefined): boolean {
  const present = have !== undefined && have !== null
  if (c.op === 'exists') return present === (c.value ?? true)
  if (c.op === 'ne') return !leaf({ ...c, op: 'eq' }, have)
  if (!present) return false
  if (c.op === 'eq') return have === c.value
  if (c.op === 'in') return (c.value as Scalar[]).some((v) => v === have)
  if (c.op === 'contains')
    return Array.isArray(have)
      ? have.includes(c.value as string)
      : typeof have === 'string' && have.toLowerCase().includes(String(c.value).toLowerCase())
  if (typeof c.value !== typeof have) return false
  const order = typeof have === 'number' ? have - (c.value as number) : textOrder(have as string, c.value as string)
  if (Number.isNaN(order)) return false
  return { lt: order < 0, le: order <= 0, gt: order > 0, ge: order >= 0 }[c.op]
}

function textOrder(have: string, value: string): number {
  if (!/^\d{1,15}(\.\d{1,15}){0,15}$/.test(value)) return Buffer.compare(Buffer.from(have), Buffer.from(value))
  const found = /^\d{1,15}(\.\d{1,15})*/.exec(have)?.[0]
  if (found === undefined) return Number.NaN
  const parts = (v: string) =>
    v
      .replace(/(\.0+)+$/, '')
      .split('.')
      .map(Number)
  const [a, b] = [parts(found), parts(value)]
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

// random devices and queries, drawn from small sets so that they meet ------------------------------------------------
const texts = [
  '',
  'Debian',
  'debian 12',
  'ThinkPad',
  '22',
  '22.04',
  '22.4',
  '22.04.0',
  '22.10',
  '9.1-beta',
  '2026-01-02T00:00:00Z',
  'it\'s "quoted" \\ {a,b}',
  '%_',
  'null',
  'é',
  '🐧',
  'true',
]
const text = fc.oneof(
  fc.constantFrom(...texts),
  fc.string({ maxLength: 6 }).filter((s) => !/\p{Cc}/u.test(s)),
)
const number = fc.oneof(
  fc.constantFrom(0, 1, 22, -3.5, 1e21, 1e-7),
  fc.integer({ min: -5, max: 30 }),
  fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).map((n) => n + 0),
)
const scalar: fc.Arbitrary<Scalar> = fc.oneof(text, number, fc.boolean())
const facts = ['os.name', 'os.version', 'hardware.cores', 'x', "a'b", 'tags']
const fact: fc.Arbitrary<Json> = fc.oneof(
  scalar,
  fc.constant(null),
  fc.array(text, { maxLength: 3 }),
  fc.constant({ x: 1 }),
)
const nullable = <T>(a: fc.Arbitrary<T>) => fc.option(a, { nil: null })
const device: fc.Arbitrary<Device> = fc.record({
  platform: fc.constantFrom('linux', 'apple'),
  ownership: fc.constantFrom('byod', 'cope'),
  name: text,
  osVersion: nullable(text),
  model: nullable(text),
  encrypted: nullable(fc.boolean()),
  owner: nullable(fc.constantFrom(1, 2)),
  facts: fc.dictionary(fc.constantFrom(...facts), fact, { maxKeys: 5 }),
})
const ordered = fc.constantFrom('lt', 'le', 'gt', 'ge')
const exists = { op: fc.constant('exists'), value: fc.option(fc.boolean(), { nil: undefined }) }
const leaves = (field: fc.Arbitrary<string>, value: fc.Arbitrary<Scalar>, order: fc.Arbitrary<Scalar> | undefined) =>
  fc.oneof(
    fc.record({ field, op: fc.constantFrom('eq', 'ne'), value }),
    fc.record({ field, op: fc.constant('in'), value: fc.array(value, { minLength: 1, maxLength: 4 }) }),
    fc.record({ field, ...exists }),
    ...(order
      ? [
          fc.record({ field, op: ordered, value: order }),
          fc.record({ field, op: fc.constant('contains'), value: text }),
        ]
      : []),
  )
const query = fc.letrec<{ q: Query }>((tie) => ({
  q: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'q' },
    leaves(fc.constantFrom(...facts), scalar, fc.oneof(text, number)) as fc.Arbitrary<Query>,
    leaves(fc.constantFrom('platform', 'ownership', 'name', 'osVersion', 'model'), text, text) as fc.Arbitrary<Query>,
    leaves(fc.constant('encrypted'), fc.boolean(), undefined) as fc.Arbitrary<Query>,
    leaves(fc.constant('owner'), fc.constantFrom('1', '2', '3'), undefined) as fc.Arbitrary<Query>,
    fc.record({ and: fc.array(tie('q'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ or: fc.array(tie('q'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ not: tie('q') }),
  ),
})).q

test('SQL selects what the evaluator says, on random devices and queries', async () => {
  let [selected, left] = [0, 0]
  await fc.assert(
    fc.asyncProperty(
      fc.array(device, { minLength: 10, maxLength: 30 }),
      fc.array(query, { minLength: 15, maxLength: 25 }),
      async (devices, queries) => {
        await t.db.query(sql`delete from device`)
        const rows = await t.db.query<{ no: number }>(sql`
        insert into device (id, platform, ownership, name, os_version, model, encrypted, owner, facts)
        select gen_random_uuid(), v ->> 'platform', v ->> 'ownership', v ->> 'name', v ->> 'osVersion', v ->> 'model', (v ->> 'encrypted')::boolean, (v ->> 'owner')::bigint, v -> 'facts'
        from jsonb_array_elements(${jsonText(devices)}::jsonb) with ordinality as x(v, n) order by n returning no`)
        for (const q of queries) {
          const checked = checkQuery(JSON.parse(JSON.stringify(q)))
          const found = await t.db.query<{ no: number; it: boolean | null }>(
            sql`select d.no, ${querySql(checked)} as it from device d order by d.no`,
          )
          const wanted = rows.map((r, i) => ({ no: r.no, it: holds(q, devices[i]!) }))
          for (const [i, f] of found.entries())
            assert.deepEqual(f, wanted[i], `${JSON.stringify(q)} on ${JSON.stringify(devices[i])}`)
          selected += wanted.filter((r) => r.it).length
          left += wanted.filter((r) => !r.it).length
        }
      },
    ),
    { numRuns: 25 },
  )
  assert.ok(selected > 500 && left > 500, `a property that is always the same proves nothing: ${selected}/${left}`)
})

test('versions compare number by number, and an equality on a fact uses the index', async () => {
  await t.db.query(sql`delete from device`)
  const versions = ['9.1', '10.0', '10.0.1', '22.04 LTS', '22.10']
  for (const v of versions)
    await t.db.query(
      sql`insert into device (id, platform, ownership, os_version) values (gen_random_uuid(), 'linux', 'cope', ${v})`,
    )
  const at = async (op: string, value: string) =>
    (
      await t.db.query<{ v: string }>(
        sql`select os_version as v from device d where ${querySql(checkQuery({ field: 'osVersion', op, value }))} order by no`,
      )
    ).map((r) => r.v)
  assert.deepEqual(await at('gt', '9.9'), ['10.0', '10.0.1', '22.04 LTS', '22.10'])
  assert.deepEqual(await at('le', '10'), ['9.1', '10.0'])
  assert.deepEqual(await at('ge', '22.4'), ['22.04 LTS', '22.10'])
  const plan = await t.db.tx(async (tx) => {
    await tx.query(sql`set local enable_seqscan = off`)
    return tx.query(
      sql`explain select no from device d where ${querySql({ field: 'os.name', op: 'eq', value: 'Debian' })}`,
    )
  })
  assert.match(JSON.stringify(plan), /device_outline/)
})

test('what is no query is refused, whatever it is, and never reaches the database', () => {
  const refused = (v: unknown, reason?: RegExp) =>
    assert.throws(
      () => checkQuery(v),
      (e) =>
        isProblem(e) &&
        e.code === 'invalid-query' &&
        typeof e.extra.reason === 'string' &&
        (!reason || reason.test(e.extra.reason)),
    )
  const ok = { field: 'x', op: 'eq', value: 1 }
  let deep: unknown = ok
  for (let i = 0; i < 8; i++) deep = { not: deep }
  refused(deep, /deeper than 8/)
  for (let i = 0; i < 50_000; i++) deep = { and: [deep] }
  refused(deep, /deeper/)
  refused({ and: Array.from({ length: 100 }, () => ok) }, /more than 100/)
  assert.ok(checkQuery({ and: Array.from({ length: 99 }, () => ok) }))
  refused({ and: [] }, /empty/)
  refused({ and: [ok], or: [ok] })
  refused({ ...ok, extra: 1 })
  refused({ and: [ok, { not: { field: 'x', op: 'like', value: 'a' } }] }, /op/)
  const bad: [object, RegExp][] = [
    [{ field: 'encrypted', op: 'eq', value: 'yes' }, /true or false/],
    [{ field: 'name', op: 'gt', value: 3 }, /a text/],
    [{ field: 'owner', op: 'eq', value: 'ada' }, /user ids/],
    [{ field: 'x', op: 'in', value: 'a' }, /a list/],
    [{ field: 'x', op: 'eq', value: ['a'] }, /one value/],
    [{ field: 'x', op: 'eq' }, /needs a value/],
    [{ field: 'x', op: 'contains', value: 1 }, /a text/],
    [{ field: 'x', op: 'lt', value: true }, /number or a text/],
    [{ field: 'x', op: 'exists', value: 'a' }, /true or false/],
    [{ field: 'a\0', op: 'exists' }, /field/],
    [{ field: 'x', op: 'eq', value: '\ud800' }, /value/],
    [{ field: 'x', op: 'eq', value: Number.NaN }, /value/],
    [{ field: '', op: 'exists' }, /field/],
    [{ field: 'x', op: 'in', value: Array.from({ length: 201 }, (_, i) => i) }, /value/],
  ]
  for (const [q, reason] of bad) refused(q, reason)
  for (const v of [null, undefined, 1, 'x', [], [ok], {}]) refused(v)
  fc.assert(
    fc.property(fc.anything(), (v) => {
      try {
        checkQuery(v)
      } catch (e) {
        assert.ok(isProblem(e) && e.code === 'invalid-query', String(e))
      }
    }),
  )
})
