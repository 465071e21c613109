/** The tables of the naive build of Windows' management, beside Muster's in the same database. */
import { createHash } from 'node:crypto'
import type { Db } from '@muster/core'

const tables = `
  create schema if not exists naive;
  drop table if exists naive.windows_operation, naive.windows_device;
  create table naive.windows_device (id bigint primary key, certificate bytea not null unique, device_id text not null, session text, last_seen timestamptz);
  create table naive.windows_operation (
    id bigint generated always as identity primary key, device bigint not null references naive.windows_device, uri text not null, state text not null default 'pending', code integer, result text,
    created timestamptz not null default now(), updated timestamptz not null default now());
  create index windows_operation_pending on naive.windows_operation (device, state);`

/** With one Get of this node for each. */
export async function putNaiveWindows(
  db: Db,
  pcs: readonly { deviceId: string; certificate: string }[],
  uri: string,
): Promise<void> {
  const numbers = pcs.map((_, n) => n)
  await db.query({ text: tables })
  await db.query({
    text: 'insert into naive.windows_device (id, certificate, device_id) select * from unnest($1::bigint[], $2::bytea[], $3::text[])',
    values: [
      numbers,
      pcs.map((pc) => createHash('sha256').update(Buffer.from(pc.certificate, 'base64')).digest()),
      pcs.map((pc) => pc.deviceId),
    ],
  })
  await askNaiveWindows(db, uri)
  await db.query({ text: 'vacuum analyze naive.windows_operation' })
}

/** One Get more for each. */
export async function askNaiveWindows(db: Db, uri: string): Promise<void> {
  await db.query({
    text: 'insert into naive.windows_operation (device, uri) select id, $1 from naive.windows_device order by id',
    values: [uri],
  })
}
