/** What a device told and what passed over its wire, newest first. */
import type { Json } from '@muster/contract'
import sql, { empty } from 'sql-template-tag'
import type { Audit } from '../audit/index.ts'
import { type Db, exactTime, type Page, pageOf, readCursor } from '../db/index.ts'
import { type MessageRow, openMessage, readMessages } from '../operations/index.ts'
import type { Secrets } from '../secrets/index.ts'

export interface DeviceEventView {
  at: string
  type: string
  severity: 'info' | 'warning' | 'critical'
  data: Json
}
export interface MessageView {
  id: string
  at: string
  channel: string
  direction: 'in' | 'out'
  outcome: string
  /** Bytes on the wire. */
  size: number
  /** The bytes as text, only when asked for: the reading is audited. */
  content?: string
}

interface EventRow {
  at: Date
  no: number
  place: string
  type: string
  severity: DeviceEventView['severity']
  data: Json
}
export function createDeviceLog(o: { db: Db; secrets: Secrets; audit: Audit }) {
  const place = (cursor: string | undefined) =>
    cursor === undefined
      ? empty
      : sql`and (x.at, x.no) < (${readCursor(cursor, ['time', 'no'])[0]}::timestamptz, ${readCursor(cursor, ['time', 'no'])[1]})`
  return {
    events: async (deviceNo: number, p: { cursor?: string; limit: number }): Promise<Page<DeviceEventView>> => {
      const rows = await o.db.query<EventRow>(
        sql`select x.at, x.no, ${exactTime(sql`x.at`)} as place, x.type, x.severity, x.data from device_event x where x.device = ${deviceNo} ${place(p.cursor)} order by x.at desc, x.no desc limit ${p.limit + 1}`,
      )
      return pageOf(
        rows,
        p.limit,
        (r) => ({ at: r.at.toISOString(), type: r.type, severity: r.severity, data: r.data }),
        (r) => [r.place, r.no],
      )
    },
    /** `reader`: with it the contents are opened, and that is written down. */
    messages: async (
      device: { no: number; id: string },
      p: { cursor?: string; limit: number; reader?: string },
    ): Promise<Page<MessageView>> => {
      const [time, no, nth] = p.cursor === undefined ? [] : readCursor(p.cursor, ['time', 'no', 'no'])
      const rows = await readMessages(o.db, device.no, {
        ...(p.cursor !== undefined && { before: { time: String(time), no: Number(no), nth: Number(nth) } }),
        limit: p.limit + 1,
        sealed: p.reader !== undefined,
      })
      const { reader } = p
      if (reader !== undefined)
        await o.db.tx((tx) =>
          o.audit.write(tx, {
            actor: reader,
            act: 'message.read',
            subject: `device:${device.id}`,
            detail: { messages: rows.length },
          }),
        )
      const view = (r: MessageRow): MessageView => ({
        id: r.nth > 0 ? `${r.no}.${r.nth}` : String(r.no),
        at: r.at.toISOString(),
        channel: r.channel,
        direction: r.outbound ? 'out' : 'in',
        outcome: r.outcome,
        size: r.size,
        ...(r.sealed && {
          content: openMessage(o.secrets, { sealed: r.sealed, place: r.place, size: r.size }).toString('utf8'),
        }),
      })
      return pageOf(rows, p.limit, view, (r) => [r.time, r.no, r.nth])
    },
  }
}
