/** Profiles brought by administrators: what is taken, what is refused and why, and that nothing breaks the reader. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import { isDict, readPlist, writeXmlPlist } from '@muster/kit/plist'
import fc from 'fast-check'
import { toDict } from '../wire/index.ts'
import { exampleProfile, readProfile } from './custom.ts'
import { featureOf, readWire, rowOf } from './feature.fixture.ts'
import { buildProfile } from './index.ts'

const descriptor = featureOf('apple.customProfiles')
const row = rowOf('apple.customProfiles')
const profileOf = (...payloads: JsonObject[]) =>
  writeXmlPlist(toDict({ PayloadType: 'Configuration', PayloadContent: payloads }))
const refusal = (text: string) => {
  const read = readProfile(text)
  return 'refused' in read ? read.refused : undefined
}

test('what would change who manages the device, and what is no profile, is refused with a reason', () => {
  const plain = { PayloadType: 'com.example.app', Setting: 1 }
  assert.equal(refusal(profileOf(plain, { PayloadType: '.GlobalPreferences' })), undefined)
  assert.match(refusal(profileOf(plain, { PayloadType: 'com.apple.mdm' })) ?? '', /^payload 2: com\.apple\.mdm: /)
  assert.match(refusal(profileOf({ PayloadType: 'com.apple.profileRemovalPassword' })) ?? '', /outlive/)
  assert.match(refusal(profileOf({ PayloadType: 'Configuration' })) ?? '', /within a profile/)
  assert.match(refusal(profileOf({ PayloadType: 'com.apple.declarations' })) ?? '', /declarations/)
  assert.match(refusal(profileOf({ Setting: 1 })) ?? '', /no PayloadType/)
  assert.match(refusal(profileOf({ PayloadType: 'toString', PayloadUUID: 'a b' })) ?? '', /PayloadUUID/)
  assert.match(refusal(profileOf()) ?? '', /no payloads/)
  assert.match(refusal(profileOf(...Array.from({ length: 101 }, () => plain))) ?? '', /more than 100/)
  assert.match(refusal('') ?? '', /not a property list/)
  assert.match(refusal('<plist><string>x</string></plist>') ?? '', /no configuration profile/)
  assert.match(refusal(exampleProfile.replace('</plist>', '')) ?? '', /not a property list/)
  const encrypted = writeXmlPlist(toDict({ PayloadType: 'Configuration', EncryptedPayloadContent: { $data: 'AQID' } }))
  assert.match(refusal(encrypted) ?? '', /encrypted/)
})

test('the form refuses it in the same words, and variables, and what is too long', () => {
  const issue = (profile: string) =>
    descriptor.settings.safeParse({ profiles: [{ name: 'x', profile }] }).error?.issues[0]?.message
  assert.equal(issue(exampleProfile), undefined)
  assert.match(issue('<plist/>') ?? '', /property list/)
  assert.match(issue(profileOf({ PayloadType: 'com.apple.mdm' })) ?? '', /enrolment alone/)
  assert.match(issue(profileOf({ PayloadType: 'a.b', Name: '{{user.name}}' })) ?? '', /variables/)
  assert.ok(issue(`${exampleProfile}${' '.repeat(500_000)}`))
})

test('bytes, moments and references come through; identifiers become ours', () => {
  const text = profileOf(
    {
      PayloadType: 'com.apple.wifi.managed',
      PayloadIdentifier: 'theirs.1',
      PayloadUUID: 'A1',
      PayloadCertificateUUID: 'B2',
      When: { $date: '2026-01-02T03:04:05Z' },
      Half: 0.5,
      Deep: [{ Bytes: { $data: 'AQID' } }],
    },
    { PayloadType: 'com.apple.security.root', PayloadUUID: 'B2', PayloadContent: { $data: 'BAUG' } },
  )
  const settings = {
    profiles: [
      { name: 'Wi-Fi', profile: text },
      { name: 'Finder', profile: exampleProfile },
    ],
  }
  const names = { prefix: 'com.example', organisation: 'Example' }
  const { profiles } = readWire(row.to(settings, sampleChannel({ platform: 'apple' }), {}))
  const [first, second] = profiles.map((p) => {
    const top = readPlist(Buffer.from(buildProfile('apple.customProfiles', p, names)))
    assert.ok(isDict(top) && Array.isArray(top.PayloadContent))
    return top.PayloadContent
  })
  const [wifi, root] = first ?? []
  const [finder] = second ?? []
  assert.ok(isDict(wifi) && isDict(root) && isDict(finder))
  assert.equal(wifi.PayloadIdentifier, `com.example.apple.customProfiles.${profiles[0]?.part}.1`)
  assert.equal(wifi.PayloadCertificateUUID, root.PayloadUUID)
  assert.deepEqual(wifi.When, new Date('2026-01-02T03:04:05Z'))
  assert.equal(wifi.Half, 0.5)
  assert.ok(Array.isArray(wifi.Deep) && isDict(wifi.Deep[0]))
  assert.deepEqual(Buffer.from(wifi.Deep[0].Bytes as Uint8Array), Buffer.from([1, 2, 3]))
  assert.equal(finder.ProhibitEject, true)
})

test('a profile by which a device erases itself says so, and no other does', () => {
  const passcode = (more: JsonObject) =>
    profileOf({ PayloadType: 'com.apple.mobiledevice.passwordpolicy', PayloadUUID: 'P', ...more })
  const erases = (...profiles: string[]) =>
    descriptor.erases?.({ profiles: profiles.map((profile, i) => ({ name: `${i}`, profile })) })
  assert.equal(erases(exampleProfile, passcode({ forcePIN: true })), false)
  assert.equal(erases(passcode({ maxFailedAttempts: 11 })), false)
  assert.equal(erases(exampleProfile, passcode({ maxFailedAttempts: 10 })), true)
  assert.equal(erases('nothing'), false)
})

test('any text is read or refused, never more', () => {
  const cut = fc
    .tuple(fc.nat(exampleProfile.length), fc.nat(20), fc.string())
    .map(([at, n, put]) => exampleProfile.slice(0, at) + put + exampleProfile.slice(at + n))
  fc.assert(
    fc.property(fc.oneof(fc.string(), cut), (text) => {
      const read = readProfile(text)
      if ('refused' in read) assert.ok(read.refused.length > 0 && read.refused.length < 500)
      else assert.ok(read.payloads.every((p) => p.PayloadType !== 'com.apple.mdm'))
    }),
    { numRuns: 500 },
  )
  assert.match(refusal(`<plist>${'<array>'.repeat(1000)}`) ?? '', /property list/)
})
