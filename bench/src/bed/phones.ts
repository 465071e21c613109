/** Android devices, put straight into the database as their true enrolment would have left them: phones that Google manages, and devices with our agent. */
import { createHash } from 'node:crypto'
import type { Db } from '@muster/core'

/** As Google names it, and its serial number. */
export interface PutPhone {
  readonly name: string
  readonly serial: string
}

const device = `
  insert into device (id, platform, name, ownership, form_factor, manufacturer, model, os_name, os_version, agent_version, facts, facts_at, lifecycle)
  select id, 'android', '', 'cope', 'phone', 'Google', 'Pixel 8', 'Android', '14', '282.4.0', jsonb_build_object('google.device', google, 'device.serial', serial, 'android.mode', 'device-owner', 'android.companyOwned', true, 'android.apiLevel', 34), now(), 'active'
  from unnest($1::uuid[], $2::text[], $3::text[]) as x (id, google, serial) order by serial`
const rest = `
  with mine as (select d.no, x.serial from unnest($1::uuid[], $2::text[]) as x (id, serial) join device d using (id) order by d.no),
  enrolments as (insert into enrolment (device, epoch, ownership, state, activated) select no, 1, 'cope', 'active', now() from mine order by no returning no, device),
  channels as (insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from enrolments order by no returning no, device),
  seen as (insert into seen (channel, at, expect_s) select no, now(), 172800 from channels order by no)
  insert into identifier (kind, value, device) select 'serial', serial, no from mine`

/** The server must have started once on this database, and not be running. */
export async function putPhones(db: Db, phones: readonly PutPhone[]): Promise<void> {
  const ids = phones.map(({ name }) => {
    const hex = createHash('sha256').update(name).digest('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  })
  const serials = phones.map((p) => p.serial)
  await db.tx(async (tx) => {
    await tx.query({ text: 'set local enable_nestloop = off' })
    await tx.query({ text: device, values: [ids, phones.map((p) => p.name), serials] })
    await tx.query({ text: rest, values: [ids, serials] })
  })
  await db.query({ text: 'vacuum analyze' })
}

/** Of a fleet of Linux devices, those from the n-th on become Android devices with our agent: the same but for their platform and the name of their channel. */
export async function makeAgents(db: Db, from: number): Promise<void> {
  const run = (text: string) => db.query({ text, values: [from] })
  const later = 'select no from device order by no offset $1'
  // The server completes it when it starts.
  await db.query({
    text: `insert into platform (id, title, installed, descriptors) values ('android', 'Android', true, '{}') on conflict do nothing`,
  })
  await run(`update channel set name = 'agent' where device in (${later})`)
  await run(`update device set platform = 'android', os_name = 'Android', form_factor = 'phone',
    facts = facts || '{"os.name": "Android", "android.mode": "device-owner", "android.apiLevel": 34}' where no in (${later})`)
  await db.query({ text: 'vacuum analyze' })
}
