/** The second look: which keys a device has entrusted to us, and one of them in clear for a person who says why. */
import { type EscrowDescriptor, type Language, Problem, textIn } from '@muster/contract'
import sql from 'sql-template-tag'
import { z } from 'zod'
import type { Audit } from '../audit/index.ts'
import { checkInput, type Db, plainText } from '../db/index.ts'
import type { Secrets } from '../secrets/index.ts'
import { placeOf } from './escrow.ts'

export interface EscrowItem {
  name: string
  title: string
  summary: string
  /** A person can read it; of others it is only told that they are there. */
  readable: boolean
  /** When the device entrusted the one that is kept. */
  at: string
}
export interface EscrowLook {
  /** Of all enrolments of the device, also of those that ended: a lost or broken one needs its keys most. */
  list(device: number, language?: Language): Promise<EscrowItem[]>
  /** In clear, audited with the reason. Problems: not-found, invalid-request. */
  reveal(o: {
    device: number
    name: string
    reason: string
    actor: string
    remote?: string
    language?: Language
  }): Promise<{
    name: string
    title: string
    value: string
    at: string
  }>
}

interface Row {
  name: string
  at: Date
  platform: string
  id: string
  sealed: Buffer
}
const why = z.object({ reason: plainText(500, 5) })

export function createEscrowLook(o: {
  db: Db
  secrets: Secrets
  audit: Audit
  descriptors(platform: string): readonly EscrowDescriptor[]
}): EscrowLook {
  const newest = (device: number) => sql`
    select distinct on (e.name) e.name, e.at, e.sealed, d.platform, d.id from escrow e join channel c on c.no = e.channel join device d on d.no = c.device
    where d.no = ${device} order by e.name, e.at desc`
  const words = (r: Row): EscrowDescriptor =>
    o.descriptors(r.platform).find((d) => d.id === r.name) ?? { id: r.name, title: r.name, summary: '' }
  const shown = (r: Row, language?: Language): EscrowItem => {
    const { title, summary, readable } = words(r)
    return {
      name: r.name,
      title: textIn(title, language),
      summary: textIn(summary, language),
      readable: readable === true,
      at: r.at.toISOString(),
    }
  }

  return {
    list: async (device, language) => (await o.db.query<Row>(newest(device))).map((r) => shown(r, language)),
    reveal: async ({ device, name, reason, actor, remote, language }) => {
      const said = checkInput(why, { reason: reason.trim() })
      return o.db.tx(async (tx) => {
        const row = (await tx.query<Row>(newest(device))).find((r) => r.name === name)
        if (!row || words(row).readable !== true) throw new Problem('not-found', { name })
        const value = o.secrets.open(placeOf(row.id, name), row.sealed).toString()
        await o.audit.write(tx, {
          actor,
          act: 'escrow.reveal',
          subject: `device:${row.id}`,
          remote,
          detail: { name, reason: said.reason },
        })
        return { name, title: textIn(words(row).title, language), value, at: row.at.toISOString() }
      })
    },
  }
}
