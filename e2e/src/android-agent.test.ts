/** Android devices with Muster's own agent, from invitation to removal: every word that they are given, drift, what they refuse, and who may come in. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import {
  androidFeatureMeans,
  androidFeatures,
  androidOperations,
  commonOperations,
  type JsonObject,
  type OperationDescriptor,
  passcode,
  type Step,
} from '@muster/contract'
import { checkRecord, readHistory, type Single, startDevice } from '@muster/fleet'
import { type Waits, waitsOf } from './held.ts'
import { type Installation, install } from './installation.ts'
import { deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'

const patience = { withinMs: 90_000 }
const checksum = 'zeCgYb9svboomp6t9CUBLNjV27gIJGZXx5VFUTF5hh4'
const settings = {
  android: {
    agent: {
      downloadUrl: 'https://m.example/agent.apk',
      // As apksigner prints it, where Android wants base64url.
      signatureChecksum: Buffer.from(checksum, 'base64url').toString('hex'),
    },
  },
}
/** Numbers of the seed by what they are: a Samsung with its licences, a small kiosk with Android 9, two phones of people. */
const numbers = { samsung: 2, kiosk: 14, personal: 23, profile: 0 }

/** What is fetched is what was sent before, and a passcode follows the policy. */
const others: Readonly<Record<string, JsonObject>> = {
  'android.file.get': { path: 'Download/prices.pdf' },
  'device.passcode.set': { passcode: '730415928316' },
}
const paramsOf = (d: OperationDescriptor) => others[d.id] ?? d.examples[0]?.params ?? {}

interface Feature {
  feature: string
  state: string
  reason: { code: string; text: string } | null
}

describe('android: the agent channel', { timeout: 300_000 }, () => {
  let muster: Installation
  let waits: Waits
  const devices: Partial<Record<keyof typeof numbers, { single: Single; id: string }>> = {}
  before(async () => {
    waits = await waitsOf()
    muster = await install({ MUSTER_PLATFORM_SETTINGS: JSON.stringify(settings), ...waits.env })
  })
  after(async () => {
    await Promise.all(Object.values(devices).map((d) => d.single.stop().catch(() => undefined)))
    await muster?.close()
    await waits?.close()
  })

  const invite = (ownership: string) =>
    muster.api<{ code: string; steps: Step[] }>('POST', '/invitations', { platform: 'android', ownership })
  async function enrol(which: keyof typeof numbers, ownership: string): Promise<void> {
    const { code } = await invite(ownership)
    const single = await startDevice({
      server: muster.url,
      platform: 'android',
      seed: 'agents',
      no: numbers[which],
      code,
    })
    const id = String((single.lines.find((l) => l.event === 'enrolled') as { device?: string } | undefined)?.device)
    devices[which] = { single, id }
  }
  const seen = (which: keyof typeof numbers) => deviceUnderTest(muster, devices[which]?.id ?? '', () => undefined)
  const features = async (which: keyof typeof numbers) =>
    (await muster.api<{ features: Feature[] }>('GET', `/devices/${devices[which]?.id}/effective-policy`)).features

  it('devices come in by what their invitation shows, each managed in its own way', async () => {
    const { code, steps } = await invite('dedicated')
    const page = await fetch(`${muster.url}/api/v1/enrolments/${code}`)
    const shown = ((await page.json()) as { steps: Step[] }).steps ?? steps
    const qr = shown
      .map((s) => s.qr)
      .find((q) => q?.includes('DEVICE_ADMIN_COMPONENT_NAME') && q.includes('org.muster.agent'))
    const content = JSON.parse(qr ?? '{}') as JsonObject
    assert.equal(content['android.app.extra.PROVISIONING_DEVICE_ADMIN_SIGNATURE_CHECKSUM'], checksum)
    assert.deepEqual(content['android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE'], {
      'org.muster.server': muster.url,
      'org.muster.code': code,
      'org.muster.mode': 'fully-managed',
    })
    await Promise.all([
      enrol('samsung', 'dedicated'),
      enrol('kiosk', 'dedicated'),
      enrol('personal', 'byod'),
      enrol('profile', 'work-profile'),
    ])
    const modes = await Promise.all(
      (['samsung', 'kiosk', 'personal', 'profile'] as const).map(async (w) => (await seen(w).facts())['android.mode']),
    )
    assert.deepEqual(modes, ['device-owner', 'device-owner', 'plain', 'profile-owner'])
    const { features: words } = await muster.api<{ features: { id: string; platforms: string[] }[] }>('GET', '/catalog')
    assert.equal(words.filter((f) => f.platforms.includes('android') && f.id.startsWith('android.')).length >= 39, true)
  })

  it('every policy feature is in force where it can be, and refused with its reason where it cannot', async () => {
    const all = [passcode, ...androidFeatures].map((d) => ({ feature: d.id, settings: d.examples[0] }))
    const { id } = await muster.api<{ id: string }>('POST', '/policies', {
      name: 'All',
      platform: 'android',
      features: all,
    })
    await muster.api('POST', `/policies/${id}/publish`)
    let now: Feature[] = []
    for (const which of ['samsung', 'kiosk', 'personal', 'profile'] as const) {
      await until(
        `the features of ${which} to settle`,
        async () => {
          now = await features(which)
          return now.length === all.length && now.every((f) => /^(verified|failed|not-applicable)$/.test(f.state))
        },
        { ...patience, last: () => now.filter((f) => !/^(verified|failed|not-applicable)$/.test(f.state)) },
      )
      const states = new Map(now.map((f) => [f.feature, f]))
      for (const f of now)
        if (f.state !== 'verified') assert.ok((f.reason?.text.length ?? 0) > 10, `${which} ${f.feature}`)
      if (which === 'samsung') {
        const not = now
          .filter((f) => f.state !== 'verified')
          .map((f) => f.feature)
          .sort()
        // Nobody has this device whose address could be filled in.
        assert.deepEqual(not, ['android.managedConfiguration', 'android.workProfile'])
      }
      if (which === 'kiosk')
        assert.match(states.get('android.knox.firewall')?.reason?.text ?? '', /Knox Platform for Enterprise/)
      if (which === 'personal') assert.equal(states.get('android.kiosk')?.reason?.code, 'management-mode')
      if (which === 'profile') assert.equal(states.get('android.workProfile')?.state, 'verified')
    }
    assert.ok(Object.keys(androidFeatureMeans).length === all.length)
  })

  it('what somebody changes by hand is seen and put right', async () => {
    const { single } = devices.samsung as { single: Single }
    const drifted = () => single.lines.filter((l) => l.event === 'drifted').length
    const puts = () =>
      single.lines.filter((l) => l.event === 'executed' && (l as { kind?: string }).kind === 'put').length
    const before = puts()
    for (let n = 1; n <= 6; n += 1) single.device.drift(n)
    // What there is to tell goes with the answer to whatever it is asked next.
    await seen('samsung').sent('device.inventory', {})
    assert.equal(drifted(), 6)
    await until('the settings to be put again', async () => puts() > before, patience)
    await until(
      'all to hold again',
      async () => (await features('samsung')).filter((f) => f.state !== 'verified').length === 2,
      { ...patience, last: () => single.lines.slice(-5) },
    )
  })

  it('every operation is done, or refused before it is sent with a reason that a person understands', async () => {
    const words = [...commonOperations, ...androidOperations].filter(
      (d) =>
        d.danger !== 'destructive' &&
        !['device.disenrol', 'device.shutdown', 'device.reboot', 'device.rename', 'android.system.update'].includes(
          d.id,
        ),
    )
    const ids = Object.values(devices).map((d) => d.id)
    const sent = new Map<string, string>()
    for (const d of words) {
      const body = { operation: d.id, params: paramsOf(d), target: { devices: ids } }
      const { id, targets, refused } = await muster.api<{ id: string; targets: number; refused: { text: string }[] }>(
        'POST',
        '/activities',
        body,
      )
      assert.equal(targets + refused.length, ids.length, d.id)
      for (const r of refused) assert.match(r.text, /^(Only|It needs) /, d.id)
      assert.ok(targets > 0, `${d.id} goes to nobody`)
      sent.set(id, d.id)
    }
    const all = async () =>
      (
        await Promise.all((['samsung', 'kiosk', 'personal', 'profile'] as const).map((w) => seen(w).operations()))
      ).flat()
    await until(
      'all to end',
      async () => (await all()).every((o) => o.state === 'completed' || o.state === 'failed'),
      patience,
    )
    const ends = (await all()).filter((o) => sent.has(o.activity))
    const reasons = new Set(ends.flatMap((o) => (o.state === 'failed' ? [o.reason?.code] : [])))
    for (const r of reasons)
      assert.match(
        String(r),
        /^(needs-user|not-installed|passcode-required|passcode-too-weak|file-missing|no-position|not-permitted)$/,
      )
    const done = new Set(ends.flatMap((o) => (o.state === 'completed' ? [sent.get(o.activity)] : [])))
    const never = words.filter((d) => !done.has(d.id)).map((d) => d.id)
    assert.deepEqual(never.sort(), ['device.passcode.clear'])
  })

  it('a lost device is locked and comes back; a licence that is missing is named', async () => {
    assert.equal((await seen('kiosk').sent('device.lost-mode.enable', { message: 'Lost.' })).state, 'completed')
    await until('it to say so', async () => (await seen('kiosk').facts())['android.lostMode'] === true, patience)
    assert.equal((await seen('kiosk').sent('device.lost-mode.disable', {})).state, 'completed')
    const off = await muster.ask<{ refused?: { text: string }[]; errors?: unknown }>('POST', '/activities', {
      operation: 'device.shutdown',
      params: {},
      target: { devices: [devices.kiosk?.id] },
    })
    assert.match(JSON.stringify(off.body), /Knox Platform for Enterprise/)
  })

  it('a personal device is never wiped; what is the company’s on it goes instead, and a code lets one device in', async () => {
    const wipe = await muster.ask('POST', '/activities', {
      operation: 'device.wipe',
      params: {},
      target: { devices: [devices.personal?.id] },
    })
    assert.equal(wipe.status, 422)
    assert.match(JSON.stringify(wipe.body), /byod|personal|Only on a fully managed/i)
    const { single, id } = devices.personal as { single: Single; id: string }
    await muster.api('POST', '/activities', { operation: 'device.disenrol', params: {}, target: { devices: [id] } })
    await until('it to have left', async () => single.device.standing() !== 'enrolled', patience)
    const { code } = await invite('cope')
    const first = await startDevice({ server: muster.url, platform: 'android', seed: 'others', no: 1, code })
    await assert.rejects(
      startDevice({ server: muster.url, platform: 'android', seed: 'others', no: 2, code }),
      /invitation-used|invalid_token|used/,
    )
    await first.stop()
  })
  it('a company’s device is wiped when the time to think better of it is over, and says so with its last word', async () => {
    const { single, id } = devices.kiosk as { single: Single; id: string }
    const held = await seen('kiosk').sent('device.wipe', {}, ['held'])
    assert.equal(single.device.standing(), 'enrolled')
    await waits.over()
    const end = async () => (await seen('kiosk').operations()).find((o) => o.activity === held.activity)
    await until('the wipe to be completed', async () => (await end())?.state === 'completed', {
      ...patience,
      last: end,
    })
    await until(
      'it to be gone',
      async () => (await muster.api<{ lifecycle: string }>('GET', `/devices/${id}`)).lifecycle === 'removed',
      patience,
    )
    assert.notEqual(single.device.standing(), 'enrolled')
  })
  it('the server’s history tells of all that they lived, and of nothing else', async () => {
    const all = Object.values(devices)
    const lines = all.flatMap((d) => d.single.lines)
    const client = { id: 'journey', secret: 'a-secret-for-journeys-only' }
    const history = readHistory({ server: muster.url, client, devices: new Set(all.map((d) => d.id)) })
    const report = await checkRecord(lines, history)
    assert.deepEqual(report.violations, [])
    assert.ok(report.acknowledged > 60, JSON.stringify(report))
  })
})
