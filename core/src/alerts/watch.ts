/** What changes while nobody asks: silence and return of devices, rooting, lost encryption, another SIM. Told once, at the change. */
import sql, { type Sql } from 'sql-template-tag'
import { type Db, numberArray, type Tx } from '../db/index.ts'
import { type Liveness, livenessSql } from '../devices/index.ts'
import type { Events } from '../events/index.ts'
import { type Raised, raise } from './raise.ts'
import { createWatchList } from './watch-list.ts'

interface Present {
  no: number
  id: string
  liveness: Liveness
  rooted: boolean | null
  encrypted: boolean | null
  last: Date | null
  /** Seconds since 1970 until which its silence means nothing; null: it was never heard. */
  until: number | null
  was: Liveness | null
  was_rooted: boolean | null
  was_encrypted: boolean | null
  /** Its words differ from the last told ones. */
  changed: boolean
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
  const list = createWatchList(o)
  let begun: Date | undefined

  /**
   * Every few seconds, on one node. Answers how many devices changed. `hearingSince`: since when devices could be heard; its first call, unless told.
   * Most are not looked at: they promised to be back later, and nothing was heard of them. Told `hearingSince`, it looks at everybody.
   */
  return async function watch(hearingSince?: Date): Promise<number> {
    await list.begin()
    const [clock] = await o.db.query<{ now: Date }>({ name: 'watch-now', text: 'select now()' })
    const now = clock?.now ?? new Date()
    begun ??= hearingSince ?? now
    const since = hearingSince ?? begun
    try {
      const total = list.everybody() || hearingSince ? await all(since) : await some(since, now)
      return total + (await o.db.tx(watchIdentifiers))
    } catch (error) {
      list.failed()
      throw error
    }
  }

  async function all(since: Date): Promise<number> {
    list.changed()
    await o.db.query(sql`delete from device_watch w using device d where d.no = w.device and d.lifecycle <> 'active'`)
    let total = 0
    for (let last = 0, nos: number[] = []; ; ) {
      nos = await numbersOf(sql`no > ${last}`)
      total += await look(nos, since)
      if (nos.length < step) break
      last = nos.at(-1) ?? last
    }
    list.wasEverybody()
    return total
  }

  async function some(since: Date, now: Date): Promise<number> {
    const changed = list.changed()
    const nos = new Set(list.due(now.getTime() / 1000))
    for (let from = 0; from < changed.length; from += step) {
      const ids = changed.slice(from, from + step)
      await o.db.query(
        sql`delete from device_watch w using device d where d.no = w.device and d.lifecycle <> 'active' and d.id = any(${ids}::uuid[])`,
      )
      for (const no of await numbersOf(sql`id = any(${ids}::uuid[])`)) nos.add(no)
    }
    const sorted = [...nos].sort((a, b) => a - b)
    let total = 0
    for (let from = 0; from < sorted.length; from += step) total += await look(sorted.slice(from, from + step), since)
    return total
  }

  async function numbersOf(which: Sql): Promise<number[]> {
    const rows = await o.db.query<{ no: number }>(
      sql`select no from device where lifecycle = 'active' and ${which} order by no limit ${step}`,
    )
    return rows.map((r) => r.no)
  }

  /** Answers how many of these changed, and remembers when each is looked at again. */
  async function look(nos: readonly number[], since: Date): Promise<number> {
    if (nos.length === 0) return 0
    const rows = await o.db.tx(async (tx) => {
      const found = await readPresent(tx, nos, since)
      await write(
        tx,
        found.filter((r) => r.changed),
      )
      return found
    })
    const active = new Set(rows.map((r) => r.no))
    for (const no of nos) if (!active.has(no)) list.set(no, undefined)
    for (const r of rows) {
      const told = r.changed ? r.liveness : r.was
      list.set(r.no, told === 'reachable' && r.until !== null ? r.until : 'always')
    }
    return rows.filter((r) => r.changed).length
  }

  async function write(tx: Tx, rows: readonly Present[]): Promise<void> {
    if (rows.length === 0) return
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
 * Devices as they are and as they were last told of. Muster's own silence is not the device's: nobody becomes unreachable
 * before having had the promised time since this node began to watch.
 */
function readPresent(tx: Tx, nos: readonly number[], hearingSince: Date): Promise<Present[]> {
  return tx.query<Present>(sql`
    with present as (
      select d.no, d.id, ${livenessSql} as liveness, d.rooted, d.encrypted, seen_last.at as last,
        greatest(seen_last.at, ${hearingSince}::timestamptz) + make_interval(secs => greatest(seen_last.expect_s, 60) * 2 + 30) as until
      from unnest(${numberArray(nos)}::bigint[]) as x (no) join device d on d.no = x.no
      cross join lateral (
        select max(s.at) as at, max(s.expect_s) as expect_s from channel c join seen s on s.channel = c.no where c.device = d.no and c.closed is null) seen_last
      where d.lifecycle = 'active')
    select p.no, p.id, p.liveness, p.rooted, p.encrypted, p.last, case when p.last is not null then extract(epoch from p.until)::float8 end as until,
      w.liveness as was, w.rooted as was_rooted, w.encrypted as was_encrypted,
      w.device is null
        or (w.liveness <> p.liveness and not (w.liveness = 'reachable' and p.until > now()))
        or ((w.rooted, w.encrypted) is distinct from (p.rooted, p.encrypted) and not (w.liveness = 'reachable' and p.liveness <> 'reachable' and p.until > now()))
        as changed
    from present p left join device_watch w on w.device = p.no order by p.no`)
}

function told(r: Present): Raised[] {
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
