import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { type Db, isUniqueViolation, openDb, sqlState } from './index.ts'

let t: TestDatabase
let other: Db
const isCode = (code: string) => (e: unknown) => (e as { code?: string }).code === code

before(async () => {
  t = await testDatabase({ migrated: false })
  other = await openDb({ url: t.url, dataDir: '', log: silentLog })
  await t.db.query({ text: 'CREATE SCHEMA muster; CREATE TABLE thing (no int PRIMARY KEY, text text)' })
})
after(async () => {
  await other.close()
  await t.close()
})

async function until(what: () => boolean | Promise<boolean>) {
  for (let i = 0; i < 2_000; i++) {
    if (await what()) return
    await new Promise((r) => setTimeout(r, 10))
  }
  assert.fail('it did not come about within 20 s')
}

/** Ends the server side of every connection whose last statement looks like this. */
function cut(pattern: string) {
  return other.query(
    sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE ${pattern} AND pid <> pg_backend_pid()`,
  )
}

test('bigint is a number, the search path is ours, times are in UTC', async () => {
  const [row] = await t.db.query(
    sql`SELECT ${7}::bigint AS n, count(*) AS c, current_setting('search_path') AS path, current_setting('timezone') AS zone`,
  )
  assert.deepEqual(row, { n: 7, c: 1, path: 'muster', zone: 'UTC' })
})

test('prepared, templated and several statements in one text', async () => {
  const named = { name: 'plus', text: 'SELECT $1::int + 1 AS n', values: [1] }
  assert.deepEqual([await t.db.query(named), await t.db.query(named)], [[{ n: 2 }], [{ n: 2 }]])
  assert.deepEqual(await t.db.query({ text: 'SELECT 1 AS a; SELECT 2 AS b' }), [{ b: 2 }])
})

test('affected counts rows, unique violations are recognised by constraint', async () => {
  assert.equal(await t.db.affected(sql`INSERT INTO thing VALUES (1, 'a'), (2, 'b')`), 2)
  const error = await t.db.query(sql`INSERT INTO thing VALUES (1, 'c')`).catch((e: unknown) => e)
  assert.equal(isUniqueViolation(error), true)
  assert.equal(isUniqueViolation(error, 'thing_pkey'), true)
  assert.equal(isUniqueViolation(error, 'other'), false)
})

test('a transaction keeps all or nothing', async () => {
  await t.db.tx((tx) => tx.affected(sql`INSERT INTO thing VALUES (10, 'kept')`))
  const failing = t.db.tx(async (tx) => {
    await tx.query(sql`INSERT INTO thing VALUES (11, 'lost')`)
    throw new Error('stop')
  })
  await assert.rejects(failing, /stop/)
  assert.deepEqual(await t.db.query(sql`SELECT no FROM thing WHERE no IN (10, 11)`), [{ no: 10 }])
})

test('a swallowed failure does not pass for a commit', async () => {
  const swallowing = t.db.tx(async (tx) => {
    await tx.query(sql`SELECT 1/0`).catch(() => undefined)
    return 'done'
  })
  await assert.rejects(swallowing, /rolled back/)
})

test('a transaction is closed to late statements', async () => {
  const late = await t.db.tx(async (tx) => tx)
  await assert.rejects(late.query(sql`SELECT 1`), /is over/)
})

test('of two transactions in a deadlock both succeed, one by running again', async () => {
  await t.db.query(sql`INSERT INTO thing VALUES (20, ''), (21, '')`)
  let runs = 0
  const held = new Set<number>()
  const both = Promise.withResolvers<void>()
  const crossing = (db: Db, first: number, second: number) =>
    db.tx(async (tx) => {
      runs++
      await tx.query(sql`UPDATE thing SET text = text || 'x' WHERE no = ${first}`)
      if (held.add(first).size === 2) both.resolve()
      await both.promise
      await tx.query(sql`UPDATE thing SET text = text || 'x' WHERE no = ${second}`)
    })
  await Promise.all([crossing(t.db, 20, 21), crossing(other, 21, 20)])
  assert.ok(runs >= 3)
  assert.deepEqual(await t.db.query(sql`SELECT text FROM thing WHERE no IN (20, 21)`), [{ text: 'xx' }, { text: 'xx' }])
})

test('retrying a serialisation failure ends after three more attempts', async () => {
  let runs = 0
  const never = t.db.tx(async (tx) => {
    runs++
    await tx.query({ text: `DO $$ BEGIN RAISE 'no' USING ERRCODE = '40001'; END $$` })
  })
  await assert.rejects(never, (e) => sqlState(e) === '40001')
  assert.equal(runs, 4)
})

test('statements are counted, in transactions with their ends', async () => {
  const start = t.db.statements
  await t.db.query(sql`SELECT 1`)
  assert.equal(t.db.statements - start, 1)
  await t.db.tx((tx) => tx.query(sql`SELECT 1`))
  assert.equal(t.db.statements - start, 4)
})

test('a full disk and a lost connection have their own words', async () => {
  const full = t.db.query({
    text: `DO $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`,
  })
  await assert.rejects(full, isCode('disk-full'))
  await assert.rejects(t.db.query(sql`SELECT pg_terminate_backend(pg_backend_pid())`), isCode('database-away'))
  await t.db.ping()
  const lost = t.db.tx(async (tx) => {
    await tx.query(sql`SELECT pg_terminate_backend(pg_backend_pid())`)
  })
  await assert.rejects(lost, isCode('database-away'))
  await t.db.ping()
})

test('listening: one connection for all channels, and a reset after each new beginning', async () => {
  const heard: string[] = []
  let resets = 0
  const endA = await t.db.listen(
    'a',
    (p) => heard.push(`a ${p}`),
    () => resets++,
  )
  const endB = await t.db.listen(
    'b',
    (p) => heard.push(`b ${p}`),
    () => resets++,
  )
  assert.equal(resets, 2)
  assert.equal(t.db.listening(), true)
  const listeners = await other.query(
    sql`SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
  )
  assert.equal(listeners.length, 1)
  await other.query(sql`SELECT pg_notify('a', '1'), pg_notify('b', '2')`)
  await until(() => heard.length === 2)
  await cut('LISTEN%')
  await until(() => !t.db.listening())
  await until(() => resets === 4)
  await other.query(sql`SELECT pg_notify('b', '3')`)
  await until(() => heard.length === 3)
  await endB()
  await other.query(sql`SELECT pg_notify('b', '4'), pg_notify('a', '5')`)
  await until(() => heard.length === 4)
  assert.deepEqual(heard, ['a 1', 'b 2', 'b 3', 'a 5'])
  await endA()
})

test('a handler that throws does not silence the others', async () => {
  const heard: string[] = []
  const ends = [
    await t.db.listen(
      'c',
      () => {
        throw new Error('broken handler')
      },
      () => undefined,
    ),
    await t.db.listen(
      'c',
      (p) => heard.push(p),
      () => undefined,
    ),
  ]
  await other.query(sql`SELECT pg_notify('c', 'x')`)
  await until(() => heard.length === 1)
  for (const end of ends) await end()
})

test('a lock is held by one node at a time, also within a process', async () => {
  const inner = await t.db.lock('job', async () => [
    await other.lock('job', async () => 'other'),
    await t.db.lock('job', async () => 'again'),
    await other.lock('another job', async () => 'free'),
  ])
  assert.deepEqual(inner, [undefined, undefined, 'free'])
  assert.equal(await other.lock('job', async () => 'now'), 'now')
  await assert.rejects(
    t.db.lock('job', async () => {
      throw new Error('failed work')
    }),
    /failed work/,
  )
  assert.equal(await other.lock('job', async () => 'given back'), 'given back')
})

test('work whose lock is lost is told, and the lock can be taken again', async () => {
  let aborted = false
  await t.db.lock('job', async (signal) => {
    await cut('SELECT pg_try_advisory_lock%')
    await until(() => signal.aborted)
    aborted = signal.aborted
  })
  assert.equal(aborted, true)
  assert.equal(await t.db.lock('job', async () => 'again'), 'again')
})

test('a closed database says so', async () => {
  const db = await openDb({ url: t.url, dataDir: '', log: silentLog })
  await db.listen(
    'z',
    () => undefined,
    () => undefined,
  )
  await db.close()
  await db.close()
  await assert.rejects(db.query(sql`SELECT 1`), isCode('database-closed'))
  await assert.rejects(
    db.tx(async () => 1),
    isCode('database-closed'),
  )
  await assert.rejects(
    db.listen(
      'z',
      () => undefined,
      () => undefined,
    ),
    isCode('database-closed'),
  )
  await assert.rejects(
    db.lock('z', async () => 1),
    isCode('database-closed'),
  )
})
