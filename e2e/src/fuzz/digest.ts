/** All that is kept, as one word: equal before and after means that nothing was changed. What time alone changes is left out, each with its reason. */
import type { Db } from '@muster/core'

/** Table -> what of it counts; null: nothing. */
const projections: Readonly<Record<string, string | null>> = {
  // Last contact is noted of whoever is known, also when it is then refused.
  'muster.seen': null,
  // The worker's own notes: who is quiet now, how far the chain is sealed.
  'muster.device_watch': null,
  'muster.audit_head': null,
  // Refused sign-ins are told to the audit, and are no change of anything else.
  'muster.audit': `select actor, act, subject, detail::text from muster.audit where act <> 'session.refused'`,
  'muster.session': 'select hash, user_no, expires from muster.session',
}

export interface Digest {
  readonly tables: ReadonlyMap<string, string>
}

export async function digestOf(db: Db): Promise<Digest> {
  const tables = await db.query<{ name: string }>({
    text: `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'muster' or schemaname like 'platform%' or schemaname like 'plugin%' order by 1`,
  })
  const parts = tables
    .filter(({ name }) => projections[name] !== null)
    .map(
      ({ name }) =>
        `select '${name}' as name, coalesce(md5(string_agg(x::text, '|' order by x::text)), '') as digest from (${projections[name] ?? `select * from ${name}`}) x`,
    )
  const rows = await db.query<{ name: string; digest: string }>({ text: parts.join(' union all ') })
  return { tables: new Map(rows.map((r) => [r.name, r.digest])) }
}

/** The tables in which they differ. */
export function difference(a: Digest, b: Digest): string[] {
  return [...new Set([...a.tables.keys(), ...b.tables.keys()])].filter((t) => a.tables.get(t) !== b.tables.get(t))
}
