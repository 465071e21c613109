/** Apple devices that restart, put off, fail, lose answers and say things twice: what the server's history tells of them is what they lived. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { checkRecord, type RecordLine, readHistory, runFleet } from '@muster/fleet'
import { type AppleGround, appleGround } from './apple-ground.ts'
import { until } from './processes.ts'

const operations = [
  ['device.lock', {}],
  ['device.inventory', {}],
  ['apple.app.list', {}],
  ['apple.update.list', {}],
] as const

describe('apple: rough manners', { timeout: 300_000 }, () => {
  let ground: AppleGround
  before(async () => {
    ground = await appleGround()
  })
  after(() => ground?.close())

  it('nothing that was acknowledged is lost, nothing takes effect twice', async () => {
    const lines: RecordLine[] = []
    const stop = new AbortController()
    const { muster, address: server, trust: ca } = ground
    const run = runFleet({
      server,
      ca,
      platform: 'apple',
      devices: 6,
      seed: 'rough',
      preset: 'rough',
      rates: { silent: 0 },
      pollS: 2,
      deferS: 1,
      backoffMaxS: 2,
      drainS: 20,
      signal: stop.signal,
      watch: (l) => lines.push(l),
      invite: (n) => Promise.all(Array.from({ length: n }, () => ground.invite())),
      pushes(wake) {
        ground.apns.onPush(({ token }) => wake(token))
        return () => undefined
      },
    })
    const seen = (event: string) => lines.filter((l) => l.event === event).length
    try {
      await until('all to be in', async () => seen('enrolled') === 6, { withinMs: 90_000 })
      const { items } = await muster.api<{ items: { id: string }[] }>('GET', '/devices')
      for (let round = 1; round <= 5; round += 1) {
        for (const [operation, params] of operations)
          await muster.ask('POST', '/activities', { operation, params, target: { devices: items.map((d) => d.id) } })
        const ends = () => lines.filter((l) => l.event === 'acknowledged-by-server' && l.outcome === 'completed').length
        await until('some to be done', async () => ends() > 15 * round, { withinMs: 60_000 })
      }
    } finally {
      stop.abort()
      await run
    }
    const devices = new Set(lines.filter((l) => l.event === 'enrolled').map((l) => l.device))
    const client = { id: 'journey', secret: 'a-secret-for-journeys-only' }
    const report = await checkRecord(lines, readHistory({ server: muster.url, client, devices }))
    assert.deepEqual(report.violations, [])
    assert.ok(report.acknowledged > 40, JSON.stringify(report))
    for (const event of ['restarted', 'duplicated']) assert.ok(seen(event) > 0, event)
    assert.equal(seen('gone'), 0)
  })

  it('half of all first answers are lost, and what was handed over with them comes again at once', async () => {
    const lines: RecordLine[] = []
    const stop = new AbortController()
    const { muster, address: server, trust: ca } = ground
    const mine = () => new Set(lines.filter((l) => l.event === 'enrolled').map((l) => l.device))
    const run = runFleet({
      server,
      ca,
      platform: 'apple',
      devices: 3,
      seed: 'lossy',
      preset: 'calm',
      rates: { loseAnswer: 0.5 },
      pollS: 1,
      backoffMaxS: 1,
      drainS: 20,
      signal: stop.signal,
      watch: (l) => lines.push(l),
      invite: (n) => Promise.all(Array.from({ length: n }, () => ground.invite())),
    })
    try {
      await until('all to be in', async () => mine().size === 3, { withinMs: 90_000 })
      const { items } = await muster.api<{ items: { id: string; serial: string }[] }>('GET', '/devices')
      const devices = items.filter((d) => mine().has(d.serial)).map((d) => d.id)
      assert.equal(devices.length, 3)
      for (const d of devices)
        await until('the first inventory', async () => {
          const { facts } = await muster.api<{ facts: Record<string, unknown> }>('GET', `/devices/${d}`)
          return facts['apple.managedApps'] !== undefined
        })
      // A lease of what was handed over is longer than this may take.
      const within = { withinMs: 120_000, last: () => lines.slice(-8) }
      for (let round = 0; round < 2; round += 1) {
        for (const [operation, params] of operations)
          await muster.api('POST', '/activities', { operation, params, target: { devices } })
        for (const d of devices)
          await until(
            'all to be done',
            async () =>
              (await muster.api<{ items: { state: string }[] }>('GET', `/devices/${d}/operations`)).items.every(
                (o) => o.state === 'completed',
              ),
            within,
          )
      }
    } finally {
      stop.abort()
      await run
    }
    assert.ok(lines.filter((l) => l.event === 'answer-lost').length > 5)
    const client = { id: 'journey', secret: 'a-secret-for-journeys-only' }
    const report = await checkRecord(lines, readHistory({ server: muster.url, client, devices: mine() }))
    assert.deepEqual(report.violations, [])
  })
})
