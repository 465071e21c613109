/** What a new device reads from a QR code, what a person is told, and where an agent is woken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel, Json, JsonObject, PlatformHost, Turn } from '@muster/contract'
import { inOtherWords } from '@muster/contract/testing'
import fc from 'fast-check'
import { adbCommand, agentLink, checksumOf, provisioningExtras } from './provisioning.ts'
import { pushed, wakeOf } from './push.ts'
import { agentSettings } from './settings.ts'
import { agentSteps } from './steps.ts'

const invited = { server: 'https://m.example', code: 'ABCD-EFGH', ownership: 'cope', trust: [] } as const
const settings = agentSettings.parse({
  downloadUrl: 'https://m.example/agent.apk',
  signatureChecksum: 'zeCgYb9svboomp6t9CUBLNjV27gIJGZXx5VFUTF5hh4',
  wifi: { ssid: 'Setup', password: 'for guests' },
  locale: 'de_DE',
  timeZone: 'Europe/Berlin',
})
const p = (name: string) => `android.app.extra.PROVISIONING_${name}`

test('a fully managed device: component, download, checksum, Wi-Fi, language, and where to go', () => {
  assert.deepEqual(provisioningExtras(settings, invited, 'fully-managed'), {
    [p('DEVICE_ADMIN_COMPONENT_NAME')]: 'org.muster.agent/.AdminReceiver',
    [p('DEVICE_ADMIN_PACKAGE_DOWNLOAD_LOCATION')]: 'https://m.example/agent.apk',
    [p('DEVICE_ADMIN_SIGNATURE_CHECKSUM')]: 'zeCgYb9svboomp6t9CUBLNjV27gIJGZXx5VFUTF5hh4',
    [p('LEAVE_ALL_SYSTEM_APPS_ENABLED')]: true,
    [p('USE_MOBILE_DATA')]: true,
    [p('LOCALE')]: 'de_DE',
    [p('TIME_ZONE')]: 'Europe/Berlin',
    [p('WIFI_SSID')]: 'Setup',
    [p('WIFI_SECURITY_TYPE')]: 'WPA',
    [p('WIFI_PASSWORD')]: 'for guests',
    [p('ADMIN_EXTRAS_BUNDLE')]: {
      'org.muster.server': 'https://m.example',
      'org.muster.code': 'ABCD-EFGH',
      'org.muster.mode': 'fully-managed',
    },
  })
})

test('a checksum is taken as people have it: base64url, base64, hexadecimal with colons', () => {
  const url = 'zeCgYb9svboomp6t9CUBLNjV27gIJGZXx5VFUTF5hh4'
  const hex = Buffer.from(url, 'base64url').toString('hex')
  const colons = (hex.toUpperCase().match(/../g) ?? []).join(':')
  for (const text of [url, `${url}=`, Buffer.from(url, 'base64url').toString('base64'), hex, colons]) {
    assert.equal(agentSettings.safeParse({ signatureChecksum: text }).success, true, text)
    assert.equal(checksumOf(text), url)
  }
  for (const wrong of ['', 'abc', hex.slice(1), `${url}A`, 'zeCgYb9svboomp6t9CUBLNjV27gIJGZXx5VFUTF5hh!'])
    assert.equal(agentSettings.safeParse({ signatureChecksum: wrong }).success, false, wrong)
})

test('a server of its own authority is pinned by the fingerprint of it', () => {
  const trust = [Buffer.from('authority')]
  const bundle = provisioningExtras(settings, { ...invited, trust }, 'work-profile')?.[
    p('ADMIN_EXTRAS_BUNDLE')
  ] as JsonObject
  assert.match(String(bundle['org.muster.pin']), /^[0-9a-f]{64}$/)
  assert.match(
    agentLink({ ...invited, trust }),
    /^muster-agent:\/\/enroll\?server=https%3A%2F%2Fm\.example&code=ABCD-EFGH&pin=[0-9a-f]{64}$/,
  )
})

test('steps by ownership: a company’s device by QR code and cable, a personal one by link alone', () => {
  const url = 'https://m.example/enrol/ABCD-EFGH'
  const of = (ownership: 'cope' | 'dedicated' | 'byod' | 'work-profile', s = settings) =>
    agentSteps(s, { ...invited, ownership, url })
  const modes = (all: ReturnType<typeof of>) =>
    all.flatMap((s) =>
      s.qr?.startsWith('{') ? [(JSON.parse(s.qr)[p('ADMIN_EXTRAS_BUNDLE')] as JsonObject)['org.muster.mode']] : [],
    )
  assert.deepEqual(modes(of('cope')), ['fully-managed', 'work-profile'])
  assert.deepEqual(modes(of('dedicated')), ['fully-managed'])
  for (const own of ['byod', 'work-profile'] as const) {
    assert.deepEqual(modes(of(own)), [])
    assert.ok(of(own).some((s) => s.link === url && s.qr?.startsWith('muster-agent://enroll?')))
    assert.ok(of(own).every((s) => s.command === undefined))
  }
  const bare = of('cope', agentSettings.parse({}))
  assert.deepEqual(modes(bare), [])
  assert.ok(
    bare.every((s) => !/settings/.test(s.text)),
    'what an administrator has to set is not told to who enrols',
  )
  for (const ownership of ['cope', 'dedicated', 'byod', 'work-profile'] as const) {
    const said = (language?: string) => agentSteps(settings, { ...invited, ownership, url, language })
    inOtherWords(said(), said('de'))
  }
  assert.ok(
    of('cope').every((s) => (s.qr?.length ?? 0) < 2300),
    'fits a QR code',
  )
})

test('the line for a cable breaks out of no shell, whatever a server or code looks like', () => {
  assert.equal(
    adbCommand(settings, invited),
    `adb install -r muster-agent.apk && adb shell dpm set-device-owner "'org.muster.agent/.AdminReceiver'" && adb shell am start -a org.muster.agent.ENROLL -n "'org.muster.agent/.EnrollActivity'" --es server "'https://m.example'" --es code "'ABCD-EFGH'"`,
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (code) => {
      const line = adbCommand(settings, { ...invited, code })
      const value = /--es code "'([^"'\\$`!\n]*)'"$/.exec(line)
      assert.ok(value, line)
    }),
  )
})

test('an agent’s push address goes to the channel and never among the facts; anything that is none clears it', async () => {
  const turns: Turn[] = []
  const activated: JsonObject[] = []
  const host = pushed({
    turn: async (_: Channel, t: Turn) => {
      turns.push(t)
      return []
    },
    activate: async (_: Channel, facts: JsonObject) => void activated.push(facts),
  } as unknown as PlatformHost)
  const c = {} as Channel
  const fcm = { project: 'example-fleet', token: 'c0ffee:APA91bFexample-token' }
  await host.turn(c, { take: 0, facts: { a: 1, 'agent.push': { fcm, more: 1 } } })
  assert.deepEqual(turns.pop(), { take: 0, facts: { a: 1 }, push: fcm })
  assert.deepEqual(wakeOf({ push: fcm }), { via: 'fcm', to: fcm })
  assert.equal(wakeOf({ push: null }), undefined)
  await host.activate(c, { a: 1, 'agent.push': { fcm } })
  assert.deepEqual(activated, [{ a: 1 }])
  await host.turn(c, { take: 0, facts: { a: 1 } })
  assert.equal(Object.hasOwn(turns.pop() ?? {}, 'push'), false)
  await fc.assert(
    fc.asyncProperty(fc.jsonValue() as fc.Arbitrary<Json>, async (any) => {
      await host.turn(c, { take: 0, facts: { 'agent.push': any } })
      const { push, facts } = turns.pop() ?? { take: 0 }
      assert.deepEqual([push, facts], [null, {}])
    }),
  )
})
