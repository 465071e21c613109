/** Windows PCs that restart, fail, lose answers and say things twice: what the server's history tells of them is what they lived. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { checkRecord, type RecordLine, readHistory, runFleet } from '@muster/fleet'
import { until } from './processes.ts'
import { type WindowsGround, windowsGround } from './windows-ground.ts'

const operations = [
  ['device.lock', {}],
  [
    'windows.csp',
    { commands: [{ verb: 'Replace', uri: './DevDetail/Ext/Microsoft/DeviceName', format: 'chr', data: 'PC' }] },
  ],
  ['windows.defender.update', {}],
  ['device.rename', { name: 'NEW-PC' }],
] as const

const habits = ['restarted', 'duplicated', 'answer-lost'] as const

describe('windows: rough manners', { timeout: 300_000 }, () => {
  let ground: WindowsGround
  before(async () => {
    ground = await windowsGround()
  })
  after(() => ground?.close())

  it('nothing that was acknowledged is lost, nothing takes effect twice', async () => {
    const lines: RecordLine[] = []
    const stop = new AbortController()
    const { muster, address: server, trust: ca } = ground
    const run = runFleet({
      server,
      ca,
      platform: 'windows',
      devices: 6,
      seed: 'rough',
      preset: 'rough',
      rates: { silent: 0, loseAnswer: 0.25, duplicateSync: 0.4 },
      pollS: 0.5,
      backoffMaxS: 1,
      drainS: 20,
      signal: stop.signal,
      watch: (l) => lines.push(l),
      invite: (n) => Promise.all(Array.from({ length: n }, () => ground.invite())),
    })
    const failed = run.then(
      () => undefined,
      (error: unknown) => error,
    )
    const seen = (event: string) => lines.filter((l) => l.event === event).length
    try {
      await until('all to be in', async () => seen('enrolled') === 6, { withinMs: 90_000 })
      const { items } = await muster.api<{ items: { id: string }[] }>('GET', '/devices')
      const lived = () => habits.every((event) => seen(event) > 0)
      // Which turn has which habit follows from the seed; how many turns a command takes does not.
      const ends = () => lines.filter((l) => l.event === 'acknowledged-by-server' && l.id?.startsWith('o')).length
      for (let round = 1; round <= 25 && (round <= 6 || !lived() || ends() <= 60); round += 1) {
        for (const [operation, params] of operations)
          await muster.ask('POST', '/activities', { operation, params, target: { devices: items.map((d) => d.id) } })
        // What went out in an answer that was lost, one for each command at most, comes again only when its lease ends.
        const moved = () => ends() + operations.length * seen('answer-lost')
        const before = moved()
        await until('some to be done', async () => moved() >= before + 12, {
          withinMs: 60_000,
          last: () => lines.slice(-5),
        })
      }
    } finally {
      stop.abort()
      assert.equal(await failed, undefined)
    }
    const devices = new Set(lines.filter((l) => l.event === 'enrolled').map((l) => l.device))
    const client = { id: 'journey', secret: 'a-secret-for-journeys-only' }
    const report = await checkRecord(lines, readHistory({ server: muster.url, client, devices }))
    assert.deepEqual(report.violations, [])
    assert.ok(report.acknowledged > 40, JSON.stringify(report))
    for (const event of habits) assert.ok(seen(event) > 0, event)
    assert.equal(seen('gone'), 0)
  })
})
