/** Compliance: verdicts become states with time and evidence; violations are warned of, given grace, and escalated. */
import { type EventMap, type Json, Problem, type Reason } from '@muster/contract'
import sql, { type Sql } from 'sql-template-tag'
import type { Db, Log, Tx } from '../db/index.ts'
import type { Events } from '../events/index.ts'
import type { Action, CompliancePort, ComplianceVerdict } from '../policies/index.ts'
import { type ComplianceState, complianceSql } from '../queries/index.ts'
import {
  type Changed,
  type DeviceEvent,
  endGraces,
  followDesired,
  forgetClosed,
  readDevice,
  writeDeviceEvents,
  writeVerdicts,
} from './store.ts'

/** What the person at a device should be told. */
export interface Warning {
  readonly channel: number
  readonly device: number
  readonly deviceId: string
  readonly feature: string
  readonly text: string
}
export interface ComplianceDeps {
  readonly db: Db
  readonly events: Events
  readonly log: Log
  /** The title of a feature, for what people read. */
  readonly title?: (feature: string) => string
  /** Tells the people at these devices (an operation that shows a message, say), in the same transaction. */
  readonly warn?: (tx: Tx, warnings: readonly Warning[]) => Promise<void>
}
export interface ComplianceFeature {
  readonly feature: string
  readonly state: 'compliant' | 'violated' | 'unknown'
  readonly action: Action
  readonly reason: Reason | null
  readonly evidence: Json
  readonly since: string
  readonly at: string
  readonly graceUntil: string | null
  readonly escalatedAt: string | null
}
export interface DeviceCompliance {
  readonly state: ComplianceState
  readonly features: readonly ComplianceFeature[]
}
export interface Compliance extends CompliancePort {
  /** By row number. Problem not-found. */
  ofDevice(device: number): Promise<DeviceCompliance>
  /** Active devices by state; `where` is a condition over device `d` (reach, filters). */
  counts(where?: Sql): Promise<Record<ComplianceState, number>>
  /** Every few seconds, on one node: grace periods that ended are escalated, in a transaction of its own. Answers how many. */
  tick(): Promise<number>
}

/** Worst first: of several channels of one device the worst speaks. */
const weight = { violated: 0, unknown: 1, compliant: 2, none: 3 } as const

export function createCompliance(deps: ComplianceDeps): Compliance {
  const { db, events } = deps
  const title = deps.title ?? ((feature) => feature)

  async function onVerdict(tx: Tx, rows: readonly ComplianceVerdict[]): Promise<void> {
    const one = new Map<string, ComplianceVerdict>()
    for (const r of rows) {
      const key = `${r.device} ${r.feature}`
      const other = one.get(key)
      if (!other || other.channel === r.channel || weight[r.state] < weight[other.state]) one.set(key, merged(r, other))
    }
    const changed = await writeVerdicts(
      tx,
      [...one.values()].sort((a, b) => a.device - b.device || (a.feature < b.feature ? -1 : 1)),
    )
    const violated = changed.filter((c) => c.state === 'violated' && c.was !== 'violated' && c.action === 'warn')
    await happened(tx, [
      ...violated.map((c) => deviceEvent(c, 'compliance.violated', 'warning')),
      ...changed.filter((c) => c.escalated).map((c) => deviceEvent(c, 'compliance.escalated', 'critical')),
    ])
    if (violated.length > 0 && deps.warn) await deps.warn(tx, violated.map(warning))
    await tell(
      tx,
      changed.filter((c) => c.state !== c.was).map((c) => c.deviceId),
    )
  }

  function warning(c: Changed): Warning {
    return {
      channel: c.channel,
      device: c.device,
      deviceId: c.deviceId,
      feature: c.feature,
      text: `This device does not follow the policy "${title(c.feature)}". ${c.reason?.text ?? ''}`.trim(),
    }
  }

  async function happened(tx: Tx, all: readonly (DeviceEvent & { deviceId: string })[]): Promise<void> {
    if (all.length === 0) return
    await writeDeviceEvents(tx, all)
    const at = new Date().toISOString()
    const data = (e: DeviceEvent & { deviceId: string }): EventMap['device.event'] => ({
      device: e.deviceId,
      type: e.type,
      at,
      data: e.data,
    })
    await events.emitMany(
      tx,
      all.map((e) => ({ type: 'device.event' as const, data: data(e) })),
      { notify: false },
    )
  }

  async function tell(tx: Tx, devices: readonly string[]): Promise<void> {
    const all = [...new Set(devices)]
    const chunks: { type: 'compliance.changed'; data: EventMap['compliance.changed'] }[] = []
    for (let i = 0; i < all.length; i += 500)
      chunks.push({ type: 'compliance.changed', data: { devices: all.slice(i, i + 500) } })
    await events.emitMany(tx, chunks, { notify: false })
  }

  async function ofDevice(device: number): Promise<DeviceCompliance> {
    const [head] = await db.query<{ state: ComplianceState }>(
      sql`select ${complianceSql('d')} as state from device d where d.no = ${device}`,
    )
    if (!head) throw new Problem('not-found')
    const rows = await readDevice(db, device)
    return {
      state: head.state,
      features: rows.map((r) => ({
        feature: r.feature,
        state: r.state,
        action: r.action,
        reason: r.reason,
        evidence: r.evidence,
        since: r.since.toISOString(),
        at: r.at.toISOString(),
        graceUntil: r.grace_until?.toISOString() ?? null,
        escalatedAt: r.escalated?.toISOString() ?? null,
      })),
    }
  }

  async function counts(where: Sql = sql`true`): Promise<Record<ComplianceState, number>> {
    const rows = await db.query<{ state: ComplianceState; n: number }>(
      sql`select ${complianceSql('d')} as state, count(*) as n from device d where d.lifecycle = 'active' and ${where} group by 1`,
    )
    return { compliant: 0, violated: 0, unknown: 0, none: 0, ...Object.fromEntries(rows.map((r) => [r.state, r.n])) }
  }

  return {
    onVerdict,
    onDesired: async (tx, channels) => tell(tx, await followDesired(tx, channels)),
    onClosed: async (tx, channels) => tell(tx, await forgetClosed(tx, channels)),
    ofDevice,
    counts,
    tick: () =>
      db.tx(async (tx) => {
        const late = await endGraces(tx)
        await happened(
          tx,
          late.map((c) => deviceEvent(c, 'compliance.escalated', 'critical')),
        )
        return late.length
      }),
  }
}

/** Of one channel the later verdict speaks; it is weak only if all are, and giving up is never forgotten. */
function merged(r: ComplianceVerdict, other: ComplianceVerdict | undefined): ComplianceVerdict {
  if (!other || other.channel !== r.channel) return r
  if (r.weak && !other.weak) return other
  return other.exhausted && r.state === 'violated' ? { ...r, exhausted: true } : r
}

function deviceEvent(c: Changed, type: string, severity: DeviceEvent['severity']): DeviceEvent & { deviceId: string } {
  return {
    device: c.device,
    deviceId: c.deviceId,
    type,
    severity,
    data: { feature: c.feature, severity, action: c.action, reason: c.reason as Json, evidence: c.evidence },
  }
}
