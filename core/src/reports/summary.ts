/** The numbers of the first page; each is the count of a list that the same filter gives. */
import sql, { type Sql } from 'sql-template-tag'
import { type Reach, reachSql } from '../access/index.ts'
import type { Db } from '../db/index.ts'
import { livenessSql } from '../devices/index.ts'
import { seenSql } from '../queries/index.ts'

export interface Summary {
  devices: number
  platform: Record<string, number>
  ownership: Record<string, number>
  lifecycle: Record<string, number>
  liveness: Record<string, number>
  compliance: Record<string, number>
  /** Open operations by state. */
  operations: Record<string, number>
}
const words = ['platform', 'ownership', 'lifecycle', 'liveness', 'compliance'] as const
type Combination = Record<(typeof words)[number], string> & { n: number }

/** Everyone who looks at the first page asks at the same moment, when something changed: who asks while a count runs shares the next one, so that nobody gets numbers from before they asked. */
export function createSummary(o: { db: Db }) {
  const running = new Map<string, { now: Promise<Summary>; next?: Promise<Summary> }>()

  return function summary(reach: Reach): Promise<Summary> {
    const key = JSON.stringify(reach)
    const at = running.get(key)
    if (at) {
      at.next ??= at.now.then(
        () => begin(key, reach),
        () => begin(key, reach),
      )
      return at.next
    }
    return begin(key, reach)
  }

  function begin(key: string, reach: Reach): Promise<Summary> {
    const one: { now: Promise<Summary>; next?: Promise<Summary> } = {
      now: count(reach).finally(() => {
        if (!one.next) running.delete(key)
      }),
    }
    running.set(key, one)
    return one.now
  }

  async function count(reach: Reach): Promise<Summary> {
    const [combinations, open] = await Promise.all([
      o.db.query<Combination>(combined(reachSql(reach))),
      o.db.query<{ state: string; n: number }>(
        reach.all
          ? sql`select state, count(*)::integer as n from pending group by 1`
          : sql`select p.state, count(*)::integer as n from pending p join channel c on c.no = p.channel join device d on d.no = c.device where ${reachSql(reach)} group by 1`,
      ),
    ])
    const present = combinations.filter((c) => c.lifecycle !== 'removed')
    const countsOf = (kind: (typeof words)[number]) => {
      const counts: Record<string, number> = {}
      // Removed devices count only as removed.
      for (const c of kind === 'lifecycle' ? combinations : present) counts[c[kind]] = (counts[c[kind]] ?? 0) + c.n
      return counts
    }
    return {
      devices: present.reduce((n, c) => n + c.n, 0),
      platform: countsOf('platform'),
      ownership: countsOf('ownership'),
      lifecycle: countsOf('lifecycle'),
      liveness: countsOf('liveness'),
      compliance: countsOf('compliance'),
      operations: Object.fromEntries(open.map((r) => [r.state, r.n])),
    }
  }
}

/** How many devices are in each combination of words: one pass over all of them, each other table read once beside it. Compliance as `complianceSql` says it. */
function combined(where: Sql): Sql {
  return sql`select d.platform, d.ownership, d.lifecycle, ${livenessSql} as liveness,
      case when k.violated then 'violated' when k.device is not null or w.device is not null then 'unknown' when a.device is not null then 'compliant' else 'none' end as compliance, count(*)::integer as n
    from device d left join (${seenSql} group by c.device) seen_last on seen_last.device = d.no
      left join (select device, bool_or(state = 'violated') as violated from compliance where state <> 'compliant' group by 1) k on k.device = d.no
      left join (select distinct kc.device from channel_set ks join channel kc on kc.no = ks.channel and kc.closed is null where ks.desired is distinct from ks.applied) w on w.device = d.no
      left join (select distinct device from compliance) a on a.device = d.no
    where ${where} group by 1, 2, 3, 4, 5`
}
