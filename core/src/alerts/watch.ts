/** What changes while nobody asks: silence and return of devices, rooting, lost encryption, another SIM. Told once, at the change. */
import sql from 'sql-template-tag'
import type { Db, Tx } from '../db/index.ts'
import { type Liveness, livenessSql } from '../devices/index.ts'
import type { Events } from '../events/index.ts'
import { type Raised, raise } from './raise.ts'

interface Changed {
  no: number
  id: string
  liveness: Liveness
  rooted: boolean | null
  encrypted: boolean | null
  last: Date | null
  was: Liveness | null
  was_rooted: boolean | null
  was_encrypted: boolean | null
}
interface Replaced {
  no: number
  id: string
  kind: string
  value: string
  now: string[]
}

/** At most so many in one transaction: an outage of a whole site must not hold everyone up. */
const step = 5_000

export function createWatch(o: { db: Db; events: Events }) {
  let begun: Date | undefined

  /** Every few seconds, on one node. Answers how many devices changed. `hearingSince`: since when devices could be heard; its first call, unless told. */
  return async function watch(hearingSince?: Date): Promise<number> {
    begun ??= (await o.db.query<{ now: Date }>(sql`select now()`))[0]?.now ?? new Date()
    const since = hearingSince ?? begun
    await o.db.query(sql`delete from device_watch w using device d where d.no = w.device and d.lifecycle <> 'active'`)
    let total = 0
    for (let last = step; last === step; total += last) last = await o.db.tx((tx) => watchSome(tx, since))
    return total + (await o.db.tx(watchIdentifiers))
  }

  async function watchSome(tx: Tx, since: Date): Promise<number> {
    const rows = await changed(tx, since)
    await tx.query({
      name: 'device-watch',
      text: `insert into device_watch as w (device, liveness, rooted, encrypted)
        select * from unnest($1::bigint[], $2::text[], $3::boolean[], $4::boolean[])
        on conflict (device) do update set rooted = excluded.rooted, encrypted = excluded.encrypted,
          since = case when w.liveness = excluded.liveness then w.since else now() end, liveness = excluded.liveness`,
      values: [
        rows.map((r) => r.no),
        rows.map((r) => r.liveness),
        rows.map((r) => r.rooted),
        rows.map((r) => r.encrypted),
      ],
    })
    await raise(tx, o.events, rows.flatMap(told))
    return rows.length
  }

  /** A number or card that an enrolled device had and has no more, with what came in its place. */
  async function watchIdentifiers(tx: Tx): Promise<number> {
    const rows = await tx.query<Replaced>(sql`
      with gone as (
        update identifier i set told = now() where i.until is not null and i.told is null and i.until > now() - interval '1 day' returning i.device, i.kind, i.value)
      select d.no, d.id, g.kind, g.value, coalesce((select array_agg(i.value order by i.since desc) from identifier i where i.device = d.no and i.kind = g.kind and i.until is null), '{}') as now
      from gone g join device d on d.no = g.device where d.lifecycle = 'active' and g.kind in ('imsi', 'iccid', 'phone') order by d.no`)
    await raise(
      tx,
      o.events,
      rows.map((r) => ({
        device: r,
        type: 'device.sim-changed',
        severity: 'warning',
        data: { kind: r.kind, from: r.value, to: r.now },
      })),
    )
    return rows.length
  }
}

/**
 * Devices whose words differ from the last told ones. Muster's own silence is not the device's: nobody becomes unreachable
 * before having had the promised time since this node began to watch.
 */
function changed(tx: Tx, hearingSince: Date): Promise<Changed[]> {
  return tx.query<Changed>(sql`
    with seen_by_device as (
      select c.device, max(s.at) as at, max(s.expect_s) as expect_s from seen s join channel c on c.no = s.channel where c.closed is null group by c.device),
    present as (
      select d.no, d.id, ${livenessSql} as liveness, d.rooted, d.encrypted, seen_last.at as last,
        ${hearingSince}::timestamptz + make_interval(secs => greatest(seen_last.expect_s, 60) * 2 + 30) > now() as waiting
      from device d left join seen_by_device seen_last on seen_last.device = d.no where d.lifecycle = 'active')
    select p.no, p.id, p.liveness, p.rooted, p.encrypted, p.last, w.liveness as was, w.rooted as was_rooted, w.encrypted as was_encrypted
    from present p left join device_watch w on w.device = p.no
    where w.device is null
      or (w.liveness <> p.liveness and not (w.liveness = 'reachable' and p.waiting))
      or ((w.rooted, w.encrypted) is distinct from (p.rooted, p.encrypted) and not (w.liveness = 'reachable' and p.liveness <> 'reachable' and p.waiting))
    order by p.no limit ${step}`)
}

function told(r: Changed): Raised[] {
  const about = { device: { no: r.no, id: r.id } }
  const lastSeen = r.last?.toISOString() ?? null
  const all: Raised[] = []
  if (r.was !== null && r.was !== r.liveness) {
    const severity = r.liveness === 'reachable' ? 'info' : 'warning'
    all.push({ ...about, type: `device.${r.liveness}`, severity, data: { was: r.was, lastSeen } })
  }
  if (r.rooted === true && r.was_rooted !== true)
    all.push({ ...about, type: 'device.rooted', severity: 'critical', data: {} })
  if (r.encrypted === false && r.was_encrypted === true)
    all.push({ ...about, type: 'device.unencrypted', severity: 'warning', data: {} })
  return all
}
