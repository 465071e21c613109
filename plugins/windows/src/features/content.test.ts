/** Documents that Windows hands out in words of its own: what says the same, what says another thing, and what is not kept. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contentOf, otherPart } from './content.ts'
import { checked, put } from './feature.fixture.ts'
import { remembered } from './index.ts'

const network = { networks: [{ ssid: 'Office 5', passphrase: 'correct horse', hidden: false }] }
const written = (id: string, settings: object) => {
  const command = put(id, settings).commands.find((c) => c.data !== undefined)
  assert.ok(command)
  return { uri: command.uri, data: command.data ?? '' }
}
const seen = (id: string, settings: object, told: (data: string) => string) => {
  const { uri, data } = written(id, settings)
  return checked(id, settings, { [uri]: remembered(uri, told(data)) })
}
/** As a PC does: laid out anew, with more beside it. */
const laidOut = (xml: string) => `<?xml version="1.0"?>\r\n${xml.replace(/></g, '>\r\n\t<')}\r\n`

test('a network that Windows wrote down in its own way is the one that was wanted', () => {
  const own = (xml: string) =>
    laidOut(xml)
      .replace('<protected>false', '<protected>true')
      .replace('correct horse', '01000000D08C9DDF')
      .replace('<nonBroadcast>false</nonBroadcast>', '')
      .replace('</WLANProfile>', '<autoSwitch>false</autoSwitch></WLANProfile>')
  assert.deepEqual(seen('windows.wifi', network, own), { state: 'verified' })
})

test('another value is told with its place', () => {
  const other = seen('windows.wifi', network, (xml) => xml.replace('>WPA2PSK<', '>open<'))
  assert.deepEqual(
    [other.state, 'reason' in other && other.reason.text],
    [
      'drifted',
      './Device/Vendor/MSFT/WiFi/Profile/Office%205/WlanXml has another value at WLANProfile/MSM/security/authEncryption/authentication.',
    ],
  )
})

test('a VPN keeps its servers, its networks and its apps', () => {
  const settings = {
    vpns: [
      { name: 'O', servers: ['v.example.com'], routes: ['10.0.0.0/8', '192.168.0.0/16'], onlyApps: ['C:\\a.exe'] },
    ],
  }
  const twice = (xml: string) => laidOut(xml).replace('v.example.com', 'V.example.com;v.example.com')
  assert.deepEqual(seen('windows.vpn', settings, twice), { state: 'verified' })
  assert.equal(
    seen('windows.vpn', settings, (xml) => xml.replace('v.example.com', 'evil.example.com')).state,
    'drifted',
  )
  const route = '<Route><Address>192.168.0.0</Address><PrefixSize>16</PrefixSize></Route>'
  assert.equal(seen('windows.vpn', settings, (xml) => xml.replace(route, '')).state, 'drifted')
})

test('a kiosk: who and which apps, whatever the machine calls the account', () => {
  const settings = { single: { account: 'kiosk', app: 'A_b!App' } }
  const own = (xml: string) => laidOut(xml).replace('<Account>kiosk<', '<Account>DESKTOP-1\\Kiosk<')
  assert.deepEqual(seen('windows.kiosk', settings, own), { state: 'verified' })
  assert.equal(seen('windows.kiosk', settings, (xml) => xml.replace('A_b!App', 'C_d!App')).state, 'drifted')
})

test('rules for programs: one that was taken away or came along is told', () => {
  const rule = (id: string) => `<FilePathRule Id="${id}" Name="n" Action="Allow"><Conditions/></FilePathRule>`
  const rules = `<RuleCollection Type="Exe" EnforcementMode="Enabled">${rule('a')}${rule('b')}</RuleCollection>`
  const settings = { collections: [{ kind: 'exe', rules }] }
  assert.deepEqual(seen('windows.appLocker', settings, laidOut), { state: 'verified' })
  assert.equal(seen('windows.appLocker', settings, (xml) => xml.replace(rule('b'), '')).state, 'drifted')
  assert.equal(
    seen('windows.appLocker', settings, (xml) => xml.replace(rule('b'), rule('b') + rule('c'))).state,
    'drifted',
  )
  assert.equal(
    seen('windows.appLocker', settings, (xml) => xml.replace(/<FilePathRule.*<\/FilePathRule>/, '')).state,
    'drifted',
  )
})

test('a shell: another program, or another account', () => {
  const settings = { shells: [{ for: 'account', account: 'till', shell: 'C:\\till.exe' }] }
  assert.deepEqual(seen('windows.shellLauncher', settings, laidOut), { state: 'verified' })
  assert.equal(seen('windows.shellLauncher', settings, (xml) => xml.replace('till.exe', 'cmd.exe')).state, 'drifted')
  assert.equal(
    seen('windows.shellLauncher', settings, (xml) => xml.replace('Name="till"', 'Name="x"')).state,
    'drifted',
  )
})

test('an own address at such a node is compared the same way; what was remembered before proves that it is there', () => {
  const { uri, data } = written('windows.wifi', network)
  const settings = { settings: [{ name: 'w', uri, value: data }] }
  assert.deepEqual(seen('windows.customUris', settings, laidOut), { state: 'verified' })
  assert.equal(seen('windows.customUris', settings, (xml) => xml.replace('WPA2PSK', 'open')).state, 'drifted')
  assert.deepEqual(checked('windows.wifi', network, { [uri]: `sha256:${'0'.repeat(64)}` }), { state: 'verified' })
  assert.equal(checked('windows.wifi', network, { [uri]: null }).state, 'drifted')
})

test('no key is remembered, and nothing of other nodes', () => {
  const { uri, data } = written('windows.wifi', network)
  const other = written('windows.wifi', { networks: [{ ...network.networks[0], passphrase: 'another horse' }] })
  assert.equal(remembered(uri, data), remembered(uri, other.data))
  assert.ok(!remembered(uri, data).includes('horse'))
  assert.equal(contentOf('./Device/Vendor/MSFT/Policy/Config/Camera/AllowCamera', '<a>1</a>'), undefined)
  assert.equal(contentOf(uri, 'no document'), undefined)
  assert.equal(contentOf(uri, '<!DOCTYPE a><a>1</a>'), undefined)
})

test('whatever a PC says is remembered in bounds, and compared without failing', () => {
  const { uri, data } = written('windows.wifi', network)
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.nat(data.length), (text, at) => {
      const told = remembered(uri, data.slice(0, at) + text + data.slice(at))
      assert.ok(told.length <= 400 * 30)
      otherPart(data, told)
      otherPart(text, told, true)
    }),
  )
})
