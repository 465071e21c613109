/** The statements of a turn find their rows by index, also when their plans were made and kept while nothing waited. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import type { Session } from '../db/index.ts'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { settleRows, settleShort } from './settle.ts'
import { supersedeRows } from './supersede.ts'
import { claim, claimShort } from './take.ts'

const rows = 100_000
/** As connections for batches are set up. */
const byIndex = 'set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off'
let t: TestDatabase
before(async () => {
  t = await testDatabase()
})
after(() => t.close())

interface Node {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Rows Removed by Join Filter'?: number
  Plans?: Node[]
}
const nodesOf = (n: Node): Node[] => [n, ...(n.Plans ?? []).flatMap(nodesOf)]

/** All that a kept plan reads of the open rows, with how it gets there. */
async function reads(s: Session, execute: string): Promise<{ ways: string[]; rows: number }> {
  await s.query({ text: `begin; ${byIndex}` })
  const [row] = await s.query<Record<string, [{ Plan: Node }]>>({
    text: `explain (analyze, format json) execute ${execute}`,
  })
  await s.query({ text: 'rollback' })
  const plan = Object.values(row ?? {})[0]?.[0].Plan
  assert.ok(plan)
  const nodes = nodesOf(plan).filter((n) => n['Relation Name'] === 'pending' && /Scan/.test(n['Node Type']))
  return {
    ways: [...new Set(nodes.map((n) => n['Node Type']))],
    rows: nodes.reduce(
      (sum, n) => sum + (n['Actual Rows'] + (n['Rows Removed by Filter'] ?? 0)) * n['Actual Loops'],
      0,
    ),
  }
}

test('an exchange reads its own rows and no others, of a hundred thousand that wait for one activity', async () => {
  await t.db.query(sql`insert into platform (id, title, installed, descriptors) values ('toy', 'Toy', true, '{}')`)
  await t.db.query(sql`
    with d as (insert into device (id, platform, ownership, lifecycle) select gen_random_uuid(), 'toy', 'cope', 'active' from generate_series(1, 100) returning no),
    e as (insert into enrolment (device, epoch, ownership, state) select no, 1, 'cope', 'active' from d returning no, device)
    insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from e`)
  await t.db.query({ text: 'vacuum analyze' })
  await t.db.session(async (s) => {
    await s.query({
      text: `prepare claim_kept (integer[], bigint[], integer[], boolean[], integer, bigint[], integer[]) as ${claim}`,
    })
    await s.query({
      text: `prepare claim_short_kept (integer[], bigint[], integer[], bigint[], integer, integer[]) as ${claimShort}`,
    })
    await s.query({ text: `prepare settle_kept (bigint[], bigint[], text[], jsonb[], jsonb[]) as ${settleRows}` })
    await s.query({
      text: `prepare settle_short_kept (bigint[], bigint[], text[], jsonb[], jsonb[]) as ${settleShort}`,
    })
    const claims = `claim_kept ('{0,1}', '{7,8}', '{10,10}', '{f,f}', 300, '{7,8}', '{1,1}')`
    const claimsShort = `claim_short_kept ('{0,1}', '{7,8}', '{10,10}', '{7,8}', 300, '{1,1}')`
    const words = `('{7,8}', '{1,1}', '{completed,completed}', '{null,null}', '{null,null}')`
    const settles = `settle_kept ${words}`
    const settlesShort = `settle_short_kept ${words}`
    await s.query({ text: `set plan_cache_mode = force_generic_plan` })
    // The plans are made now, and kept.
    for (const execute of [claims, claimsShort, settles, settlesShort]) await reads(s, execute)
    await s.query({
      text: `insert into pending (channel, activity, epoch, ownership, operation, state, deadline, attempts) select n, 1, 1, 'cope', 'toy.do', 'pending', now() + interval '1 day', 1 from generate_series(1, ${rows}) n`,
    })
    for (const [execute, found] of [
      [claims, 4],
      [claimsShort, 4],
      [settles, 2],
      [settlesShort, 2],
    ] as const) {
      const read = await reads(s, execute)
      assert.ok(!read.ways.includes('Seq Scan'), `${execute}: ${read.ways}`)
      // Found, and found again where they are rewritten.
      assert.ok(read.rows >= found && read.rows <= 8, `${execute} read ${read.rows} rows`)
    }
  })
})

test('handing an operation over writes no index', async () => {
  const updates = sql`select n_tup_upd as all, n_tup_hot_upd as hot from pg_stat_xact_user_tables where relname = 'pending'`
  const [seen] = await t.db.tx(async (tx) => {
    await tx.query({ text: claim, values: [[0, 1], [7, 8], [10, 10], [false, false], 300, [7, 8], [1, 1]] })
    return tx.query(updates)
  })
  assert.deepEqual(seen, { all: 2, hot: 2 })
})

test('what waits of a whole fleet is replaced in as many looks as there are rows, by a plan from when nothing waited', async () => {
  const fleet = 4_000
  await t.db.query(sql`delete from pending`)
  await t.db.session(async (s) => {
    await s.query({ text: `set plan_cache_mode = force_generic_plan` })
    await s.query({ text: `prepare supersede_kept (bigint, jsonb) as ${supersedeRows}` })
    const replace = async (activity: number) => {
      await s.query({ text: 'begin' })
      const [row] = await s.query<Record<string, [{ Plan: Node }]>>({
        text: `explain (analyze, format json) execute supersede_kept (${activity}, '{}')`,
      })
      const [left] = await s.query<{ n: number }>({ text: 'select count(*)::integer as n from pending' })
      await s.query({ text: 'rollback' })
      const plan = Object.values(row ?? {})[0]?.[0].Plan
      assert.ok(plan)
      const looked = (n: Node) =>
        n['Actual Rows'] + (n['Rows Removed by Filter'] ?? 0) + (n['Rows Removed by Join Filter'] ?? 0)
      return { left: left?.n, looks: nodesOf(plan).reduce((sum, n) => sum + looked(n) * n['Actual Loops'], 0) }
    }
    await replace(1)
    await s.query({
      text: `insert into pending (channel, activity, epoch, ownership, operation, state, deadline, collapse)
        select n, a, 1, 'cope', 'toy.do', 'pending', now() + interval '1 day', 'toy.do' from generate_series(1, ${fleet}) n, generate_series(1, 2) a`,
    })
    const { left, looks } = await replace(2)
    assert.equal(left, fleet)
    assert.ok(looks < 30 * fleet, `${looks} looks for ${fleet} rows`)
  })
})
