/** The message log: each message comes back out of the pack it was sealed in, and one that was sealed by itself still does. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import { openSecrets, SecretProblem, type Secrets } from '../secrets/index.ts'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import { type LoggedMessage, openMessage, writeMessages } from './messages.ts'

let t: TestDatabase
let secrets: Secrets
const keys = mkdtempSync(join(tmpdir(), 'messages-'))
before(async () => {
  t = await testDatabase()
  secrets = await openSecrets({ db: t.db, keyFile: join(keys, 'master.key') })
})
after(async () => {
  await secrets.close()
  await t.close()
  rmSync(keys, { recursive: true })
})

interface Row {
  channel: number
  outbound: boolean
  size: number
  sealed: Buffer
  place: number
  carried: boolean
}
/** As the device's log reads them. */
const logged = () =>
  t.db.query<Row>(sql`
    select x.channel, x.outbound, x.size, k.sealed, x.place - k.place as place, x.sealed is null as carried from message x
    join lateral (select k.sealed, k.place from message k where k.channel = x.carrier and k.at = x.at and k.place <= x.place and k.sealed is not null order by k.place desc limit 1) k on true
    order by x.no`)
const message = (channel: number, raw: Uint8Array): LoggedMessage => ({
  channel,
  outbound: channel % 2 === 0,
  outcome: '',
  raw,
})

test('messages of a batch are sealed once, by packs, and each is found in its own', async () => {
  const raws = Array.from({ length: 9 }, (_, i) =>
    Buffer.alloc([3, 0, 200_000, 300_000, 40, 260_000, 250_000, 1, 7][i] ?? 0, i + 1),
  )
  // The first of the packs are of one channel, which tells them apart by place alone.
  const all = raws.map((raw, i) => message(i === 5 || i === 3 ? 1 : i + 1, raw))
  await t.db.tx((tx) => writeMessages(tx, secrets, all))
  const rows = await logged()
  assert.equal(rows.length, all.length)
  assert.ok(rows.filter((r) => !r.carried).length > 1)
  for (const [i, r] of rows.entries()) {
    assert.deepEqual([r.channel, r.outbound, r.size], [all[i]?.channel, all[i]?.outbound, raws[i]?.length])
    // Cut to what is kept of one message.
    assert.deepEqual(openMessage(secrets, r), raws[i]?.subarray(0, 256 * 1024))
  }
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
