import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import sql from 'sql-template-tag'
import { describeSchema, silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { coreMigrations, type MigrationSet, migrate, openDb } from './index.ts'

let t: TestDatabase
beforeEach(async () => {
  t = await testDatabase({ migrated: false })
})
afterEach(() => t.close())

const isCode = (code: string, words?: RegExp) => (e: unknown) =>
  (e as { code?: string }).code === code && (words?.test((e as Error).message) ?? true)
const one = { name: '0001_one', sql: 'CREATE TABLE one (no int); CREATE TABLE uno (no int)' }
const two = { name: '0002_two', sql: 'CREATE TABLE two (no int)' }
const set = (...migrations: MigrationSet['migrations']): MigrationSet => ({ schema: 'muster', migrations })

test('applies in order, once', async () => {
  assert.deepEqual(await migrate(t.db, [set(one)]), ['muster/0001_one'])
  assert.deepEqual(await migrate(t.db, [set(one, two)]), ['muster/0002_two'])
  assert.deepEqual(await migrate(t.db, [set(one, two)]), [])
  await t.db.query(sql`SELECT * FROM one, uno, two`)
})

test('two processes that start at once', async () => {
  const other = await openDb({ url: t.url, dataDir: '', log: silentLog })
  const slow = { name: '0002_slow', sql: 'SELECT pg_sleep(0.2); CREATE TABLE slow (no int)' }
  const done = await Promise.all([t.db, other, t.db].map((db) => migrate(db, [set(one, slow)])))
  assert.deepEqual(done.flat().sort(), ['muster/0001_one', 'muster/0002_slow'])
  await other.close()
})

test('a failing migration leaves nothing behind and names itself', async () => {
  const bad = { name: '0002_bad', sql: 'CREATE TABLE half (no int); SELECT 1/0' }
  await assert.rejects(migrate(t.db, [set(one, bad)]), isCode('migration-failed', /0002_bad.*division by zero/))
  assert.deepEqual(await t.db.query(sql`SELECT to_regclass('half') AS half, to_regclass('one')::text AS one`), [
    { half: null, one: 'one' },
  ])
  assert.deepEqual(await migrate(t.db, [set(one, two)]), ['muster/0002_two'])
})

test('refuses a database newer than the code, and touches nothing', async () => {
  await migrate(t.db, [set(one, two)])
  const plugin = { schema: 'plugin_toy', migrations: [one] }
  await assert.rejects(migrate(t.db, [plugin, set(one)]), isCode('database-newer', /0002_two/))
  assert.deepEqual(await t.db.query(sql`SELECT to_regnamespace('plugin_toy') AS made`), [{ made: null }])
})

test('refuses a changed migration, but not other line endings', async () => {
  await migrate(t.db, [set({ name: '0001_one', sql: 'CREATE TABLE one (\n no int)' })])
  await migrate(t.db, [set({ name: '0001_one', sql: 'CREATE TABLE one (\r\n no int)' })])
  await assert.rejects(
    migrate(t.db, [set({ name: '0001_one', sql: 'CREATE TABLE one (no bigint)' })]),
    isCode('migration-changed', /0001_one/),
  )
})

test('refuses a late migration and malformed sets', async () => {
  await migrate(t.db, [set(two)])
  await assert.rejects(migrate(t.db, [set(one, two)]), isCode('migration-order'))
  await assert.rejects(migrate(t.db, [set(two, one)]), /out of order/)
  await assert.rejects(migrate(t.db, [{ schema: 'x; DROP', migrations: [] }]), /not a schema name/)
  await assert.rejects(migrate(t.db, [set({ name: 'first', sql: '' })]), /not a migration name/)
})

test("a plugin's migrations run in its own schema and an absent plugin's stay", async () => {
  const plugin = { schema: 'plugin_toy', migrations: [one] }
  assert.deepEqual(await migrate(t.db, [set(one), plugin]), ['muster/0001_one', 'plugin_toy/0001_one'])
  const rows = await t.db.query(sql`SELECT schemaname FROM pg_tables WHERE tablename = 'one' ORDER BY 1`)
  assert.deepEqual(rows, [{ schemaname: 'muster' }, { schemaname: 'plugin_toy' }])
  assert.deepEqual(await migrate(t.db, [set(one)]), [])
  assert.deepEqual(await t.db.query(sql`SELECT current_setting('search_path') AS path`), [{ path: 'muster' }])
})

test('the core: fresh equals upgraded, one migration at a time', async () => {
  const core = coreMigrations()
  assert.ok(core.migrations.length > 0)
  await migrate(t.db, [core])
  const fresh = await describeSchema(t.db, 'muster')
  assert.ok(fresh.some((line) => line.startsWith('column outbox.xid')))
  const upgraded = await testDatabase({ migrated: false })
  for (let n = 1; n <= core.migrations.length; n++) {
    await migrate(upgraded.db, [{ ...core, migrations: core.migrations.slice(0, n) }])
  }
  assert.deepEqual(await describeSchema(upgraded.db, 'muster'), fresh)
  await upgraded.db.query(sql`ALTER TABLE outbox ALTER COLUMN at DROP DEFAULT`)
  assert.notDeepEqual(await describeSchema(upgraded.db, 'muster'), fresh)
  await upgraded.close()
})
