/** The numbers of the first page; each is the count of a list that the same filter gives. */
import sql from 'sql-template-tag'
import { type Reach, reachSql } from '../access/index.ts'
import type { Db } from '../db/index.ts'
import { summaryCounts } from './devices.ts'

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

export function createSummary(o: { db: Db }) {
  return async function summary(reach: Reach): Promise<Summary> {
    const rows = await o.db.query<{ kind: keyof Summary; word: string; n: number }>(summaryCounts(reachSql(reach)))
    const open = await o.db.query<{ state: string; n: number }>(
      sql`select p.state, count(*)::integer as n from pending p join channel c on c.no = p.channel join device d on d.no = c.device where ${reachSql(reach)} group by 1`,
    )
    const words = (kind: keyof Summary) =>
      Object.fromEntries(rows.filter((r) => r.kind === kind).map((r) => [r.word, r.n]))
    const lifecycle = words('lifecycle')
    return {
      devices: Object.entries(lifecycle).reduce((n, [word, count]) => (word === 'removed' ? n : n + count), 0),
      platform: words('platform'),
      ownership: words('ownership'),
      lifecycle,
      liveness: words('liveness'),
      compliance: words('compliance'),
      operations: Object.fromEntries(open.map((r) => [r.state, r.n])),
    }
  }
}
