import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { openDb } from '../db/index.ts'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { openSecrets } from './index.ts'

let t: TestDatabase
let folder: string
let keyFile: string
beforeEach(async () => {
  t = await testDatabase()
  folder = mkdtempSync(join(tmpdir(), 'muster-secrets-'))
  keyFile = join(folder, 'keys', 'master.key')
})
afterEach(async () => {
  await t.close()
  rmSync(folder, { recursive: true })
})
const isCode = (code: string) => (e: unknown) => (e as { code?: string }).code === code
const open = () => openSecrets({ db: t.db, keyFile })

test('what is sealed opens in its place alone', async () => {
  const s = await open()
  const sealed = s.seal('user|1|totp', 'geheim ✓')
  assert.equal(s.open('user|1|totp', sealed).toString(), 'geheim ✓')
  assert.equal(s.open('user|1|totp', new Uint8Array(sealed)).toString(), 'geheim ✓')
  assert.throws(() => s.open('user|2|totp', sealed), isCode('sealed-elsewhere'))
  assert.throws(() => s.open('user|1|other', sealed), isCode('sealed-elsewhere'))
  assert.notDeepEqual(s.seal('user|1|totp', 'geheim ✓'), sealed)
  assert.equal(sealed.includes('geheim'), false)
})

test('property: any bytes come back, and any changed, cut or lengthened value is refused', async () => {
  const s = await open()
  fc.assert(
    fc.property(
      fc.string(),
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (where, plain, at, flip) => {
        const sealed = s.seal(where, plain)
        assert.deepEqual(new Uint8Array(s.open(where, sealed)), plain)
        const changed = Buffer.from(sealed)
        changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ flip
        assert.throws(() => s.open(where, changed), { name: 'SecretProblem' })
        assert.throws(() => s.open(where, sealed.subarray(0, at % sealed.length)), { name: 'SecretProblem' })
        assert.throws(() => s.open(where, Buffer.concat([sealed, Buffer.of(flip)])), isCode('sealed-elsewhere'))
      },
    ),
  )
})

test('the key file is made once, private, and its key is nowhere in the database', async () => {
  await open()
  assert.equal(statSync(keyFile).mode & 0o777, 0o600)
  const before = readFileSync(keyFile, 'utf8')
  const sealed = (await open()).seal('a|1|b', 'x')
  assert.equal((await open()).open('a|1|b', sealed).toString(), 'x')
  assert.equal(readFileSync(keyFile, 'utf8'), before)
  assert.deepEqual(readdirSync(join(folder, 'keys')), ['master.key'])
  const rows = await t.db.query<{ wrapped: Buffer }>(sql`SELECT wrapped FROM data_key`)
  assert.equal(rows.length, 1)
  assert.equal(rows[0]?.wrapped.includes(Buffer.from(before, 'base64')), false)
})

test('two nodes that start at once make one key', async () => {
  const other = await openDb({ url: t.url, dataDir: '', log: silentLog })
  const [a, b] = await Promise.all([open(), openSecrets({ db: other, keyFile })])
  assert.equal(b?.open('a|1|b', a?.seal('a|1|b', 'x') ?? Buffer.alloc(0)).toString(), 'x')
  await other.close()
})

test('a missing, exposed, malformed or wrong key file is refused, never replaced', async () => {
  await open()
  chmodSync(keyFile, 0o640)
  await assert.rejects(open(), isCode('key-file-exposed'))
  chmodSync(keyFile, 0o600)
  renameSync(keyFile, `${keyFile}.away`)
  await assert.rejects(open(), isCode('key-file-missing'))
  assert.equal(existsSync(keyFile), false)
  writeFileSync(keyFile, 'short', { mode: 0o600 })
  await assert.rejects(open(), isCode('key-file-malformed'))
  writeFileSync(keyFile, randomBytes(32).toString('base64'), { mode: 0o600 })
  await assert.rejects(open(), isCode('wrong-master'))
  renameSync(`${keyFile}.away`, keyFile)
  await open()
})

test('a new data key seals from now on; the old stays readable; other nodes hear of it', async () => {
  const other = await openDb({ url: t.url, dataDir: '', log: silentLog })
  const a = await open()
  const b = await openSecrets({ db: other, keyFile })
  const old = a.seal('a|1|b', 'old')
  assert.equal(await a.rotate(), 2)
  const fresh = a.seal('a|1|b', 'new')
  assert.deepEqual([old.readUInt32BE(1), fresh.readUInt32BE(1)], [1, 2])
  assert.equal(a.open('a|1|b', old).toString(), 'old')
  for (let i = 0; i < 2_000 && b.seal('a|1|b', '').readUInt32BE(1) !== 2; i++)
    await new Promise((r) => setTimeout(r, 10))
  assert.equal(b.open('a|1|b', fresh).toString(), 'new')
  const unknown = Buffer.from(fresh)
  unknown.writeUInt32BE(9, 1)
  assert.throws(() => a.open('a|1|b', unknown), isCode('unknown-data-key'))
  await other.close()
})

test('a changed master key: all still opens, the old key no longer does, the other node goes on', async () => {
  const other = await openDb({ url: t.url, dataDir: '', log: silentLog })
  const a = await open()
  const b = await openSecrets({ db: other, keyFile })
  await a.rotate()
  const sealed = a.seal('a|1|b', 'x')
  const oldText = readFileSync(keyFile, 'utf8')
  await a.rewrap(randomBytes(32))
  assert.notEqual(readFileSync(keyFile, 'utf8'), oldText)
  assert.equal(statSync(keyFile).mode & 0o777, 0o600)
  assert.equal((await open()).open('a|1|b', sealed).toString(), 'x')
  assert.equal(await b.rotate(), 3)
  assert.equal(a.open('a|1|b', a.seal('a|1|b', 'y')).toString(), 'y')
  await b.refresh()
  assert.equal(b.open('a|1|b', sealed).toString(), 'x')
  writeFileSync(keyFile, oldText)
  await assert.rejects(open(), isCode('wrong-master'))
  await other.close()
})

test('a change of the master key cut short after its commit is finished at the next start', async () => {
  const a = await open()
  const sealed = a.seal('a|1|b', 'x')
  const oldText = readFileSync(keyFile, 'utf8')
  await a.rewrap(randomBytes(32))
  renameSync(keyFile, `${keyFile}.next`)
  writeFileSync(keyFile, oldText, { mode: 0o600 })
  assert.equal((await open()).open('a|1|b', sealed).toString(), 'x')
  assert.equal(existsSync(`${keyFile}.next`), false)
  assert.notEqual(readFileSync(keyFile, 'utf8'), oldText)
})

test('a change of the master key that fails changes nothing', async () => {
  const a = await open()
  const sealed = a.seal('a|1|b', 'x')
  await t.db.query({
    text: `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON data_key FOR EACH ROW EXECUTE FUNCTION refuse()`,
  })
  await assert.rejects(a.rewrap(randomBytes(32)), /no/)
  assert.equal(existsSync(`${keyFile}.next`), false)
  assert.equal((await open()).open('a|1|b', sealed).toString(), 'x')
  await assert.rejects(a.rewrap(randomBytes(16)), isCode('key-file-malformed'))
})

test('a master key given by the operator needs no file', async () => {
  const master = randomBytes(32)
  const s = await openSecrets({ db: t.db, keyFile, master })
  const sealed = s.seal('a|1|b', 'x')
  assert.equal(existsSync(keyFile), false)
  assert.equal((await openSecrets({ db: t.db, keyFile, master })).open('a|1|b', sealed).toString(), 'x')
  await assert.rejects(openSecrets({ db: t.db, keyFile, master: randomBytes(32) }), isCode('wrong-master'))
  await assert.rejects(openSecrets({ db: t.db, keyFile, master: randomBytes(8) }), isCode('key-file-malformed'))
  await assert.rejects(open(), isCode('key-file-missing'))
})
