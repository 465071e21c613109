/** The tables of the naive build, beside Muster's in the same database. */
import { createHash } from 'node:crypto'
import type { Db } from '@muster/core'
import { tokenOf } from '../random.ts'

const tables = `
  drop schema if exists naive cascade;
  create schema naive;
  create table naive.device (id bigint primary key, token text not null unique, name text not null, last_seen timestamptz);
  create table naive.operation (
    id bigint generated always as identity primary key, device bigint not null references naive.device, name text not null, params jsonb not null, state text not null default 'pending',
    result jsonb, created timestamptz not null default now(), updated timestamptz not null default now()
  );
  create index operation_pending on naive.operation (device, state);`

export async function putNaiveFleet(db: Db, seed: number, devices: number): Promise<void> {
  await db.query({ text: tables })
  for (let from = 0; from < devices; from += 10_000) {
    const numbers = Array.from({ length: Math.min(10_000, devices - from) }, (_, i) => from + i)
    await db.query({
      text: `insert into naive.device (id, token, name) select n, t, 'bench-' || n from unnest($1::bigint[], $2::text[]) as x (n, t)`,
      values: [numbers, numbers.map((n) => hashed(tokenOf(seed, n)))],
    })
  }
  await db.query({ text: 'vacuum analyze naive.device' })
}

/** One operation for each device. */
export async function putNaiveOperations(db: Db): Promise<void> {
  await db.query({
    text: `insert into naive.operation (device, name, params) select id, 'device.message', '{"title": "Maintenance", "text": "We restart at 18:00."}' from naive.device order by id`,
  })
  await db.query({ text: 'vacuum analyze naive.operation' })
}

export function hashed(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}
