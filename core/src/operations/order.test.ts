/** A device keeps its order also when a row of its queue is held by a transaction that does not end: what stands behind waits with it. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import type { Session } from '../db/index.ts'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { claim, claimShort } from './take.ts'

let t: TestDatabase
before(async () => {
  t = await testDatabase()
  await t.db.query(sql`insert into platform (id, title, installed, descriptors) values ('toy', 'Toy', true, '{}')`)
  await t.db.query(sql`
    with d as (insert into device (id, platform, ownership, lifecycle) select gen_random_uuid(), 'toy', 'cope', 'active' from generate_series(1, 2) returning no),
    e as (insert into enrolment (device, epoch, ownership, state) select no, 1, 'cope', 'active' from d returning no, device)
    insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from e`)
})
after(() => t.close())
beforeEach(() => t.db.query(sql`truncate pending, handed`))

interface Open {
  channel: number
  activity: number
  urgent: boolean
  /** In the middle of more than one message: first of all. */
  kept: boolean
}
const put = (rows: readonly Open[]) =>
  t.db.query(sql`
    insert into pending (channel, activity, epoch, ownership, operation, state, safe, urgent, kept, deadline)
    select channel, activity, 1, 'cope', 'toy.do', 'pending', true, urgent, case when kept then '1'::jsonb end, now() + interval '1 day'
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (channel bigint, activity bigint, urgent boolean, kept boolean)`)
/** What both devices are given, `n` at most each: by the long way, and by the short one. */
type Claim = (s: Session, n: number) => Promise<{ channel: number; activity: number }[]>
const array = (...list: unknown[]) => `{${list.join(',')}}`
const long: Claim = (s, n) =>
  s.query({
    text: claim,
    values: [array(0, 1), array(1, 2), array(n, n), array(false, false), 300, array(1, 2), array(1, 1)],
  })
const short: Claim = async (s, n) => {
  const values = [array(0, 1), array(1, 2), array(n, n), array(1, 2), 300, array(1, 1)]
  const [all] = await s.query<{ rows: string | null }>({ text: claimShort, values })
  return (all?.rows?.split('\n') ?? []).map((row) => {
    const [, channel, activity] = row.split(' ').map(Number)
    return { channel: channel as number, activity: activity as number }
  })
}
const byNumber = (a: { channel: number; activity: number }, b: { channel: number; activity: number }) =>
  a.channel - b.channel || a.activity - b.activity
const order = (a: Open, b: Open) =>
  a.channel - b.channel ||
  Number(b.kept) - Number(a.kept) ||
  Number(b.urgent) - Number(a.urgent) ||
  a.activity - b.activity

for (const [way, claimed] of Object.entries({ long, short }))
  test(`what is behind a row that somebody holds is not handed over before it (${way})`, async () => {
    const waiting = fc.uniqueArray(
      fc.record(
        {
          channel: fc.constantFrom(1, 2),
          activity: fc.integer({ min: 1, max: 9 }),
          urgent: fc.boolean(),
          kept: fc.boolean(),
        },
        { noNullPrototype: true },
      ),
      { selector: (r) => `${r.channel}.${r.activity}`, maxLength: 8 },
    )
    await fc.assert(
      fc.asyncProperty(waiting, fc.nat(), fc.integer({ min: 1, max: 6 }), async (rows, pick, n) => {
        await t.db.query(sql`truncate pending, handed`)
        await put(rows)
        const held = rows[pick % (rows.length + 1)]
        await t.db.session(async (holder) => {
          await holder.query({ text: 'begin' })
          if (held)
            await holder.query(
              sql`select from pending where channel = ${held.channel} and activity = ${held.activity} for update`,
            )
          const inTurn = rows.toSorted(order)
          const expected = [1, 2].flatMap((channel) => {
            const mine = inTurn.filter((r) => r.channel === channel)
            const stop = held ? mine.indexOf(held) : -1
            return mine.slice(0, Math.min(n, stop < 0 ? mine.length : stop))
          })
          const given = await t.db.session((s) => claimed(s, n))
          const wanted = expected.map(({ channel, activity }) => ({ channel, activity }))
          assert.deepEqual(
            given.map(({ channel, activity }) => ({ channel, activity })).toSorted(byNumber),
            wanted.toSorted(byNumber),
          )
          await holder.query({ text: 'rollback' })
        })
      }),
      { numRuns: 60 },
    )
  })

for (const [way, claimed] of Object.entries({ long, short }))
  test(`once the row is free again everything comes, first things first (${way})`, async () => {
    await put([1, 2, 3].map((activity) => ({ channel: 1, activity, urgent: false, kept: false })))
    await t.db.session(async (holder) => {
      await holder.query({ text: 'begin' })
      await holder.query(sql`select from pending where activity = 1 for update`)
      assert.deepEqual(await t.db.session((s) => claimed(s, 10)), [])
      await holder.query({ text: 'rollback' })
    })
    const given = await t.db.session((s) => claimed(s, 2))
    assert.deepEqual(
      given.toSorted(byNumber).map((r) => r.activity),
      [1, 2],
    )
  })
