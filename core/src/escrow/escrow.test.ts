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
import { putEscrow, readEscrow } from './index.ts'

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
