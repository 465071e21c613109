/** The message log: each message comes back out of the pack it was sealed in, and one that was sealed by itself still does. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import sql from 'sql-template-tag'
import { openSecrets, SecretProblem, type Secrets } from '../secrets/index.ts'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { type MessageRow, openMessage, readMessages } from './message-log.ts'
import { type LoggedMessage, writeMessages } from './messages.ts'

let t: TestDatabase
let secrets: Secrets
const keys = mkdtempSync(join(tmpdir(), 'messages-'))
before(async () => {
  t = await testDatabase()
  secrets = await openSecrets({ db: t.db, keyFile: join(keys, 'master.key') })
  await t.db.query(sql`insert into platform (id, title, installed, descriptors) values ('toy', 'Toy', true, '{}')`)
})
after(async () => {
  await secrets.close()
  await t.close()
  rmSync(keys, { recursive: true })
})

const message = (channel: number, raw: Uint8Array): LoggedMessage => ({
  channel,
  outbound: channel % 2 === 0,
  outcome: raw.length % 2 === 0 ? '' : 'ok',
  raw,
})

/** A device with so many channels. */
async function device(channels: number): Promise<{ no: number; channels: number[] }> {
  const [row] = await t.db.query<{ no: number; channels: number[] }>(sql`
    with d as (insert into device (id, platform, ownership) values (gen_random_uuid(), 'toy', 'cope') returning no),
    e as (insert into enrolment (device, epoch, ownership) select no, 1, 'cope' from d returning no, device),
    c as (insert into channel (enrolment, device, epoch, name) select no, device, 1, 'c' || n from e, generate_series(1, ${channels}) n returning no)
    select (select no from d) as no, (select array_agg(no order by no) from c) as channels`)
  assert.ok(row)
  return row
}
const write = (all: readonly LoggedMessage[]) => t.db.tx((tx) => writeMessages(tx, secrets, all))
const opened = (r: MessageRow) => openMessage(secrets, { sealed: r.sealed as Buffer, place: r.place, size: r.size })
/** Page by page, so that each place is once where a page ends. */
async function pages(no: number, limit: number): Promise<MessageRow[]> {
  const all: MessageRow[] = []
  for (let before: MessageRow | undefined; ; ) {
    const rows = await readMessages(t.db, no, { before, limit, sealed: true })
    all.push(...rows)
    before = rows.at(-1)
    if (rows.length < limit || !before) return all
  }
}

test('messages of a batch are sealed once, by packs, and each is found in its own', async () => {
  const [one, other] = [await device(2), await device(1)]
  const raws = Array.from({ length: 9 }, (_, i) =>
    Buffer.alloc([3, 0, 200_000, 300_000, 40, 260_000, 250_000, 1, 7][i] ?? 0, i + 1),
  )
  const whose = [0, 1, 2, 0, 1, 0, 2, 1, 0]
  const all = raws.map((raw, i) => message([...one.channels, ...other.channels][whose[i] ?? 0] as number, raw))
  await write(all)
  const [packs] = await t.db.query<{ n: number }>(sql`select count(*) as n from message`)
  assert.ok((packs?.n ?? 0) > 1 && (packs?.n ?? 9) < 9)
  for (const [d, mine] of [
    [one, all.filter((_, i) => whose[i] !== 2)],
    [other, all.filter((_, i) => whose[i] === 2)],
  ] as const) {
    const rows = await pages(d.no, 2)
    assert.equal(rows.length, mine.length)
    for (const [i, r] of rows.reverse().entries()) {
      assert.deepEqual(
        [r.channel, r.outbound, r.outcome, r.size],
        [`c${d.channels.indexOf(mine[i]?.channel ?? 0) + 1}`, mine[i]?.outbound, mine[i]?.outcome, mine[i]?.raw.length],
      )
      // Cut to what is kept of one message.
      assert.deepEqual(opened(r), mine[i]?.raw.subarray(0, 256 * 1024))
    }
  }
  const shut = await readMessages(t.db, one.no, { limit: 50, sealed: false })
  assert.deepEqual(new Set(shut.map((r) => r.sealed)), new Set([null]))
})

test('rows of before, one a message, stand among the packs and are opened as ever', async () => {
  const d = await device(1)
  const [no = 0] = d.channels
  const at = (days: number) => sql`now() - ${days} * interval '1 day'`
  // As they were written: the first carries the bytes of all, which end where the next pack begins; and by itself, as before that.
  const texts = ['eins', 'zwei', 'drei']
  const first = secrets.seal('message|log|batch', texts.slice(0, 2).join(''))
  const second = secrets.seal('message|log|deflated', deflateRawSync('drei'))
  for (const [days, nth, sealed] of [
    [20, 0, first],
    [20, 1, null],
    [20, 2, second],
  ] as const)
    await t.db.query(sql`
      insert into message (at, channel, outbound, outcome, size, place, carrier, sealed)
      values (date_trunc('hour', ${at(days)}), ${no}, false, 'ok', 4, ${nth * 4}, ${no}, ${sealed})`)
  await t.db.query(sql`
    insert into message (at, channel, outbound, outcome, size, sealed) values (${at(40)}, ${no}, true, '', 4, ${secrets.seal('message|log|sealed', 'null')})`)
  await write([message(no, Buffer.from('vier')), message(no, Buffer.from('fünf'))])
  await t.db.query(sql`update message set at = ${at(3)} where channels @> array[${no}]::bigint[]`)
  await write([message(no, Buffer.from('sechs'))])
  for (const limit of [1, 2, 3, 50]) {
    const rows = await pages(d.no, limit)
    assert.deepEqual(
      rows.map((r) => opened(r).toString()),
      ['sechs', 'fünf', 'vier', 'drei', 'zwei', 'eins', 'null'],
      String(limit),
    )
  }
})

test('a look reads no more than what it answers, of a log in which everybody is', async () => {
  const d = await device(1)
  const [no = 0] = d.channels
  await t.db.query(sql`
    insert into message (at, channels, outbounds, sizes, sealed)
    select now() - n * interval '1 minute', array_agg(1000000 + n * 100 + m), array_agg(true), array_agg(1), '' from generate_series(1, 3000) n, generate_series(1, 50) m group by n`)
  await t.db.query(sql`
    insert into message (at, channels, outbounds, sizes, sealed)
    select now() - n * interval '1 hour', array[${no}::bigint], '{f}', '{1}', '' from generate_series(1, 300) n`)
  await t.db.query(sql`analyze message`)
  const seen = await t.db.tx(async (tx) => {
    const rows = await readMessages(tx, d.no, { limit: 20, sealed: false })
    assert.equal(rows.length, 20)
    const [read] = await tx.query<{ rows: number }>(sql`
      select sum(seq_tup_read + idx_tup_fetch)::integer as rows from pg_stat_xact_user_tables where relname like 'message%'`)
    return read?.rows ?? 0
  })
  assert.ok(seen < 1_000, `${seen} rows were read`)
})

test('what was sealed by itself before is read, and a place outside of its pack is no message', () => {
  const sealed = secrets.seal('message|log|sealed', 'an old one')
  assert.equal(openMessage(secrets, { sealed, place: null, size: 10 }).toString(), 'an old one')
  const pack = secrets.seal('message|log|batch', 'short')
  assert.throws(() => openMessage(secrets, { sealed: pack, place: 2, size: 10 }), SecretProblem)
  assert.throws(() => openMessage(secrets, { sealed, place: 0, size: 10 }), SecretProblem)
})

test('nothing to log is no statement', async () => {
  const before = t.db.statements
  await writeMessages({ query: () => assert.fail('a statement') } as never, secrets, [])
  assert.equal(t.db.statements, before)
})
