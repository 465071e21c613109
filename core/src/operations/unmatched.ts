/** Reports that fit nothing: they change nothing and are noted, for the eye alone and within bounds that no device can stretch. */
import type { Json } from '@muster/contract'
import sql from 'sql-template-tag'
import { type Db, jsonText, type Tx } from '../db/index.ts'

export interface Unmatched {
  channel: number
  ref: string
  said: unknown
  why: string
}
/** Noted of one channel in one batch, and kept of one channel in all. */
const bounds = { noted: 20, kept: 1_000, text: 8_000 } as const

const note =
  'insert into unmatched (channel, ref, said, why) select * from unnest($1::bigint[], $2::text[], $3::jsonb[], $4::text[])'

export async function noteUnmatched(tx: Tx, all: readonly Unmatched[]): Promise<void> {
  if (all.length === 0) return
  const counts = new Map<number, number>()
  const rows = all.filter((u) => {
    const n = (counts.get(u.channel) ?? 0) + 1
    counts.set(u.channel, n)
    return n <= bounds.noted
  })
  await tx.query({
    name: 'note-unmatched',
    text: note,
    values: [
      rows.map((u) => u.channel),
      rows.map((u) => plain(u.ref)),
      rows.map((u) => bounded(u.said)),
      rows.map((u) => u.why),
    ],
  })
}

/** Drops what is older than the days to keep, and of each channel all but the newest; answers how many rows. */
export function trimUnmatched(db: Db, days: number): Promise<number> {
  return db.affected(sql`
    delete from unmatched where at < now() - ${days} * interval '1 day'
      or no in (select no from (select no, row_number() over (partition by channel order by no desc) as place from unmatched) x where place > ${bounds.kept})`)
}

/** A name as text columns take it. */
export const plain = (ref: string) => ref.toWellFormed().replaceAll('\0', '').slice(0, 200)

function bounded(said: unknown): string {
  const text = jsonText(said as Json)
  return text.length <= bounds.text ? text : jsonText({ cut: text.slice(0, bounds.text - 1_000) })
}
