/** Commands that take the device away: Google may delete it before, or without ever, saying that the command is done. Then its being gone is its end. */
import type { Channel, PlatformHost } from '@muster/contract'

const takingAway = ['WIPE', 'RELINQUISH_OWNERSHIP']

export interface Parting {
  /** Before it is issued: `id` is the delivery's. */
  begins(device: string, id: string, type: unknown): Promise<void>
  /** It was not done, whatever was meant. */
  ends(device: string, type: unknown): Promise<void>
  /** The device is not at Google any more: what was to take it away has done so, and its enrolment is over. */
  left(c: Channel, device: string): Promise<void>
}

export function createParting(host: PlatformHost): Parting {
  const parts = (type: unknown): type is string => typeof type === 'string' && takingAway.includes(type)
  return {
    begins: async (device, id, type) => {
      if (parts(type))
        await host.sql`insert into device (name, parting, parting_type) values (${device}, ${id}, ${type})
          on conflict (name) do update set parting = excluded.parting, parting_type = excluded.parting_type`
    },
    ends: async (device, type) => {
      if (parts(type)) await host.sql`update device set parting = null, parting_type = null where name = ${device}`
    },
    left: async (c, device) => {
      const [row] = await host.sql<{ id: string | null; type: string }>`
        select parting as id, parting_type as type from device where name = ${device}`
      if (row?.id) {
        const reply = { name: `${device}/operations/unheard`, done: true, metadata: { type: row.type } }
        await host.turn(c, { said: [{ id: row.id, reply }], take: 0 })
      }
      await host.gone(c, { code: 'deleted-at-google', text: 'The device was deleted at Google.' })
      await host.sql`delete from device where name = ${device}`
    },
  }
}
