/** Backups of a living installation, restored into empty databases; and files that are damaged, foreign or newer, which change nothing. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { isProblem, type Json } from '@muster/contract'
import { pull } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import { system } from '../access/index.ts'
import { pluginMigrations } from '../platforms/index.ts'
import { type CoreBench, createHarness, type TestDatabase, testDatabase } from '../testing/index.ts'
import { createBackup } from './dump.ts'
import { restoreBackup } from './load.ts'
import { type BackupCode, BackupProblem } from './problem.ts'
import { checkBackup } from './verify.ts'

let old: TestDatabase
let bench: CoreBench
let folder: string
let keysDir: string
let file: string
const passphrase = 'correct horse battery staple'
const opened: TestDatabase[] = []
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'muster-backup-'))
  keysDir = join(folder, 'keys')
  file = join(folder, 'muster.backup')
  old = await testDatabase({ alone: true })
  bench = await createHarness().open([pull], {}, { installed: { database: old, keysDir } })
})
after(async () => {
  await bench.close()
  await old.close()
  for (const t of opened) await t.close()
  await rm(folder, { recursive: true })
})

async function empty(): Promise<TestDatabase> {
  const t = await testDatabase({ migrated: false, alone: true })
  opened.push(t)
  return t
}
const plugins = () => pluginMigrations(bench.core.registry)
const backup = (to: string, more: object = {}) =>
  createBackup({
    db: old.db,
    file: to,
    plugins: plugins(),
    version: '1.0.0',
    keysDir,
    passphrase,
    actor: 'system',
    ...more,
  })
const restore = (t: TestDatabase, from: string, more: object = {}) =>
  restoreBackup({
    db: t.db,
    file: from,
    plugins: plugins(),
    keysDir,
    passphrase,
    destructive: ['pull.wipe'],
    actor: 'system',
    ...more,
  })
const says = (code: BackupCode) => (e: unknown) => e instanceof BackupProblem && e.code === code
const schemas = (t: TestDatabase) =>
  t.db.query(sql`select nspname from pg_namespace where nspname = 'muster' or nspname like 'plugin%'`)

/** Ends when the whole audit is in its chain; the installation at work seals, and adds, beside us. */
async function sealed(core: CoreBench['core'], t: TestDatabase): Promise<void> {
  for (const until = Date.now() + 20_000; ; ) {
    await core.audit.seal()
    const [left] = await t.db.query<{ n: number }>(sql`select count(*) as n from audit where seq is null`)
    if (left?.n === 0) return
    assert.ok(Date.now() < until, `${left?.n} audit entries are never sealed`)
    await setTimeout(50)
  }
}

/** Everything of a database but what a restore changes by design. */
async function contents(t: TestDatabase): Promise<Record<string, unknown>> {
  const tables = [
    'device',
    'channel',
    'enrolment',
    'credential',
    'app_user',
    'role',
    'policy',
    'configuration',
    'certificate',
    'data_key',
    'device_event',
    'history',
    'message',
    'platform',
    'authority',
    'identifier',
  ]
  const found: Record<string, unknown> = {}
  for (const name of tables)
    found[name] = await t.db.query({ text: `select to_jsonb(x) as row from ${name} x order by to_jsonb(x)::text` })
  found.audit = await t.db.query(
    sql`select no, at::text, actor, act, subject, detail, seq, encode(chain, 'hex') as chain from audit where act not like 'backup.%' order by no`,
  )
  return found
}

test('an installation at work is saved and stands again, with its secrets, in recovery mode', async () => {
  const c = await bench.enrol('pull', { facts: { 'device.name': 'tab\tand\\back\nline "quoted" ü \u{1F600}' } })
  await bench.core.access.users.create({ name: 'anna', password: 'a long enough word', roles: [] }, system)
  await bench.db.query(
    sql`insert into device_event (at, device, type, data) select now() - interval '40 days', no, 'old', '{}' from device`,
  )
  await sealed(bench.core, old)
  const made = await backup(file)
  assert.ok(made.withKeys && made.rows > 10 && made.tables > 30, JSON.stringify(made))
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const whole = gunzipSync(await readFile(file)).toString('latin1')
  const master = (await readFile(join(keysDir, 'master.key'), 'utf8')).trim()
  assert.ok(!whole.includes(master) && !whole.includes('BEGIN PRIVATE KEY'), 'keys only sealed')

  const t = await empty()
  const elsewhere = join(folder, 'elsewhere')
  const report = await restore(t, file, { keysDir: elsewhere })
  assert.deepEqual([report.keys, report.rows, report.version], ['restored', made.rows, '1.0.0'])
  assert.equal(await readFile(join(elsewhere, 'master.key'), 'utf8'), `${master}\n`)
  assert.equal((await stat(join(elsewhere, 'master.key'))).mode & 0o777, 0o600)
  assert.deepEqual(await contents(t), await contents(old))
  assert.deepEqual(await t.db.query(sql`select count(*) as n from outbox`), [{ n: 0 }])

  const again = await createHarness().open([pull], {}, { installed: { database: t, keysDir: elsewhere } })
  try {
    assert.equal((await again.core.recovery.state()).active, true)
    assert.equal((await again.core.devices.identity.channel(c.no))?.device, c.device)
    assert.ok(await again.core.access.signIn('anna', 'a long enough word', '::1'))
    await sealed(again.core, t)
    const proof = await again.core.audit.verify()
    assert.ok(proof.ok && proof.entries > 3, JSON.stringify(proof))
    const before = await bench.send('pull.lock', {}, [c])
    const sent = await again.core.db.query<{ no: number }>(sql`select nextval('activity_no') as no`)
    assert.ok((sent[0]?.no ?? 0) >= Number(before) + 900_000, 'numbers are not given twice')
    const next = await again.enrol('pull')
    assert.ok(next.no > c.no)
  } finally {
    await again.close()
  }
})

test('nothing destructive is sent until recovery ends, and what was open of it is ended', async () => {
  const { core } = bench
  const destructive = [...core.registry.operations.values()].find((d) => d.id === 'pull.wipe')
  assert.equal(destructive?.danger, 'destructive')
  assert.ok(destructive)
  const c = await bench.enrol('pull')
  const params = (destructive.examples[0]?.params ?? {}) as Json
  const id = await bench.send(destructive.id, params, [c])
  await bench.db.query(sql`
    insert into approval (activity, kind, actor, person, devices, expires) values (${id}, 'wipe', 'user:eve', 'user:eve', 1, now() + interval '1 day')`)
  const saved = join(folder, 'destructive.backup')
  await backup(saved)
  const t = await empty()
  const report = await restore(t, saved, { destructive: [destructive.id] })
  assert.equal(report.ended, 1)
  const again = await createHarness().open([pull], {}, { installed: { database: t, keysDir } })
  try {
    assert.deepEqual(
      [(await again.operation(id, c))?.state, (await again.operation(id, c))?.reason?.code],
      ['cancelled', 'restored'],
    )
    const waits = await t.db.query(sql`select state, decided_by from approval where activity = ${id}`)
    assert.deepEqual(waits, [{ state: 'withdrawn', decided_by: 'system' }])
    const send = () => again.send(destructive.id, params, [c])
    await assert.rejects(send(), (e) => isProblem(e) && e.code === 'recovery-mode')
    await again.core.recovery.end('user:anna')
    await again.core.recovery.end('user:anna')
    assert.ok(await send())
    const ends = await t.db.query(sql`select actor from audit where act = 'recovery.end'`)
    assert.deepEqual(ends, [{ actor: 'user:anna' }])
  } finally {
    await again.close()
  }
})

test('a backup sees one moment, whatever is written meanwhile', async () => {
  const busy = new AbortController()
  const writing = (async () => {
    for (let n = 0; !busy.signal.aborted; n++)
      await old.db.tx(async (tx) => {
        await tx.query(sql`insert into device_group (name) values (${`pair ${n}`})`)
        await tx.query(
          sql`insert into licence (platform, language, version, text) values ('pull', 'en', ${`pair ${n}`}, '')`,
        )
      })
  })()
  const saved = join(folder, 'busy.backup')
  await backup(saved)
  busy.abort()
  await writing
  const t = await empty()
  await restore(t, saved)
  const [n] = await t.db.query<{ groups: number; licences: number }>(
    sql`select (select count(*) from device_group where name like 'pair %') as groups, (select count(*) from licence where version like 'pair %') as licences`,
  )
  assert.equal(n?.groups, n?.licences)
})

test('a database that holds something is left alone, and so is a file', async () => {
  await assert.rejects(restore(old, file), says('database-not-empty'))
  assert.ok((await old.db.query(sql`select from device`)).length > 0)
  const before = await readFile(file)
  await assert.rejects(backup(file), says('file-exists'))
  assert.ok(before.equals(await readFile(file)))
  await assert.rejects(backup(join(folder, 'no', 'such', 'folder')), says('file-unusable'))
})

test('damaged, cut, foreign and newer files are refused, and nothing is written', async () => {
  const t = await empty()
  const bytes = await readFile(file)
  const plain = gunzipSync(bytes)
  const odd = async (content: Uint8Array) => {
    const name = join(folder, `odd-${createHash('sha256').update(content).digest('hex').slice(0, 8)}`)
    await writeFile(name, content)
    return name
  }
  const flipped = Buffer.from(plain)
  const at = flipped.length - 2_000
  flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at)
  const cases: [BackupCode, Uint8Array][] = [
    ['backup-damaged', bytes.subarray(0, bytes.length - 1)],
    ['backup-damaged', bytes.subarray(0, bytes.length >> 1)],
    ['backup-damaged', gzipSync(plain.subarray(0, plain.length - 90))],
    ['backup-damaged', gzipSync(flipped)],
    ['backup-damaged', gzipSync(Buffer.concat([plain, plain.subarray(8)]))],
    ['backup-damaged', gzipSync(Buffer.concat([plain.subarray(0, 8), Buffer.from('D\xff\xff\xff\xff', 'latin1')]))],
    ['backup-foreign', Buffer.from('-- PostgreSQL database dump')],
    ['backup-foreign', gzipSync(Buffer.from('-- PostgreSQL database dump'))],
    ['backup-damaged', Buffer.alloc(0)],
  ]
  for (const [code, content] of cases)
    await assert.rejects(restore(t, await odd(content)), (e) => says(code)(e) || assert.fail(`${code}: ${e}`))
  await assert.rejects(restore(t, join(folder, 'absent')), says('file-unusable'))
  const changed = async (change: (migrations: { schema: string; name: string; checksum: string }[]) => object) =>
    odd(rewritten(plain, change))
  await assert.rejects(
    restore(t, await changed((m) => ({ migrations: [...m, { schema: 'muster', name: '9999_later', checksum: 'x' }] }))),
    says('backup-newer'),
  )
  await assert.rejects(restore(t, await changed(() => ({ format: 2, migrations: 'else' }))), says('backup-newer'))
  await assert.rejects(
    restore(t, await changed((m) => ({ migrations: m.map((x) => ({ ...x, checksum: 'changed' })) }))),
    says('backup-foreign'),
  )
  await assert.rejects(
    restore(
      t,
      await changed((m) => ({ migrations: [...m, { schema: 'plugin_other', name: '0001_x', checksum: 'x' }] })),
    ),
    says('backup-platform'),
  )
  await assert.rejects(
    restore(t, await changed(() => ({ months: [{ table: 'device; drop', from: '2026-01' }] }))),
    says('backup-damaged'),
  )
  assert.deepEqual(await schemas(t), [])
  assert.ok((await checkBackup(file)).rows > 10)
})

test('what a table does not take leaves the database empty', async () => {
  const t = await empty()
  const twice = join(folder, 'twice.backup')
  await old.db.query(sql`alter table platform add column extra text`)
  await backup(twice)
  await old.db.query(sql`alter table platform drop column extra`)
  await assert.rejects(restore(t, twice), /extra/)
  assert.deepEqual(await schemas(t), [])
})

test('keys come back with the right passphrase only, and never over others', async () => {
  const t = await empty()
  const to = join(folder, 'new-keys')
  await assert.rejects(restore(t, file, { keysDir: to, passphrase: undefined }), says('passphrase-missing'))
  await assert.rejects(
    restore(t, file, { keysDir: to, passphrase: 'something else entirely' }),
    says('passphrase-wrong'),
  )
  const bare = join(folder, 'bare.backup')
  await assert.rejects(backup(join(folder, 'short.backup'), { passphrase: 'short' }), says('passphrase-short'))
  await backup(bare, { passphrase: undefined })
  await assert.rejects(restore(t, bare, { keysDir: to }), says('keys-missing'))
  const other = await createHarness().open([])
  const foreign = join(folder, 'foreign-keys')
  await other.close()
  await createHarness()
    .open([], {}, { installed: { database: await testDatabaseOf(), keysDir: foreign } })
    .then((b) => b.close())
  await assert.rejects(restore(t, file, { keysDir: foreign }), says('keys-differ'))
  assert.deepEqual(await schemas(t), [])
  const report = await restore(t, bare)
  assert.equal(report.keys, 'there')
})

async function testDatabaseOf(): Promise<TestDatabase> {
  const t = await testDatabase()
  opened.push(t)
  return t
}

/** The same file with another header, sealed anew: what a newer Muster, or somebody clever, would write. */
function rewritten(
  plain: Buffer,
  change: (migrations: { schema: string; name: string; checksum: string }[]) => object,
): Buffer {
  const frames: Buffer[] = []
  for (let at = 8; at < plain.length; ) {
    const length = 5 + plain.readUInt32BE(at + 1)
    frames.push(plain.subarray(at, at + length))
    at += length
  }
  const header = JSON.parse((frames[0] as Buffer).subarray(5).toString()) as {
    migrations: { schema: string; name: string; checksum: string }[]
  }
  const frame = (letter: string, value: object) => {
    const body = Buffer.from(JSON.stringify(value))
    const head = Buffer.alloc(5)
    head.write(letter, 'latin1')
    head.writeUInt32BE(body.length, 1)
    return Buffer.concat([head, body])
  }
  const kept = [frame('H', { ...header, ...change(header.migrations) }), ...frames.slice(1, -1)]
  const sha256 = createHash('sha256').update(Buffer.concat(kept)).digest('hex')
  return gzipSync(Buffer.concat([plain.subarray(0, 8), ...kept, frame('Z', { frames: kept.length, sha256 })]))
}
