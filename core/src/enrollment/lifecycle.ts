/** The enrolment's life after it began: activated, asked to leave, gone, blocked, and what the clock ends. */
import { Problem } from '@muster/contract'
import sql, { type Sql } from 'sql-template-tag'
import { isUuid, type Tx, together } from '../db/index.ts'
import { type KnownChannel, readChannel, tellWaiting } from '../devices/index.ts'
import { type Activation, createActivations } from './activations.ts'
import type { EnrollmentDeps } from './deps.ts'
import type { Licences } from './licences.ts'
import { removeEnrolments } from './removal.ts'
import type { EnrolmentState } from './states.ts'
import {
  type DeviceRow,
  type EnrolmentRow,
  enrolmentOf,
  lockDevice,
  move,
  openChannels,
  openEnrolment,
} from './store.ts'

export interface Lifecycle {
  /** created -> active; a repeat changes nothing. Problems: licence-not-accepted, device-gone, wrong-state (disenrolling). */
  activate(o: Activation): Promise<KnownChannel>
  /** active -> disenrolling with 24 h to confirm; created -> removed at once; a repeat changes nothing. Problems: not-found, wrong-state (removed), approval-needed. */
  disenrol(o: { device: string; actor: string }): Promise<{ state: EnrolmentState }>
  /** The same for many devices whose `device.disenrol` the caller queues itself; those not active are left alone. */
  startDisenrol(tx: Tx, devices: readonly number[], actor: string): Promise<void>
  /** The device has gone, by its own word or by confirming: -> removed. A repeat changes nothing and answers false. */
  confirmGone(o: { channel: number; reason: string; actor: string }): Promise<boolean>
  /** A mark beside the state, kept over re-enrolment. A repeat changes nothing and answers false. Problem: not-found. */
  block(o: { device: string; on: boolean; actor: string }): Promise<boolean>
  /** Ends what was abandoned or never confirmed leaving. Any node may call it at any time. */
  tick(): Promise<{ abandoned: number; disenrolled: number }>
}

export function createLifecycle(d: EnrollmentDeps, licences: Licences): Lifecycle {
  const activate = together<Activation, KnownChannel>({
    many: createActivations(d),
    alone: activateOne,
    keys: (o) => [String(o.channel)],
  })

  async function activateOne(o: Activation): Promise<KnownChannel> {
    return d.db.tx(async (tx) => {
      const { device, enrolment } = await byChannel(tx, o.channel)
      if (enrolment.state === 'disenrolling') throw new Problem('wrong-state', { state: enrolment.state })
      if (enrolment.state === 'created') {
        const licence = await acceptance(tx, device.platform, o.accepted?.licence)
        await move(
          tx,
          [enrolment.no],
          'active',
          sql`activated = now(), deadline = null, licence = ${licence ?? null}, licence_accepted = case when ${licence !== undefined} then now() end`,
        )
        await setLifecycle(tx, device, 'active')
        if (o.facts && Object.keys(o.facts).length > 0)
          await d.ports.writeFacts(tx, [{ device: device.no, facts: o.facts }])
        await d.audit.write(tx, {
          actor: `device:${device.id}`,
          act: 'device.activate',
          subject: `device:${device.id}`,
          detail: {
            epoch: enrolment.epoch,
            channel: o.channel,
            licence: o.accepted?.licence ?? null,
          },
        })
        await d.events.emit(tx, 'device.enrolled', {
          device: device.id,
          platform: device.platform,
          channel: o.channel,
          epoch: enrolment.epoch,
        })
      }
      return (await readChannel(tx, o.channel))!
    }, 'enrolment.activate')
  }

  /** The licence row to note; undefined when the platform needs none. */
  async function acceptance(tx: Tx, platform: string, version: string | undefined): Promise<number | undefined> {
    const needed = await licences.current(platform, 'en', tx)
    if (!needed) return undefined
    const no = version === undefined ? undefined : await licences.accepted(tx, platform, version)
    if (no === undefined)
      throw new Problem('licence-not-accepted', {
        version: needed.version,
        language: needed.language,
      })
    return no
  }

  async function disenrol(o: { device: string; actor: string }): Promise<{ state: EnrolmentState }> {
    return d.db.tx(async (tx) => {
      const device = await known(tx, o.device)
      const enrolment = await openEnrolment(tx, device.no)
      if (!enrolment) throw new Problem('wrong-state', { state: 'removed' })
      if (enrolment.state === 'disenrolling') return { state: enrolment.state }
      if (enrolment.state === 'created') {
        await removeEnrolments(d, tx, [enrolment.no], { reason: 'disenrolled', actor: o.actor })
        return { state: 'removed' }
      }
      await d.ports.demandRemoval(tx, o.actor)
      await startDisenrol(tx, [device.no], o.actor)
      await d.ports.sendDisenrol(tx, {
        device: device.no,
        channel: mainChannel(await openChannels(tx, device.no)),
        actor: o.actor,
      })
      return { state: 'disenrolling' }
    }, 'enrolment.disenrol')
  }

  async function startDisenrol(tx: Tx, devices: readonly number[], actor: string): Promise<void> {
    await tx.query(sql`select no from device where no = any(${devices}::bigint[]) order by no for update`)
    const open = await tx.query<{ no: number }>(sql`
      select no from enrolment where device = any(${devices}::bigint[]) and state = 'active'`)
    const moved = await move(
      tx,
      open.map((e) => e.no),
      'disenrolling',
      sql`deadline = now() + interval '24 hours'`,
    )
    const leaving = await tx.query<{ id: string }>(sql`
      update device set lifecycle = 'disenrolling', revision = revision + 1 where no = any(${moved.map((e) => e.device)}::bigint[]) returning id`)
    for (const { id } of leaving) await d.audit.write(tx, { actor, act: 'device.disenrol', subject: `device:${id}` })
    await d.events.emitMany(
      tx,
      leaving.map(({ id }) => ({ type: 'device.changed' as const, data: { device: id, what: ['lifecycle'] } })),
    )
  }

  async function confirmGone(o: { channel: number; reason: string; actor: string }): Promise<boolean> {
    return d.db.tx(async (tx) => {
      await lockDevice(tx, deviceOfChannel(o.channel))
      const enrolment = await enrolmentOf(tx, o.channel)
      if (!enrolment) throw new Problem('not-found')
      return (await removeEnrolments(d, tx, [enrolment.no], o)) > 0
    }, 'enrolment.gone')
  }

  async function block(o: { device: string; on: boolean; actor: string }): Promise<boolean> {
    return d.db.tx(async (tx) => {
      const device = await known(tx, o.device)
      if (device.blocked === o.on) return false
      await tx.affected(sql`update device set blocked = ${o.on}, revision = revision + 1 where no = ${device.no}`)
      await tx.affected(sql`update enrolment set blocked = ${o.on} where device = ${device.no} and state <> 'removed'`)
      await d.audit.write(tx, {
        actor: o.actor,
        act: o.on ? 'device.block' : 'device.unblock',
        subject: `device:${device.id}`,
      })
      const channels = (await openChannels(tx, device.no)).map((c) => c.no)
      await d.events.emit(tx, 'device.blocked', { device: device.id, channels, blocked: o.on })
      // What piled up while it was blocked goes out at once.
      if (!o.on) await tellWaiting(tx, d.events, channels)
      return true
    })
  }

  async function tick(): Promise<{ abandoned: number; disenrolled: number }> {
    return {
      abandoned: await endOverdue('created', 'abandoned'),
      disenrolled: await endOverdue('disenrolling', 'disenrolled-unconfirmed'),
    }
  }

  /** In batches, so that no transaction holds many devices; `skip locked`, so that it never waits for a change in flight. */
  async function endOverdue(state: 'created' | 'disenrolling', reason: string): Promise<number> {
    let total = 0
    for (;;) {
      const ended = await d.db.tx(async (tx) => {
        const rows = await tx.query<{ no: number }>(sql`
          select e.no from enrolment e join device v on v.no = e.device where e.state = ${state} and e.deadline <= now() order by v.no limit 200 for update of v, e skip locked`)
        return removeEnrolments(
          d,
          tx,
          rows.map((r) => r.no),
          { reason, actor: 'system' },
        )
      })
      total += ended
      if (ended < 200) return total
    }
  }
  return { activate, disenrol, startDisenrol, confirmGone, block, tick }
}

async function byChannel(tx: Tx, channel: number): Promise<{ device: DeviceRow; enrolment: EnrolmentRow }> {
  const device = await lockDevice(tx, deviceOfChannel(channel))
  const enrolment = await enrolmentOf(tx, channel)
  if (!device || !enrolment) throw new Problem('not-found')
  if (enrolment.state === 'removed') throw new Problem('device-gone')
  return { device, enrolment }
}

function deviceOfChannel(channel: number): Sql {
  return sql`no = (select device from channel where no = ${channel})`
}

/** The device, locked. Problem: not-found. */
export async function known(tx: Tx, id: string): Promise<DeviceRow> {
  const device = isUuid(id) ? await lockDevice(tx, sql`id = ${id}::uuid`) : undefined
  if (!device) throw new Problem('not-found')
  return device
}

async function setLifecycle(tx: Tx, device: DeviceRow, state: EnrolmentState): Promise<void> {
  await tx.affected(sql`update device set lifecycle = ${state}, revision = revision + 1 where no = ${device.no}`)
}

/** Where the device itself listens: its own channel, else its agent's, else the first. */
function mainChannel(channels: readonly { no: number; name: string }[]): number {
  const found = channels.find((c) => c.name === 'device') ?? channels.find((c) => c.name === 'agent') ?? channels[0]
  if (!found) throw new Problem('wrong-state', { state: 'no open channel' })
  return found.no
}
