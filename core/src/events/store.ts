/** The SQL of the outbox. */
import sql from 'sql-template-tag'
import { type Db, jsonText, type Tx } from '../db/index.ts'
import { parsePosition } from './position.ts'

export interface OutboxRow {
  xid: string
  no: number
  at: Date
  type: string
  data: unknown
}

/** The row that trimming leaves at the place up to which it removed: whoever stands before it has missed something. */
const trimmedMark = 'outbox.trimmed'

export function insertEvents(tx: Tx, rows: { type: string; data: unknown }[], notify: boolean): Promise<unknown> {
  if (notify) tx.notify('muster_outbox')
  const [first, ...others] = rows
  // One alone, as each batch of turns tells it, is spared the array's quotes around its own.
  if (first && others.length === 0)
    return tx.affected({
      name: 'outbox-insert-one',
      text: 'INSERT INTO outbox (type, data) VALUES ($1, $2)',
      values: [first.type, jsonText(first.data)],
    })
  return tx.affected({
    name: 'outbox-insert',
    text: `INSERT INTO outbox (type, data)
      SELECT type, data FROM unnest($1::text[], $2::jsonb[]) WITH ORDINALITY AS e (type, data, ord) ORDER BY ord`,
    values: [rows.map((r) => r.type), rows.map((r) => jsonText(r.data))],
  })
}

/**
 * Events after a position, in order; `types`: only these, and the position passes over the others unread. Only rows of transactions below the snapshot's oldest running one are given out: an
 * older transaction may still commit rows in between. `held` says that committed rows wait for such a one.
 */
export async function readOutbox(db: Db, after: string, o: { limit: number; types?: readonly string[] }) {
  const { limit, types } = o
  const { xid, no } = parsePosition(after)
  const found = await db.query<OutboxRow & { settled: boolean }>({
    name: 'outbox-read',
    text: `SELECT xid::text AS xid, no, at, type, s.settled, CASE WHEN s.settled AND ($4::text[] IS NULL OR type = ANY ($4)) THEN data END AS data
      FROM outbox, LATERAL (SELECT xid < pg_snapshot_xmin(pg_current_snapshot()) AS settled) s
      WHERE (xid, no) > ($1::xid8, $2::bigint) ORDER BY outbox.xid, no LIMIT $3`,
    values: [xid.toString(), no.toString(), limit, types ?? null],
  })
  const settled = found.filter((r) => r.settled)
  const last = settled.at(-1)
  return {
    rows: settled.filter((r) => r.type !== trimmedMark && (types?.includes(r.type) ?? true)) as OutboxRow[],
    position: last ? `${last.xid}.${last.no}` : after,
    full: settled.length === limit,
    held: settled.length < found.length,
  }
}

/** The place from which nothing that commits later can be missed. */
export async function presentPosition(db: Db): Promise<string> {
  const [row] = await db.query<{ xmin: string }>(sql`SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin`)
  if (!row) throw new Error('the database gave no snapshot')
  return `${row.xmin}.0`
}

/** The place before the first event since that time; the present when there is none. */
export async function positionBefore(db: Db, at: Date): Promise<string> {
  const [first] = await db.query<{ xid: string; no: number }>(
    sql`SELECT xid::text AS xid, no FROM outbox WHERE at >= ${at} AND type <> ${trimmedMark} ORDER BY outbox.xid, no LIMIT 1`,
  )
  return first ? `${first.xid}.${first.no - 1}` : presentPosition(db)
}

/** False when events after that place were trimmed, or when it lies in the future (of a database since restored). */
export async function isKept(db: Db, after: string): Promise<boolean> {
  const { xid, no } = parsePosition(after)
  const [row] = await db.query<{ kept: boolean }>(sql`
    SELECT ${xid.toString()}::xid8 <= pg_snapshot_xmax(pg_current_snapshot()) AND NOT EXISTS (
      SELECT FROM (SELECT xid, no, type FROM outbox ORDER BY xid, no LIMIT 1) first
      WHERE first.type = ${trimmedMark} AND (first.xid, first.no) > (${xid.toString()}::xid8, ${no.toString()}::bigint)) AS kept`)
  return row?.kept === true
}

const trimStep = 5_000

/** One short transaction, as a long one would hold back all followers: the oldest rows go, the last of them becomes the mark. */
function trimOnce(tx: Tx, end: { xid: string; no: number }): Promise<{ removed: number; last: boolean }[]> {
  return tx.query(sql`
    WITH oldest AS (
      SELECT xid, no, type FROM outbox WHERE (xid, no) <= (${end.xid}::xid8, ${end.no}::bigint) ORDER BY xid, no LIMIT ${trimStep}),
    mark AS (SELECT xid, no FROM oldest ORDER BY xid DESC, no DESC LIMIT 1),
    gone AS (DELETE FROM outbox o USING oldest, mark WHERE (o.xid, o.no) = (oldest.xid, oldest.no) AND (o.xid, o.no) <> (mark.xid, mark.no)),
    marked AS (UPDATE outbox o SET type = ${trimmedMark}, data = 'null' FROM mark WHERE (o.xid, o.no) = (mark.xid, mark.no))
    SELECT count(*) FILTER (WHERE type <> ${trimmedMark}) AS removed, count(*) < ${trimStep} AS last FROM oldest`)
}

/** Removes what is older than so many days; answers how many events. */
export async function trimOutbox(db: Db, olderThanDays: number): Promise<number> {
  const [end] = await db.query<{ xid: string; no: number }>(sql`
    SELECT xid::text AS xid, no FROM outbox
    WHERE at < now() - make_interval(secs => ${olderThanDays * 86_400}::float8) AND xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY outbox.xid DESC, no DESC LIMIT 1`)
  let total = 0
  for (let last = end === undefined; !last; ) {
    const [step] = await db.tx((tx) => trimOnce(tx, end as { xid: string; no: number }))
    total += step?.removed ?? 0
    last = step?.last ?? true
  }
  return total
}
