/** Counts per activity and state, append-only: one hot row per activity would make the nodes wait for one another. */
import type { Sqlish, Tx } from '../db/index.ts'

/** What left the open rows. Open ones are counted where they stand. */
export async function writeTally(tx: Tx, settled: readonly { activity: number; state: string }[]): Promise<void> {
  if (settled.length === 0) return
  const counts = new Map<string, { activity: number; state: string; n: number }>()
  for (const s of settled) {
    const key = `${s.activity} ${s.state}`
    const c = counts.get(key) ?? { activity: s.activity, state: s.state, n: 0 }
    c.n += 1
    counts.set(key, c)
  }
  const rows = [...counts.values()]
  await tx.query({
    name: 'write-tally',
    text: 'insert into tally (activity, state, n) select * from unnest($1::bigint[], $2::text[], $3::integer[])',
    values: [rows.map((r) => r.activity), rows.map((r) => r.state), rows.map((r) => r.n)],
  })
}

/** How many of each state, open and settled, by activity. */
export async function readTally(
  db: Sqlish,
  activities: readonly number[],
): Promise<Map<number, Record<string, number>>> {
  const counts = new Map<number, Record<string, number>>(activities.map((a) => [a, {}]))
  if (activities.length === 0) return counts
  const rows = await db.query<{ activity: number; state: string; n: number }>({
    name: 'read-tally',
    text: `select activity, state, sum(n)::integer as n from tally where activity = any($1::bigint[]) group by 1, 2
      union all select activity, state, count(*)::integer from pending where activity = any($1::bigint[]) group by 1, 2`,
    values: [activities],
  })
  for (const r of rows) {
    const of = counts.get(r.activity) as Record<string, number>
    of[r.state] = (of[r.state] ?? 0) + r.n
  }
  return counts
}
