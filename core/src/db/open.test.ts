import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { silentLog, testDatabase } from '../testing/index.ts'
import { openDb, startEmbedded } from './index.ts'

const isCode = (code: string) => (e: unknown) => (e as { code?: string }).code === code
const nowhere = 'postgresql://muster:secret@127.0.0.1:1/muster'

test('an address that is none', async () => {
  for (const url of ['muster', 'mysql://a/b', 'http://localhost/x', 'host=localhost']) {
    await assert.rejects(openDb({ url, dataDir: '', log: silentLog }), isCode('database-url-invalid'), url)
  }
})

test('told not to wait, an absent database is an error at once', async () => {
  await assert.rejects(openDb({ url: nowhere, dataDir: '', log: silentLog, wait: false }), isCode('database-away'))
})

test('a database that does not exist is refused at once, with or without waiting', async () => {
  const t = await testDatabase({ migrated: false })
  const url = new URL(t.url)
  url.pathname = '/there_is_none'
  await assert.rejects(openDb({ url: url.toString(), dataDir: '', log: silentLog }), isCode('database-refused'))
  await t.close()
})

test('an absent database is waited for, and the log says so without the password', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-test-'))
  const sockets = join(folder, 'postgres', 'socket')
  const said: string[] = []
  const log = { ...silentLog, warn: (o: object, m: string) => void said.push(`${m} ${JSON.stringify(o)}`) }
  const opening = openDb({
    url: `postgresql://muster:secret@localhost/postgres?host=${encodeURIComponent(sockets)}`,
    dataDir: '',
    log,
  })
  for (const end = Date.now() + 20_000; said.length === 0 && Date.now() < end; )
    await new Promise((r) => setTimeout(r, 20))
  assert.ok(said.length >= 1 && said.every((s) => s.startsWith('the database is away; waiting')), said.join())
  assert.ok(!said.join().includes('secret'))
  const embedded = await startEmbedded({ dataDir: folder, log: silentLog, settings: { fsync: 'off' }, temporary: true })
  const db = await opening
  await db.ping()
  assert.ok(db.url.includes('***') && !db.url.includes('secret'))
  await db.close()
  await embedded.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('session options in the address are kept beside ours', async () => {
  const t = await testDatabase({ migrated: false })
  const url = new URL(t.url)
  url.searchParams.set('options', '-c statement_timeout=1234')
  const db = await openDb({ url: url.toString(), dataDir: '', log: silentLog })
  const rows = await db.query({
    text: `SELECT current_setting('statement_timeout') AS t, current_setting('search_path') AS p`,
  })
  assert.deepEqual(rows, [{ t: '1234ms', p: 'muster' }])
  await db.close()
  await t.close()
})

/** Speaks just enough of the wire protocol to state a version and an encoding. */
function toldServer(version: number, encoding: string) {
  const message = (type: string, body: Buffer) => {
    const head = Buffer.alloc(5)
    head.write(type)
    head.writeInt32BE(body.length + 4, 1)
    return Buffer.concat([head, body])
  }
  const column = (name: string, oid: number) => {
    const tail = Buffer.alloc(18)
    tail.writeInt32BE(oid, 6)
    return Buffer.concat([Buffer.from(`${name}\0`), tail])
  }
  const value = (text: string) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(text.length)
    return Buffer.concat([length, Buffer.from(text)])
  }
  const two = Buffer.from([0, 2])
  const ready = message('Z', Buffer.from('I'))
  const answer = Buffer.concat([
    message('T', Buffer.concat([two, column('version', 23), column('encoding', 25)])),
    message('D', Buffer.concat([two, value(String(version)), value(encoding)])),
    message('C', Buffer.from('SELECT 1\0')),
    ready,
  ])
  const speak = (socket: Socket) => {
    let greeted = false
    socket.on('error', () => socket.destroy())
    socket.on('data', (d) => {
      if (!greeted) socket.write(Buffer.concat([message('R', Buffer.alloc(4)), ready]))
      else if (d[0] === 'Q'.charCodeAt(0)) socket.write(answer)
      greeted = true
    })
  }
  const server = createServer(speak)
  return new Promise<{ url: string; close: () => void }>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      resolve({ url: `postgresql://muster@127.0.0.1:${port}/muster`, close: () => server.close() })
    })
  })
}

test('a server that is too old or not in UTF-8 is refused', async () => {
  const cases = [
    [140_012, 'UTF8', 'database-too-old'],
    [150_001, 'LATIN1', 'database-encoding'],
  ] as const
  for (const [version, encoding, code] of cases) {
    const server = await toldServer(version, encoding)
    await assert.rejects(openDb({ url: server.url, dataDir: '', log: silentLog }), isCode(code))
    server.close()
  }
  const fine = await toldServer(150_000, 'UTF8')
  const db = await openDb({ url: fine.url, dataDir: '', log: silentLog })
  await db.close()
  fine.close()
})
