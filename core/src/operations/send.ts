/** Sending: one administrator's act becomes one activity and a row per channel it reaches, by set, in one transaction. */
import { createHash } from 'node:crypto'
import {
  type ChannelDetail,
  type Json,
  type JsonObject,
  type OperationDescriptor,
  type OperationRow,
  operationPermission,
  Problem,
  type Reason,
} from '@muster/contract'
import sql, { raw, type Sql } from 'sql-template-tag'
import { demand, type Principal, reachFor } from '../access/index.ts'
import type { Approvals } from '../approvals/index.ts'
import type { Audit } from '../audit/index.ts'
import { type Db, fieldErrors, jsonText, type Tx } from '../db/index.ts'
import { readDetails, tellWaiting } from '../devices/index.ts'
import type { Events } from '../events/index.ts'
import { checkTarget, targetSql } from '../groups/index.ts'
import { refuseInRecovery } from '../recovery/index.ts'
import { channelKind, elsewhere, pickRow, type Registry } from '../registry/index.ts'
import type { Secrets } from '../secrets/index.ts'
import { secretPlace } from './activities.ts'
import { sendPlain } from './plain.ts'
import { holdS, stand } from './standing.ts'
import { supersede } from './supersede.ts'

export interface Send {
  operation: string
  params: unknown
  /** Checked by groups: Problems invalid-request, invalid-query, invalid-target. */
  target: unknown
  principal: Principal
  /** Same key and same request: the first answer again. */
  idempotencyKey?: string
  /** ISO 8601; past it what still waits expires. */
  deadline?: string
  urgent?: boolean
  /** How many devices whoever sends was shown; any other number is problem targets-changed. */
  expect?: number
}
export interface Refused {
  device: string
  code: string
  text: string
}
export interface Sent {
  id: string
  /** Devices that get it. */
  targets: number
  /** Devices in the target that cannot, at most the first 200 by name. */
  refused: Refused[]
  /** More than one person may destroy alone: nothing goes out until a second administrator approves. */
  approval?: 'waiting'
}
export interface SendDeps {
  db: Db
  events: Events
  audit: Audit
  secrets: Secrets
  registry: Registry
  approvals: Pick<Approvals, 'spend'>
  /** Disenrolment begins with the operation that tells the device. */
  startDisenrol(tx: Tx, devices: readonly number[], actor: string): Promise<void>
}

const chunk = 1_000
const refusedShown = 200
const noChannel: Reason = { code: 'no-channel', text: 'The device has no channel that can do this.' }
const longestDeadlineS = 5 * 366 * 86_400

interface Prepared {
  descriptor: OperationDescriptor
  params: JsonObject
  secret: Buffer | null
  /** As it was asked for; without it the descriptor's own time counts, from the database's now. */
  deadline: Date | null
}
interface Selected {
  channel: number
  device: number
  /** Handing it over again does no harm: the operation is repeatable, or the device remembers ids. */
  safe: boolean
}
interface Candidate {
  device: number
  id: string
  platform: string
  ownership: string
  channels: { no: number; name: string }[] | null
}

export function createSend(o: SendDeps) {
  const { db, registry } = o

  function prepare(s: Pick<Send, 'operation' | 'params' | 'principal' | 'deadline'>): Prepared {
    const descriptor = registry.operations.get(s.operation)
    if (!descriptor) throw new Problem('unknown-operation', { operation: s.operation })
    demand(s.principal, operationPermission(descriptor.id))
    const parsed = descriptor.params.safeParse(s.params ?? {})
    if (!parsed.success)
      throw new Problem('invalid-params', {
        errors: fieldErrors(parsed.error).map((e) => ({ ...e, path: e.path ? `params.${e.path}` : 'params' })),
      })
    const all = JSON.parse(jsonText(parsed.data)) as JsonObject
    const hidden = Object.fromEntries((descriptor.secret ?? []).flatMap((k) => (k in all ? [[k, all[k] as Json]] : [])))
    const shown = Object.fromEntries(Object.entries(all).filter(([k]) => !(k in hidden)))
    const secret = Object.keys(hidden).length > 0 ? o.secrets.seal(secretPlace, JSON.stringify(hidden)) : null
    return { descriptor, params: shown, secret, deadline: readDeadline(s.deadline) }
  }

  /** SELECT of the devices in the target that this principal may send this operation to. */
  async function reached(s: Pick<Send, 'operation' | 'target' | 'principal'>): Promise<Sql> {
    const reach = reachFor(s.principal, operationPermission(s.operation))
    return targetSql(await checkTarget(db, s.target, reach), reach)
  }

  /** What a send would reach, without sending. */
  async function preview(
    s: Pick<Send, 'operation' | 'params' | 'target' | 'principal'>,
  ): Promise<Omit<Sent, 'id'> & { devices: number }> {
    const p = prepare(s)
    const candidates = await reached(s)
    return db.tx(async (tx) => {
      const { rows, refused, refusedCount } = await select(tx, p.descriptor, candidates)
      return { targets: rows.length, refused, devices: rows.length + refusedCount }
    })
  }

  async function send(s: Send): Promise<Sent> {
    const p = prepare(s)
    const hash = createHash('sha256')
      .update(JSON.stringify([s.operation, s.params ?? {}, s.target, s.deadline ?? null, s.urgent ?? false]))
      .digest()
    const candidates = await reached(s)
    return db.tx(async (tx) => {
      const made = await insertActivity(tx, s, p, hash)
      if (made === undefined) return repeat(tx, s, hash)
      const { no, deadline } = made
      if (p.descriptor.danger === 'destructive') await refuseInRecovery(tx)
      const { targets, channels, refused, devices } = await reach(tx, {
        no,
        p,
        deadline,
        candidates,
        urgent: s.urgent ?? false,
      })
      if (targets === 0) throw new Problem('empty-target', { refused: refused as unknown as Json })
      if (targets !== (s.expect ?? targets)) throw new Problem('targets-changed', { targets })
      await tx.query(
        sql`update activity set targets = ${targets}, refused = ${jsonText(refused)}::jsonb where no = ${no}`,
      )
      if (p.descriptor.collapse) await supersede(tx, no)
      const spent = { actor: s.principal.actor, descriptor: p.descriptor, devices: targets, activity: no, deadline }
      const goes = await o.approvals.spend(tx, spent)
      if (!goes) await stand(tx, no)
      if (goes && p.descriptor.id === 'device.disenrol') await o.startDisenrol(tx, devices, s.principal.actor)
      await o.audit.write(tx, {
        actor: s.principal.actor,
        act: `operation.${p.descriptor.id}`,
        subject: `activity:${no}`,
        detail: { params: p.params, target: s.target as Json, targets, refused: refused.length },
      })
      await o.events.emit(tx, 'activity.created', { activity: no, operation: p.descriptor.id, targets })
      if (goes && p.descriptor.danger !== 'destructive') await tellWaiting(tx, o.events, channels, s.urgent)
      return { id: String(no), targets, refused, ...(goes ? {} : { approval: 'waiting' as const }) }
    }, 'operation.send')
  }

  /** Rows for every channel that gets it: by one statement when nothing has to be asked of any device. */
  async function reach(
    tx: Tx,
    a: { no: number; p: Prepared; deadline: Date; candidates: Sql; urgent: boolean },
  ): Promise<{ targets: number; channels: number[] | '*'; refused: Refused[]; devices: number[] }> {
    const { no, p, deadline, candidates, urgent } = a
    const plain = await sendPlain(tx, registry, { ...p, no, deadline, urgent, target: candidates, refusedShown })
    if (plain) {
      const refused = await withoutChannel(tx, p.descriptor.id, plain.withoutChannel)
      return { targets: plain.targets, channels: plain.channels ?? '*', refused, devices: [] }
    }
    const { rows, refused } = await select(tx, p.descriptor, candidates)
    if (rows.length > 0) await enqueue(tx, { no, p: { descriptor: p.descriptor, deadline }, rows, urgent })
    return {
      targets: rows.length,
      channels: rows.map((r) => r.channel),
      refused,
      devices: rows.map((r) => r.device),
    }
  }

  /** Each with its platform's own reason, where it gives one. */
  async function withoutChannel(tx: Tx, operation: string, devices: readonly string[]): Promise<Refused[]> {
    if (devices.length === 0) return []
    const found = await tx.query<{ id: string; platform: string }>(
      sql`select id, platform from device where id = any(${devices}::uuid[]) order by no`,
    )
    const why = (platform: string) => elsewhere(registry.operationRows(platform, operation)) ?? noChannel
    return found.map(({ id, platform }) => ({ device: id, ...why(platform) }))
  }
  /** Undefined: the key was used before. The deadline is set and judged by the database's clock, which also ends what is late. */
  async function insertActivity(
    tx: Tx,
    s: Send,
    p: Prepared,
    hash: Buffer,
  ): Promise<{ no: number; deadline: Date } | undefined> {
    const [row] = await tx.query<{ no: number; deadline: Date; fair: boolean }>(sql`
      insert into activity (operation, params, secret_params, actor, idem, idem_hash, target, urgent, deadline)
      values (${p.descriptor.id}, ${jsonText(p.params)}::jsonb, ${p.secret}, ${s.principal.actor}, ${s.idempotencyKey ?? null}, ${hash}, ${jsonText(s.target)}::jsonb, ${s.urgent ?? false}, coalesce(${p.deadline}::timestamptz, now() + ${p.descriptor.expiresS} * interval '1 second'))
      on conflict (actor, idem) where idem is not null do nothing
      returning no, deadline, deadline > now() and deadline <= now() + ${longestDeadlineS} * interval '1 second' as fair`)
    if (row && !row.fair) throw badDeadline()
    return row
  }
  /** The same Idempotency-Key came before: the same answer, or a refusal when it is not the same request. */
  async function repeat(tx: Tx, s: Send, hash: Buffer): Promise<Sent> {
    const [row] = await tx.query<{
      no: number
      targets: number
      refused: Refused[]
      idem_hash: Buffer
      stands: boolean
    }>(
      sql`select no, targets, refused, idem_hash, exists (select from approval where activity = no) as stands from activity where actor = ${s.principal.actor} and idem = ${s.idempotencyKey ?? ''}`,
    )
    if (!row?.idem_hash.equals(hash)) throw new Problem('idempotency-mismatch')
    const asked = row.stands ? { approval: 'waiting' as const } : {}
    return { id: String(row.no), targets: row.targets, refused: row.refused, ...asked }
  }

  /** The channel of each device that can serve the operation, platform by platform; without a condition on the device it is one statement. */
  async function select(
    tx: Tx,
    d: OperationDescriptor,
    target: Sql,
  ): Promise<{ rows: Selected[]; refused: Refused[]; refusedCount: number }> {
    const rows: Selected[] = []
    const refused: Refused[] = []
    let refusedCount = 0
    const refuse = (device: string, reason: Reason) => {
      refusedCount += 1
      if (refused.length < refusedShown) refused.push({ device, ...reason })
    }
    const candidates = await tx.query<Candidate>(sql`
      select d.no as device, d.id, d.platform, e.ownership, (select json_agg(json_build_object('no', c.no, 'name', c.name) order by c.no) from channel c where c.enrolment = e.no and c.closed is null) as channels
      from device d join enrolment e on e.device = d.no and e.state = 'active' where d.no in (${target}) order by d.no`)
    const conditional: (Candidate & { able: Able[] })[] = []
    for (const c of candidates) {
      const known = registry.operationRows(c.platform, d.id)
      const able = known.flatMap((row): Able[] => {
        const channel = c.channels?.find((x) => channelKind(x.name) === row.channel)
        return channel ? [{ row, channel: channel.no }] : []
      })
      const [first] = able
      if (known.length === 0) refuse(c.id, { code: 'unsupported', text: `The platform ${c.platform} cannot do this.` })
      else if (d.effect === 'wipe' && c.ownership === 'byod')
        refuse(c.id, { code: 'wipe-byod', text: 'A personally owned device is never wiped whole.' })
      else if (!first) refuse(c.id, elsewhere(known) ?? noChannel)
      else if (first.row.when) conditional.push({ ...c, able })
      else rows.push({ channel: first.channel, device: c.device, safe: isSafe(d, first.row) })
    }
    for (let i = 0; i < conditional.length; i += chunk) {
      const part = conditional.slice(i, i + chunk)
      const details: Map<number, ChannelDetail> = await readDetails(tx, [
        ...new Set(part.flatMap((c) => c.able.map((a) => a.channel))),
      ])
      for (const c of part) {
        const picked = pickAble(c.able, details)
        if ('row' in picked) rows.push({ channel: picked.channel, device: c.device, safe: isSafe(d, picked.row) })
        else refuse(c.id, picked.reason)
      }
    }
    return { rows, refused, refusedCount }
  }
  return { send, preview, prepare }
}

interface Able {
  row: OperationRow
  channel: number
}
/** The first row whose channel says that it can, or the last refusal. */
function pickAble(able: readonly Able[], details: ReadonlyMap<number, ChannelDetail>): Able | { reason: Reason } {
  let reason: Reason = { code: 'no-channel', text: 'The channel is gone.' }
  for (const a of able) {
    const detail = details.get(a.channel)
    const picked = detail ? pickRow([a.row], detail) : { reason }
    if ('row' in picked) return a
    reason = picked.reason
  }
  return { reason }
}
const isSafe = (d: OperationDescriptor, row: OperationRow) => d.repeatable || row.remembers === true

/** One row per channel, in one statement. The ownership comes from the enrolment, so the rule against wiping a personal device holds in the table itself. */
export async function enqueue(
  tx: Tx,
  a: { no: number; p: { descriptor: OperationDescriptor; deadline: Date }; rows: readonly Selected[]; urgent: boolean },
): Promise<void> {
  const { descriptor: d } = a.p
  const held = d.danger === 'destructive'
  await tx.query(sql`
    insert into pending (channel, activity, epoch, ownership, operation, effect, state, safe, urgent, collapse, due, deadline)
    select c.no, ${a.no}, c.epoch, e.ownership, ${d.id}, ${d.effect ?? null}, ${held ? 'held' : 'pending'}, x.safe, ${a.urgent}, ${d.collapse ? d.id : null},
      ${held ? sql`now() + ${holdS} * interval '1 second'` : raw('null')}, ${a.p.deadline}
    from unnest(${a.rows.map((r) => r.channel)}::bigint[], ${a.rows.map((r) => r.safe)}::boolean[]) as x (no, safe) join channel c using (no) join enrolment e on e.no = c.enrolment
    where e.state in ('active', 'disenrolling') order by c.no`)
}

function readDeadline(text: string | undefined): Date | null {
  if (text === undefined) return null
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) throw badDeadline()
  return at
}

function badDeadline(): Problem {
  return new Problem('invalid-request', {
    errors: [{ path: 'deadline', message: 'must be a time in the future (ISO 8601), at most five years ahead' }],
  })
}
