/** The SQL of the audit. */
import type { Json } from '@muster/contract'
import sql, { empty } from 'sql-template-tag'
import { type Db, jsonText, type Sqlish, type Tx } from '../db/index.ts'
import type { AuditLine, HeadLine } from './chain.ts'

/** Microseconds survive only as text: a Date would cut them off. */
const atText = `to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

export type Unsealed = Omit<AuditLine, 'seq' | 'chain'>

export interface AuditEntry {
  no: number
  at: Date
  actor: string
  act: string
  subject: string | null
  detail: Json
  remote: string | null
  /** Null until sealed, which takes about a second. */
  seq: number | null
}

export interface NewEntry {
  actor: string
  act: string
  subject?: string
  detail?: Json
  remote?: string
}

export function insertEntries(tx: Sqlish, entries: readonly NewEntry[]) {
  return tx.query({
    name: 'audit-insert',
    text: `INSERT INTO audit (actor, act, subject, detail, remote)
      SELECT actor, act, subject, detail, remote FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[], $5::text[])
        WITH ORDINALITY AS e (actor, act, subject, detail, remote, ord) ORDER BY ord`,
    values: [
      entries.map((e) => e.actor),
      entries.map((e) => e.act),
      entries.map((e) => e.subject ?? null),
      entries.map((e) => jsonText(e.detail ?? {})),
      entries.map((e) => e.remote ?? null),
    ],
  })
}

export function insertEntry(tx: Sqlish, e: NewEntry) {
  return insertEntries(tx, [e])
}

/** Only below the oldest running transaction: one that commits late must not find its place in the chain taken. */
export function unsealed(tx: Tx, limit: number): Promise<Unsealed[]> {
  return tx.query({
    name: 'audit-unsealed',
    text: `SELECT no, ${atText} AS at, actor, act, subject, detail, remote FROM audit
      WHERE seq IS NULL AND xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, no LIMIT $1`,
    values: [limit],
  })
}

export async function lastSealed(db: Sqlish): Promise<{ seq: number; chain: string } | undefined> {
  const [row] = await db.query<{ seq: number; chain: string }>({
    name: 'audit-last',
    text: `SELECT seq, encode(chain, 'hex') AS chain FROM audit WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1`,
  })
  return row
}

export function writeSeals(tx: Tx, seals: { no: number; seq: number; chain: string }[]): Promise<number> {
  return tx.affected({
    name: 'audit-seal',
    text: `UPDATE audit SET seq = s.seq, chain = decode(s.chain, 'hex')
      FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS s (no, seq, chain) WHERE audit.no = s.no`,
    values: [seals.map((s) => s.no), seals.map((s) => s.seq), seals.map((s) => s.chain)],
  })
}

/** Of the heads of one minute the last is kept. */
export async function writeHead(tx: Tx, head: { seq: number; chain: string; signature: string }) {
  await tx.query(sql`DELETE FROM audit_head WHERE at >= date_trunc('minute', now()) AND seq < ${head.seq}`)
  await tx.query(sql`INSERT INTO audit_head (seq, chain, signature)
    VALUES (${head.seq}, decode(${head.chain}, 'hex'), ${Buffer.from(head.signature, 'base64url')})`)
}

interface HeadRow {
  seq: number
  chain: string
  signature: Buffer
  at: Date
}

export async function lastHead(db: Sqlish): Promise<HeadRow | undefined> {
  const [row] = await db.query<HeadRow>(
    sql`SELECT seq, encode(chain, 'hex') AS chain, signature, at FROM audit_head ORDER BY seq DESC LIMIT 1`,
  )
  return row
}

function headLine(h: HeadRow): HeadLine {
  return { head: { seq: h.seq, chain: h.chain, signature: h.signature.toString('base64url'), at: h.at.toISOString() } }
}

const exportStep = 1_000

/** The whole sealed chain in order, each signed head behind its entry; heads without an entry come last. */
export async function* exportLines(db: Db): AsyncGenerator<AuditLine | HeadLine> {
  const heads = (above: number, upTo: number) =>
    db.query<HeadRow>(sql`SELECT seq, encode(chain, 'hex') AS chain, signature, at FROM audit_head
      WHERE seq > ${above} AND seq <= ${upTo} ORDER BY seq`)
  // What is sealed while the export runs belongs to the next one: else a head could come without its entry. The last head is
  // kept from here on: sealing within its minute replaces it in the table, and the export's end must be signed.
  const [bound] = await db.query<{ end: number } & (HeadRow | { seq: null })>(
    sql`SELECT greatest((SELECT max(seq) FROM audit), h.seq, 0) AS end, h.* FROM (SELECT 1) one LEFT JOIN LATERAL (
      SELECT seq, encode(chain, 'hex') AS chain, signature, at FROM audit_head ORDER BY seq DESC LIMIT 1) h ON true`,
  )
  const end = bound?.end ?? 0
  const anchor = bound && bound.seq !== null ? bound : undefined
  let seq = 0
  for (;;) {
    const rows = await db.query<AuditLine>({
      name: 'audit-export',
      text: `SELECT seq, no, ${atText} AS at, actor, act, subject, detail, remote, encode(chain, 'hex') AS chain
        FROM audit WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3`,
      values: [seq, end, exportStep],
    })
    const last = rows.at(-1)
    if (!last) break
    const signed = new Map((await heads(seq, last.seq)).map((h) => [h.seq, h]))
    for (const row of rows) {
      yield row
      const head = signed.get(row.seq) ?? (row.seq === anchor?.seq ? anchor : undefined)
      if (head) yield headLine(head)
      signed.delete(row.seq)
    }
    for (const head of signed.values()) yield headLine(head)
    seq = last.seq
  }
  if (anchor && anchor.seq > seq) yield headLine(anchor)
}

export interface AuditFilter {
  before?: string
  limit: number
  actor?: string
  act?: string
  subject?: string
}

export function listEntries(db: Db, f: AuditFilter): Promise<AuditEntry[]> {
  return db.query<AuditEntry>(sql`SELECT no, at, actor, act, subject, detail, remote, seq FROM audit WHERE true
    ${f.before === undefined ? empty : sql`AND no < ${f.before}::bigint`}
    ${f.actor === undefined ? empty : sql`AND actor = ${f.actor}`}
    ${f.act === undefined ? empty : sql`AND act = ${f.act}`}
    ${f.subject === undefined ? empty : sql`AND subject = ${f.subject}`}
    ORDER BY no DESC LIMIT ${f.limit + 1}`)
}
