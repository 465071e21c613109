import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { Json } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { openDb } from '../db/index.ts'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { canonical } from './canonical.ts'
import { type Audit, type AuditLine, createAudit, type HeadLine, openAuditKey, verifyChain } from './index.ts'

let t: TestDatabase
let folder: string
let audit: Audit
let publicKey: ReturnType<typeof createPublicKey>

beforeEach(async () => {
  t = await testDatabase({ alone: true })
  folder = mkdtempSync(join(tmpdir(), 'muster-audit-'))
  const signingKey = await openAuditKey(join(folder, 'audit.key'), t.db)
  publicKey = createPublicKey(signingKey)
  audit = createAudit({ db: t.db, log: silentLog, signingKey })
})
afterEach(async () => {
  await t.close()
  rmSync(folder, { recursive: true })
})

const isCode = (code: string) => (e: unknown) => (e as { code?: string }).code === code
const write = (n: number) =>
  t.db.tx(async (tx) => {
    for (let i = 1; i <= n; i++)
      await audit.write(tx, {
        actor: 'user:1',
        act: 'device.lock',
        subject: `device:${i}`,
        detail: { i, z: ['é', null], a: 1.5 },
      })
  })

/** As somebody who may write the database and knows of the trigger. */
async function tamper(text: string) {
  await t.db.query({
    text: `ALTER TABLE audit DISABLE TRIGGER audit_guard; ${text}; ALTER TABLE audit ENABLE TRIGGER audit_guard`,
  })
}

async function* from(lines: (AuditLine | HeadLine)[]) {
  yield* lines
}

async function exported(): Promise<(AuditLine | HeadLine)[]> {
  const lines: (AuditLine | HeadLine)[] = []
  for await (const line of audit.lines()) lines.push(JSON.parse(JSON.stringify(line)) as AuditLine | HeadLine)
  return lines
}

test('entries are sealed without a gap, signed, and verify', async () => {
  assert.deepEqual(await audit.verify(), { ok: true, entries: 0 })
  assert.equal(await audit.head(), undefined)
  await write(2_500)
  assert.equal(await audit.seal(), 2_500)
  assert.equal(await audit.seal(), 0)
  await write(3)
  assert.equal(await audit.seal(), 3)
  assert.deepEqual(await audit.verify(), { ok: true, entries: 2_503 })
  const head = await audit.head()
  assert.equal(head?.seq, 2_503)
  assert.match(head?.chain ?? '', /^[0-9a-f]{64}$/)
})

test('an entry dies with its transaction', async () => {
  await assert.rejects(
    t.db.tx(async (tx) => {
      await audit.write(tx, { actor: 'a', act: 'b' })
      throw new Error('stop')
    }),
    /stop/,
  )
  await write(1)
  assert.equal(await audit.seal(), 1)
  assert.deepEqual(await audit.verify(), { ok: true, entries: 1 })
})

test('a transaction that commits late is sealed in its turn; those behind it wait', async () => {
  const other = await openDb({ url: t.url, dataDir: '', log: silentLog })
  await other.tx(async (tx) => {
    await audit.write(tx, { actor: 'late', act: 'x' })
    await write(2)
    assert.equal(await audit.seal(), 0)
  })
  assert.equal(await audit.seal(), 3)
  const { items } = await audit.list({ limit: 10 })
  assert.deepEqual(items.map((i) => [i.actor, i.seq]).sort(), [
    ['late', 1],
    ['user:1', 2],
    ['user:1', 3],
  ])
  assert.deepEqual(await audit.verify(), { ok: true, entries: 3 })
  await other.close()
})

test('many sealers at once make one chain', async () => {
  const other = await openDb({ url: t.url, dataDir: '', log: silentLog })
  const second = createAudit({
    db: other,
    log: silentLog,
    signingKey: await openAuditKey(join(folder, 'audit.key'), other),
  })
  const writing = Promise.all(Array.from({ length: 40 }, () => write(5)))
  let sealed = 0
  for (let i = 0; i < 30; i++)
    for (const n of await Promise.all([audit.seal(), second.seal(), audit.seal()])) sealed += n
  await writing
  sealed += await audit.seal()
  assert.equal(sealed, 200)
  assert.deepEqual(await second.verify(), { ok: true, entries: 200 })
  await other.close()
})

test('the table refuses changes', async () => {
  await write(1)
  const refused = isCode('MU001')
  await assert.rejects(t.db.query(sql`UPDATE audit SET actor = 'x'`), refused)
  await audit.seal()
  await assert.rejects(t.db.query(sql`UPDATE audit SET seq = 9`), refused)
  await assert.rejects(t.db.query(sql`DELETE FROM audit`), refused)
})

test('every kind of tampering is found', async () => {
  const ways: [string, RegExp][] = [
    [`UPDATE audit SET actor = 'nobody' WHERE seq = 5`, /changed/],
    [`UPDATE audit SET detail = '{"i": 6}' WHERE seq = 5`, /changed/],
    [`UPDATE audit SET at = at + interval '1 microsecond' WHERE seq = 5`, /changed/],
    [`UPDATE audit SET chain = sha256('x') WHERE seq = 5`, /changed/],
    [`DELETE FROM audit WHERE seq = 5`, /missing/],
    [`DELETE FROM audit WHERE seq > 15`, /missing at the end/],
    [`DELETE FROM audit`, /missing at the end/],
    [`UPDATE audit SET seq = 21 WHERE seq = 5; UPDATE audit SET seq = seq - 1 WHERE seq > 5`, /changed/],
    [`UPDATE audit_head SET signature = sha256('x')`, /wrong signature/],
    [`UPDATE audit_head SET chain = sha256('x')`, /wrong signature|differs/],
  ]
  await write(20)
  await audit.seal()
  for (const [way, reason] of ways) {
    await t.db.query({ text: 'CREATE TABLE kept AS TABLE audit; CREATE TABLE kept_head AS TABLE audit_head' })
    await tamper(way)
    const found = await audit.verify()
    assert.equal(found.ok, false, way)
    assert.match(found.ok ? '' : found.reason, reason, way)
    await tamper(
      `DELETE FROM audit; INSERT INTO audit OVERRIDING SYSTEM VALUE TABLE kept; DELETE FROM audit_head; INSERT INTO audit_head TABLE kept_head`,
    )
    await t.db.query({ text: 'DROP TABLE kept, kept_head' })
    assert.equal((await audit.verify()).ok, true)
  }
})

test('a chain rewritten whole lacks the signature', async () => {
  await write(3)
  await audit.seal()
  await tamper(`DELETE FROM audit WHERE seq = 3; DELETE FROM audit_head; UPDATE audit SET seq = NULL, chain = NULL`)
  const forger = createAudit({ db: t.db, log: silentLog, signingKey: await openAuditKey(join(folder, 'forged.key')) })
  await forger.seal()
  assert.match(JSON.stringify(await audit.verify()), /wrong signature/)
})

test('a chain rewritten whole without any head is nobody’s word', async () => {
  await write(3)
  await audit.seal()
  await tamper(`DELETE FROM audit_head`)
  assert.match(JSON.stringify(await audit.verify()), /no signed head vouches for entries 1 to 3/)
})

test('an export verifies without a database, and with heads kept elsewhere shows a cut', async () => {
  await write(30)
  await audit.seal()
  const lines = await exported()
  assert.deepEqual(await verifyChain(from(lines), publicKey), { ok: true, entries: 30 })
  const anchor = lines.at(-1) as HeadLine
  const cut = lines.slice(0, 20)
  assert.deepEqual(await verifyChain(from(cut), publicKey), {
    ok: false,
    at: 1,
    reason: 'no signed head vouches for entries 1 to 20: they were cut from a longer chain, or made up',
  })
  assert.equal((await verifyChain(from(cut))).ok, true, 'without the key nobody asks who signed')
  assert.deepEqual(await verifyChain(from([anchor, ...cut]), publicKey), {
    ok: false,
    at: 21,
    reason: 'entries 21 to 30 are missing at the end',
  })
  assert.equal((await verifyChain(from([anchor, ...lines]), publicKey)).ok, true)
  assert.equal(
    (await verifyChain(from([...lines.slice(0, 30), { head: { ...anchor.head, seq: 4 } }]), publicKey)).ok,
    false,
  )
})

test('what is sealed while an export runs is left to the next: no head without its entry', async () => {
  await write(5)
  await audit.seal()
  const lines: (AuditLine | HeadLine)[] = []
  for await (const line of audit.lines()) {
    lines.push(JSON.parse(JSON.stringify(line)) as AuditLine | HeadLine)
    await write(1)
    await audit.seal()
  }
  assert.deepEqual(await verifyChain(from(lines), publicKey), { ok: true, entries: 5 })
})

test('property: any changed, dropped, doubled or swapped line of an export is found', async () => {
  await write(12)
  await audit.seal()
  const lines = await exported()
  const entry = fc.integer({ min: 0, max: 11 })
  await fc.assert(
    fc.asyncProperty(entry, entry, fc.constantFrom('drop', 'double', 'swap', 'text', 'number'), async (i, j, kind) => {
      const copy = structuredClone(lines)
      const [a, b] = [copy[i] as AuditLine, copy[j] as AuditLine]
      if (kind === 'drop') copy.splice(i, 1)
      if (kind === 'double') copy.splice(j, 0, structuredClone(a))
      if (kind === 'swap') {
        fc.pre(i !== j)
        copy[i] = b
        copy[j] = a
      }
      if (kind === 'text') a.subject = `${a.subject} `
      if (kind === 'number') a.no += 1
      assert.equal((await verifyChain(from(copy), publicKey)).ok, false)
    }),
    { numRuns: 200 },
  )
})

test('listing pages backwards and filters', async () => {
  await write(5)
  await t.db.tx((tx) => audit.write(tx, { actor: 'user:2', act: 'sign-in', remote: '::1' }))
  const first = await audit.list({ limit: 4 })
  const second = await audit.list({ limit: 4, before: first.next })
  assert.deepEqual(
    [...first.items, ...second.items].map((i) => i.actor),
    ['user:2', ...Array(5).fill('user:1')],
  )
  assert.equal(second.next, undefined)
  assert.deepEqual(
    (await audit.list({ limit: 9, act: 'sign-in' })).items.map((i) => [i.remote, i.subject, i.detail, i.seq]),
    [['::1', null, {}, null]],
  )
  assert.equal((await audit.list({ limit: 9, actor: 'user:1', subject: 'device:3' })).items.length, 1)
  await assert.rejects(audit.list({ limit: 1, before: 'x' }), isCode('invalid-cursor'))
})

test('of the heads within a minute the last is kept', async () => {
  for (let i = 0; i < 3; i++) {
    await write(1)
    await audit.seal()
  }
  const heads = (await exported()).filter((l) => 'head' in l)
  assert.ok(heads.length <= 2)
  assert.equal((await audit.head())?.seq, 3)
})

test('the signing key is made once, kept private, and never silently replaced', async () => {
  const file = join(folder, 'audit.key')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const before = readFileSync(file)
  await openAuditKey(file, t.db)
  assert.deepEqual(readFileSync(file), before)
  chmodSync(file, 0o644)
  await assert.rejects(openAuditKey(file), isCode('key-file-exposed'))
  writeFileSync(join(folder, 'bad.key'), 'no key', { mode: 0o600 })
  await assert.rejects(openAuditKey(join(folder, 'bad.key')), isCode('key-file-malformed'))
  await write(1)
  await audit.seal()
  await assert.rejects(openAuditKey(join(folder, 'lost.key'), t.db), isCode('key-file-missing'))
})

test('canonical JSON does not depend on the order of keys and reads back the same', () => {
  const shuffled = (v: Json): Json => {
    if (Array.isArray(v)) return v.map(shuffled)
    if (typeof v !== 'object' || v === null) return v
    return Object.fromEntries(
      Object.entries(v)
        .reverse()
        .map(([k, x]) => [k, shuffled(x)]),
    )
  }
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const v = JSON.parse(JSON.stringify(value)) as Json
      assert.equal(canonical(shuffled(v)), canonical(v))
      assert.deepEqual(JSON.parse(canonical(v)), v)
    }),
  )
})
