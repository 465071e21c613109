/** The agent channel's rows: who can, what holds, what drifted, what a device cannot be told; and any facts of a hostile device without harm. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import {
  androidFeatureMeans,
  androidFeatures,
  androidRefusal,
  androidRestrictions,
  androidRestrictionsSet,
  androidStand,
  android as androidWords,
  type ChannelDetail,
  commonOperations,
  type FeatureDescriptor,
  type Json,
  type JsonObject,
  passcode,
  type Verdict,
} from '@muster/contract'
import { assertVerdict, sampleChannel } from '@muster/contract/testing'
import fc from 'fast-check'
import { features } from '../features/index.ts'
import { operations } from '../operations/index.ts'

const full: JsonObject = {
  'android.mode': 'device-owner',
  'android.apiLevel': 36,
  'android.knox.version': '3.11',
  'android.knox.licences': ['KPE', 'EFOTA'],
}
const company: JsonObject = { ...full, 'android.mode': 'profile-owner', 'android.companyOwned': true }
const agentRow = (id: string) => {
  const row = features.find((f) => f.descriptor.id === id)?.agent
  assert.ok(row, `${id} has no row of the agent channel`)
  return row
}
const check = (id: string, settings: JsonObject, evidence: Json, facts: JsonObject = full): Verdict =>
  agentRow(id).check?.(settings, { [`managed.${id}`]: evidence }, { ...facts, [`managed.${id}`]: evidence }) as Verdict
const said = (v: Verdict) => (v.state === 'verified' ? 'verified' : `${v.state} ${v.reason.code}`)
const channel = (facts: JsonObject, ownership: ChannelDetail['ownership'] = 'cope') => ({
  ...sampleChannel({ platform: 'android', name: 'agent', facts }),
  ownership,
})
const can = (id: string, facts: JsonObject) => {
  const operation = operations.find((o) => o.descriptor.id === id)
  const row = operation ? operation.agent : agentRow(id)
  assert.ok(row, `${id} has no row of the agent channel`)
  const answer = row.when?.(channel(facts)) ?? true
  return answer === true ? 'yes' : `${answer.code}: ${answer.text}`
}

/** What an agent reports when a feature is in force. */
function obeyed(id: string, settings: JsonObject, secret: readonly string[] = []): JsonObject {
  const values = Object.fromEntries(Object.entries(settings).filter(([name]) => !secret.includes(name)))
  switch (id) {
    case passcode.id:
      return { values, sufficient: true }
    case 'android.restrictions':
      return {
        values: {
          inForce: androidRestrictionsSet(settings as never).map((p) => androidRestrictions.get(p)?.[1] ?? ''),
        },
      }
    case 'android.encryption':
      return { values: { status: 'active-per-user' } }
    case 'android.certificates':
      return {
        values: {
          trusted: (settings.certificates as { pem: string }[]).map(({ pem }) =>
            createHash('sha256')
              .update(Buffer.from(pem.replaceAll(/-----[A-Z ]+-----/g, ''), 'base64'))
              .digest('hex'),
          ),
        },
      }
    default:
      return { values, sufficient: true, running: true, hasSecret: true, consented: true, installed: true }
  }
}

describe('features', () => {
  test('every feature and every operation that an agent knows has a row, and no other', () => {
    assert.deepEqual(
      features
        .filter((f) => f.agent)
        .map((f) => f.descriptor.id)
        .sort(),
      [passcode, ...androidFeatures].map((f) => f.id).sort(),
    )
    assert.deepEqual(
      commonOperations.map((o) => o.id).filter((id) => !operations.some((o) => o.descriptor.id === id && o.agent)),
      ['device.rename'],
    )
  })

  for (const d of [passcode, ...androidFeatures])
    test(`${d.id}: what is in force is verified; a change is drift by its name; silence is none`, () => {
      for (const example of d.examples) {
        const settings = d.settings.parse(example) as JsonObject
        const facts = d.id === 'android.workProfile' || d.id === 'android.notifications' ? company : full
        const shown = withoutSecrets(settings, d.secret)
        const known = 'oneLock' in settings || 'profile' in settings ? company : facts
        const able = d.id === 'android.notifications' ? { ...shown, silenced: shown.silenced ?? [] } : shown
        assert.equal(said(check(d.id, able, obeyed(d.id, able), known)), 'verified')
        assert.equal(said(check(d.id, able, null, known)), 'unknown no-evidence')
        const nothing = check(d.id, able, { values: {} }, known)
        assert.match(
          said(nothing),
          d.id === 'android.encryption' ? /^failed not-encrypted$/ : /^drifted settings-differ$/,
        )
        assert.equal(
          said(check(d.id, able, { applicable: false, why: 'Not on this hardware.' }, known)),
          'not-applicable not-applicable',
        )
      }
    })

  test('passcode: stricter is good enough; a passcode that does not follow yet is told', () => {
    const s = { minLength: 8, minClasses: 2, maxAgeDays: 90, history: 3, maxFailedAttempts: 5 }
    const of = (v: JsonObject, sufficient = true) => said(check('passcode', s, { values: { ...s, ...v }, sufficient }))
    assert.equal(of({ minLength: 12, minClasses: 4, maxAgeDays: 30, history: 9 }), 'verified')
    // Erasing after failures is no business of a rule about locking: it is not asked for.
    assert.equal(of({ maxFailedAttempts: 0 }), 'verified')
    const weak: JsonObject[] = [
      { minLength: 6 },
      { minClasses: 1 },
      { maxAgeDays: 0 },
      { maxAgeDays: 91 },
      { history: 2 },
    ]
    for (const weaker of weak) assert.equal(of(weaker), 'drifted settings-differ', JSON.stringify(weaker))
    assert.equal(of({}, false), 'failed passcode-not-compliant')
  })

  test('restrictions: judged by what Android says is on, never by what was asked for', () => {
    const s = { network: { configWifi: true, cellular2g: true }, usb: { debuggingFeatures: true } }
    const of = (inForce: string[], facts: JsonObject = full) =>
      check('android.restrictions', s, { values: { inForce } }, facts)
    assert.equal(said(of(['no_config_wifi', 'no_cellular_2g', 'no_debugging_features', 'no_sms'])), 'verified')
    const wrong = of(['no_config_wifi', 'no_debugging_features'])
    assert.deepEqual(wrong, {
      state: 'drifted',
      reason: { code: 'settings-differ', text: 'In force is something else: network.cellular2g.' },
      evidence: { 'network.cellular2g': { demanded: true, found: false } },
    })
    // Android 13 has no such restriction: setting it again for ever would help nobody.
    const old = of(['no_config_wifi', 'no_debugging_features'], { ...full, 'android.apiLevel': 33 })
    assert.equal(said(old), 'failed cannot-demand')
    assert.match(old.state === 'failed' ? old.reason.text : '', /network\.cellular2g \(It needs Android 14 or later/)
    const personal = of(['no_debugging_features'], { ...full, 'android.mode': 'profile-owner' })
    assert.match(
      personal.state === 'failed' ? personal.reason.text : '',
      /network\.configWifi \(Only on a fully managed device/,
    )
    assert.equal(androidRestrictions.size >= 28, true)
  })

  test('what is off is not missed where there is no such thing', () => {
    const s = { face: false, lockAfterS: 60, oneLock: false }
    const old = { ...full, 'android.apiLevel': 27 }
    assert.equal(said(check('android.screenLock', s, { values: { lockAfterS: 60 } }, old)), 'verified')
    assert.equal(
      said(check('android.screenLock', { ...s, face: true }, { values: { lockAfterS: 60 } }, old)),
      'failed cannot-demand',
    )
    assert.equal(said(check('android.screenLock', s, { values: { lockAfterS: 60 } })), 'drifted settings-differ')
  })

  test('what the device did not take is told with its reason, and is no drift to mend for ever', () => {
    const s = { dataBlocked: true }
    const v = check('android.usb', s, {
      values: { dataBlocked: false },
      refused: { dataBlocked: 'The controller cannot.' },
    })
    assert.equal(said(v), 'failed device-refused')
    assert.match(v.state === 'failed' ? v.reason.text : '', /dataBlocked \(The controller cannot\.\)/)
  })

  test('encryption, required apps, app list, permissions, kiosk, Wi-Fi: their own ways', () => {
    const encryption = (status: string, ownKey = false) =>
      said(check('android.encryption', { ownKey }, { values: { status } }))
    assert.deepEqual(
      ['active', 'active-per-user', 'active-default-key', 'inactive', 'activating', 'unsupported', 'x'].map((w) =>
        encryption(w),
      ),
      [
        'verified',
        'verified',
        'verified',
        ...['not-encrypted', 'not-encrypted', 'encryption-unsupported', 'not-encrypted'].map((w) => `failed ${w}`),
      ],
    )
    assert.equal(encryption('active-default-key', true), 'failed standard-key')
    const apps = {
      apps: [{ packageName: 'com.example.till', versionCode: 42, files: [] }],
      system: ['com.android.camera2'],
    }
    const required = (versionCode: number, system = apps.system) =>
      said(
        check('android.requiredApps', apps, {
          values: { apps: [{ packageName: 'com.example.till', versionCode }], system },
        }),
      )
    assert.equal(required(42), 'verified')
    assert.equal(required(50), 'verified')
    assert.equal(required(41), 'drifted settings-differ')
    assert.equal(required(42, []), 'drifted settings-differ')
    const list = { rule: 'all-but', packages: ['com.example.game'] }
    assert.equal(
      said(check('android.appList', list, { values: list, usable: ['com.example.game'] })),
      'drifted settings-differ',
    )
    const grants = [{ packageName: 'com.example.till', permission: 'android.permission.CAMERA', state: 'grant' }]
    const permissions = { rule: 'ask', grants }
    assert.equal(
      said(
        check('android.permissions', permissions, {
          values: { rule: 'ask', grants: [] },
          absent: ['com.example.till'],
        }),
      ),
      'verified',
    )
    assert.equal(
      said(check('android.permissions', permissions, { values: { rule: 'ask', grants: [] } })),
      'drifted settings-differ',
    )
    const kiosk = withoutSecrets(androidWords.kiosk.settings.parse(androidWords.kiosk.examples[0]) as JsonObject, [
      'exitCode',
    ])
    assert.equal(said(check('android.kiosk', kiosk, { values: kiosk, running: false })), 'drifted settings-differ')
    const wifi = {
      ssid: 'Office',
      security: 'wpa-psk',
      hidden: false,
      autoconnect: true,
      eap: 'peap',
      phase2: 'pap',
      randomMac: true,
    }
    // Ways to sign in say nothing where there is only a passphrase.
    const told = { ssid: 'Office', security: 'wpa-psk', hidden: false, autoconnect: true, randomMac: true }
    assert.equal(said(check('android.wifi', wifi, { values: told, hasSecret: true })), 'verified')
    assert.equal(said(check('android.wifi', wifi, { values: told, hasSecret: false })), 'failed secret-missing')
    assert.equal(
      said(check('android.wifi', wifi, { values: { ...told, autoconnect: false }, hasSecret: false })),
      'drifted settings-differ',
    )
  })
})

describe('who can', () => {
  const personal: JsonObject = {
    'android.mode': 'profile-owner',
    'android.companyOwned': false,
    'android.apiLevel': 34,
  }
  const plain: JsonObject = { 'android.mode': 'plain', 'android.apiLevel': 34 }
  test('owners of devices, of profiles, and apps with ordinary rights', () => {
    assert.equal(can('device.wipe', full), 'yes')
    assert.equal(can('device.wipe', company), 'yes')
    assert.equal(
      can('device.wipe', personal),
      'management-mode: Only on a fully managed device or a work profile on a company’s device.',
    )
    assert.equal(can('device.wipe.corporate', personal), 'yes')
    assert.equal(can('device.wipe.corporate', plain), 'yes')
    assert.match(can('device.reboot', plain), /^management-mode: Only on a fully managed device\.$/)
    assert.equal(can('android.kiosk', personal), 'management-mode: Only on a fully managed device.')
    assert.match(can('android.workProfile', full), /^management-mode: Only on a work profile/)
    assert.match(
      can('android.privateDns', { ...full, 'android.apiLevel': 28 }),
      /^android-too-old: It needs Android 10 or later; this device has Android 9\.$/,
    )
    for (const id of ['device.message', 'device.ring', 'device.inventory', 'device.locate'])
      for (const facts of [full, company, personal, plain, {}]) assert.equal(can(id, facts), 'yes')
  })
  test('what needs Samsung Knox names the licence', () => {
    const galaxy = { ...full, 'android.knox.licences': [] }
    const pixel: JsonObject = { 'android.mode': 'device-owner', 'android.apiLevel': 36 }
    assert.equal(can('device.shutdown', full), 'yes')
    assert.equal(
      can('device.shutdown', galaxy),
      'licence-missing: It needs the licence Knox Platform for Enterprise, which is not active on this device.',
    )
    assert.equal(
      can('device.shutdown', pixel),
      'not-samsung: Only Samsung devices can, with the licence Knox Platform for Enterprise.',
    )
    assert.equal(
      can('android.knox.firmware', galaxy),
      'licence-missing: It needs the licence Knox E-FOTA, which is not active on this device.',
    )
    for (const id of ['android.knox.firewall', 'android.knox.restrictions', 'android.knox.keys'])
      assert.match(can(id, galaxy), /^licence-missing: .*Knox Platform for Enterprise/)
  })
})

test('evidence that is almost right, and facts that are not: a judgement, never a crash, and never verified by what is missing', () => {
  const any = fc.jsonValue() as fc.Arbitrary<Json>
  const words: readonly FeatureDescriptor[] = [passcode as FeatureDescriptor, ...androidFeatures]
  // What their kind of protection or the kind of device makes idle is not judged.
  const own = ['passcode', 'android.encryption', 'android.wifi', 'android.vpn']
  fc.assert(
    fc.property(
      fc.nat(words.length - 1),
      fc.nat(),
      any,
      fc.record({ mode: any, level: any, company: any, licences: any }),
      fc.boolean(),
      (which, at, value, hostile, deep) => {
        const d = words[which] as FeatureDescriptor
        const settings = withoutSecrets(d.settings.parse(d.examples[0]) as JsonObject, d.secret)
        const evidence = obeyed(d.id, settings)
        const target = deep ? (evidence.values as JsonObject) : evidence
        const names = Object.keys(target)
        const name = names[at % names.length] ?? 'values'
        const changed = deep
          ? { ...evidence, values: { ...target, [name]: value } }
          : { ...evidence, [name]: value, refused: value }
        const facts = {
          'android.mode': hostile.mode,
          'android.apiLevel': hostile.level,
          'android.companyOwned': hostile.company,
          'android.knox.licences': hostile.licences,
        }
        assertVerdict(check(d.id, settings, changed, facts))
        const { [name]: _, ...rest } = evidence.values as JsonObject
        const demanded = settings[name]
        const idle = demanded === undefined || (Array.isArray(demanded) && demanded.length === 0)
        if (deep && !own.includes(d.id) && name in settings && !idle && holdsOn(d.id, name))
          assert.notEqual(check(d.id, settings, { ...evidence, values: rest }, company).state, 'verified')
      },
    ),
    { numRuns: 600 },
  )
})

/** On this device the member is one that it knows: silence about it is no agreement. */
function holdsOn(id: string, name: string): boolean {
  const on = androidFeatureMeans[id]?.members?.[name]
  return on === undefined || androidRefusal({ on }, androidStand(company)) === undefined
}

function withoutSecrets(settings: JsonObject, secret: readonly string[] | undefined): JsonObject {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !secret?.includes(name)))
}
