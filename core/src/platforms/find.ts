/** Finding channels by what an outside service calls them, or by one of their facts; many that are asked for at once by one statement. */
import type { Channel } from '@muster/contract'
import sql from 'sql-template-tag'
import { type Db, gather, jsonText } from '../db/index.ts'
import { readChannels } from '../devices/index.ts'
import { plain } from '../operations/index.ts'

/** `ref`: the other side's name for something handed over and still open. `fact`: the device's main channel, when exactly one open device has it. */
type FindBy = { readonly ref: string } | { readonly fact: string; readonly value: string }

/** What a name leads to: the row numbers of channels. */
interface Found {
  readonly i: number
  readonly channel: number
}
/** Each name is looked up by itself, so that no plan reads all that is open for the sake of a few. */
const byRef = `
  select x.i::int, f.channel from unnest($1::text[]) with ordinality as x (ref, i)
  cross join lateral (select p.channel from pending p where p.ref = x.ref union select s.channel from feature_state s where s.ref = x.ref) f`
const byFact = `
  select x.i::int, c.no as channel from unnest($1::jsonb[]) with ordinality as x (wanted, i)
  cross join lateral (select no, platform from device where outline @> x.wanted offset 0) d
  cross join lateral (select no, enrolment from channel where device = d.no and closed is null and name in ('device', 'agent') offset 0) c
  join enrolment e on e.no = c.enrolment
  where d.platform = $2 and e.state <> 'removed' order by x.i, c.no`

/** The planner takes a hundredth of all devices for what a name leads to, and would rather read them all: 12 ms a name among 6,000 devices. The index knows each at once. */
function byIndex(db: Db, statement: { name: string; text: string; values: unknown[] }): Promise<Found[]> {
  return db.tx(async (tx) => {
    await tx.query({ text: 'set local enable_seqscan = off' })
    return tx.query<Found>(statement)
  })
}

export function createFind(db: Db, platform: string): (by: FindBy) => Promise<Channel | undefined> {
  const refs = gather(async (asked: string[]) => {
    const found = await db.query<Found>({ name: 'find-by-ref', text: byRef, values: [asked] })
    return channelsOf(asked, found, (list) => (list.length === 1 ? list[0] : undefined))
  })
  const facts = gather(async (asked: string[]) => {
    const found = await byIndex(db, { name: 'find-by-fact', text: byFact, values: [asked, platform] })
    return channelsOf(asked, found, (list) => (new Set(list.map((c) => c.device)).size === 1 ? list[0] : undefined))
  })

  async function channelsOf(
    asked: readonly string[],
    found: readonly Found[],
    pick: (list: readonly Channel[]) => Channel | undefined,
  ): Promise<Map<string, Channel>> {
    const numbers = [...new Set(found.map((f) => f.channel))]
    const read =
      numbers.length === 0
        ? []
        : await readChannels(db, sql`d.platform = ${platform} and c.no = any(${numbers}::bigint[])`)
    const heads = new Map(read.map((c) => [c.no, c]))
    const byName = Map.groupBy(found, (f) => asked[f.i - 1] ?? '')
    return new Map(
      [...byName].flatMap(([name, list]) => {
        const picked = pick(list.flatMap((f) => heads.get(f.channel) ?? []))
        return picked ? [[name, picked] as const] : []
      }),
    )
  }
  // As names are kept: one that PostgreSQL cannot hold must not spoil the others.
  return (by) => ('ref' in by ? refs(plain(by.ref)) : facts(jsonText({ [by.fact]: by.value })))
}

/** Enrolled devices that report this fact. */
export async function countDevices(db: Db, platform: string, by: { fact: string; value: string }): Promise<number> {
  const [row] = await db.query<{ n: number }>(sql`
    select count(*) as n from device d where d.platform = ${platform} and d.lifecycle = 'active' and d.outline @> ${jsonText({ [by.fact]: by.value })}::jsonb`)
  return row?.n ?? 0
}
