/** A new owner or ownership: the old epoch ends with all that was queued for it, the next begins with the same credentials. */
import { type Ownership, ownerships, Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import { z } from 'zod'
import { checkInput, type Tx } from '../db/index.ts'
import type { EnrollmentDeps } from './deps.ts'
import { known } from './lifecycle.ts'
import { tellOwner } from './owner.ts'
import { continueEnrolment, type DeviceRow, type EnrolmentRow, openEnrolment } from './store.ts'

export interface OwnershipChange {
  device: string
  ownership?: Ownership
  /** Row number of the user; null: nobody's. */
  owner?: number | null
  /** Of the device, as it was read: Problem revision-mismatch when it is another by now. */
  revision?: number
  actor: string
}
const shape = z.object({
  ownership: z.enum(ownerships).optional(),
  owner: z.number().int().positive().nullable().optional(),
})

export function createOwnership(d: EnrollmentDeps) {
  /**
   * Answers the epoch that holds now; the same one when nothing changed. Problems: not-found, invalid-request (no such user), wrong-state (disenrolling or removed).
   */
  return async function setOwnership(o: OwnershipChange): Promise<{ epoch: number; changed: boolean }> {
    const wanted = checkInput(shape, {
      ownership: o.ownership,
      owner: o.owner,
    })
    return d.db.tx(async (tx) => {
      const device = await known(tx, o.device)
      if (o.revision !== undefined) await checkRevision(tx, device.no, o.revision)
      const old = await openEnrolment(tx, device.no)
      if (!old || old.state === 'disenrolling') throw new Problem('wrong-state', { state: old?.state ?? 'removed' })
      const next = {
        ownership: wanted.ownership ?? old.ownership,
        owner: wanted.owner === undefined ? device.owner : wanted.owner,
      }
      if (next.ownership === old.ownership && next.owner === device.owner) return { epoch: old.epoch, changed: false }
      if (next.owner !== null) await checkUser(tx, next.owner)
      const epoch = await nextEpoch(tx, device, old, next)
      const detail = {
        from: { ownership: old.ownership, owner: device.owner },
        to: next,
        epoch,
      }
      await d.audit.write(tx, {
        actor: o.actor,
        act: 'device.ownership',
        subject: `device:${device.id}`,
        detail,
      })
      await d.events.emit(tx, 'device.changed', {
        device: device.id,
        what: ['ownership', 'owner'],
      })
      return { epoch, changed: true }
    })
  }

  async function nextEpoch(
    tx: Tx,
    device: DeviceRow,
    old: EnrolmentRow,
    next: { ownership: Ownership; owner: number | null },
  ): Promise<number> {
    await tx.affected(
      sql`update enrolment set state = 'removed', ended = now(), reason = 'ownership-changed' where no = ${old.no} and state = ${old.state}`,
    )
    const opened = await continueEnrolment(tx, old, {
      ownership: next.ownership,
      keepLicence: next.owner === device.owner,
    })
    await tellOwner(d, tx, { device, to: next.owner, why: 'administrator' })
    await tx.affected(
      sql`update device set ownership = ${next.ownership}, owner = ${next.owner}, revision = revision + 1 where no = ${device.no}`,
    )
    const moved = await moveChannels(tx, old.no, opened.no)
    // First what lives on, then the end of the rest.
    await d.ports.moveChannels(tx, moved)
    await d.ports.closeEpoch(
      tx,
      moved.map((m) => m.from),
    )
    // What a node remembers of these credentials names the old channels, so it must look again.
    await d.events.emit(tx, 'credentials.revoked', {
      channels: moved.map((m) => m.from),
    })
    if (old.state === 'active') {
      for (const m of moved)
        await d.events.emit(tx, 'device.enrolled', {
          device: device.id,
          platform: device.platform,
          channel: m.to,
          epoch: opened.epoch,
        })
    }
    return opened.epoch
  }
}

async function checkRevision(tx: Tx, device: number, revision: number): Promise<void> {
  const [row] = await tx.query<{ revision: number }>(sql`select revision from device where no = ${device}`)
  if (row?.revision !== revision) throw new Problem('revision-mismatch', { revision: row?.revision ?? 0 })
}

async function checkUser(tx: Tx, no: number): Promise<void> {
  const found = await tx.query(sql`select from app_user where no = ${no} for key share`)
  if (found.length === 0)
    throw new Problem('invalid-request', {
      errors: [{ path: 'owner', message: 'no such user' }],
    })
}

/** Each open channel again under the new enrolment, with push address, the plugin's state, last seen and all that lets it in. */
async function moveChannels(tx: Tx, from: number, to: number): Promise<{ from: number; to: number }[]> {
  await tx.affected(sql`
    insert into channel (enrolment, device, epoch, name, push, state)
    select e.no, e.device, e.epoch, c.name, c.push, c.state from channel c join enrolment e on e.no = ${to} where c.enrolment = ${from} and c.closed is null order by c.no`)
  const moved = await tx.query<{ from: number; to: number }>(sql`
    update channel c set closed = now() from channel n where c.enrolment = ${from} and c.closed is null and n.enrolment = ${to} and n.name = c.name returning c.no as "from", n.no as "to"`)
  const m = sql`unnest(${moved.map((x) => x.from)}::bigint[], ${moved.map((x) => x.to)}::bigint[]) as m(old, new)`
  await tx.affected(sql`update credential set channel = m.new from ${m} where channel = m.old and revoked is null`)
  await tx.affected(sql`update oauth_client set channel = m.new from ${m} where channel = m.old and revoked is null`)
  await tx.affected(sql`update certificate set channel = m.new from ${m} where channel = m.old and revoked is null`)
  await tx.affected(
    sql`insert into seen (channel, at, expect_s) select m.new, s.at, s.expect_s from ${m} join seen s on s.channel = m.old on conflict (channel) do nothing`,
  )
  return moved
}
