/** Devices as lists and pages show them: one read over what several rooms keep, always within the reader's reach. */
import {
  type FormFactor,
  type JsonObject,
  type OperationDescriptor,
  type Ownership,
  operationPermission,
  Problem,
  type Reason,
  textIn,
} from '@muster/contract'
import sql, { empty, join } from 'sql-template-tag'
import { may, type Principal, type Reach, reachFor, reachSql } from '../access/index.ts'
import { type Db, isUuid, type Page, pageOf, readNo } from '../db/index.ts'
import { channelsOfDevices, type KnownDetail, type Liveness, livenessSql, readDetails } from '../devices/index.ts'
import {
  type ComplianceState,
  complianceStates,
  type DeviceFilter,
  complianceSql as deviceCompliance,
  filterSql,
  seenSql,
} from '../queries/index.ts'
import { pickRow, type Registry } from '../registry/index.ts'

export const complianceWords = complianceStates
export type ComplianceWord = ComplianceState

export interface DeviceSummary {
  id: string
  name: string
  platform: string
  ownership: Ownership
  formFactor: FormFactor
  manufacturer: string | null
  model: string | null
  osName: string | null
  osVersion: string | null
  serial: string | null
  owner: { id: string; name: string } | null
  lifecycle: 'created' | 'active' | 'disenrolling' | 'removed'
  blocked: boolean
  /** Computed from what the device promised: reachable while it keeps its word, inactive after two weeks of silence. */
  liveness: Liveness
  lastSeen: string | null
  compliance: ComplianceWord
  /** Operations not settled yet. */
  open: number
  encrypted: boolean | null
  rooted: boolean | null
  agentVersion: string | null
  enrolledAt: string | null
}
export interface OfferedOperation {
  id: string
  title: string
  danger: OperationDescriptor['danger']
  available: boolean
  reason?: Reason
}
export interface DevicePage extends DeviceSummary {
  facts: JsonObject
  factsAt: string | null
  identifiers: { kind: string; value: string; since: string }[]
  channels: { name: string }[]
  groups: { id: string; name: string }[]
  enrolment: {
    epoch: number
    state: string
    activatedAt: string | null
    deadline: string | null
    reason: string | null
    licence: string | null
  } | null
  expectInS: number
  /** Every operation known, with whether this reader may send it to this device now, and why not. */
  operations: OfferedOperation[]
  revision: number
}
interface Row {
  no: number
  id: string
  name: string
  platform: string
  ownership: Ownership
  form_factor: FormFactor
  manufacturer: string | null
  model: string | null
  os_name: string | null
  os_version: string | null
  serial: string | null
  owner_no: number | null
  owner_name: string | null
  lifecycle: DeviceSummary['lifecycle']
  blocked: boolean
  liveness: Liveness
  last_seen: Date | null
  expect_s: number | null
  compliance: ComplianceWord
  open: number
  encrypted: boolean | null
  rooted: boolean | null
  agent_version: string | null
  activated: Date | null
}
interface PageRow extends Row {
  facts: JsonObject
  facts_at: Date | null
  revision: number
  identifiers: { kind: string; value: string; since: string }[]
  groups: { id: string; name: string }[]
  channels: { name: string }[]
  epoch: number | null
  enrolment_state: string | null
  deadline: Date | null
  reason: string | null
  licence: string | null
}

const complianceSql = deviceCompliance('d')
const seenJoin = sql`left join lateral (${seenSql} and c.device = d.no group by c.device) seen_last on true`
const joins = sql`left join app_user u on u.no = d.owner left join enrolment e on e.device = d.no and e.epoch = (select max(x.epoch) from enrolment x where x.device = d.no) ${seenJoin}`
const columns = sql`d.no, d.id, d.name, d.platform, d.ownership, d.form_factor, d.manufacturer, d.model, d.os_name, d.os_version, d.serial, u.no as owner_no, u.name as owner_name, d.lifecycle, d.blocked,
  ${livenessSql} as liveness, seen_last.at as last_seen, seen_last.expect_s, ${complianceSql} as compliance,
  (select count(*)::integer from pending p join channel c on c.no = p.channel where c.device = d.no) as open, d.encrypted, d.rooted, d.agent_version, e.activated`

function summary(r: Row): DeviceSummary {
  return {
    id: r.id,
    name: r.name,
    platform: r.platform,
    ownership: r.ownership,
    formFactor: r.form_factor,
    manufacturer: r.manufacturer,
    model: r.model,
    osName: r.os_name,
    osVersion: r.os_version,
    serial: r.serial,
    owner: r.owner_no === null ? null : { id: String(r.owner_no), name: r.owner_name ?? '' },
    lifecycle: r.lifecycle,
    blocked: r.blocked,
    liveness: r.liveness,
    lastSeen: r.last_seen?.toISOString() ?? null,
    compliance: r.compliance,
    open: r.open,
    encrypted: r.encrypted,
    rooted: r.rooted,
    agentVersion: r.agent_version,
    enrolledAt: r.activated?.toISOString() ?? null,
  }
}

export function createDeviceReports(o: { db: Db; registry: Registry }) {
  const { db, registry } = o

  /** Newest first. `ids`: only these, removed ones too. What a row shows is worked out for the rows of the page alone. */
  async function list(
    f: DeviceFilter & { ids?: readonly string[]; reach: Reach; cursor?: string; limit: number },
  ): Promise<Page<DeviceSummary>> {
    const before = readNo(f.cursor)
    const rows = await db.query<Row>(sql`
      with here as materialized (
        select d.no from device d where ${reachSql(f.reach)} and ${f.ids ? sql`d.id = any(${f.ids.filter(isUuid)}::uuid[])` : filterSql(f)}
          ${before === undefined ? empty : sql`and d.no < ${before}`} order by d.no desc limit ${f.limit + 1})
      select ${columns} from here join device d on d.no = here.no ${joins} order by d.no desc`)
    return pageOf(rows, f.limit, summary, (r) => [r.no])
  }

  /** Problem not-found also when the reader's reach does not hold it. */
  async function page(id: string, reader: Principal): Promise<DevicePage> {
    const no = await reached(id, reachFor(reader, 'device:read'))
    const [r] = await db.query<PageRow>(sql`
      select ${columns}, d.facts, d.facts_at, d.revision, e.epoch, e.state as enrolment_state, e.deadline, e.reason, l.version as licence,
        (select coalesce(json_agg(json_build_object('kind', i.kind, 'value', i.value, 'since', i.since) order by i.kind, i.value), '[]') from identifier i where i.device = d.no and i.until is null) as identifiers,
        (select coalesce(json_agg(json_build_object('id', g.no::text, 'name', g.name) order by g.name), '[]') from group_member m join device_group g on g.no = m.group_no where m.device = d.no) as groups,
        (select coalesce(json_agg(json_build_object('name', c.name) order by c.no), '[]') from channel c where c.device = d.no and c.closed is null) as channels
      from device d ${joins} left join licence l on l.no = e.licence where d.no = ${no}`)
    if (!r) throw new Problem('not-found')
    return {
      ...summary(r),
      facts: r.facts,
      factsAt: r.facts_at?.toISOString() ?? null,
      identifiers: r.identifiers.map((i) => ({ ...i, since: new Date(i.since).toISOString() })),
      channels: r.channels,
      groups: r.groups,
      enrolment:
        r.epoch === null
          ? null
          : {
              epoch: r.epoch,
              state: r.enrolment_state ?? '',
              activatedAt: r.activated?.toISOString() ?? null,
              deadline: r.deadline?.toISOString() ?? null,
              reason: r.reason,
              licence: r.licence,
            },
      expectInS: r.expect_s ?? 0,
      operations: await offered(r, reader),
      revision: r.revision,
    }
  }

  /** Row number of a device within a reach. */
  async function reached(id: string, reach: Reach): Promise<number> {
    const [row] = isUuid(id)
      ? await db.query<{ no: number }>(sql`select d.no from device d where d.id = ${id}::uuid and ${reachSql(reach)}`)
      : []
    if (!row) throw new Problem('not-found', { device: id })
    return row.no
  }

  async function offered(device: Row, reader: Principal): Promise<OfferedOperation[]> {
    const channels = await channelsOfDevices(db, [device.no])
    const details = [
      ...(
        await readDetails(
          db,
          channels.map((c) => c.no),
        )
      ).values(),
    ]
    const allowed = await permitted(device.no, reader)
    return [...registry.operations.values()].map((d) => {
      const reason = allowed.has(d.id)
        ? whyNot(d, device, details)
        : { code: 'forbidden', text: 'Your roles do not allow it.' }
      return {
        id: d.id,
        title: textIn(d.title),
        danger: d.danger,
        available: reason === undefined,
        ...(reason && { reason }),
      }
    })
  }

  /** Operations that the reader may send to this device: a role may hold for some devices only. One statement, and none for who reaches everything. */
  async function permitted(device: number, reader: Principal): Promise<Set<string>> {
    const ids = [...registry.operations.keys()].filter((id) => may(reader, operationPermission(id)))
    const reaches = new Map(ids.map((id) => [id, reachFor(reader, operationPermission(id))]))
    const partly = new Map([...reaches.values()].filter((r) => !r.all).map((r) => [JSON.stringify(r), r]))
    if (partly.size === 0) return new Set(ids)
    const held = [...partly].map(
      ([key, reach]) => sql`select ${key}::text as key from device d where d.no = ${device} and ${reachSql(reach)}`,
    )
    const found = new Set((await db.query<{ key: string }>(join(held, ' union all '))).map((r) => r.key))
    return new Set(ids.filter((id) => reaches.get(id)?.all || found.has(JSON.stringify(reaches.get(id)))))
  }

  function whyNot(d: OperationDescriptor, device: Row, details: readonly KnownDetail[]): Reason | undefined {
    const rows = registry.operationRows(device.platform, d.id)
    if (rows.length === 0) return { code: 'unsupported', text: 'This platform cannot do it.' }
    if (device.lifecycle !== 'active') return { code: 'not-active', text: 'The device is not enrolled and active.' }
    if (d.effect === 'wipe' && device.ownership === 'byod')
      return { code: 'wipe-byod', text: 'A personally owned device is never wiped whole.' }
    const picks = details.map((c) => pickRow(rows, c))
    if (picks.some((p) => 'row' in p)) return undefined
    const refusal = picks.find((p) => 'reason' in p)
    return refusal && 'reason' in refusal
      ? refusal.reason
      : { code: 'no-channel', text: 'The device has no channel that can do this.' }
  }
  return { list, page, reached }
}
