/** What devices report of themselves: merged into the device's facts and its typed columns, many devices in one statement. */
import { type factColumns, formFactors, identifierKinds, type Json, type JsonObject, Problem } from '@muster/contract'
import { jsonText, type Tx } from '../db/index.ts'

export interface FactsReport {
  deviceNo: number
  facts: Readonly<JsonObject>
  /** Only what is named changes; otherwise the report replaces everything. */
  partial?: boolean
  /** When the device says it looked (ISO 8601). Older than what is kept: nothing changes. */
  reportedAt?: string
}

export const factLimits = { names: 2_000, bytes: 1_500_000 } as const

/** Refuses what no device has reason to send, before it joins a batch. */
export function checkFacts(facts: Readonly<JsonObject>): void {
  if (tooDeep(facts)) throw new Problem('invalid-request', { errors: [{ path: 'facts', message: 'nested too deep' }] })
  const names = Object.keys(facts)
  if (names.length > factLimits.names)
    throw new Problem('invalid-request', {
      errors: [{ path: 'facts', message: `more than ${factLimits.names} facts` }],
    })
  if (names.some((n) => n.length === 0 || n.length > 128))
    throw new Problem('invalid-request', {
      errors: [{ path: 'facts', message: 'a name is empty or over 128 characters' }],
    })
  if (Buffer.byteLength(JSON.stringify(facts)) > factLimits.bytes)
    throw new Problem('invalid-request', { errors: [{ path: 'facts', message: 'too large' }] })
}

/** Deeper than 100 levels, which the database does not take. Recursion goes no deeper than that either. */
export function tooDeep(value: unknown, depth = 0): boolean {
  if (depth > 100) return true
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  for (const inner of Array.isArray(value) ? value : Object.values(value)) if (tooDeep(inner, depth + 1)) return true
  return false
}

const text = (v: Json | undefined) =>
  typeof v === 'string' ? v.toWellFormed().replaceAll('\0', '').slice(0, 200) : null
const flag = (v: Json | undefined) => (typeof v === 'boolean' ? v : null)
const formFactor = (v: Json | undefined) => formFactors.find((f) => f === v) ?? null

const write = `
  with report as (
    select * from unnest($1::bigint[], $2::jsonb[], $3::boolean[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::boolean[], $13::boolean[])
      as r (device, facts, partial, at, manufacturer, model, serial, form_factor, os_name, os_version, agent_version, encrypted, rooted)
  ), locked as (
    select d.no from device d join report r on r.device = d.no where d.facts_at is null or d.facts_at <= least(coalesce(r.at, now()), now()) order by d.no for update of d
  )
  update device d set
    facts = case when r.partial then d.facts || r.facts else r.facts end, facts_at = least(coalesce(r.at, now()), now()),
    name = case when d.name = '' then coalesce(left(r.facts ->> 'device.name', 200), left(r.facts ->> 'network.hostname', 200), d.name) else d.name end,
    manufacturer = coalesce(r.manufacturer, d.manufacturer), model = coalesce(r.model, d.model), serial = coalesce(r.serial, d.serial),
    form_factor = coalesce(r.form_factor, d.form_factor), os_name = coalesce(r.os_name, d.os_name), os_version = coalesce(r.os_version, d.os_version),
    agent_version = coalesce(r.agent_version, d.agent_version), encrypted = coalesce(r.encrypted, d.encrypted), rooted = coalesce(r.rooted, d.rooted)
  from report r, locked l where r.device = d.no and l.no = d.no
  returning d.no`

/** Answers the devices whose report was taken. One report per device and call. */
export async function writeFacts(tx: Tx, reports: readonly FactsReport[]): Promise<number[]> {
  if (reports.length === 0) return []
  const column = (name: keyof typeof factColumns, read: (v: Json | undefined) => unknown) =>
    reports.map((r) => read(r.facts[name]))
  const rows = await tx.query<{ no: number }>({
    name: 'write-facts',
    text: write,
    values: [
      reports.map((r) => r.deviceNo),
      reports.map((r) => jsonText(r.facts)),
      reports.map((r) => r.partial ?? false),
      reports.map((r) => (r.reportedAt === undefined ? null : readTime(r.reportedAt))),
      column('device.manufacturer', text),
      column('device.model', text),
      column('device.serial', text),
      column('device.formFactor', formFactor),
      column('os.name', text),
      column('os.version', text),
      column('agent.version', text),
      column('security.encrypted', flag),
      column('security.rooted', flag),
    ],
  })
  const taken = new Set(rows.map((r) => r.no))
  await writeIdentifiers(
    tx,
    reports.filter((r) => taken.has(r.deviceNo)),
  )
  return [...taken]
}

/** A time as the database takes it; undefined for what is no time. Beyond the calendar it is the calendar's end, which counts as now. */
export function readTime(text: string): Date | undefined {
  const ms = new Date(text).getTime()
  return Number.isNaN(ms) ? undefined : new Date(Math.min(Math.max(ms, 0), 253_402_300_799_000))
}

interface Identifier {
  kind: string
  value: string
}

/** Identifiers out of the fact `device.identifiers`; anything else in it is ignored. */
export function identifiersOf(facts: Readonly<JsonObject>): Identifier[] {
  const list = facts['device.identifiers']
  if (!Array.isArray(list)) return []
  return list.slice(0, 64).flatMap((i) => {
    if (i === null || typeof i !== 'object' || Array.isArray(i)) return []
    const kind = identifierKinds.find((k) => k === i.kind)
    const value = text(i.value)?.slice(0, 128)
    return kind && value ? [{ kind, value }] : []
  })
}

/** A new SIM or card is an event, never a break: what went away is closed with its time, what came is added unless another device holds it. */
const identifiers = `
  with said as (select * from unnest($1::bigint[], $2::text[], $3::text[]) as s (device, kind, value)),
  closed as (
    update identifier i set until = now() where i.until is null and i.device = any($1::bigint[]) and i.kind = any(array['imsi', 'iccid', 'phone', 'mac'])
      and exists (select from said s where s.device = i.device and s.kind = i.kind) and not exists (select from said s where s.device = i.device and s.kind = i.kind and s.value = i.value)
  )
  insert into identifier (kind, value, device) select distinct on (kind, value) kind, value, device from said
  on conflict (kind, value) where until is null do nothing`

async function writeIdentifiers(tx: Tx, reports: readonly FactsReport[]): Promise<void> {
  const said = reports.flatMap((r) => identifiersOf(r.facts).map((i) => ({ ...i, device: r.deviceNo })))
  if (said.length === 0) return
  await tx.query({
    name: 'write-identifiers',
    text: identifiers,
    values: [said.map((s) => s.device), said.map((s) => s.kind), said.map((s) => s.value)],
  })
}
