/** Android over both of its channels at once: phones that Google manages and devices with Muster's own agent, under one policy, from the invitation to the removal. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { android } from '@muster/contract'
import {
  checkRecord,
  type HistoryRow,
  type RecordLine,
  readHistory,
  runFleet,
  type Single,
  startDevice,
} from '@muster/fleet'
import { type AndroidGround, androidGround, type Phone, patience } from './android-ground.ts'
import { type DeviceUnderTest, deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'

const passcode = { minLength: 6, minClasses: 2 }
const [kiosk] = android.kiosk.examples
const policy = {
  name: 'Counter',
  platform: 'android',
  features: [
    { feature: 'passcode', settings: passcode },
    { feature: android.kiosk.id, settings: kiosk },
  ],
}
type Facts = Record<string, unknown>

describe('android: both channels', { timeout: 600_000 }, () => {
  let ground: AndroidGround
  let phone: Phone
  let agent: Single
  let other: { id: string; seen: DeviceUnderTest }
  const lifecycle = async (id: string) =>
    (await ground.muster.api<{ lifecycle: string }>('GET', `/devices/${id}`)).lifecycle

  before(async () => {
    ground = await androidGround()
    phone = await ground.phone('dedicated', { no: 0 })
    const { code } = await ground.invite('dedicated')
    agent = await startDevice({ server: ground.muster.url, platform: 'android', seed: 'journey', code })
    const id = agent.device.name()
    other = { id, seen: deviceUnderTest(ground.muster, id, () => undefined) }
  })
  after(async () => {
    try {
      await agent?.stop()
    } finally {
      await ground?.close()
    }
  })

  it('the same invitation page serves both: a code for Google’s setup, and one for the agent', async () => {
    const { steps, qr } = await ground.invite('dedicated')
    assert.match(qr, /clouddpc/)
    assert.ok(steps.some((s) => s.qr !== undefined && s.qr !== qr) || steps.length > 1, JSON.stringify(steps))
    const { channels } = await ground.muster.api<{ channels: { name: string }[] }>('GET', `/devices/${other.id}`)
    assert.deepEqual(
      channels.map((c) => c.name),
      ['agent'],
    )
  })

  it('one policy is compiled by both, and holds on both', async () => {
    const { id } = await ground.muster.api<{ id: string }>('POST', '/policies', policy)
    await ground.muster.api('POST', `/policies/${id}/publish`)
    for (const { seen } of [phone, other]) for (const { feature } of policy.features) await seen.verified(feature)
    const document = (phone.at.phone.applied?.policy ?? {}) as Facts
    assert.ok(document.kioskCustomLauncherEnabled === true || /"KIOSK"/.test(JSON.stringify(document.applications)))
    const [rules] = (document.passwordPolicies ?? []) as Facts[]
    assert.equal(rules?.passwordMinimumLength, passcode.minLength)
    const kept = JSON.stringify(agent.device.kept())
    for (const { feature } of policy.features) assert.ok(kept.includes(`"${feature}"`), feature)
  })

  it('what somebody changes by hand on the agent’s device is found, and put right', async () => {
    agent.device.drift(1)
    const drifted = String(agent.lines.findLast((l) => l.event === 'drifted')?.name)
    const puts = () =>
      agent.lines.filter((l) => l.event === 'executed' && l.kind === 'put' && l.name === drifted).length
    const before = puts()
    // What is asked of it ends its long poll.
    assert.equal((await other.seen.sent('device.inventory', {})).state, 'completed')
    await until(`${drifted} to be put right`, async () => puts() > before, {
      ...patience,
      last: () => agent.lines.slice(-6),
    })
    await other.seen.verified(drifted)
  })

  it('one operation reaches both, and is done once by each', async () => {
    const body = { operation: 'device.lock', params: {}, target: { all: true } }
    const { id, targets } = await ground.muster.api<{ id: string; targets: number }>('POST', '/activities', body)
    assert.equal(targets, 2)
    type Counts = { counts: Record<string, number> }
    let counts: Counts['counts'] = {}
    const ended = async () => {
      counts = (await ground.muster.api<Counts>('GET', `/activities/${id}`)).counts
      return counts.completed === 2
    }
    await until('both to have locked', ended, { ...patience, last: () => counts })
    assert.equal(phone.at.phone.locks, 1)
    assert.equal(agent.lines.filter((l) => l.event === 'executed' && l.name === 'device.lock').length, 1)
  })

  it('a fleet of both channels lives side by side, and the agents’ record agrees with the server', async () => {
    const lines: RecordLine[] = []
    const stop = new AbortController()
    const run = runFleet({
      server: ground.muster.url,
      platform: 'android',
      devices: 4,
      seed: 'both',
      preset: 'calm',
      google: ground.google,
      signal: stop.signal,
      watch: (l) => lines.push(l),
      invite: (n) => Promise.all(Array.from({ length: n }, async () => (await ground.invite('cope')).code)),
    })
    const seen = (event: string) => lines.filter((l) => l.event === event)
    try {
      await until('all to be in', async () => seen('enrolled').length === 4, { withinMs: 120_000 })
      const known = async () => (await ground.muster.api<{ items: unknown[] }>('GET', '/devices?q=android')).items
      await until('phones to be known', async () => ground.google.devices.size >= 3, { ...patience, last: known })
    } finally {
      stop.abort()
      await run
    }
    const agents = new Set(
      seen('enrolled')
        .map((l) => l.device)
        .filter((d) => d.includes('-')),
    )
    assert.equal(agents.size, 2)
    const client = { id: 'journey', secret: 'a-secret-for-journeys-only' }
    const history: HistoryRow[] = []
    for await (const row of readHistory({ server: ground.muster.url, client, devices: agents })) history.push(row)
    assert.deepEqual((await checkRecord(lines, history)).violations, [])
  })

  it('the agent’s device is told to leave and does; Google’s, which only ends by being erased, says so', async () => {
    assert.equal((await other.seen.sent('device.disenrol', {})).state, 'completed')
    await until('the agent to be out', async () => (await lifecycle(other.id)) === 'removed', patience)
    const body = { operation: 'device.disenrol', params: {}, target: { devices: [phone.id] } }
    const asked = await ground.muster.ask<unknown>('POST', '/activities', body)
    assert.match(JSON.stringify(asked.body), /wipe it instead/)
    ground.google.remove(phone.at)
    await until('the phone to be out', async () => (await lifecycle(phone.id)) === 'removed', patience)
  })
})
