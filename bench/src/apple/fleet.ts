/** A fleet of Apple devices put straight into the database: enrolled, with certificates, as the true enrolment would have left them. */
import { createHash } from 'node:crypto'
import type { Db } from '@muster/core'
import { uuidOf } from '../random.ts'
import { type AppleIdentities, udidOf } from './identities.ts'

const chunk = 5_000

const device = `
  insert into device (id, platform, name, ownership, form_factor, manufacturer, model, os_name, os_version, facts, facts_at, lifecycle)
  select id, 'apple', 'iphone-' || n, 'cope', 'phone', 'Apple', 'iPhone', 'iOS', '18.1',
    jsonb_build_object('device.name', 'iphone-' || n, 'device.manufacturer', 'Apple', 'device.model', 'iPhone', 'device.formFactor', 'phone', 'os.name', 'iOS', 'os.version', '18.1', 'os.build', '22B83',
      'apple.product', 'iPhone15,3', 'apple.supervised', true, 'apple.udid', udid, 'device.serial', 'B' || $4::bigint + n), now(), 'active'
  from unnest($1::uuid[], $2::integer[], $3::text[]) as x (id, n, udid) order by n`
const rest = `
  with mine as (select d.no, x.n, x.hash from unnest($1::uuid[], $2::integer[], $3::bytea[]) as x (id, n, hash) join device d using (id) order by x.n),
  enrolments as (insert into enrolment (device, epoch, ownership, state, activated) select no, 1, 'cope', 'active', now() from mine order by n returning no, device),
  channels as (insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from enrolments order by no returning no, device),
  identifiers as (insert into identifier (kind, value, device) select 'serial', 'B' || $4::bigint + n, no from mine),
  seen as (insert into seen (channel, at, expect_s) select no, now(), 600 from channels order by no),
  credentials as (
    insert into credential (hash, channel, kind, expires) select m.hash, c.no, 'certificate', now() + interval '300 days' from mine m join channels c on c.device = m.no)
  select c.no, m.n from mine m join channels c on c.device = m.no`

/** Numbers of their channels, by device. Before the server has started on this database. */
export async function putAppleFleet(
  db: Db,
  o: { seed: number; devices: number; identities: AppleIdentities },
): Promise<number[]> {
  await db.query({
    text: `insert into platform (id, title, installed, descriptors) values ('apple', 'Apple', true, '{}') on conflict do nothing`,
  })
  // Apart from all others of the same bed.
  const [last] = await db.query<{ no: number }>({ text: 'select coalesce(max(no), 0) as no from device' })
  const base = 1_000_000 * (1 + (last?.no ?? 0))
  const channels: number[] = []
  for (let from = 0; from < o.devices; from += chunk) {
    const numbers = Array.from({ length: Math.min(chunk, o.devices - from) }, (_, i) => from + i)
    const ids = numbers.map((n) => uuidOf(o.seed, base + n))
    const udids = numbers.map((n) => udidOf(o.seed, n))
    const hashes = numbers.map((n) => createHash('sha256').update(o.identities.certificate(n)).digest())
    await db.tx(async (tx) => {
      await tx.query({ text: 'set local enable_nestloop = off' })
      await tx.query({ text: device, values: [ids, numbers, udids, base] })
      for (const { no, n } of await tx.query<{ no: number; n: number }>({
        text: rest,
        values: [ids, numbers, hashes, base],
      }))
        channels[n] = no
    })
  }
  await db.query({ text: 'vacuum analyze' })
  return channels
}
