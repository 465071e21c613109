/** Every policy feature of Windows on one simulated PC: put and read back, told of where two write the same, and taken away again. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type DeviceUnderTest, deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'
import { type Pc, type WindowsGround, windowsGround } from './windows-ground.ts'

type Feature = { feature: string; settings: unknown }
interface Conflict {
  feature: string
  rule: string
  own?: boolean
  other?: { feature: string }
  keys?: string[]
}
/** What nobody can read back. */
const unseen = ['windows.localAccounts']
/** Identities are made by services that are not here. */
const away = ['windows.scep', 'windows.identity']
const own = './Device/Vendor/MSFT/Policy/Config/Education/DefaultPrinterName'

/** Windows 11 Enterprise among the simulated PCs. */
const enterprise = 3
interface Catalog {
  features: { id: string; platforms: string[]; examples: unknown[] }[]
}
/** The example of each, with values that a PC without an owner has. */
async function examplesOf(ground: WindowsGround): Promise<Feature[]> {
  const { features } = await ground.muster.api<Catalog>('GET', '/catalog')
  return features
    .filter((d) => d.platforms.includes('windows') && !away.includes(d.id))
    .map((d) => ({
      feature: d.id,
      settings: JSON.parse(JSON.stringify(d.examples[0]).replaceAll('{{user.email}}', 'ada@example.org')),
    }))
}
const free = (f: Feature): Feature =>
  f.feature === 'windows.customUris'
    ? { ...f, settings: { settings: [{ name: 'Printer', uri: own, value: 'Hall <2>' }] } }
    : f

describe('windows: every feature', { timeout: 300_000 }, () => {
  let ground: WindowsGround
  let pc: Pc
  let seen: DeviceUnderTest
  let policy: string
  let examples: Feature[]
  const patience = () => ({ withinMs: 90_000, last: () => pc.lines.slice(-6) })

  before(async () => {
    ground = await windowsGround()
    examples = await examplesOf(ground)
    pc = await ground.start({ no: enterprise })
    seen = deviceUnderTest(ground.muster, pc.id, () => undefined)
  })
  after(() => ground?.close())

  it('a policy whose features write the same says so before anything is sent', async () => {
    const body = { name: 'All', platform: 'windows', features: examples }
    const { conflicts } = await ground.muster.api<{ conflicts: Conflict[] }>('POST', '/policies/preview', body)
    assert.deepEqual(
      conflicts.map((c) => [c.feature, c.other?.feature, c.rule, c.own, c.keys]),
      [
        [
          'windows.restrictions',
          'windows.customUris',
          'same',
          true,
          ['./device/vendor/msft/policy/config/experience/allowcortana'],
        ],
      ],
    )
  })

  it('each is put and read back; what cannot be read is not called verified', async () => {
    const features = examples.map(free)
    const made = await ground.muster.api<{ id: string }>('POST', '/policies', {
      name: 'All',
      platform: 'windows',
      features,
    })
    policy = made.id
    await ground.muster.api('POST', `/policies/${policy}/publish`)
    let open: unknown
    await until(
      'all to be settled',
      async () => {
        const now = await seen.settings()
        open = now.filter((f) => f.state !== (unseen.includes(f.feature) ? 'acknowledged' : 'verified'))
        return now.length === features.length && (open as unknown[]).length === 0
      },
      { ...patience(), last: () => open },
    )
    assert.equal(pc.device.nodes()[own]?.data, 'Hall <2>')
  })

  it('what somebody changed within a document of Windows is found and put right', async () => {
    const root = './Device/Vendor/MSFT'
    const changes = [
      ['windows.wifi', `${root}/WiFi/Profile/Office/WlanXml`, '>WPA2PSK<', '>open<'],
      ['windows.vpn', `${root}/VPNv2/Office/ProfileXML`, 'vpn.example.com', 'evil.example.org'],
      ['windows.kiosk', `${root}/AssignedAccess/Configuration`, 'WindowsCalculator', 'WindowsTerminal'],
      [
        'windows.appLocker',
        `${root}/AppLocker/ApplicationLaunchRestrictions/Muster/EXE/Policy`,
        'AuditOnly',
        'Enabled',
      ],
    ] as const
    const wanted = new Map<string, string>()
    for (const [, uri, from, to] of changes) {
      const right = pc.device.nodes()[uri]?.data ?? ''
      assert.ok(right.includes(from), uri)
      wanted.set(uri, right)
      pc.device.tamper(uri, right.replace(from, to))
    }
    await seen.sent('device.inventory', {})
    for (const [feature, uri] of changes) {
      await until(`${uri} to be put right`, async () => pc.device.nodes()[uri]?.data === wanted.get(uri), patience())
      await seen.verified(feature)
    }
  })

  it('another policy with an address of its own meets a feature: both are named, with the PC', async () => {
    const uri = './Vendor/MSFT/Policy/Config/Camera/AllowCamera'
    const settings = { settings: [{ name: 'Camera', uri, format: 'int', value: '1' }] }
    const { conflicts } = await ground.muster.api<{ conflicts: (Conflict & { devices: number })[] }>(
      'POST',
      '/policies/preview',
      { name: 'Camera', platform: 'windows', features: [{ feature: 'windows.customUris', settings }] },
    )
    const same = conflicts.filter((c) => c.rule === 'same')
    assert.deepEqual(
      same.map((c) => [c.other?.feature, c.own, c.devices]),
      [['windows.camera', false, 1]],
    )
  })

  it('taken away, nothing is left but what Windows keeps', async () => {
    await ground.muster.api('POST', `/policies/${policy}/deactivate`)
    await seen.nothingSet()
    // Beside what the server asks PCs for by writing.
    const kept = Object.keys(pc.device.nodes()).filter(
      (uri) => !/\/(DMClient|DevDetail|EnterpriseModernAppManagement)\//.test(uri),
    )
    assert.deepEqual(
      kept.filter((uri) => !/\/(Accounts\/Users|Firewall\/MdmStore\/(Domain|Public)Profile)\//.test(uri)),
      [],
    )
  })
})
