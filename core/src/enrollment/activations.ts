/** Devices that become active in crowds: those whose platform asks for no licence, in one transaction. The rest is left to `activate`. */
import type { JsonObject } from '@muster/contract'
import type { Tx } from '../db/index.ts'
import type { KnownChannel } from '../devices/index.ts'
import type { EnrollmentDeps } from './deps.ts'

export interface Activation {
  channel: number
  facts?: JsonObject
  accepted?: { licence: string }
}
interface Row {
  channel: number
  name: string
  device: number
  id: string
  platform: string
  enrolment: number
  epoch: number
  ownership: KnownChannel['ownership']
  blocked: boolean
}

/** Devices in order before their enrolments, as everywhere. */
const lockDevices = `select d.no from channel c join device d on d.no = c.device where c.no = any($1::bigint[]) order by d.no for update of d`
const created = `
  select c.no as channel, c.name, d.no as device, d.id, d.platform, e.no as enrolment, e.epoch, e.ownership, e.blocked
  from channel c join device d on d.no = c.device join enrolment e on e.no = c.enrolment
  where c.no = any($1::bigint[]) and e.state = 'created' and not exists (select from licence l where l.platform = d.platform) order by d.no for update of e`
const become = `
  with moved as (
    update enrolment set state = 'active', activated = now(), deadline = null, licence = null, licence_accepted = null where no = any($1::bigint[]) and state = 'created' returning device)
  update device d set lifecycle = 'active', revision = revision + 1 from moved m where d.no = m.device`

export function createActivations(d: EnrollmentDeps) {
  /** undefined for those that are left to `activate`. One of a device at most. */
  return async function activateMany(all: readonly Activation[]): Promise<(KnownChannel | undefined)[]> {
    return d.db.tx(async (tx) => {
      const channels = all.map((a) => a.channel)
      await tx.query({ name: 'activations-lock', text: lockDevices, values: [channels] })
      const rows = await tx.query<Row>({ name: 'activations-created', text: created, values: [channels] })
      const byChannel = new Map(rows.map((r) => [r.channel, r]))
      // Two channels of one enrolment: the second finds it active.
      const devices = new Set<number>()
      const mine = all.map((a) => {
        const row = byChannel.get(a.channel)
        if (!row || devices.has(row.device)) return undefined
        devices.add(row.device)
        return row
      })
      await write(tx, all, mine)
      return mine.map((r) => r && head(r))
    }, 'enrolment.activate')
  }

  async function write(tx: Tx, all: readonly Activation[], mine: readonly (Row | undefined)[]): Promise<void> {
    const rows = mine.flatMap((row, i) => (row ? [{ row, said: all[i] as Activation }] : []))
    if (rows.length === 0) return
    const moved = await tx.affected({
      name: 'activations-become',
      text: become,
      values: [rows.map(({ row }) => row.enrolment)],
    })
    if (moved !== rows.length) throw new Error('an enrolment was moved by somebody without its lock')
    const facts = rows.flatMap(({ row, said }) =>
      said.facts && Object.keys(said.facts).length > 0 ? [{ device: row.device, facts: said.facts }] : [],
    )
    if (facts.length > 0) await d.ports.writeFacts(tx, facts)
    await d.audit.writeMany(
      tx,
      rows.map(({ row, said }) => ({
        actor: `device:${row.id}`,
        act: 'device.activate',
        subject: `device:${row.id}`,
        detail: { epoch: row.epoch, channel: row.channel, licence: said.accepted?.licence ?? null },
      })),
    )
    await d.events.emitMany(
      tx,
      rows.map(({ row }) => ({
        type: 'device.enrolled' as const,
        data: { device: row.id, platform: row.platform, channel: row.channel, epoch: row.epoch },
      })),
    )
  }
}

function head(r: Row): KnownChannel {
  return {
    no: r.channel,
    device: r.id,
    deviceNo: r.device,
    platform: r.platform,
    epoch: r.epoch,
    name: r.name,
    lifecycle: 'active',
    blocked: r.blocked,
    ownership: r.ownership,
  }
}
