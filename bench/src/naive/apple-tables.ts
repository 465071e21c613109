/** The tables of the naive build of Apple's connect, beside Muster's in the same database. */
import { createHash } from 'node:crypto'
import type { Db } from '@muster/core'
import type { AppleIdentities } from '../apple/index.ts'

const tables = `
  create schema if not exists naive;
  drop table if exists naive.apple_operation, naive.apple_device;
  create table naive.apple_device (id bigint primary key, certificate bytea not null unique, last_seen timestamptz);
  create table naive.apple_operation (
    id bigint generated always as identity primary key, device bigint not null references naive.apple_device, command text not null, state text not null default 'pending', result jsonb,
    created timestamptz not null default now(), updated timestamptz not null default now());
  create index apple_operation_pending on naive.apple_operation (device, state);`

/** With a command for each; their numbers, by device. */
export async function putNaiveApple(db: Db, identities: AppleIdentities, devices: number): Promise<number[]> {
  const numbers = Array.from({ length: devices }, (_, n) => n)
  await db.query({ text: tables })
  await db.query({
    text: 'insert into naive.apple_device (id, certificate) select n, h from unnest($1::bigint[], $2::bytea[]) as x (n, h)',
    values: [numbers, numbers.map((n) => createHash('sha256').update(identities.certificate(n)).digest())],
  })
  const rows = await db.query<{ id: number; device: number }>({
    text: `insert into naive.apple_operation (device, command) select id, 'DeviceLock' from naive.apple_device order by id returning id, device`,
  })
  await db.query({ text: 'vacuum analyze naive.apple_operation' })
  const found: number[] = []
  for (const r of rows) found[r.device] = r.id
  return found
}
