/** What goes wrong around an agent: no server, a wrong clock, a full disk, a crash at any moment. It runs on, says so, and leaves nothing half done. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { runAgent } from './agent.ts'
import { pauseAfter } from './back-off.ts'
import { readContact } from './contact.ts'
import { openLedger } from './ledger.ts'
import { openState } from './state.ts'
import { enrolled } from './testing/enrolled.ts'
import { snapshot, temporary } from './testing/fixtures.ts'

const yearMs = 365 * 86_400_000

test('back-off: doubles up to five minutes, spread by half, and never undercuts what the server asks', () => {
  assert.deepEqual(
    [1, 2, 3, 7, 8, 9, 1000].map((n) => pauseAfter(n, 0.5)),
    [2, 4, 8, 128, 256, 300, 300],
  )
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.option(fc.integer({ min: 0, max: 86_400 }), { nil: undefined }),
      (failures, random, asked) => {
        const s = pauseAfter(failures, random, asked)
        assert.ok(s >= 1 && s >= (asked ?? 0) && s <= Math.max(450, (asked ?? 0) * 1.2))
      },
    ),
  )
  assert.notEqual(pauseAfter(5, 0.1), pauseAfter(5, 0.9))
})

test('nobody there: it says so in its status, runs on, and goes on by itself when the server is back', async (t) => {
  const { server, place, log, options } = await enrolled(t)
  const state = place.folder.read()
  assert.ok(state)
  const closed = await closedPort()
  place.folder.write({ ...state, link: { server: `http://127.0.0.1:${closed}` } })
  const stop = new AbortController()
  const lost = runAgent({ ...options, signal: stop.signal }, 'run')
  await until(() => log.length >= 2)
  assert.match(log[0] ?? '', /Nobody listens .*trying again in \d+ s/)
  const told = readContact(place.folder)
  assert.deepEqual([told?.reached, /Nobody listens/.test(told?.problem ?? '')], [false, true])
  stop.abort()
  assert.equal(await lost, 'stopped')

  place.folder.write({ ...state, link: { server: server.url } })
  server.instead['POST /linux/agent/sync'] = [{ status: 502 }, 'cut']
  const again = new AbortController()
  const back = runAgent({ ...options, signal: again.signal }, 'run')
  await until(() => readContact(place.folder)?.reached === true)
  again.abort()
  assert.equal(await back, 'stopped')
  assert.ok(server.facts()['os.name'])
})

for (const [word, offMs] of [
  ['ahead', yearMs],
  ['behind', -yearMs],
] as const) {
  test(`a clock a year ${word}: work goes on by the server's time, signatures do not, and everybody is told`, async (t) => {
    let off = offMs
    const { server, place, log, options } = await enrolled(t)
    const once = () => runAgent({ ...options, now: () => Date.now() + off }, 'once')
    const plain = server.deliver('operation', 'device.inventory', {})
    const signed = { id: 'corporate-1', name: 'device.wipe.corporate', payload: {} }
    server.deliver('operation', signed.name, signed.payload, { id: signed.id, envelope: server.envelope(signed) })
    await once()
    const result = (id: string) => server.results().find((r) => r.id === id)
    assert.equal(result(plain.id)?.state, 'completed')
    assert.equal(result(signed.id)?.code, word === 'ahead' ? 'envelope-expired' : 'envelope-early')
    assert.match(log.join('\n'), new RegExp(`the clock of this device is 3153\\d{4} s ${word}`))
    const ahead = readContact(place.folder)?.clockAheadS ?? 0
    assert.ok(Math.abs(ahead - offMs / 1000) < 60, String(ahead))
    assert.equal(server.facts()['agent.clockAheadS'], ahead)
    const events = server.syncs.flatMap((s) => s.events ?? [])
    assert.deepEqual(events.map((e) => e.type).sort(), ['agent.clock-off', 'agent.command-refused'])
    // Told in the server's own time, not a year away.
    for (const e of events) assert.ok(Math.abs(Date.parse(e.at) - Date.now()) < 60_000, e.at)
    off = 0
    await once()
    assert.deepEqual([readContact(place.folder)?.clockAheadS, server.facts()['agent.clockAheadS']], [undefined, 0])
  })
}

test('an agent that is too old is told so, and tells it', async (t) => {
  const { server, place, log, once } = await enrolled(t)
  server.minimumAgent = '99.1.0'
  await once()
  assert.match(log.join('\n'), /asks for 99\.1\.0 or later: install the version/)
  assert.deepEqual([readContact(place.folder)?.minimumAgent, server.facts()['agent.outdated']], ['99.1.0', true])
})

test('a full disk: nothing is begun that could not be remembered, the server hears why, and later it is done', async (t) => {
  const { server, root, place, once } = await enrolled(t)
  await once()
  const [before, kept] = [snapshot(root, ['/var/lib/muster-agent']), snapshot(place.folder.at)]
  const disk = fullDisk(t)
  const put = server.deliver('put', 'linux.banner', { text: 'Ours.' })
  const asked = server.deliver('operation', 'device.inventory', {})
  disk.full = true
  await once()
  const told = (id: string) => server.results().findLast((r) => r.id === id)
  for (const d of [put, asked]) assert.deepEqual([told(d.id)?.state, told(d.id)?.code], ['deferred', 'disk-full'])
  assert.deepEqual(snapshot(root, ['/var/lib/muster-agent']), before)
  // Whole, every file of it, and as it was.
  assert.deepEqual(snapshot(place.folder.at), kept)
  disk.full = false
  for (const d of [put, asked]) server.queue.push({ ...d, attempt: 2 })
  await once()
  for (const d of [put, asked]) assert.equal(told(d.id)?.state, 'completed')
  assert.equal(fs.readFileSync(path.join(root, 'etc/issue'), 'utf8'), 'Ours.\n')
})

test('a disk that fills up under work: what was done is told all the same, and known after a restart', async (t) => {
  const at = path.join(temporary(t), 'deliveries.jsonl')
  const disk = fullDisk(t)
  const ledger = openLedger(at)
  ledger.started('a')
  disk.full = true
  ledger.done({ id: 'a', state: 'completed' })
  assert.throws(() => ledger.started('b'), { code: 'ENOSPC' })
  assert.deepEqual([ledger.unreported().map((u) => u.result.id), ledger.get('b')], [['a'], undefined])
  // An agent that starts on a full disk reads what is there.
  assert.deepEqual(
    openLedger(at)
      .interrupted()
      .map((e) => e.id),
    ['a'],
  )
  disk.full = false
  ledger.started('c')
  ledger.close()
  const again = openLedger(at)
  assert.deepEqual([again.get('a')?.state, again.get('b'), again.get('c')?.state], ['done', undefined, 'started'])
  again.close()
})

test('killed at any moment: the state is the old one or the new one, what was remembered stays remembered', async (t) => {
  const folder = temporary(t)
  const script = path.join(folder, 'writer.mjs')
  const modules = ['./state.ts', './ledger.ts'].map((m) => JSON.stringify(new URL(m, import.meta.url).href))
  fs.writeFileSync(
    script,
    `import { openState } from ${modules[0]}
import { openLedger } from ${modules[1]}
const state = openState(process.argv[2])
const ledger = openLedger(process.argv[2] + '/deliveries.jsonl')
for (let n = state.read()?.sequence ?? 0; ; n += 1) {
  ledger.started('d' + n)
  state.write({ version: 1, link: { server: 'http://x' }, step: 'done', readOnly: false, sequence: n, code: 'x'.repeat(20_000) })
  process.stdout.write('.')
}`,
  )
  const at = path.join(folder, 'state')
  let last = -1
  for (let round = 0; round < 6; round += 1) {
    const child = spawn(process.execPath, [script, at], { stdio: ['ignore', 'pipe', 'inherit'] })
    let written = 0
    const ended = new Promise((resolve) => child.once('close', resolve))
    child.stdout.on('data', (chunk: Buffer) => {
      written += chunk.length
      if (written > 5 + round * 3) child.kill('SIGKILL')
    })
    await ended
    const state = openState(at)
    const { sequence = -1 } = state.read() ?? {}
    assert.ok(sequence >= last + written - 1, `${sequence} of ${written}`)
    last = sequence
    const ledger = openLedger(path.join(at, 'deliveries.jsonl'))
    assert.equal(ledger.get(`d${sequence}`)?.state, 'started')
    ledger.close()
    state.sweep()
    assert.deepEqual(fs.readdirSync(at).sort(), ['agent.json', 'deliveries.jsonl'])
  }
})

test('a ledger cut off anywhere still knows every whole line', (t) => {
  const at = path.join(temporary(t), 'deliveries.jsonl')
  const ledger = openLedger(at)
  for (let n = 0; n < 20; n += 1) ledger.started(`d${n}`)
  ledger.close()
  const whole = fs.readFileSync(at)
  for (let length = 0; length <= whole.length; length += 37) {
    fs.writeFileSync(at, whole.subarray(0, length))
    const lines = whole.subarray(0, length).toString().split('\n').length - 1
    const cut = openLedger(at)
    // The last line may be whole without its end.
    assert.ok(cut.size() === lines || cut.size() === lines + 1, `${cut.size()} of ${lines}`)
    cut.started('more')
    cut.close()
    const again = openLedger(at)
    assert.equal(again.get('more')?.state, 'started')
    again.close()
  }
})

/** Every writing of contents fails while `full`, after half of it has been written where the file is open. */
function fullDisk(t: TestContext): { full: boolean } {
  const disk = { full: false }
  const write = fs.writeFileSync
  t.mock.method(fs, 'writeFileSync', ((file: fs.PathOrFileDescriptor, data: string | Uint8Array, o?: object) => {
    if (!disk.full) return write(file, data, o)
    if (typeof file === 'number') write(file, Buffer.from(data).subarray(0, data.length / 2))
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
  }) as typeof fs.writeFileSync)
  return disk
}

/** Where nobody listens any more. */
async function closedPort(): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function until(done: () => boolean): Promise<void> {
  const end = performance.now() + 30_000
  while (!done()) {
    assert.ok(performance.now() < end, 'it did not happen in time')
    await sleep(20)
  }
}
