/** Saved queries: whose they are, who may share, and that a filter means the same to the list and to a target. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isProblem } from '@muster/contract'
import { pull, rounds } from '@muster/contract/testing'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { type Principal, system } from '../access/index.ts'
import { type CoreBench, createHarness } from '../testing/index.ts'
import { checkFilter, type DeviceFilter, lifecycles } from './filter.ts'
import { complianceStates } from './rollup.ts'

let bench: CoreBench
let ada: Principal
let ben: Principal
const all = { all: true } as const
before(async () => {
  bench = await createHarness().open([pull, rounds])
  const user = async (name: string, permissions: string[]): Promise<Principal> => {
    const { id } = await bench.core.access.users.create({ name }, system)
    return { kind: 'user', id, name, actor: `user:${name}`, permissions, reach: all, user: Number(id) }
  }
  ada = await user('ada', ['*'])
  ben = await user('ben', ['device:read'])
})
after(() => bench.close())

const code = (wanted: string) => (e: unknown) => isProblem(e) && e.code === wanted
const names = async (p: Principal) => (await bench.core.queries.list(p, { limit: 50 })).items.map((q) => q.name)

test("one's own are one's own, shared ones are everybody's, and only who may write them changes them", async () => {
  const { queries } = bench.core
  const own = await queries.create(ben, { name: 'Silent', filter: { liveness: 'inactive' } })
  const shared = await queries.create(ada, { name: 'Broken', shared: true, filter: { compliance: 'violated' } })
  assert.deepEqual([await names(ben), await names(ada)], [['Silent', 'Broken'], ['Broken']])
  await assert.rejects(queries.get(ada, own.id), code('not-found'))
  await assert.rejects(queries.remove(ada, own.id), code('not-found'))
  await assert.rejects(queries.create(ben, { name: 'x', shared: true, filter: {} }), code('forbidden'))
  await assert.rejects(
    queries.change(ben, shared.id, shared.revision, { name: 'Mine', filter: {} }),
    code('forbidden'),
    'what is shared is not taken',
  )
  await assert.rejects(queries.change(ben, own.id, own.revision, { ...input(own), shared: true }), code('forbidden'))
  await assert.rejects(queries.remove(ben, shared.id), code('forbidden'))
  await assert.rejects(queries.create(ben, { name: 'silent', filter: {} }), code('already-exists'))
  await queries.create(ada, { name: 'Silent', filter: {} })
  assert.deepEqual((await queries.list(ben, { limit: 9, name: 'BROKEN' })).items, [shared])
  const renamed = await queries.change(ben, own.id, own.revision, { ...input(own), name: 'Quiet' })
  assert.deepEqual([renamed.name, renamed.revision], ['Quiet', own.revision + 1])
  await assert.rejects(
    queries.change(ben, own.id, own.revision, { ...input(own), name: 'Late' }),
    code('revision-mismatch'),
  )
  await queries.remove(ben, own.id)
  await queries.remove(ada, shared.id)
  assert.deepEqual([await names(ben), await names(ada)], [[], ['Silent']])
  const acts = await bench.db.query<{ act: string }>(
    sql`select act from audit where subject like 'query:%' order by no`,
  )
  assert.deepEqual(
    acts.map((a) => a.act),
    ['query.create', 'query.create', 'query.create', 'query.update', 'query.remove', 'query.remove'],
  )
  await assert.rejects(queries.get(ada, "1'--"), code('not-found'))
})
const input = ({ name, shared, filter }: { name: string; shared: boolean; filter: DeviceFilter }) => ({
  name,
  shared,
  filter,
})

test('what is no filter is refused with the field that is wrong', () => {
  for (const [wrong, path] of [
    [{ liveness: 'asleep' }, 'liveness'],
    [{ platform: 'Not A Platform' }, 'platform'],
    [{ q: 'x'.repeat(201) }, 'q'],
    [{ nonsense: 1 }, ''],
    [7, ''],
  ] as const)
    assert.throws(
      () => checkFilter(wrong),
      (e) => isProblem(e) && e.code === 'invalid-request' && (e.extra.errors as { path: string }[])[0]?.path === path,
      JSON.stringify(wrong),
    )
})

test('a filter as a target reaches the active devices of the list that it shows, within the reach', async () => {
  const { core, db } = bench
  for (let i = 0; i < 4; i += 1) await bench.enrol(i % 2 ? 'rounds' : 'pull', { facts: { 'device.name': `d${i}` } })
  const group = (await core.groups.create({ name: 'some' }, 'system')).id
  const rows = await db.query<{ id: string; no: number }>(sql`select id, no from device order by no`)
  await core.groups.change(group, { add: rows.slice(0, 2).map((r) => r.id), actor: 'system' })
  await db.query(sql`update device set owner = ${ada.user} where no = ${rows[1]?.no}`)
  await db.query(
    sql`insert into compliance (device, feature, state, action) values (${rows[0]?.no}, 'passcode', 'violated', 'warn'), (${rows[1]?.no}, 'passcode', 'compliant', 'warn'), (${rows[2]?.no}, 'passcode', 'unknown', 'warn')`,
  )
  const maybe = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined })
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        q: maybe(fc.constantFrom('d', 'd1', '%', 'ADA', 'x')),
        platform: maybe(fc.constantFrom('pull', 'rounds')),
        lifecycle: maybe(fc.constantFrom(...lifecycles)),
        liveness: maybe(fc.constantFrom('reachable', 'unreachable', 'inactive')),
        compliance: maybe(fc.constantFrom(...complianceStates)),
        group: maybe(fc.constant(group)),
        owner: maybe(fc.constantFrom(ada.id, 'nobody')),
      }),
      fc.boolean(),
      async (wanted, narrow) => {
        const filter = checkFilter(JSON.parse(JSON.stringify(wanted)))
        const reach = narrow ? { all: false as const, groups: [Number(group)] } : all
        const shown = (await core.reports.list({ ...filter, reach, limit: 200 })).items
        const { devices } = await core.operations.preview({
          operation: 'device.inventory',
          params: {},
          target: { filter },
          principal: { ...system, permissions: ['*'], reach },
        })
        assert.equal(devices, shown.filter((d) => d.lifecycle === 'active').length, JSON.stringify(filter))
      },
    ),
    { numRuns: 60 },
  )
  const sent = await core.operations.send({
    operation: 'device.inventory',
    params: {},
    target: { filter: { group } },
    principal: system,
  })
  assert.equal(sent.targets, 2)
  const again = (states: string[], activity = sent.id) =>
    core.operations.preview({
      operation: 'device.inventory',
      params: {},
      target: { activity, states },
      principal: system,
    })
  assert.deepEqual([(await again(['pending', 'sent'])).devices, (await again(['failed'])).devices], [2, 0])
  await core.operations.cancel(Number(sent.id), system)
  assert.equal((await again(['cancelled', 'failed'])).devices, 2)
  await assert.rejects(again(['failed'], '999999'), code('invalid-target'))
  await assert.rejects(
    core.operations.preview({
      operation: 'device.inventory',
      params: {},
      target: { filter: { x: 1 } },
      principal: system,
    }),
    code('invalid-request'),
  )
})
