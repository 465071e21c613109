/** Android devices, put straight into the database as their true enrolment would have left them: phones that Google manages, and devices with our agent. */
import { createHash } from 'node:crypto'
import type { Db } from '@muster/core'

/** As Google names it, its serial number, the document that it lives by, and its last report. */
export interface PutPhone {
  readonly name: string
  readonly serial: string
  readonly policy: string
  readonly version: number
  readonly lastReport: string
  /** As Google says it: ACTIVE. */
  readonly state: string
}

const device = `
  insert into device (id, platform, name, ownership, form_factor, manufacturer, model, os_name, os_version, agent_version, facts, facts_at, lifecycle)
  select id, 'android', '', 'cope', 'phone', 'Google', 'Pixel 8', 'Android', '14', '282.4.0', jsonb_build_object('google.device', google, 'device.serial', serial, 'android.mode', 'device-owner', 'android.companyOwned', true, 'android.apiLevel', 34,
      'google.policy', policy, 'google.policyVersion', version::text, 'google.lastReport', reported, 'google.state', state), now(), 'active'
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[]) as x (id, google, serial, policy, version, reported, state) order by serial`
const rest = `
  with mine as (select d.no, x.serial, x.google, x.policy, x.version from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[]) as x (id, serial, google, policy, version) join device d using (id) order by d.no),
  enrolments as (insert into enrolment (device, epoch, ownership, state, activated) select no, 1, 'cope', 'active', now() from mine order by no returning no, device),
  channels as (
    insert into channel (enrolment, device, epoch, name, state)
    select e.no, e.device, 1, 'device', jsonb_build_object('policy', m.policy, 'version', m.version) from enrolments e join mine m on m.no = e.device order by e.no returning no, device),
  known as (insert into plugin_android.device (name, policy) select google, policy from mine on conflict do nothing),
  seen as (insert into seen (channel, at, expect_s) select no, now(), 172800 from channels order by no)
  insert into identifier (kind, value, device) select 'serial', serial, no from mine`

/** The server must have started once on this database, and not be running. */
export async function putPhones(db: Db, phones: readonly PutPhone[]): Promise<void> {
  const ids = phones.map(({ name }) => {
    const hex = createHash('sha256').update(name).digest('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  })
  const of = <K extends keyof PutPhone>(key: K) => phones.map((p) => p[key])
  const serials = of('serial')
  await db.tx(async (tx) => {
    await tx.query({ text: 'set local enable_nestloop = off' })
    await tx.query({
      text: device,
      values: [ids, of('name'), serials, of('policy'), of('version'), of('lastReport'), of('state')],
    })
    await tx.query({ text: rest, values: [ids, serials, of('name'), of('policy'), of('version')] })
  })
  await db.query({ text: 'vacuum analyze' })
}

/** All devices of Google's were looked at just now: the next look is in hours. */
export async function lookedAtAll(db: Db): Promise<void> {
  await db.query({
    text: `insert into plugin_android.sweep (at, page, begun) values (now() + interval '6 hours', null, now()) on conflict (one) do update set at = excluded.at, page = null`,
  })
}

const settled = [
  `insert into group_member (group_no, device) select m.group_no, p.device from pairs p join group_member m on m.device = p.sample`,
  `update channel c set state = s.state from pairs p, channel s where c.no = p.channel and s.no = p.sample_channel`,
  `update device d set facts = d.facts || jsonb_build_object('google.lastReport', p.reported, 'google.policy', s.facts->'google.policy', 'google.policyVersion', s.facts->'google.policyVersion', 'google.compliance', s.facts->'google.compliance') from pairs p, device s where d.no = p.device and s.no = p.sample`,
  `update plugin_android.device g set policy = s.policy from pairs p, plugin_android.device s where g.name = p.name and s.name = p.sample_name`,
  `insert into channel_set select r.* from pairs p join channel_set s on s.channel = p.sample_channel cross join lateral jsonb_populate_record(null::channel_set, to_jsonb(s) || jsonb_build_object('channel', p.channel)) r`,
  `insert into feature_state select r.* from pairs p join feature_state s on s.channel = p.sample_channel cross join lateral jsonb_populate_record(null::feature_state, to_jsonb(s) || jsonb_build_object('channel', p.channel, 'delivery', nextval('activity_no'))) r`,
  `insert into compliance select r.* from pairs p join compliance s on s.device = p.sample cross join lateral jsonb_populate_record(null::compliance, to_jsonb(s) || jsonb_build_object('device', p.device)) r`,
]
/** Each of these phones stands as another one does that was handed the same settings: as its own delivery and its own report would have left it. */
export async function settleLike(
  db: Db,
  phones: readonly { name: string; like: string; lastReport: string }[],
): Promise<void> {
  const place = (name: string) =>
    `(select d.no as device, c.no as channel, d.facts->>'google.device' as name from device d join channel c on c.device = d.no) ${name}`
  await db.tx(async (tx) => {
    await tx.query({ text: 'set local enable_nestloop = off' })
    await tx.query({
      text: `create temporary table pairs on commit drop as
        select own.device, own.channel, own.name, s.device as sample, s.channel as sample_channel, s.name as sample_name, x.reported
        from unnest($1::text[], $2::text[], $3::text[]) as x (name, sample, reported) join ${place('own')} on own.name = x.name join ${place('s')} on s.name = x.sample`,
      values: [phones.map((p) => p.name), phones.map((p) => p.like), phones.map((p) => p.lastReport)],
    })
    for (const text of settled) await tx.query({ text })
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
