import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import sql from 'sql-template-tag'
import { testDatabase } from './index.ts'

test('each asks for its own database and gets one, migrated or empty, that goes away', async () => {
  const [a, b, empty] = await Promise.all([testDatabase(), testDatabase(), testDatabase({ migrated: false })])
  await a.db.query(sql`CREATE TABLE mine (no int)`)
  assert.deepEqual(
    await b.db.query(sql`SELECT to_regclass('mine') AS mine, to_regclass('outbox') IS NOT NULL AS there`),
    [{ mine: null, there: true }],
  )
  assert.deepEqual(await empty.db.query(sql`SELECT to_regnamespace('muster') AS there`), [{ there: null }])
  const name = new URL(a.url).pathname.slice(1)
  await a.close()
  assert.deepEqual(await b.db.query(sql`SELECT 1 FROM pg_database WHERE datname = ${name}`), [])
  await b.close()
  await empty.close()
})

const script = `
  import { testDatabase } from ${JSON.stringify(fileURLToPath(new URL('./index.ts', import.meta.url)))}
  const t = await testDatabase({ migrated: false })
  setInterval(() => undefined, 1_000)
  console.log(new URL(t.url).searchParams.get('host'))`

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`a test process ended by ${signal} leaves neither server nor folder`, async () => {
    const env = { ...process.env }
    delete env.MUSTER_TEST_DATABASE_URL
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const sockets = await new Promise<string>((resolve) =>
      child.stdout.once('data', (d: Buffer) => resolve(d.toString().trim())),
    )
    assert.equal(existsSync(sockets), true)
    child.kill(signal)
    const folder = sockets.replace(/\/postgres\/socket$/, '')
    for (let i = 0; i < 1_500 && existsSync(folder); i++) await new Promise((r) => setTimeout(r, 20))
    assert.equal(existsSync(folder), false)
  })
}
