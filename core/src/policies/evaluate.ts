/** What each device should have: all active policies of a scope in one SELECT, settings computed once per distinct list of policies, and only rows that differ written. */
import type { EventMap, JsonObject } from '@muster/contract'
import sql, { empty, join, type Sql } from 'sql-template-tag'
import type { Tx } from '../db/index.ts'
import { assignmentSql } from './assignment.ts'
import { type Contribution, effectiveSettings } from './merge.ts'
import type { Action, Assignment, Scope } from './model.ts'
import type { Parts } from './take.ts'

/** More devices than this are evaluated like a platform: alone, instead of locked one by one. */
const fewDevices = 500
/** A channels.waiting or settings.changed event names at most this many. */
const named = 500

export interface Evaluated {
  readonly channels: number[]
  /** How many active devices in scope each policy reaches. */
  readonly reach: ReadonlyMap<number, number>
}
interface ActivePolicy {
  no: number
  platform: string
  version: number
  assignment: Assignment
  features: { feature: string; settings: JsonObject }[]
  compliance: Record<string, { action: Action; graceS: number }>
}
/** Devices that match the same policies and point to the same sets now. `lo`, `hi`: sets of their channels, 0 for none, null without a channel. */
interface Want {
  platform: string
  list: number[]
  lo: number | null
  hi: number | null
  devices: number
}
interface Touched {
  channel: number
  device: string
  waiting: boolean
}

/**
 * Changes of policies and evaluations of a platform run one after the other; evaluations of few devices run beside each other, not beside those.
 * Whoever comes second reads what the first has written, so the last word is right whatever the order.
 */
export async function lockAll(tx: Tx): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock(hashtextextended('policies', 7312))`)
}

async function loops(tx: Tx, to: 'on' | 'off'): Promise<void> {
  await tx.query({ name: 'policies-loops', text: `select set_config('enable_nestloop', $1, true)`, values: [to] })
}

function isFew(scope: Scope): scope is { readonly devices: readonly number[] } {
  return 'devices' in scope && scope.devices.length <= fewDevices
}

async function lockScope(tx: Tx, scope: Scope): Promise<void> {
  if (!isFew(scope)) return lockAll(tx)
  await tx.query(sql`select pg_advisory_xact_lock_shared(hashtextextended('policies', 7312))`)
  await tx.query(sql`select no from device where no = any(${scope.devices}::bigint[]) order by no for no key update`)
}

export async function evaluate(tx: Tx, scope: Scope, parts: Parts): Promise<Evaluated> {
  if ('devices' in scope && scope.devices.length === 0) return { channels: [], reach: new Map() }
  await lockScope(tx, scope)
  const policies = await activePolicies(tx, scope)
  // Over a fleet only hashing is safe: statistics that lag behind make the planner expect one device and loop over all of them for each.
  if (!isFew(scope)) await loops(tx, 'off')
  const lists = sql`select d.no, d.id, d.platform, array_remove(array[${join(policies.length > 0 ? policies.map((p, i) => when(p, i, parts, isFew(scope))) : [sql`null::int`])}]::int[], null) as list
    from device d where d.lifecycle = 'active' and ${within(scope)}`
  const wants = await tx.query<Want>(
    sql`select m.platform, m.list, s.lo, s.hi, count(*) as devices from (${lists}) m left join (${pointing(scope)}) s on s.device = m.no group by 1, 2, 3, 4`,
  )
  const numbers = await setNumbers(tx, wants, policies, parts)
  const differing = [...wants.entries()]
    .filter(([i, w]) => differs(w, numbers[i] ?? 0))
    .map(([i, w]) => ({ ...w, set: numbers[i] ?? 0 }))
  const touched = differing.length > 0 ? await point(tx, lists, differing) : []
  if (!isFew(scope)) await loops(tx, 'on')
  await tell(tx, touched, parts)
  return { channels: touched.map((t) => t.channel), reach: reachOf(wants, policies) }
}

function when(p: ActivePolicy, index: number, parts: Parts, few: boolean): Sql {
  return sql`case when ${assignmentSql(p.assignment, p.platform, parts.registry, few)} then ${index}::int end`
}

function within(scope: Scope): Sql {
  return 'platform' in scope ? sql`d.platform = ${scope.platform}` : sql`d.no = any(${scope.devices}::bigint[])`
}

/** What channels point to now, by device. */
function pointing(scope: Scope): Sql {
  const only = isFew(scope) ? sql`and c.device = any(${scope.devices}::bigint[])` : empty
  return sql`select c.device, min(coalesce(cs.desired, 0)) as lo, max(coalesce(cs.desired, 0)) as hi from channel c left join channel_set cs on cs.channel = c.no where c.closed is null ${only} group by c.device`
}

function differs(w: Want, set: number): boolean {
  if (w.lo === null || w.hi === null) return false
  const fine = (now: number) => now === set || (now === 0 && w.list.length === 0)
  return !fine(w.lo) || !fine(w.hi)
}

/** First wins. */
function activePolicies(tx: Tx, scope: Scope): Promise<ActivePolicy[]> {
  const platforms =
    'platform' in scope
      ? sql`p.platform = ${scope.platform}`
      : sql`p.platform in (select d.platform from device d where d.no = any(${scope.devices}::bigint[]))`
  return tx.query(sql`select p.no, p.platform, v.version, v.assignment, v.features, v.compliance from policy p join policy_version v on v.policy = p.no and v.version = p.version
    where p.state = 'active' and ${platforms} order by p.platform, p.priority`)
}

async function setNumbers(
  tx: Tx,
  wants: readonly Want[],
  policies: readonly ActivePolicy[],
  parts: Parts,
): Promise<number[]> {
  const numbers: number[] = []
  const says = policies.map(contribution)
  for (const platform of new Set(wants.map((w) => w.platform))) {
    const mine = [...wants.entries()].filter(([, w]) => w.platform === platform)
    const sets = mine.map(([, w]) =>
      effectiveSettings(
        w.list.flatMap((i) => says[i] ?? []),
        parts.registry.features,
      ),
    )
    const found = await parts.sets.ensure(tx, platform, sets)
    for (const [at, [index]] of mine.entries()) numbers[index] = found[at] ?? 0
  }
  return numbers
}

function contribution(p: ActivePolicy): Contribution {
  return {
    policy: p.no,
    version: p.version,
    features: p.features.map((f) => ({
      ...f,
      action: p.compliance[f.feature]?.action ?? 'enforce',
      graceS: p.compliance[f.feature]?.graceS ?? 0,
    })),
  }
}

/**
 * Points channels to their sets. A device that no policy has ever reached gets no row. Moving between sets of one content, once applied, asks nothing of the
 * device; going back to the applied set before the next one arrived does, for part of that one may be there.
 */
function point(tx: Tx, lists: Sql, wants: readonly (Want & { set: number })[]): Promise<Touched[]> {
  const rows = [
    ...new Map(
      wants.map((w) => [
        `${w.platform} ${w.list}`,
        { platform: w.platform, list: `{${w.list.join(',')}}`, set: w.set, none: w.list.length === 0 },
      ]),
    ).values(),
  ]
  const same = sql`cs.applied = cs.desired and (select s.content from settings_set s where s.no = cs.applied) = (select s.content from settings_set s where s.no = excluded.desired)`
  return tx.query(sql`with m as materialized (${lists}),
    target as (
      select c.no as channel, w.set from m join jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as w(platform text, list text, set bigint, none boolean) on w.platform = m.platform and w.list = m.list::text
        join channel c on c.device = m.no and c.closed is null left join channel_set cs on cs.channel = c.no
      where cs.desired is distinct from w.set and not (w.none and cs.channel is null)
    ),
    written as (
      insert into channel_set as cs (channel, desired) select channel, set from target order by channel
      on conflict (channel) do update set desired = excluded.desired, changed = now(), due = case when ${same} then cs.due end, applied = case when ${same} then excluded.desired when cs.applied = excluded.desired then null else cs.applied end
        where cs.desired is distinct from excluded.desired
      returning channel, desired is distinct from applied as waiting
    )
    select w.channel, d.id as device, w.waiting from written w join channel c on c.no = w.channel join device d on d.no = c.device order by w.channel`)
}

async function tell(tx: Tx, touched: readonly Touched[], parts: Parts): Promise<void> {
  if (touched.length === 0) return
  await parts.compliance.onDesired(
    tx,
    touched.map((t) => t.channel),
  )
  const devices = [...new Set(touched.map((t) => t.device))]
  const events: { type: 'settings.changed'; data: EventMap['settings.changed'] }[] = []
  for (let i = 0; i < devices.length; i += named)
    events.push({ type: 'settings.changed', data: { devices: devices.slice(i, i + named) } })
  await parts.events.emitMany(tx, events)
  await wake(
    tx,
    touched.filter((t) => t.waiting).map((t) => t.channel),
    parts,
  )
}

export async function wake(tx: Tx, channels: readonly number[], parts: Pick<Parts, 'events'>): Promise<void> {
  if (channels.length === 0) return
  await parts.events.emit(tx, 'channels.waiting', {
    channels: channels.length > named ? '*' : [...channels],
    urgent: false,
  })
}

function reachOf(wants: readonly Want[], policies: readonly ActivePolicy[]): Map<number, number> {
  const reach = new Map<number, number>()
  for (const w of wants) {
    for (const i of w.list) {
      const no = policies[i]?.no ?? 0
      reach.set(no, (reach.get(no) ?? 0) + w.devices)
    }
  }
  return reach
}
