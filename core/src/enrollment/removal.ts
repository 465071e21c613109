/** The end of an enrolment: everything that let the device in dies with it, in one transaction. */
import sql from 'sql-template-tag'
import type { Tx } from '../db/index.ts'
import type { EnrollmentDeps } from './deps.ts'
import { move } from './store.ts'

interface Gone {
  device: number
  id: string
  reason: string
  channels: number[]
}

/** Moves the enrolments that are still open to `removed`, whatever their number; says how many were. `reason` is kept and told. */
export async function removeEnrolments(
  d: EnrollmentDeps,
  tx: Tx,
  enrolments: readonly number[],
  o: { reason: string; actor: string },
): Promise<number> {
  const moved = await move(tx, enrolments, 'removed', sql`ended = now(), deadline = null, reason = ${o.reason}`)
  if (moved.length === 0) return 0
  const devices = await tx.query<{ no: number; id: string }>(sql`
    update device set lifecycle = 'removed', removed = now(), revision = revision + 1 where no = any(${moved.map((e) => e.device)}::bigint[]) returning no, id`)
  const channels = await tx.query<{ no: number; device: number }>(sql`
    update channel set closed = now() where enrolment = any(${moved.map((e) => e.no)}::bigint[]) and closed is null returning no, device`)
  const byDevice = Map.groupBy(channels, (c) => c.device)
  const gone = devices.map((v) => ({
    device: v.no,
    id: v.id,
    reason: o.reason,
    channels: (byDevice.get(v.no) ?? []).map((c) => c.no),
  }))
  const nos = channels.map((c) => c.no)
  await killCredentials(d, tx, nos, o.reason)
  await d.ports.closeEpoch(tx, nos)
  await tell(d, tx, gone, o.actor)
  return moved.length
}

/** Credentials, OAuth clients and certificates of these channels are worth nothing from the commit on. */
async function killCredentials(d: EnrollmentDeps, tx: Tx, channels: readonly number[], reason: string): Promise<void> {
  if (channels.length === 0) return
  await tx.affected(
    sql`update credential set revoked = now() where channel = any(${channels}::bigint[]) and revoked is null`,
  )
  const clients = await tx.query<{ id: string }>(
    sql`update oauth_client set revoked = now() where channel = any(${channels}::bigint[]) and revoked is null returning id`,
  )
  await d.ports.revokeCertificates(tx, channels, reason)
  await d.events.emitMany(tx, [
    { type: 'credentials.revoked', data: { channels: [...channels] } },
    ...clients.map((c) => ({
      type: 'client.changed' as const,
      data: { client: c.id, what: 'revoked' },
    })),
  ])
}

async function tell(d: EnrollmentDeps, tx: Tx, gone: readonly Gone[], actor: string): Promise<void> {
  for (const g of gone)
    await d.audit.write(tx, {
      actor,
      act: 'device.remove',
      subject: `device:${g.id}`,
      detail: { reason: g.reason, channels: g.channels },
    })
  await d.events.emitMany(
    tx,
    gone.map((g) => ({
      type: 'device.removed' as const,
      data: { device: g.id, channels: g.channels, reason: g.reason },
    })),
  )
}
