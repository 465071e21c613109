/**
 * Windows PCs from the first question to the last word: simulated ones, strict as real clients are, which prove themselves by certificate or by digest,
 * in XML or in WBXML, over the network. Each polls by itself.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { checkRecord, type HistoryRow } from '@muster/fleet'
import { type DeviceUnderTest, deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'
import { type Pc, type WindowsGround, windowsGround } from './windows-ground.ts'

const patience = { withinMs: 90_000 }
const policyRoot = './Device/Vendor/MSFT/Policy/Config'
const own = `${policyRoot}/Experience/AllowCortana`
const encryption = './Device/Vendor/MSFT/BitLocker/RequireDeviceEncryption'
const policy = {
  name: 'PCs',
  platform: 'windows',
  features: [
    { feature: 'passcode', settings: { minLength: 8, minClasses: 2, maxFailedAttempts: 6 } },
    {
      feature: 'windows.wifi',
      settings: { networks: [{ ssid: 'Office <5>', security: 'wpa2', passphrase: 'correct & "horse"' }] },
    },
    {
      feature: 'windows.bitlocker',
      settings: { required: true, methods: { system: 'xts-aes-256', fixed: 'xts-aes-256', removable: 'aes-cbc-256' } },
    },
    {
      feature: 'windows.customUris',
      settings: { settings: [{ name: 'Cortana', uri: own, format: 'int', value: '0' }] },
    },
  ],
}
type Facts = Record<string, unknown>

describe('windows: simulated PCs', { timeout: 600_000 }, () => {
  let ground: WindowsGround
  let all: Pc[]
  let plain: Pc
  let parts: Pc
  let digest: Pc
  let mutual: Pc
  let wbxml: Pc
  const seen = (pc: Pc): DeviceUnderTest => deviceUnderTest(ground.muster, pc.id, () => undefined)
  const last = (pc: Pc) => ({ ...patience, last: () => pc.lines.slice(-6) })
  const csp = (commands: readonly object[], more: object = {}) => ({ commands, ...more })
  interface Read {
    statuses: { uri: string; code: number }[]
    results: { uri: string; data: string }[]
  }

  before(async () => {
    ground = await windowsGround()
    // One of each: by certificate and by digest, in XML and in WBXML, large values whole and in parts, lenient and strict, asking the server to prove itself.
    plain = await ground.start({ no: 0 })
    parts = await ground.start({ no: 4 })
    digest = await ground.start({ no: 2 })
    mutual = await ground.start({ no: 3 })
    wbxml = await ground.start({ no: 7 })
    all = [plain, parts, digest, mutual, wbxml]
  })
  after(() => ground?.close())

  it('they come in by discovery, policy and certificate, and tell of themselves', async () => {
    for (const pc of all) {
      let facts: Facts = {}
      const told = async () => {
        facts = await seen(pc).facts()
        return typeof facts['windows.csp'] === 'object' && Array.isArray(facts['software.apps'])
      }
      await until(`${pc.serial} to tell of itself`, told, { ...patience, last: () => [pc.lines.slice(-5), facts] })
      const { model } = pc.device
      assert.deepEqual(
        [facts['device.serial'], facts['device.manufacturer'], facts['device.model'], facts['os.version']],
        [pc.serial, model.manufacturer, model.product, model.version],
      )
      const apps = facts['software.apps'] as { kind: string; name: string }[]
      assert.ok(apps.length >= 20 && apps.every((a) => a.kind === 'program' && /^Program & Tools \d+$/.test(a.name)))
      const cards = facts['network.interfaces'] as { up: boolean }[]
      assert.deepEqual([cards.length, cards[0]?.up], [model.macs.length, true])
    }
  })

  it('a policy of password rules, Wi-Fi, encryption and a node of one’s own is put, and read back', async () => {
    const { id } = await ground.muster.api<{ id: string }>('POST', '/policies', policy)
    await ground.muster.api('POST', `/policies/${id}/publish`)
    // That the drive is encrypted is read with the next inventory.
    for (const pc of all) {
      await until('the encryption to begin', async () => pc.device.nodes()[encryption]?.data === '1', last(pc))
      await seen(pc).sent('device.inventory', {})
    }
    for (const pc of all) for (const { feature } of policy.features) await seen(pc).verified(feature)
    for (const pc of all) {
      const nodes = pc.device.nodes()
      assert.equal(nodes[`${policyRoot}/DeviceLock/MinDevicePasswordLength`]?.data, '8')
      assert.equal(nodes[own]?.data, '0')
      const [wlan] = Object.entries(nodes).filter(([uri]) => uri.endsWith('/WlanXml'))
      assert.match(wlan?.[1].data ?? '', /<name>Office &lt;5&gt;<\/name>/)
      assert.match(wlan?.[1].data ?? '', /<keyMaterial>correct &amp; (?:"|&quot;)horse/)
      assert.equal(nodes[encryption]?.data, '1')
    }
  })

  it('what somebody changes by hand is found at the next inventory, and put right', async () => {
    const length = `${policyRoot}/DeviceLock/MinDevicePasswordLength`
    for (const [pc, uri, to] of [
      [plain, length, '4'],
      [digest, own, undefined],
      [wbxml, own, '1'],
    ] as const) {
      const right = pc.device.nodes()[uri]?.data
      pc.device.tamper(uri, to)
      await seen(pc).sent('device.inventory', {})
      await until(`${uri} to be put right`, async () => pc.device.nodes()[uri]?.data === right, last(pc))
      for (const { feature } of policy.features) await seen(pc).verified(feature)
    }
  })

  it('commands of an administrator: lock, restart, and the tree as it is', async () => {
    for (const pc of all) {
      assert.equal((await seen(pc).sent('device.lock', {})).state, 'completed')
      assert.equal(pc.device.world().locks, 1)
      const read = await seen(pc).sent(
        'windows.csp',
        csp([
          { verb: 'Get', uri: './DevDetail/SwV' },
          { verb: 'Get', uri: './DevInfo' },
        ]),
      )
      const { statuses, results } = read.result as Read
      assert.deepEqual([read.state, statuses.map((s) => s.code)], ['completed', [200, 200]])
      assert.deepEqual(
        results.map((r) => r.data),
        [pc.device.model.version, 'DevId/Man/Mod/DmV/Lang'],
      )
    }
    assert.equal((await seen(plain).sent('device.reboot', {})).state, 'completed')
    assert.equal(plain.device.world().reboots, 1)
  })

  it('an Atomic that cannot be done whole is not done at all, and the history says why', async () => {
    for (const pc of [plain, mutual, wbxml]) {
      const uri = `${policyRoot}/Camera/AllowCamera`
      const commands = [
        { verb: 'Replace', uri: './DevDetail/Ext/Microsoft/DeviceName', format: 'chr', data: 'NEW' },
        { verb: 'Add', uri, format: 'int', data: '7' },
      ]
      const done = await seen(pc).sent('windows.csp', csp(commands, { atomic: true }))
      assert.equal(done.state, 'failed', JSON.stringify(done))
      assert.match(JSON.stringify(done), /507|500|AllowCamera/)
      assert.equal(pc.device.nodes()['./Device/DevDetail/Ext/Microsoft/DeviceName'], undefined)
      assert.equal(pc.device.nodes()['./DevDetail/Ext/Microsoft/DeviceName'], undefined)
    }
  })

  it('a large value comes whole, in one message or in parts, and one goes out', async () => {
    const uri = `${policyRoot}/WindowsLogon/LargeText`
    const data = 'größer <und> "größer" & '.repeat(700)
    for (const pc of [plain, parts, wbxml, digest]) {
      const done = await seen(pc).sent(
        'windows.csp',
        csp([
          { verb: 'Add', uri, format: 'chr', data },
          { verb: 'Get', uri },
        ]),
      )
      assert.equal(done.state, 'completed', JSON.stringify(done).slice(0, 500))
      assert.equal((done.result as Read).results[0]?.data, data)
      assert.equal(pc.device.nodes()[uri]?.data, data)
    }
  })

  it('a certificate that ends is renewed with its own signature, and only the new one is used', async () => {
    const before = plain.device.world().certificate
    await plain.device.renew()
    assert.notEqual(plain.device.world().certificate, before)
    assert.equal((await seen(plain).sent('device.lock', {})).state, 'completed')
  })

  it('what is for the user waits until somebody is logged on', async () => {
    const uri = './User/Vendor/MSFT/Policy/Config/Experience/AllowWindowsSpotlight'
    plain.device.logon('none')
    await until('the server to be told', async () => plain.lines.some((l) => l.event !== 'drifted'), patience)
    const sent = seen(plain).sent('windows.csp', csp([{ verb: 'Add', uri, format: 'int', data: '0' }]))
    const asked = plain.device.world().sessions
    await until('two sessions to pass', async () => plain.device.world().sessions >= asked + 2, last(plain))
    plain.device.logon('user')
    const done = await sent
    assert.equal(done.state, 'completed', JSON.stringify(done))
  })

  it('when the policy goes, its nodes go from the PCs', async () => {
    const [mine] = (await ground.muster.api<{ items: { id: string }[] }>('GET', '/policies')).items
    await ground.muster.api('POST', `/policies/${mine?.id}/deactivate`)
    for (const pc of all) await seen(pc).nothingSet()
    for (const pc of all)
      assert.deepEqual(
        Object.keys(pc.device.nodes()).filter((uri) => uri.endsWith('/WlanXml') || uri === own),
        [],
      )
  })

  it('one is told to leave, another leaves by itself', async () => {
    const told = await seen(digest).sent('device.disenrol', {})
    assert.equal(told.state, 'completed')
    await mutual.device.farewell()
    for (const pc of [digest, mutual])
      await until(
        `${pc.serial} to be gone`,
        async () =>
          (await ground.muster.api<{ lifecycle: string }>('GET', `/devices/${pc.id}`)).lifecycle === 'removed',
        last(pc),
      )
    await until('the first one to be out', async () => digest.device.standing() === 'left', last(digest))
  })

  it('what the PCs remember and what the server says are one', async () => {
    for (const pc of all) {
      const { items } = await ground.muster.api<{ items: Omit<HistoryRow, 'device'>[] }>(
        'GET',
        `/devices/${pc.id}/operations?limit=200`,
      )
      const history = items.map((row): HistoryRow => ({ ...row, device: pc.serial }))
      const report = await checkRecord(pc.lines, history)
      assert.deepEqual(report.violations, [])
    }
  })
})
