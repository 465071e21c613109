/** The fleet against a strict channel: in virtual time for what must be exact, over real sockets for what must be true. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { createAgenda } from './agenda.ts'
import { createFakeChannel, type FakeChannel, type Faults } from './channel.fixture.ts'
import { type CheckReport, checkRecord } from './check.ts'
import { runFleet, runOn } from './fleet.ts'
import type { FleetOptions, FleetReport } from './options.ts'
import { type RecordLine, readRecord } from './record.ts'
import { createVirtualTime, virtualSend } from './virtual.fixture.ts'

interface Played {
  lines: RecordLine[]
  channel: FakeChannel
  report: FleetReport
  checked: CheckReport
}

/** Some minutes of virtual time, with operations and settings sent now and then. */
async function play(o: Partial<FleetOptions> & { faults?: Faults; longPollS?: number } = {}): Promise<Played> {
  const { faults, longPollS, ...options } = o
  const time = createVirtualTime()
  const { agenda } = time
  const channel = createFakeChannel({ agenda, faults: faults ?? {}, longPollS: longPollS ?? 0 })
  const acts: [string, { [k: string]: string }][] = [
    ['device.message', { text: 'Hello' }],
    ['service.restart', { service: 'cron' }],
    ['script.run', { script: 'uptime' }],
    ['device.inventory', {}],
    ['no.such', {}],
  ]
  const [begin, everyMs, rounds] = [agenda.now() + 5_000, 4_000, 25]
  for (let i = 0; i < rounds; i += 1) {
    agenda.at(begin + i * everyMs, () => {
      const [name, params] = acts[i % acts.length] as (typeof acts)[number]
      channel.send(name, params)
      if (i % 5 === 0) channel.put('linux.banner', { text: `Round ${i}`, where: ['console'] })
      if (i % 7 === 0) channel.put('passcode', { minLength: 8 + (i % 4) })
      if (i % 9 === 0) channel.put('linux.ssh', { permitRootLogin: 'no' })
    })
  }
  const lines: RecordLine[] = []
  const report = await time.until(
    runOn(
      { send: virtualSend(channel, agenda), agenda },
      {
        server: 'http://fake',
        devices: 12,
        platform: 'linux',
        seed: 'seven',
        invite: channel.invite,
        durationS: 240,
        preset: 'rough',
        silentS: 8,
        watch: (l) => lines.push(l),
        ...options,
      },
    ),
  )
  return { lines, channel, report, checked: await checkRecord(lines, channel.history()) }
}

test('a calm fleet does all that it is told, once, and says so', async () => {
  const { channel, report, checked, lines } = await play({ preset: 'calm' })
  assert.deepEqual(channel.broken, [])
  assert.equal(channel.open(), 0)
  assert.deepEqual(checked.violations, [])
  assert.equal(checked.operations, 12 * 25)
  assert.equal(checked.executed, 12 * 20)
  assert.equal(checked.acknowledged, 12 * 25)
  assert.deepEqual(report.devices, { wanted: 12, enrolled: 12, refused: 0, left: 0, gone: 0 })
  assert.deepEqual(report.errors, {})
  assert.equal(report.events.enrolled, 12)
  assert.ok(
    (report.latencies.poll?.n ?? 0) > 100 && (report.latencies.token?.n ?? 0) > 12,
    'it polled, and renewed its tokens',
  )
  assert.deepEqual(
    [...new Set(lines.filter((l) => l.event === 'concluded' && l.outcome === 'failed').map((l) => l.code))].sort(),
    ['not-applicable', 'unsupported'],
  )
})

test('a rough fleet lives through every fault, and the history agrees with its record', async () => {
  const { channel, report, checked } = await play()
  assert.deepEqual(channel.broken, [])
  assert.deepEqual(checked.violations, [])
  for (const event of [
    'restarted',
    'drifted',
    'answer-lost',
    'duplicated',
    'reordered',
    'silent',
    'executed',
    'acknowledged-by-server',
  ])
    assert.ok((report.events[event] ?? 0) > 0, `${event} must happen`)
  const codes = new Set(channel.history().map((r) => r.reason?.code))
  for (const code of ['simulated-failure', 'outcome-unknown', 'unsupported'])
    assert.ok(codes.has(code), `${code} must occur`)
})

test('long polls: the answer comes when something is queued, and nothing is asked meanwhile', async () => {
  const { channel, report, checked, lines } = await play({ preset: 'calm', longPollS: 25 })
  assert.deepEqual(channel.broken, [])
  assert.deepEqual(checked.violations, [])
  const waits = lines.filter((l) => l.event === 'received').map((l) => (l.t - Date.UTC(2026, 0, 1)) % 1000)
  assert.ok(Math.max(...waits) < 200, 'a delivery is fetched within two tenths of a second')
  assert.ok((report.latencies.hold?.n ?? 0) < 12 * 60, 'holding is not hammering')
  assert.ok((report.latencies.hold?.max ?? 0) > 20_000)
})

test('the same seed gives the same record to the letter, another seed another one', async () => {
  const [a, b, c] = [await play({ devices: 6 }), await play({ devices: 6 }), await play({ devices: 6, seed: 'eight' })]
  assert.ok(a.lines.length > 500)
  assert.deepEqual(a.lines, b.lines)
  assert.notDeepEqual(
    a.lines.map((l) => l.event),
    c.lines.map((l) => l.event),
  )
})

test('devices lose nothing but memory: state of one run is taken up by the next', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'fleet-'))
  const [state, record] = [path.join(folder, 'state'), path.join(folder, 'record')]
  try {
    const time = createVirtualTime()
    const channel = createFakeChannel({ agenda: time.agenda })
    const options: FleetOptions = {
      server: 'http://fake',
      devices: 5,
      platform: 'linux',
      seed: 's',
      invite: channel.invite,
      durationS: 30,
      preset: 'rough',
      state,
      record,
    }
    const ground = { send: virtualSend(channel, time.agenda), agenda: time.agenda }
    time.agenda.at(time.agenda.now() + 10_000, () => channel.send('device.message', { text: 'first' }))
    await time.until(runOn(ground, options))
    time.agenda.at(time.agenda.now() + 10_000, () => channel.send('device.message', { text: 'second' }))
    fs.appendFileSync(record, '{"torn')
    await time.until(runOn(ground, options))
    assert.equal(channel.devices().length, 5)
    assert.deepEqual(channel.broken, [])
    const lines: RecordLine[] = []
    for await (const line of readRecord(record)) lines.push(line)
    assert.deepEqual(
      lines.map((l) => l.n),
      lines.map((_, i) => i + 1),
    )
    assert.deepEqual((await checkRecord(lines, channel.history())).violations, [])
    await assert.rejects(time.until(runOn(ground, { ...options, seed: 'other' })), /keeps devices of seed s/)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})

test('disenrolment and farewell end a device, and a device that is gone asks no more', async () => {
  const time = createVirtualTime()
  const channel = createFakeChannel({ agenda: time.agenda })
  time.agenda.at(time.agenda.now() + 10_000, () => channel.send('device.disenrol', {}))
  const ground = { send: virtualSend(channel, time.agenda), agenda: time.agenda }
  const base = {
    server: 'http://fake',
    devices: 4,
    platform: 'linux',
    seed: 's',
    invite: channel.invite,
    preset: 'calm',
  } as const
  const report = await time.until(runOn(ground, { ...base, durationS: 60 }))
  assert.equal(report.devices.left, 4)
  assert.ok(channel.history().every((r) => r.state === 'completed'))
  const leaving = await time.until(runOn(ground, { ...base, seed: 't', durationS: 5, leave: 1 }))
  assert.equal(leaving.devices.left, 4)
  time.agenda.at(time.agenda.now() + 5_000, () => {
    for (const d of channel.devices()) d.state = 'removed'
  })
  const gone = await time.until(runOn(ground, { ...base, seed: 'u', durationS: 60 }))
  assert.equal(gone.devices.gone, 4)
  assert.ok((gone.errors['device-gone'] ?? 0) === 4)
})

test('a registration whose answer was lost has spent its code: the device asks for another one', async () => {
  const time = createVirtualTime()
  const channel = createFakeChannel({ agenda: time.agenda })
  const send = virtualSend(channel, time.agenda)
  let lost = 0
  const losing: typeof send = (a) => send({ ...a, lose: a.kind === 'register' && lost++ < 3 })
  const report = await time.until(
    runOn(
      { send: losing, agenda: time.agenda },
      {
        server: 'http://fake',
        devices: 5,
        platform: 'linux',
        seed: 's',
        invite: channel.invite,
        preset: 'calm',
        durationS: 5,
      },
    ),
  )
  assert.equal(report.devices.enrolled, 5)
  assert.equal(channel.devices().length, 8)
  assert.equal(report.errors['invitation-used'], 3)
})

test('a signal ends a run that has no end: what is under way is told first', async () => {
  const time = createVirtualTime()
  const channel = createFakeChannel({ agenda: time.agenda, longPollS: 50 })
  const stop = new AbortController()
  time.agenda.at(time.agenda.now() + 20_000, () => channel.send('device.message', { text: 'last' }))
  time.agenda.at(time.agenda.now() + 20_030, () => stop.abort())
  const began = time.agenda.now()
  const report = await time.until(
    runOn(
      { send: virtualSend(channel, time.agenda), agenda: time.agenda },
      {
        server: 'http://fake',
        devices: 5,
        platform: 'linux',
        seed: 's',
        invite: channel.invite,
        preset: 'calm',
        signal: stop.signal,
      },
    ),
  )
  assert.ok(time.agenda.now() - began < 25_000)
  assert.equal(report.events['acknowledged-by-server'], report.events.received)
})

test('over real sockets: a strict server, long polls, lost answers that are really cut off', async () => {
  const agenda = createAgenda()
  const channel = createFakeChannel({ agenda, longPollS: 20, leaseMs: 300 })
  const sockets = new Set<unknown>()
  const server = http.createServer((q, s) => void serve(channel, q, s))
  server.on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const lines: RecordLine[] = []
  try {
    const sending = setInterval(() => channel.send('device.message', { text: 'Hello' }), 150)
    // Until it has lived through enough, however long that takes here.
    const seen = { executed: 0, lost: 0 }
    const enough = new AbortController()
    const patience = setTimeout(() => enough.abort(), 60_000)
    const report = await runFleet({
      server: url,
      devices: 40,
      platform: 'linux',
      seed: 'net',
      invite: channel.invite,
      signal: enough.signal,
      rates: { loseAnswer: 0.1, silent: 0, duplicateSync: 0.1 },
      backoffMaxS: 0.3,
      watch: (l) => {
        lines.push(l)
        if (l.event === 'executed') seen.executed += 1
        if (l.event === 'answer-lost') seen.lost += 1
        if (seen.executed > 400 && seen.lost > 30) enough.abort()
      },
    }).finally(() => {
      clearInterval(sending)
      clearTimeout(patience)
    })
    assert.deepEqual(channel.broken, [])
    const { violations, executed } = await checkRecord(lines, channel.history())
    assert.deepEqual(violations, [])
    assert.ok(executed > 300, `${executed} executed`)
    assert.ok((report.events['answer-lost'] ?? 0) > 20)
    assert.ok((report.latencies.hold?.p50 ?? 99_999) < 5_000, 'a held poll is answered when something comes')
    assert.ok(sockets.size < 40 + 32 + 2 * (report.events['answer-lost'] ?? 0) + 40, `${sockets.size} connections`)
  } finally {
    agenda.clear()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

test('options that make no sense are said at once', async () => {
  const o: FleetOptions = { server: 'http://127.0.0.1:9', devices: 1, platform: 'linux', seed: 's', codes: ['A'] }
  await assert.rejects(runFleet({ ...o, server: 'ftp://x' }), /neither an https nor an http/)
  await assert.rejects(runFleet({ ...o, devices: 0 }), RangeError)
  const time = createVirtualTime()
  const channel = createFakeChannel({ agenda: time.agenda })
  const ground = { send: virtualSend(channel, time.agenda), agenda: time.agenda }
  await assert.rejects(time.until(runOn(ground, { ...o, rates: { drift: 2 } })), /from 0 to 1/)
  await assert.rejects(time.until(runOn(ground, { ...o, client: { id: 'a', secret: 'b' } })), /exactly one source/)
  await assert.rejects(time.until(runOn(ground, o)), /No device could enrol/)
})

async function serve(channel: FakeChannel, q: http.IncomingMessage, s: http.ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of q) chunks.push(chunk as Buffer)
  const reply = await channel.handle({
    method: q.method ?? '',
    path: q.url ?? '',
    authorization: q.headers.authorization,
    body: Buffer.concat(chunks).toString('utf8'),
  })
  s.writeHead(reply.status, { 'content-type': 'application/json' })
  s.end(reply.body === undefined ? undefined : JSON.stringify(reply.body))
}
