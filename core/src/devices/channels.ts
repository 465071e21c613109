/** Reading channels: the small head that identity needs and the whole detail that plugins' rows work on. */
import type { Channel, ChannelDetail, Json, JsonObject, Ownership } from '@muster/contract'
import sql, { join, type Sql } from 'sql-template-tag'
import type { Sqlish } from '../db/index.ts'

interface HeadRow {
  no: number
  device: string
  device_no: number
  platform: string
  epoch: number
  name: string
  lifecycle: Channel['lifecycle']
  blocked: boolean
  ownership: Ownership
}
interface DetailRow extends HeadRow {
  facts: JsonObject
  variables: Record<string, string>
  push: Json
  state: Json
  owner: string | null
  owner_email: string | null
  owner_display: string | null
  device_name: string
  serial: string | null
}

const head = sql`c.no, d.id as device, d.no as device_no, d.platform, c.epoch, c.name, e.state as lifecycle, e.blocked, e.ownership`
const tables = sql`channel c join enrolment e on e.no = c.enrolment join device d on d.no = c.device`

const detailsText = sql`select ${head}, d.facts, d.variables, c.push, c.state, d.name as device_name, d.serial,
    u.name as owner, u.email as owner_email, u.display_name as owner_display
  from ${tables} left join app_user u on u.no = d.owner where c.no = any($1::bigint[])`.text

/** A channel's head with the row number of its device, which SQL needs and plugins do not. */
export interface KnownChannel extends Channel {
  readonly deviceNo: number
}
export interface KnownDetail extends ChannelDetail {
  readonly deviceNo: number
}

function toChannel(r: HeadRow): KnownChannel {
  return {
    no: r.no,
    device: r.device,
    deviceNo: r.device_no,
    platform: r.platform,
    epoch: r.epoch,
    name: r.name,
    lifecycle: r.lifecycle,
    blocked: r.blocked,
    ownership: r.ownership,
  }
}

/** The open channels of the enrolment that this one is of, in the order they were made. */
export function openChannels(db: Sqlish, no: number): Promise<KnownChannel[]> {
  return readChannels(
    db,
    sql`c.enrolment = (select o.enrolment from channel o where o.no = ${no}) and c.closed is null order by c.no`,
  )
}

export async function readChannels(db: Sqlish, where: Sql): Promise<KnownChannel[]> {
  const rows = await db.query<HeadRow>(sql`select ${head} from ${tables} where ${where}`)
  return rows.map(toChannel)
}

export async function readChannel(db: Sqlish, no: number): Promise<KnownChannel | undefined> {
  return (await readChannels(db, sql`c.no = ${no}`))[0]
}

/** Details of many channels in one statement. Channels that do not exist are simply missing. */
export async function readDetails(db: Sqlish, channels: readonly number[]): Promise<Map<number, KnownDetail>> {
  const details = new Map<number, KnownDetail>()
  if (channels.length === 0) return details
  const rows = await db.query<DetailRow>({ name: 'channel-details', text: detailsText, values: [channels] })
  for (const r of rows) {
    details.set(r.no, { ...toChannel(r), facts: r.facts, variables: variables(r), push: r.push, state: r.state })
  }
  return details
}

/** What `{{name}}` in settings may say for one device: the standing words, then the device's own. */
function variables(r: DetailRow): Record<string, string> {
  const standing: Record<string, string | null> = {
    'device.id': r.device,
    'device.name': r.device_name,
    'device.serial': r.serial,
    'user.name': r.owner,
    'user.email': r.owner_email,
    'user.displayName': r.owner_display,
  }
  const known = Object.entries(standing).filter((e): e is [string, string] => e[1] !== null && e[1] !== '')
  return { ...Object.fromEntries(known), ...r.variables }
}

/** Open channels of some devices. */
export function channelsOfDevices(db: Sqlish, devices: readonly number[]): Promise<KnownChannel[]> {
  return devices.length === 0
    ? Promise.resolve([])
    : readChannels(db, sql`c.device in (${join(devices)}) and c.closed is null`)
}
