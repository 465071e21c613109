/** Who speaks: cached without a statement, each refusal distinct, and nothing believed longer than it may be. */
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import type { Refusal } from '@muster/contract'
import sql from 'sql-template-tag'
import { type CountingDb, countingDb, type TestDatabase, testDatabase } from '../testing/index.ts'
import type { KnownChannel } from './channels.ts'
import { createIdentity, type Identity } from './identity.ts'

let t: TestDatabase
let db: CountingDb
let identity: Identity
let time = 1_000_000
let silent = 0
let channel = 0
const tokens = new Map<string, { channel: number; expires: Date } | Refusal>()

before(async () => {
  t = await testDatabase()
  db = countingDb(t.db)
  await db.query(sql`insert into platform (id, title, installed, descriptors) values ('p', 'P', true, '{}')`)
})
after(() => t.close())
beforeEach(async () => {
  time = Date.now()
  silent = 0
  const [d] = await db.query<{ no: number }>(
    sql`insert into device (id, platform, ownership) values (${randomUUID()}, 'p', 'cope') returning no`,
  )
  const [e] = await db.query<{ no: number }>(
    sql`insert into enrolment (device, epoch, ownership, state) values (${d?.no ?? 0}, 1, 'cope', 'active') returning no`,
  )
  const [c] = await db.query<{ no: number }>(
    sql`insert into channel (enrolment, device, epoch, name) values (${e?.no ?? 0}, ${d?.no ?? 0}, 1, 'device') returning no`,
  )
  channel = c?.no ?? 0
  identity = createIdentity({
    db,
    busSilentMs: () => silent,
    now: () => time,
    tokens: { channelOfToken: async (token) => tokens.get(token) ?? { refused: 'unknown' } },
  })
})

const hash = (text: string) => createHash('sha256').update(text).digest()
async function key(text: string, expires?: Date): Promise<string> {
  await db.query(
    sql`insert into credential (hash, channel, kind, expires) values (${hash(`${channel} ${text}`)}, ${channel}, 'key', ${expires ?? null})`,
  )
  return `${channel} ${text}`
}
const known = (c: KnownChannel | Refusal) => ('refused' in c ? c.refused : c.no)

test('once known, no statement', async () => {
  const k = await key('k')
  assert.equal(known(await identity.identify({ key: k })), channel)
  assert.deepEqual(await db.count(() => identity.identify({ key: k })), { statements: 0, transactions: 0 })
  assert.equal(identity.size(), 1)
})

test('the id of a client is no key, though its hash stands among the credentials', async () => {
  await db.query(
    sql`insert into credential (hash, channel, kind) values (${hash(`client:c${channel}`)}, ${channel}, 'client')`,
  )
  assert.equal(known(await identity.identify({ key: `client:c${channel}` })), 'unknown')
  assert.equal(
    known(await identity.identify({ certificate: new TextEncoder().encode(`client:c${channel}`) })),
    'unknown',
  )
})

test('each kind of proof is for itself, cached or not', async () => {
  const k = await key('both')
  assert.equal(known(await identity.identify({ key: k })), channel)
  assert.equal(known(await identity.identify({ bearer: k })), 'unknown')
  assert.equal(known(await identity.identify({ certificate: new TextEncoder().encode(k) })), 'unknown')
  tokens.set('t', { channel, expires: new Date(time + 60_000) })
  assert.equal(known(await identity.identify({ bearer: 't' })), channel)
  assert.equal(known(await identity.identify({ key: 't' })), 'unknown')
})

test('each refusal is its own: unknown, expired, revoked, gone', async () => {
  assert.equal(known(await identity.identify({ key: 'never' })), 'unknown')
  assert.equal(known(await identity.identify({ key: await key('old', new Date(time - 1)) })), 'expired')
  const k = await key('r')
  await db.query(sql`update credential set revoked = now() where hash = ${hash(k)}`)
  assert.equal(known(await identity.identify({ key: k })), 'revoked')
  tokens.set('revoked', { refused: 'revoked' })
  assert.equal(known(await identity.identify({ bearer: 'revoked' })), 'revoked')
  const gone = await key('g')
  await db.query(
    sql`update enrolment set state = 'removed' where no = (select enrolment from channel where no = ${channel})`,
  )
  assert.equal(known(await identity.identify({ key: gone })), 'gone')
})

test('expiry is looked at each time, also of what is cached', async () => {
  const k = await key('e', new Date(time + 1_000))
  assert.equal(known(await identity.identify({ key: k })), channel)
  time += 1_001
  assert.equal(known(await identity.identify({ key: k })), 'expired')
})

test('forgetting a channel outdates every credential of it at once', async () => {
  const [a, b] = [await key('a'), await key('b')]
  for (const k of [a, b]) await identity.identify({ key: k })
  await db.query(sql`update credential set revoked = now() where channel = ${channel}`)
  assert.equal(known(await identity.identify({ key: a })), channel, 'cached: the word of it has not come')
  identity.forget([channel])
  for (const k of [a, b]) assert.equal(known(await identity.identify({ key: k })), 'revoked')
})

test('after forgetting one credential is asked anew; the other is too, though the channel is known again', async () => {
  const [a, b] = [await key('a'), await key('b')]
  for (const k of [a, b]) await identity.identify({ key: k })
  await db.query(sql`update credential set revoked = now() where hash = ${hash(b)}`)
  identity.forget([channel])
  assert.equal(known(await identity.identify({ key: a })), channel)
  assert.equal(known(await identity.identify({ key: b })), 'revoked')
})

test('when the bus has been silent for 5 s nothing cached is believed', async () => {
  const k = await key('s')
  await identity.identify({ key: k })
  await db.query(sql`update credential set revoked = now() where hash = ${hash(k)}`)
  silent = 5_000
  assert.equal(known(await identity.identify({ key: k })), channel)
  silent = 5_001
  assert.equal(known(await identity.identify({ key: k })), 'revoked')
  silent = Number.POSITIVE_INFINITY
  await db.query(
    sql`update enrolment set blocked = true where no = (select enrolment from channel where no = ${channel})`,
  )
  assert.equal((await identity.channel(channel))?.blocked, true)
})

test('a certificate is remembered while it is good: not after its end, nor when its channel changed, nor when the bus is silent', async () => {
  const certificate = Buffer.from(`certificate of ${channel}`)
  const expires = new Date(time + 60_000)
  await db.query(sql`
    insert into credential (hash, channel, kind, expires) values (${createHash('sha256').update(certificate).digest()}, ${channel}, 'certificate', ${expires})`)
  const proof = { certificate }
  assert.equal(identity.remembered(proof), undefined, 'nobody has asked for it yet')
  assert.equal(known(await identity.identify(proof)), channel)
  const asked = await db.count(async () => assert.equal(identity.remembered(proof)?.no, channel))
  assert.equal(asked.statements, 0)
  assert.equal(identity.remembered({ certificate: Buffer.from(certificate) })?.no, channel, 'the bytes count')
  assert.equal(identity.remembered({ bearer: certificate.toString() }), undefined, 'of its own kind only')
  silent = 6_000
  assert.equal(identity.remembered(proof), undefined)
  silent = 0
  time = expires.getTime()
  assert.equal(identity.remembered(proof), undefined)
  time -= 60_000
  assert.equal(identity.remembered(proof)?.no, channel)
  identity.forget([channel])
  assert.equal(identity.remembered(proof), undefined)
})

test('many who are asked about at once are looked up together, each for itself', async () => {
  const keys = await Promise.all(['a', 'b', 'c', 'd'].map((k) => key(k)))
  await db.query(sql`update credential set revoked = now() where hash = ${hash(keys[1] ?? '')}`)
  await db.query(sql`update credential set expires = now() - interval '1 day' where hash = ${hash(keys[2] ?? '')}`)
  const asked = await db.count(async () => {
    const all = await Promise.all([...keys, 'nobody'].map((k) => identity.identify({ key: k })))
    assert.deepEqual(all.map(known), [channel, 'revoked', 'expired', channel, 'unknown'])
  })
  assert.ok(asked.statements <= 3, String(asked.statements))
})
