/** A fleet put straight into the database: enrolled devices with tokens, as the true enrolment would have left them. */
import { createHash } from 'node:crypto'
import type { Db } from '@muster/core'
import { tokenOf, uuidOf } from '../random.ts'

const chunk = 10_000
const facts = JSON.stringify({
  'device.name': 'bench',
  'os.name': 'Debian',
  'os.version': '13',
  'os.kernel': '6.12.9-amd64',
  'agent.version': '0.1.0',
  'hardware.model': 'Standard PC (Q35)',
  'hardware.manufacturer': 'QEMU',
  'hardware.memory': 8_589_934_592,
  'hardware.cores': 4,
  'storage.disks': [{ name: 'vda', size: 256_000_000_000 }],
  'network.host': 'bench.example',
})

const device = `
  insert into device (id, platform, name, ownership, form_factor, manufacturer, model, os_name, os_version, agent_version, facts, facts_at, lifecycle)
  select id, 'linux', 'bench-' || n, 'cope', 'desktop', 'QEMU', 'Standard PC (Q35)', 'Debian', '13', '0.1.0', $3::jsonb, now(), 'active' from unnest($1::uuid[], $2::integer[]) as x (id, n) order by n`
const rest = `
  with mine as (select d.no, x.n, x.token from unnest($1::uuid[], $2::integer[], $3::bytea[]) as x (id, n, token) join device d using (id) order by x.n),
  enrolments as (insert into enrolment (device, epoch, ownership, state, activated) select no, 1, 'cope', 'active', now() from mine order by n returning no, device),
  channels as (insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from enrolments order by no returning no, device),
  identifiers as (insert into identifier (kind, value, device) select 'machine-id', 'bench-' || n, no from mine),
  clients as (
    insert into oauth_client (id, name, metadata, channel) select 'bench-' || m.n, 'bench-' || m.n, '{}', c.no from mine m join channels c on c.device = m.no order by c.no),
  seen as (insert into seen (channel, at, expect_s) select no, now(), 600 from channels order by no)
  insert into oauth_item (kind, hash, payload, client, expires)
    select 'ClientCredentials', m.token, '{"clientId": "", "scope": ""}'::jsonb || jsonb_build_object('clientId', 'bench-' || m.n), 'bench-' || m.n, now() + interval '1 day' from mine m`

export async function putFleet(db: Db, seed: number, devices: number): Promise<void> {
  // The server completes it when it starts.
  await db.query({
    text: `insert into platform (id, title, installed, descriptors) values ('linux', 'Linux', true, '{}')`,
  })
  for (let from = 0; from < devices; from += chunk) {
    const numbers = Array.from({ length: Math.min(chunk, devices - from) }, (_, i) => from + i)
    const ids = numbers.map((n) => uuidOf(seed, n))
    const hashes = numbers.map((n) => createHash('sha256').update(tokenOf(seed, n)).digest())
    await db.tx(async (tx) => {
      // PostgreSQL expects few rows of what a WITH gives, and would compare each with each.
      await tx.query({ text: 'set local enable_nestloop = off' })
      await tx.query({ text: device, values: [ids, numbers, facts] })
      await tx.query({ text: rest, values: [ids, numbers, hashes] })
    })
  }
  await db.query({ text: 'vacuum analyze' })
}

/** Invitations with known codes, for enrolments. */
export async function putInvitations(db: Db, codes: readonly string[], platform = 'linux'): Promise<void> {
  await db.query({
    text: `insert into invitation (hash, platform, ownership, created_by, expires) select h, $2, 'cope', 'bench', now() + interval '1 day' from unnest($1::bytea[]) h`,
    values: [codes.map((c) => createHash('sha256').update(c.replaceAll('-', '')).digest()), platform],
  })
}
