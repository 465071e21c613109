/** The plain case of sending, wholly in the database: no row of the platforms in the target asks anything of the device, so no device is looked at. */
import type { OperationDescriptor } from '@muster/contract'
import sql, { type Sql } from 'sql-template-tag'
import type { Tx } from '../db/index.ts'
import type { Registry } from '../registry/index.ts'

/** Kinds of channel that a device has one of, by that very name. */
const single = new Set(['device', 'agent'])
/** Channels named one by one in the word of waiting work; more are told as everybody. */
const named = 500

export interface PlainSend {
  no: number
  descriptor: OperationDescriptor
  deadline: Date
  urgent: boolean
  /** SELECT of device numbers. */
  target: Sql
  refusedShown: number
}
export interface PlainSent {
  targets: number
  /** Undefined when there are more than are named. */
  channels: number[] | undefined
  /** Devices without a channel that could take it. */
  withoutChannel: string[]
  refusedCount: number
}

/** undefined: it is not the plain case, and nothing was written. A million devices cost one INSERT ... SELECT. */
export async function sendPlain(tx: Tx, registry: Registry, s: PlainSend): Promise<PlainSent | undefined> {
  const d = s.descriptor
  if (d.danger === 'destructive' || d.effect || d.id === 'device.disenrol') return undefined
  const platforms = await tx.query<{ platform: string; n: number }>(sql`
    select d.platform, count(*) as n from device d join enrolment e on e.device = d.no and e.state = 'active' where d.no in (${s.target}) group by 1`)
  const plain: { platform: string; kind: string; safe: boolean }[] = []
  for (const { platform } of platforms) {
    const [row, ...others] = registry.operationRows(platform, d.id)
    if (!row || others.length > 0 || row.when || !single.has(row.channel)) return undefined
    plain.push({ platform, kind: row.channel, safe: d.repeatable || row.remembers === true })
  }
  const candidates = platforms.reduce((sum, p) => sum + p.n, 0)
  const put = sql`
    insert into pending (channel, activity, epoch, ownership, operation, state, safe, urgent, collapse, deadline)
    select c.no, ${s.no}, c.epoch, e.ownership, ${d.id}, 'pending', p.safe, ${s.urgent}, ${d.collapse ? d.id : null}, ${s.deadline}
    from device d join enrolment e on e.device = d.no and e.state = 'active'
      join unnest(${plain.map((p) => p.platform)}::text[], ${plain.map((p) => p.kind)}::text[], ${plain.map((p) => p.safe)}::boolean[]) as p (platform, kind, safe) using (platform)
      join channel c on c.enrolment = e.no and c.closed is null and c.name = p.kind
    where d.no in (${s.target}) order by c.no`
  // Of a crowd nothing comes back but its number.
  const channels =
    candidates <= named
      ? (await tx.query<{ channel: number }>(sql`${put} returning channel`)).map((r) => r.channel)
      : undefined
  const targets = channels?.length ?? (await tx.affected(put))
  const withoutChannel = targets === candidates ? [] : await lacking(tx, s)
  return { targets, channels, withoutChannel, refusedCount: candidates - targets }
}

async function lacking(tx: Tx, s: PlainSend): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(sql`
    select d.id from device d join enrolment e on e.device = d.no and e.state = 'active' where d.no in (${s.target})
      and not exists (select from channel c join pending p on p.channel = c.no and p.activity = ${s.no} where c.device = d.no)
    order by d.no limit ${s.refusedShown}`)
  return rows.map((r) => r.id)
}
