/** The message log as it is read: packs and, from before 0008, single messages, newest first, by the channels of one device. */
import sql, { empty, type Sql } from 'sql-template-tag'
import { exactTime, type Sqlish } from '../db/index.ts'
import { SecretProblem, type Secrets } from '../secrets/index.ts'
import { keptOfOne, openPack, places } from './messages.ts'

export interface MessageRow {
  at: Date
  /** `at` to the microsecond. */
  time: string
  no: number
  /** Which of its pack; 0 of one that stands by itself. */
  nth: number
  /** Its channel's name. */
  channel: string
  outbound: boolean
  outcome: string
  /** Bytes on the wire. */
  size: number
  /** What it was sealed in, when it was asked for. */
  sealed: Buffer | null
  /** Where it begins in there; null when it was sealed by itself. */
  place: number | null
}
/** The place of a message; those before it are older. */
interface MessagePlace {
  time: string
  no: number
  nth: number
}

/** Days looked at first, then more, then all: an index over channels knows no order, and a device may have spoken for years. */
const looks = [1, 8, undefined] as const

/** At most `limit` rows of this device before that place. */
export async function readMessages(
  db: Sqlish,
  device: number,
  o: { before?: MessagePlace; limit: number; sealed: boolean },
): Promise<MessageRow[]> {
  let rows: MessageRow[] = []
  for (const days of looks) {
    rows = await db.query<MessageRow>(look(device, { ...o, days }))
    if (rows.length >= o.limit) break
  }
  return rows
}

/** Bytes of one message at most that are kept: what a message takes in its pack. */
const kept = sql`least(s, ${keptOfOne})`

function look(
  device: number,
  o: { before?: MessagePlace; limit: number; sealed: boolean; days: number | undefined },
): Sql {
  const { before, days } = o
  const until = before ? sql`${before.time}::timestamptz` : sql`now()`
  const within = sql`at <= ${until} ${days === undefined ? empty : sql`and at > ${until} - ${days} * interval '1 day'`}`
  const first = sql`order by at desc, no desc, nth desc limit ${o.limit}`
  const ahead = before ? sql`and (at, no, nth) < (${until}, ${before.no}::bigint, ${before.nth}::bigint)` : empty
  const sealed = o.sealed ? sql`sealed` : sql`null::bytea`
  // The pack of a single message is what one of its batch carries: the last at or before its place.
  const carried = sql`(select k.sealed from message k where k.channel = f.carrier and k.at = f.at and k.place <= f.place and k.sealed is not null order by k.place desc limit 1)`
  const carrier = sql`(select k.place from message k where k.channel = f.carrier and k.at = f.at and k.place <= f.place and k.sealed is not null order by k.place desc limit 1)`
  return sql`
    with own as materialized (select array_agg(no) as nos from channel where device = ${device}),
    packs as materialized (
      select at, no, channels, outbounds, outcomes, sizes, ${sealed} as sealed from message where channels && (select nos from own) and ${within}),
    found as materialized (
      select * from (
        (select at, no, nth, channel, outbound, coalesce(outcomes[nth], '') as outcome, size, sealed, sizes, null::bigint as carrier, null::integer as place
          from packs cross join lateral unnest(channels, outbounds, sizes) with ordinality u (channel, outbound, size, nth)
          where channel = any((select nos from own)::bigint[]) ${ahead} ${first})
        union all
        (select * from (
          select at, no, 0::bigint as nth, channel, outbound, outcome, size, ${sealed} as sealed, null::integer[] as sizes, carrier, place
          from message where channel = any((select nos from own)::bigint[]) and ${within}) x where true ${ahead} ${first})) x
      ${first})
    select f.at, ${exactTime(sql`f.at`)} as time, f.no, f.nth, c.name as channel, f.outbound, f.outcome, f.size, ${
      o.sealed
        ? sql`case when f.nth = 0 and f.sealed is null then ${carried} else f.sealed end as sealed,
          case when f.nth > 0 then (select coalesce(sum(${kept}), 0)::integer from unnest(f.sizes[1 : f.nth - 1]) s) else f.place - ${carrier} end as place`
        : sql`null::bytea as sealed, null::integer as place`
    }
    from found f join channel c on c.no = f.channel order by f.at desc, f.no desc, f.nth desc`
}

/** A message's bytes out of what was sealed. */
export function openMessage(secrets: Secrets, m: { sealed: Buffer; place: number | null; size: number }): Buffer {
  if (m.place === null) return secrets.open(places.one, m.sealed)
  const all = openPack(secrets, m.sealed)
  const end = m.place + Math.min(m.size, keptOfOne)
  if (end > all.length) throw new SecretProblem('sealed-malformed', places.batch)
  return all.subarray(m.place, end)
}
