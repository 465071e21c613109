/** The life of a simulated device against a server in memory: it comes in, obeys, refuses as a device does, misbehaves without losing anything, and leaves. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { JsonObject } from '@muster/contract'
import { createAgenda } from '../../agenda.ts'
import { checkRecord } from '../../check.ts'
import { runOn } from '../../fleet.ts'
import type { FleetOptions } from '../../options.ts'
import type { RecordLine } from '../../record.ts'
import { createFakeMdm, type FakeDevice, type FakeMdm, passcodePayload, prefix } from './mdm.fixture.ts'
import { data } from './plist.ts'

interface Running {
  readonly mdm: FakeMdm
  readonly lines: RecordLine[]
  all(): FakeDevice[]
  /** Waits until it is so. */
  until(what: string, so: () => boolean): Promise<void>
  stop(): Promise<void>
}

async function running(o: Partial<FleetOptions>, work: (r: Running) => Promise<void>): Promise<RecordLine[]> {
  const mdm = await createFakeMdm()
  const agenda = createAgenda()
  const stop = new AbortController()
  const lines: RecordLine[] = []
  let codes = 0
  const invite = async (n: number) => Array.from({ length: n }, () => `CODE-${codes++}`)
  const run = runOn(
    { send: mdm.send, agenda },
    {
      server: 'http://fake',
      platform: 'apple',
      devices: 8,
      seed: 's',
      preset: 'calm',
      pollS: 0.05,
      deferS: 0.1,
      drainS: 5,
      invite,
      signal: stop.signal,
      watch: (l) => lines.push(l),
      ...o,
    },
  )
  let over = false
  run.then(
    () => (over = true),
    () => (over = true),
  )
  async function until(what: string, so: () => boolean): Promise<void> {
    const end = Date.now() + 60_000
    while (!so()) {
      if (over) await run
      assert.ok(!over && Date.now() < end, `waited in vain for ${what}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const r: Running = {
    mdm,
    lines,
    all: () => [...mdm.devices.values()],
    until,
    async stop() {
      stop.abort()
      await run
    },
  }
  try {
    await until(
      'all to be in',
      () => r.all().length === (o.devices ?? 8) && r.all().every((d) => d.state === 'enrolled'),
    )
    await work(r)
  } finally {
    stop.abort()
    await run.finally(() => agenda.clear())
  }
  return lines
}
const done = (mdm: FakeMdm, id: string) =>
  [...mdm.devices.values()].every((d) =>
    d.queue.filter((q) => q.id === id).every((q) => q.state === 'Acknowledged' || q.state === 'Error'),
  )
const rowsOf = (mdm: FakeMdm) =>
  [...mdm.devices.values()].flatMap((d) =>
    d.queue.map((q) => ({
      device: String(d.said[0]?.SerialNumber),
      id: q.id,
      state: q.state === 'Acknowledged' ? 'completed' : q.state === 'Error' ? 'failed' : q.state,
      reason: q.state === 'Error' ? { code: 'device-error' } : null,
    })),
  )

describe('simulated Apple devices', { timeout: 240_000 }, () => {
  it('come in, tell of themselves, take settings and give them back, and check out', async () => {
    await running({}, async ({ mdm, until, all }) => {
      const asked = mdm.queue({
        RequestType: 'DeviceInformation',
        Queries: ['UDID', 'OSVersion', 'DeviceCapacity', 'Nonsense'],
      })
      const put = mdm.queue({
        RequestType: 'InstallProfile',
        Payload: data(mdm.profile([passcodePayload], { PayloadIdentifier: `${prefix}.passcode` })),
      })
      const bad = mdm.queue({
        RequestType: 'InstallProfile',
        Payload: data(mdm.profile([{ ...passcodePayload, minLength: 99 }])),
      })
      const list = mdm.queue({ RequestType: 'ProfileList' })
      await until('the answers', () => done(mdm, list))
      for (const d of all()) {
        const reply = (id: string) => d.queue.find((q) => q.id === id)?.reply as JsonObject
        assert.deepEqual(Object.keys(reply(asked).QueryResponses as JsonObject), [
          'UDID',
          'OSVersion',
          'DeviceCapacity',
        ])
        assert.equal(reply(put).Status, 'Acknowledged')
        assert.match(JSON.stringify(reply(bad).ErrorChain), /minLength/)
        const names = (reply(list).ProfileList as JsonObject[]).map((p) => p.PayloadIdentifier)
        assert.ok(
          [`${prefix}.enrolment`, `${prefix}.passcode`].every((n) => names.includes(n)),
          String(names),
        )
      }
      const removed = mdm.queue({ RequestType: 'RemoveProfile', Identifier: `${prefix}.passcode` })
      const again = mdm.queue({ RequestType: 'RemoveProfile', Identifier: `${prefix}.passcode` })
      await until('the removal', () => done(mdm, again))
      assert.ok(all().every((d) => d.queue.find((q) => q.id === removed)?.state === 'Acknowledged'))
      assert.ok(all().every((d) => d.queue.find((q) => q.id === again)?.state === 'Error'))
      mdm.queue({ RequestType: 'RemoveProfile', Identifier: `${prefix}.enrolment` })
      await until('all to have left', () => all().every((d) => d.state === 'left'))
    })
  })

  it('a Mac has a user with a channel of its own, and entrusts its bootstrap token', async () => {
    await running({}, async ({ mdm, until, all }) => {
      const macs = () => all().filter((d) => /Mac/.test(String(d.said[0]?.ProductName)))
      assert.ok(macs().length > 0)
      const told = (d: FakeDevice, type: string) => d.said.filter((m) => m.MessageType === type)
      await until('the users', () =>
        macs().every(
          (d) => told(d, 'TokenUpdate').some((m) => m.UserID !== undefined) && told(d, 'SetBootstrapToken').length > 0,
        ),
      )
      const id = mdm.queue({ RequestType: 'ProfileList' }, { user: true })
      await until('the users’ answers', () =>
        macs().every((d) => d.queue.some((q) => q.id === id && q.state === 'Acknowledged')),
      )
      assert.ok(macs().every((d) => typeof d.queue.find((q) => q.id === id)?.reply?.UserID === 'string'))
    })
  })

  it('setup waits until it is told to go on', async () => {
    await running({ devices: 12 }, async ({ mdm, until, all }) => {
      const waiting = all().filter((d) => d.awaiting)
      assert.ok(waiting.length > 0)
      mdm.queue({ RequestType: 'DeviceConfigured' })
      const info = mdm.queue({ RequestType: 'DeviceInformation', Queries: ['AwaitingConfiguration'] })
      await until('the answers', () => done(mdm, info))
      for (const d of all()) assert.deepEqual(d.queue.at(-1)?.reply?.QueryResponses, { AwaitingConfiguration: false })
    })
  })

  it('declarations are fetched, activated, applied and reported, the bad ones with their reasons', async () => {
    await running({}, async ({ mdm, until, all }) => {
      mdm.files.set('/apple/file/1', mdm.profile([passcodePayload], { PayloadIdentifier: `${prefix}.declared` }))
      const configuration = (identifier: string, type: string, payload: JsonObject = {}) => ({
        kind: 'configuration',
        identifier,
        type: `com.apple.configuration.${type}`,
        payload,
      })
      const activation = {
        kind: 'activation',
        identifier: 'act',
        type: 'com.apple.activation.simple',
        payload: { StandardConfigurations: ['good', 'bad', 'missing-file', 'subscribe'] },
      }
      const never = {
        kind: 'activation',
        identifier: 'never',
        type: 'com.apple.activation.simple',
        payload: { StandardConfigurations: ['idle'], Predicate: "@status(device.model.family) == 'Toaster'" },
      }
      mdm.declare([
        activation,
        never,
        configuration('good', 'legacy', { ProfileURL: 'apple/file/1' }),
        configuration('bad', 'no.such.type'),
        configuration('missing-file', 'legacy', { ProfileURL: 'apple/file/404' }),
        configuration('idle', 'passcode.settings', { RequirePasscode: true }),
        configuration('subscribe', 'management.status-subscriptions', {
          StatusItems: [{ Name: 'device.model.family' }, { Name: 'no.such.item' }],
        }),
      ])
      const id = mdm.queue({ RequestType: 'DeclarativeManagement' })
      const able = () => all().filter((d) => d.queue.some((q) => q.id === id && q.state === 'Acknowledged'))
      await until('the command', () => done(mdm, id))
      assert.ok(able().length > 0 && able().length < all().length, 'devices of both kinds')
      await until('the reports', () => able().every((d) => d.statuses.length > 0))
      for (const d of able()) {
        const { StatusItems: items, Errors: errors } = d.statuses[0] as {
          StatusItems: JsonObject
          Errors: JsonObject[]
        }
        const { declarations } = items.management as {
          declarations: { activations: JsonObject[]; configurations: JsonObject[] }
        }
        const states = Object.fromEntries(
          [...declarations.activations, ...declarations.configurations].map((c) => [c.identifier, [c.active, c.valid]]),
        )
        assert.deepEqual(states, {
          act: [true, 'valid'],
          never: [false, 'valid'],
          good: [true, 'valid'],
          bad: [false, 'invalid'],
          'missing-file': [false, 'invalid'],
          idle: [false, 'valid'],
          subscribe: [true, 'valid'],
        })
        assert.match(JSON.stringify(items.device), /family/)
        assert.deepEqual(
          errors.map((e) => e.StatusItem),
          ['no.such.item'],
        )
      }
      mdm.declare([])
      mdm.queue({ RequestType: 'DeclarativeManagement' })
      const list = mdm.queue({ RequestType: 'ProfileList' })
      await until('the second reports', () => able().every((d) => d.statuses.length > 1))
      await until('the list', () => done(mdm, list))
      const gone = mdm.queue({ RequestType: 'ProfileList' })
      await until('the list again', () => done(mdm, gone))
      for (const d of able())
        assert.doesNotMatch(JSON.stringify(d.queue.find((q) => q.id === gone)?.reply), /fake\.declared/)
    })
  })

  it('the identity is renewed by a profile, and the old one is not used again', async () => {
    await running({ devices: 3 }, async ({ mdm, until, all }) => {
      const before = all().map((d) => d.certificate)
      const id = mdm.queue({ RequestType: 'InstallProfile', Payload: data(mdm.enrolment('CODE-renewal')) })
      await until('the renewal', () => done(mdm, id))
      assert.ok(all().every((d) => d.queue.at(-1)?.state === 'Acknowledged'))
      const foreign = mdm.queue({ RequestType: 'InstallProfile', Payload: data(mdm.enrolment('WRONG')) })
      await until('the refusal', () => done(mdm, foreign))
      assert.ok(all().every((d) => d.queue.at(-1)?.state === 'Error'))
      mdm.queue({ RequestType: 'RemoveProfile', Identifier: `${prefix}.enrolment` })
      await until('all to have left', () => all().every((d) => d.state === 'left'))
      assert.ok(all().every((d, i) => d.certificate !== before[i]))
    })
  })

  it('lives through everything: nothing is lost, nothing takes effect twice', async () => {
    let rows: ReturnType<typeof rowsOf> = []
    const lines = await running(
      { preset: 'rough', rates: { silent: 0 }, devices: 10, backoffMaxS: 1 },
      async ({ mdm, until, stop }) => {
        const ids: string[] = []
        for (let i = 0; i < 12; i += 1)
          for (const request of [
            { RequestType: 'DeviceLock' },
            { RequestType: 'RestartDevice' },
            { RequestType: 'SecurityInfo' },
            { RequestType: 'NoSuchCommand' },
          ])
            ids.push(mdm.queue(request))
        await until('everything to end', () => ids.every((id) => done(mdm, id)))
        await stop()
        rows = rowsOf(mdm)
      },
    )
    const report = await checkRecord(lines, rows)
    assert.deepEqual(report.violations, [])
    assert.equal(report.acknowledged, 480)
    for (const event of ['restarted', 'answer-lost', 'duplicated'])
      assert.ok(
        lines.some((l) => l.event === event),
        event,
      )
    assert.ok(lines.some((l) => l.event === 'reported' && l.outcome === 'deferred'))
  })

  it('a 401, or a 403 that says so, ends the management; another refusal does not', async () => {
    for (const [status, body, ends] of [
      [401, '', true],
      [403, JSON.stringify({ code: 'com.apple.unrecognized.device' }), true],
      [403, 'forbidden', false],
      [400, 'what?', false],
    ] as const) {
      const lines = await running({ devices: 1, backoffMaxS: 0.1 }, async (r) => {
        r.mdm.refuseAll = { status, body }
        await r.until('the refusal', () => r.lines.some((l) => l.event === 'refused'))
        if (ends) return
        r.mdm.refuseAll = undefined
        const id = r.mdm.queue({ RequestType: 'SecurityInfo' })
        await r.until('life to go on', () => done(r.mdm, id))
      })
      assert.equal(
        lines.some((l) => l.event === 'gone'),
        ends,
        String(status),
      )
    }
  })
})
