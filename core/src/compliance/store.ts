/** The statements of compliance: every verdict of a batch in one, and only rows that differ written. */
import type { Json, Reason } from '@muster/contract'
import { jsonText, type Sqlish, type Tx } from '../db/index.ts'
import type { ComplianceVerdict } from '../policies/index.ts'

export interface Changed {
  channel: number
  device: number
  deviceId: string
  feature: string
  state: 'compliant' | 'violated' | 'unknown' | 'none'
  was: 'compliant' | 'violated' | 'unknown' | null
  action: 'enforce' | 'warn' | 'monitor'
  reason: Reason | null
  evidence: Json
  escalated: boolean
}

/** Answers the rows whose state changed or that were escalated now. Rows come one per device and feature. */
export function writeVerdicts(tx: Tx, rows: readonly ComplianceVerdict[]): Promise<Changed[]> {
  return tx.query<Changed>({ name: 'compliance-verdicts', text: verdicts, values: [jsonText(rows)] })
}

const verdicts = `with said as (
    select * from jsonb_to_recordset($1::jsonb) as s(channel bigint, device bigint, "deviceId" uuid, feature text, state text, action text, "graceS" integer, reason jsonb, evidence jsonb, weak boolean, exhausted boolean)
  ),
  old as (select k.device, k.feature, k.state, k.escalated from compliance k join said s using (device, feature)),
  gone as (delete from compliance k using said s where s.state = 'none' and k.device = s.device and k.feature = s.feature returning k.device, k.feature),
  written as (
    insert into compliance as k (device, feature, state, action, reason, evidence, grace_until, escalated)
    select s.device, s.feature, s.state, s.action, s.reason, s.evidence,
      case when s.state = 'violated' and s."graceS" > 0 then now() + make_interval(secs => s."graceS") end, case when s.state = 'violated' and s.exhausted then now() end
    from said s left join old o using (device, feature) where s.state <> 'none' and not (coalesce(s.weak, false) and o.device is not null) order by s.device, s.feature
    on conflict (device, feature) do update set state = excluded.state, action = excluded.action, reason = excluded.reason, evidence = excluded.evidence, at = now(),
      since = case when k.state = excluded.state then k.since else now() end,
      grace_until = case when excluded.state <> 'violated' then null when k.state = 'violated' then k.grace_until else excluded.grace_until end,
      escalated = case when excluded.state <> 'violated' then null when k.state = 'violated' then coalesce(k.escalated, excluded.escalated) else excluded.escalated end
    where k.state <> excluded.state or k.action <> excluded.action or k.reason is distinct from excluded.reason or k.evidence is distinct from excluded.evidence
      or (k.escalated is null and excluded.escalated is not null) or k.at < now() - interval '15 minutes'
    returning k.device, k.feature, k.state, k.action, k.reason, k.evidence, k.escalated
  ),
  after as (select device, feature, state, action, reason, evidence, escalated from written union all select g.device, g.feature, 'none', '', null, null, null from gone g)
  select s.channel, a.device, s."deviceId", a.feature, a.state, o.state as was, a.action, a.reason, a.evidence, a.escalated is not null and o.escalated is null as escalated
  from after a join said s using (device, feature) left join old o using (device, feature)
  where o.state is distinct from a.state or (a.escalated is not null and o.escalated is null) order by a.device, a.feature`

/** Rows of features that no open channel wants any more go; changed actions are taken over. Answers the devices changed. */
export async function followDesired(tx: Tx, channels: readonly number[]): Promise<string[]> {
  const rows = await tx.query<{ id: string }>({ name: 'compliance-desired', text: desired, values: [channels] })
  return rows.map((r) => r.id)
}

const wanting = `from channel c join channel_set cs on cs.channel = c.no join set_feature sf on sf.set_no = cs.desired where c.device = k.device and c.closed is null and sf.feature = k.feature`
const desired = `with touched as (select distinct device from channel where no = any($1::bigint[])),
  gone as (delete from compliance k using touched t where k.device = t.device and not exists (select ${wanting}) returning k.device),
  acted as (update compliance k set action = w.action from touched t cross join lateral (select k2.feature, (select sf.action ${wanting.replaceAll('k.', 'k2.')} limit 1) as action from compliance k2 where k2.device = t.device) w
    where k.device = t.device and k.feature = w.feature and w.action is not null and k.action <> w.action returning k.device)
  select distinct d.id from (select device from gone union select device from acted) x join device d on d.no = x.device`

export async function forgetClosed(tx: Tx, channels: readonly number[]): Promise<string[]> {
  const rows = await tx.query<{ id: string }>({
    name: 'compliance-closed',
    values: [channels],
    text: `with gone as (delete from compliance k using channel c where c.no = any($1::bigint[]) and k.device = c.device
        and not exists (select from channel o where o.device = k.device and o.closed is null and o.no <> all($1::bigint[])) returning k.device)
      select distinct d.id from gone join device d on d.no = gone.device`,
  })
  return rows.map((r) => r.id)
}

/** Violations that outlasted their grace. */
export function endGraces(tx: Tx): Promise<Changed[]> {
  return tx.query<Changed>({
    name: 'compliance-graces',
    text: `with late as (
        select device, feature from compliance where state = 'violated' and escalated is null and grace_until <= now() order by device, feature limit 5000 for update skip locked
      )
      update compliance k set escalated = now() from late, device d where k.device = late.device and k.feature = late.feature and d.no = k.device
      returning 0 as channel, k.device, d.id as "deviceId", k.feature, k.state, k.state as was, k.action, k.reason, k.evidence, true as escalated`,
  })
}

export interface DeviceEvent {
  device: number
  type: string
  severity: 'warning' | 'critical'
  data: Json
}

export async function writeDeviceEvents(tx: Tx, events: readonly DeviceEvent[]): Promise<void> {
  await tx.affected({
    name: 'compliance-device-events',
    values: [jsonText(events)],
    text: 'insert into device_event (at, device, type, severity, data) select now(), device, type, severity, data from jsonb_to_recordset($1::jsonb) as e(device bigint, type text, severity text, data jsonb)',
  })
}

export interface FeatureRow {
  feature: string
  state: 'compliant' | 'violated' | 'unknown'
  action: 'enforce' | 'warn' | 'monitor'
  reason: Reason | null
  evidence: Json
  since: Date
  at: Date
  grace_until: Date | null
  escalated: Date | null
}

export function readDevice(q: Sqlish, device: number): Promise<FeatureRow[]> {
  return q.query<FeatureRow>({
    name: 'compliance-device',
    values: [device],
    text: 'select feature, state, action, reason, evidence, since, at, grace_until, escalated from compliance where device = $1 order by feature collate "C"',
  })
}
