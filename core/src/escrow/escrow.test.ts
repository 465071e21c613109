/** What devices entrust to us: sealed for one device, read only by name, and every reading written down. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import { createAudit, openAuditKey } from '../audit/index.ts'
import { openSecrets, type Secrets } from '../secrets/index.ts'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { createEscrowLook, putEscrow, readEscrow } from './index.ts'

let t: TestDatabase
let keys: string
let o: { db: TestDatabase['db']; secrets: Secrets; audit: ReturnType<typeof createAudit> }
before(async () => {
  t = await testDatabase()
  keys = await mkdtemp(join(tmpdir(), 'muster-keys-'))
  const secrets = await openSecrets({ db: t.db, keyFile: join(keys, 'master.key') })
  o = {
    db: t.db,
    secrets,
    audit: createAudit({ db: t.db, log: silentLog, signingKey: await openAuditKey(join(keys, 'audit.pem'), t.db) }),
  }
  await t.db.query(sql`insert into platform (id, title, installed, descriptors) values ('p', 'P', true, '{}')`)
})
after(async () => {
  await o.secrets.close()
  await t.close()
  await rm(keys, { recursive: true })
})

async function channel(): Promise<{ no: number; device: string }> {
  const device = randomUUID()
  const [d] = await t.db.query<{ no: number }>(
    sql`insert into device (id, platform, ownership) values (${device}, 'p', 'cope') returning no`,
  )
  const [e] = await t.db.query<{ no: number }>(
    sql`insert into enrolment (device, epoch, ownership, state) values (${d?.no ?? 0}, 1, 'cope', 'active') returning no`,
  )
  const [c] = await t.db.query<{ no: number }>(
    sql`insert into channel (enrolment, device, epoch, name) values (${e?.no ?? 0}, ${d?.no ?? 0}, 1, 'device') returning no`,
  )
  return { no: c?.no ?? 0, device }
}
const read = (...needs: { channel: number; names: string[] }[]) => t.db.tx((tx) => readEscrow(o, tx, needs))

test('each asks for names of its own and gets those alone; what was never entrusted is absent', async () => {
  const [a, b] = [await channel(), await channel()]
  await putEscrow(o, a, 'token', 'A1')
  await putEscrow(o, a, 'token', 'A2')
  await putEscrow(o, a, 'recovery', 'AR')
  await putEscrow(o, b, 'recovery', 'BR')
  const found = await read({ channel: a.no, names: ['token'] }, { channel: b.no, names: ['token', 'recovery'] })
  assert.deepEqual(
    [...found],
    [
      [a.no, { token: 'A2' }],
      [b.no, { recovery: 'BR' }],
    ],
  )
  assert.deepEqual([...(await read({ channel: a.no, names: ['nothing'] }))], [])
  await putEscrow(o, a, 'token', '')
  assert.deepEqual([...(await read({ channel: a.no, names: ['token'] }))], [], 'taken away')
  const audit = await t.db.query(sql`select act, detail from audit where subject = ${`device:${b.device}`} order by no`)
  assert.deepEqual(audit, [
    { act: 'escrow.put', detail: { name: 'recovery' } },
    { act: 'escrow.read', detail: { name: 'recovery', why: 'delivery' } },
  ])
})

test('sealed for one device: a row moved to another’s channel cannot be opened, one moved with its device can', async () => {
  const [a, b] = [await channel(), await channel()]
  await putEscrow(o, a, 'token', 'secret words')
  const [row] = await t.db.query<{ sealed: Buffer }>(sql`select sealed from escrow where channel = ${a.no}`)
  assert.equal(row?.sealed.includes('secret words'), false)
  await t.db.query(sql`update escrow set channel = ${b.no} where channel = ${a.no}`)
  await assert.rejects(read({ channel: b.no, names: ['token'] }), { code: 'sealed-elsewhere' })
  await t.db.query(
    sql`update channel set device = (select no from device where id = ${a.device}::uuid) where no = ${b.no}`,
  )
  assert.deepEqual([...(await read({ channel: b.no, names: ['token'] }))], [[b.no, { token: 'secret words' }]])
})

test('a second look: the newest of each, also of an enrolment that ended; in clear for a reason that is written down', async () => {
  const look = createEscrowLook({
    ...o,
    descriptors: (p) =>
      p === 'p' ? [{ id: 'recovery', title: 'Recovery key', summary: 'Opens it.', readable: true }] : [],
  })
  const [old, other] = [await channel(), await channel()]
  await putEscrow(o, old, 'recovery', 'OLD')
  await putEscrow(o, old, 'token', 'T')
  await putEscrow(o, other, 'recovery', 'OTHER')
  const [{ no: device } = { no: 0 }] = await t.db.query<{ no: number }>(
    sql`select no from device where id = ${old.device}::uuid`,
  )
  await t.db.query(sql`update escrow set at = at - interval '1 day' where channel = ${old.no}`)
  await t.db.query(sql`update channel set closed = now() where no = ${old.no}`)
  const [e] = await t.db.query<{ no: number }>(
    sql`insert into enrolment (device, epoch, ownership, state) values (${device}, 2, 'cope', 'removed') returning no`,
  )
  const [c] = await t.db.query<{ no: number }>(
    sql`insert into channel (enrolment, device, epoch, name) values (${e?.no ?? 0}, ${device}, 2, 'device') returning no`,
  )
  assert.deepEqual(
    (await look.list(device)).map((i) => [i.name, i.title, i.readable]),
    [
      ['recovery', 'Recovery key', true],
      ['token', 'token', false],
    ],
  )
  await putEscrow(o, { no: c?.no ?? 0, device: old.device }, 'recovery', 'NEW')
  const ask = { device, name: 'recovery', reason: ' She forgot her password ', actor: 'user:ada', remote: '192.0.2.1' }
  const shown = await look.reveal(ask)
  assert.deepEqual([shown.title, shown.value], ['Recovery key', 'NEW'])
  for (const wrong of [{ name: 'token' }, { name: 'nothing' }, { device: device + 1000 }])
    await assert.rejects(look.reveal({ ...ask, ...wrong }), { code: 'not-found' })
  for (const reason of ['', '    ', 'abc', 'x'.repeat(501), 'a\0bcdef'])
    await assert.rejects(look.reveal({ ...ask, reason }), { code: 'invalid-request' })
  const audit = await t.db.query(sql`select actor, detail, remote from audit where act = 'escrow.reveal'`)
  assert.deepEqual(audit, [
    { actor: 'user:ada', detail: { name: 'recovery', reason: 'She forgot her password' }, remote: '192.0.2.1' },
  ])
})
