/** What is written for a device, feature by feature, word for word: so that a change of it is meant. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@muster/contract'
import { examplePem } from '@muster/contract'
import { written } from './feature.fixture.ts'
import { vpnUuid } from './index.ts'

const ios = { 'os.name': 'iOS', 'os.version': '18.0', 'apple.supervised': true }
const mac = { 'os.name': 'macOS', 'os.version': '15.1' }
/** Payloads with the UUIDs that follow from the settings replaced by their names. */
function payloads(id: string, settings: object, facts: JsonObject = ios): JsonObject[] {
  const found = written(id, settings, facts).payloads as readonly JsonObject[]
  const known = new Map(
    found.flatMap((p, i) => (typeof p.PayloadUUID === 'string' ? [[p.PayloadUUID, `part ${i}`]] : [])),
  )
  known.set(vpnUuid('Office'), 'the VPN')
  let text = JSON.stringify(found)
  for (const [uuid, name] of known) text = text.replaceAll(uuid, name)
  return JSON.parse(text) as JsonObject[]
}
const scep = { url: 'https://ca.example.com/scep', subject: [{ value: 'device 7' }] }
const scepPayload = (uuid: string) => ({
  PayloadType: 'com.apple.security.scep',
  PayloadUUID: uuid,
  PayloadContent: {
    'Key Type': 'RSA',
    URL: 'https://ca.example.com/scep',
    Subject: [[['CN', 'device 7']]],
    Keysize: 2048,
    'Key Usage': 5,
    Retries: 3,
    RetryDelay: 10,
    Challenge: 'once',
  },
})

test('Wi-Fi by passphrase, open, and by signing in with a certificate', () => {
  const plain = { PayloadType: 'com.apple.wifi.managed', SSID_STR: 'Office', HIDDEN_NETWORK: false, AutoJoin: true }
  assert.deepEqual(payloads('apple.wifi', { networks: [{ ssid: 'Office', passphrase: 'correct horse' }] }), [
    { ...plain, EncryptionType: 'WPA2', Password: 'correct horse' },
  ])
  assert.deepEqual(payloads('apple.wifi', { networks: [{ ssid: 'Office', security: 'open' }] }), [
    { ...plain, EncryptionType: 'None' },
  ])
  const settings = {
    ssid: 'Office',
    security: 'wpa3',
    passphrase: 'not used here',
    signIn: { methods: ['tls', 'peap'], user: 'ada', serverNames: ['radius.example.com'] },
    password: 'topsecret',
    authorities: [examplePem],
    scep,
    challenge: 'once',
  }
  const [network, authority, identity, ...more] = payloads('apple.wifi', { networks: [settings] })
  assert.deepEqual(network, {
    ...plain,
    EncryptionType: 'WPA3',
    EAPClientConfiguration: {
      AcceptEAPTypes: [13, 25],
      UserName: 'ada',
      TLSTrustedServerNames: ['radius.example.com'],
      UserPassword: 'topsecret',
      PayloadCertificateAnchorUUID: ['part 1'],
    },
    PayloadCertificateUUID: 'part 2',
  })
  assert.equal(authority?.PayloadType, 'com.apple.security.root')
  assert.deepEqual(identity, scepPayload('part 2'))
  assert.deepEqual(more, [])
})

test('a VPN for the device, and one for apps whose name stays', () => {
  const head = { name: 'Office', server: 'vpn.example.com', remoteId: 'vpn.example.com', localId: 'ada' }
  const user = {
    ...head,
    method: 'user',
    user: 'ada',
    password: 'topsecret',
    mobike: false,
    onDemand: { domains: ['a.example'] },
  }
  assert.deepEqual(payloads('apple.vpn', { vpns: [user] }), [
    {
      PayloadType: 'com.apple.vpn.managed',
      UserDefinedName: 'Office',
      VPNType: 'IKEv2',
      IKEv2: {
        RemoteAddress: 'vpn.example.com',
        RemoteIdentifier: 'vpn.example.com',
        LocalIdentifier: 'ada',
        AuthenticationMethod: 'None',
        AuthName: 'ada',
        EnablePFS: 0,
        DisableMOBIKE: 1,
        ExtendedAuthEnabled: 1,
        AuthPassword: 'topsecret',
        OnDemandEnabled: 1,
        OnDemandUserOverrideDisabled: 0,
        OnDemandRules: [
          {
            Action: 'EvaluateConnection',
            ActionParameters: [{ Domains: ['a.example'], DomainAction: 'ConnectIfNeeded' }],
          },
          { Action: 'Ignore' },
        ],
      },
    },
  ])
  const requirement = 'identifier "com.example.work"'
  const apps = { safariDomains: ['a.example'], macApps: [{ bundleId: 'com.example.work', requirement }] }
  const perApp = { ...head, method: 'certificate', scep, challenge: 'once', apps }
  const [vpn, mapping, identity] = payloads('apple.vpn', { vpns: [perApp] }, mac)
  assert.equal(vpn?.PayloadType, 'com.apple.vpn.managed.applayer')
  assert.deepEqual([vpn?.VPNUUID, vpn?.SafariDomains], ['the VPN', ['a.example']])
  const { IKEv2: vpnKeys } = vpn as { IKEv2: JsonObject }
  assert.equal(vpnKeys.PayloadCertificateUUID, 'part 2')
  assert.deepEqual(mapping?.AppLayerVPNMapping, [
    {
      Identifier: 'com.example.work',
      DesignatedRequirement: requirement,
      SigningIdentifier: 'com.example.work',
      VPNUUID: 'the VPN',
    },
  ])
  assert.deepEqual(identity, scepPayload('part 2'))
  assert.equal(payloads('apple.vpn', { vpns: [perApp] }, ios).length, 2)
})

test('Exchange speaks another protocol on Macs', () => {
  const settings = {
    name: 'Work',
    host: 'mail.example.com',
    address: 'ada@example.com',
    mobile: { days: '31' },
    mac: { port: 444 },
  }
  const both = { PayloadDisplayName: 'Work', Host: 'mail.example.com', SSL: true, EmailAddress: 'ada@example.com' }
  assert.deepEqual(payloads('apple.exchange', { accounts: [settings] }), [
    { PayloadType: 'com.apple.eas.account', ...both, MailNumberOfPastDaysToSync: 31 },
  ])
  assert.deepEqual(payloads('apple.exchange', { accounts: [settings] }, mac), [
    { PayloadType: 'com.apple.ews.account', ...both, Port: 444 },
  ])
})

test('a folder of the home screen, single-app mode and notifications', () => {
  const pages = [[{ folder: 'Tools', items: [{ app: 'com.example.scan' }, { link: 'https://a.example/' }] }]]
  assert.deepEqual(payloads('apple.homeScreen', { pages }), [
    {
      PayloadType: 'com.apple.homescreenlayout',
      Pages: [
        [
          {
            Type: 'Folder',
            DisplayName: 'Tools',
            Pages: [
              [
                { Type: 'App', BundleID: 'com.example.scan' },
                { Type: 'WebClip', URL: 'https://a.example/' },
              ],
            ],
          },
        ],
      ],
    },
  ])
  assert.deepEqual(payloads('apple.singleApp', { app: 'com.example.kiosk', options: { autoLockOff: true } }), [
    { PayloadType: 'com.apple.app.lock', App: { Identifier: 'com.example.kiosk', Options: { DisableAutoLock: true } } },
  ])
  assert.deepEqual(
    payloads('apple.notifications', { apps: [{ app: 'com.example.a', alerts: 'none', previews: 'never' }] }),
    [
      {
        PayloadType: 'com.apple.notificationsettings',
        NotificationSettings: [
          { BundleIdentifier: 'com.example.a', NotificationsEnabled: true, AlertType: 0, PreviewType: 2 },
        ],
      },
    ],
  )
})

test('FileVault escrows to a certificate of this server, which stands in the same profile', () => {
  const [vault, escrow, certificate, options] = payloads('apple.fileVault', {}, mac)
  assert.deepEqual(
    [vault?.Enable, vault?.Defer, vault?.UseRecoveryKey, vault?.ShowRecoveryKey],
    ['On', true, true, false],
  )
  assert.equal(escrow?.EncryptCertPayloadUUID, certificate?.PayloadUUID)
  assert.deepEqual(certificate?.PayloadContent, { $own: 'filevault' })
  assert.deepEqual(options, { PayloadType: 'com.apple.MCX', dontAllowFDEDisable: true, DestroyFVKeyOnStandby: false })
})

test('privacy says yes and no to old Macs, more to new ones, and leaves out what they do not know', () => {
  const apps = [
    { app: 'com.example.a', requirement: 'anchor apple', service: 'all-files' },
    { app: '/usr/bin/b', requirement: 'anchor apple', service: 'screen-capture', decision: 'ask' },
    { app: 'com.example.a', requirement: 'anchor apple', service: 'app-data', decision: 'deny' },
  ]
  const servicesOf = (facts: JsonObject) => payloads('apple.privacy', { apps }, facts)[0]?.Services as JsonObject
  assert.deepEqual(Object.keys(servicesOf(mac)), ['SystemPolicyAllFiles', 'ScreenCapture', 'SystemPolicyAppData'])
  const old = servicesOf({ 'os.name': 'macOS', 'os.version': '10.15' })
  assert.deepEqual(Object.keys(old), ['SystemPolicyAllFiles', 'ScreenCapture'])
  const head = { CodeRequirement: 'anchor apple', StaticCode: false }
  const first = { Identifier: 'com.example.a', IdentifierType: 'bundleID', ...head }
  assert.deepEqual(servicesOf(mac).SystemPolicyAllFiles, [{ ...first, Authorization: 'Allow' }])
  assert.deepEqual(old.SystemPolicyAllFiles, [{ ...first, Allowed: true }])
  assert.deepEqual(servicesOf(mac).ScreenCapture, [
    { Identifier: '/usr/bin/b', IdentifierType: 'path', ...head, Authorization: 'AllowStandardUserToSetSystemService' },
  ])
  const refused = (app: object) => assert.throws(() => payloads('apple.privacy', { apps: [{ ...apps[0], ...app }] }))
  refused({ service: 'camera', decision: 'allow' })
  refused({ service: 'all-files', decision: 'ask' })
  refused({ service: 'apple-events' })
})

test('times of energy saving, flags of a directory, teams of extensions', () => {
  const schedule = { on: { action: 'wakepoweron', days: ['monday', 'wednesday', 'sunday'], at: '07:30' } }
  assert.deepEqual(payloads('apple.energy', { schedule, desktop: { wakeOnLan: true } }, mac), [
    {
      PayloadType: 'com.apple.MCX',
      'com.apple.EnergySaver.desktop.ACPower': { 'Wake on LAN': 1 },
      'com.apple.EnergySaver.desktop.Schedule': {
        RepeatingPowerOn: { eventtype: 'wakepoweron', weekdays: 69, time: 450 },
      },
    },
  ])
  assert.deepEqual(payloads('apple.directory', { server: 'ad.example.com', localHome: false, passwordDays: 7 }, mac), [
    {
      PayloadType: 'com.apple.DirectoryService.managed',
      HostName: 'ad.example.com',
      ADForceHomeLocal: false,
      ADForceHomeLocalFlag: true,
      ADTrustChangePassIntervalDays: 7,
      ADTrustChangePassIntervalDaysFlag: true,
    },
  ])
  const allowed = [
    { team: 'ABCDE12345', bundles: ['a.b'] },
    { team: 'ABCDE12345', bundles: ['a.c', 'a.b'] },
  ]
  assert.deepEqual(payloads('apple.systemExtensions', { allowed }, mac)[0]?.AllowedSystemExtensions, {
    ABCDE12345: ['a.b', 'a.c'],
  })
})

test('updates are held back where they can be, and their switches go to Macs alone', () => {
  const settings = { delay: { days: 14, majorDays: 90 }, mac: { download: true } }
  const [held, switches] = payloads('apple.softwareUpdate', settings, mac)
  assert.deepEqual(held, {
    PayloadType: 'com.apple.applicationaccess',
    enforcedSoftwareUpdateDelay: 14,
    enforcedSoftwareUpdateMajorOSDeferredInstallDelay: 90,
    forceDelayedSoftwareUpdates: true,
    forceDelayedMajorSoftwareUpdates: true,
  })
  assert.deepEqual(switches, { PayloadType: 'com.apple.SoftwareUpdate', AutomaticDownload: true })
  assert.equal(payloads('apple.softwareUpdate', settings, ios).length, 1)
})
