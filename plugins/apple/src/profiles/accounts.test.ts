/** Accounts go to iPhones and iPads as declarations where those say all that the settings say, and as profiles everywhere else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@muster/contract'
import { sampleChannel } from '@muster/contract/testing'
import { written } from './feature.fixture.ts'
import { buildProfile, featureRows, featureWire } from './index.ts'

const phone = { 'os.name': 'iOS', 'os.version': '17.6' }
const one = { name: 'Work', host: 'dav.example.com', tls: true, user: 'ada' }
function wireOf(id: string, account: JsonObject, facts: JsonObject, password?: string) {
  const row = featureRows[id]?.[0]
  assert.ok(row)
  const secrets: Record<string, string> = password === undefined ? {} : { 'accounts/0/password': password }
  const c = sampleChannel({ platform: 'apple', facts })
  return featureWire(row.to({ accounts: [account] }, c, secrets, undefined, '1'))
}
const declaredOf = (...of: Parameters<typeof wireOf>) => wireOf(...of).native?.[0]?.configurations[0]

test('a calendar is declared with its address, and the password is a file of its own', () => {
  const made = declaredOf('apple.caldav', { ...one, port: 8443, principal: '/ada' }, phone, 'topsecret')
  assert.deepEqual(made?.payload, {
    VisibleName: 'Work',
    HostName: 'dav.example.com',
    Port: 8443,
    Path: '/ada',
    AuthenticationCredentialsAssetReference: { $asset: 'credential' },
  })
  const [asset, ...more] = made?.assets ?? []
  assert.deepEqual([asset?.type, more.length], ['credential.userpassword', 0])
  const words = JSON.parse(Buffer.from(asset?.data?.bytes ?? '', 'base64').toString()) as unknown
  assert.deepEqual(words, { UserName: 'ada', Password: 'topsecret' })
  assert.doesNotMatch(JSON.stringify([made?.payload, asset?.payload]), /topsecret/)
})

test('contacts, directories and subscribed calendars have words of their own', () => {
  assert.equal(declaredOf('apple.carddav', one, phone)?.type, 'account.carddav')
  const search = { name: 'People', base: 'ou=people', scope: 'level' }
  assert.deepEqual(declaredOf('apple.ldap', { ...one, searches: [search] }, phone)?.payload.SearchSettings, [
    { VisibleDescription: 'People', SearchBase: 'ou=people', Scope: 'OneLevel' },
  ])
  const holidays = { name: 'Holidays', host: 'https://example.com/h.ics', tls: true }
  assert.deepEqual(declaredOf('apple.subscribedCalendar', holidays, phone), {
    type: 'account.subscribed-calendar',
    payload: { VisibleName: 'Holidays', CalendarURL: 'https://example.com/h.ics' },
  })
})

test('what a declaration cannot say, and devices that know none, get the profile', () => {
  const others: [string, JsonObject, JsonObject, string?][] = [
    ['apple.caldav', { ...one, tls: false }, phone],
    ['apple.caldav', { name: 'Work', host: 'dav.example.com', tls: true }, phone, 'topsecret'],
    ['apple.caldav', one, { 'os.name': 'iOS', 'os.version': '14.8' }],
    ['apple.caldav', one, { 'os.name': 'macOS', 'os.version': '15.1' }],
    ['apple.caldav', one, { ...phone, 'apple.declarable': ['com.apple.configuration.legacy'] }],
  ]
  for (const of of others) {
    assert.equal(declaredOf(...of), undefined, JSON.stringify(of))
    assert.equal(wireOf(...of).profiles[0]?.payloads[0]?.PayloadType, 'com.apple.caldav.account')
  }
})

/** Apple: the payloads' `devicechannel` is false on macOS. */
test('mail, calendars, contacts, directories and web clips of a Mac go to its users, in their own scope', () => {
  const names = { prefix: 'com.example.muster', organisation: 'Example' }
  const reason = (id: string, name: string, facts: JsonObject) => {
    const row = featureRows[id]?.find((r) => r.channel === name.split(':')[0])
    const answer = row?.when?.(sampleChannel({ platform: 'apple', facts, name })) ?? 'no row'
    return typeof answer === 'object' ? answer.code : answer
  }
  const mac = { 'os.name': 'macOS', 'os.version': '15.1' }
  for (const id of ['apple.mail', 'apple.exchange', 'apple.caldav', 'apple.carddav', 'apple.ldap', 'apple.webClips']) {
    assert.equal(featureRows[id]?.[0]?.channel, 'user', id)
    assert.equal(reason(id, 'user:501', mac), true, id)
    assert.equal(reason(id, 'user:501', { ...mac, 'os.version': '12.7' }), 'system-too-old', id)
    assert.equal(reason(id, 'device', mac), 'no-user', id)
    assert.equal(reason(id, 'device', phone), true, id)
  }
  const clips = { clips: [{ label: 'Help', address: 'https://help.example.com/' }] }
  for (const [facts, name, scope] of [
    [mac, 'user:501', 'User'],
    [phone, 'device', 'System'],
  ] as const) {
    const [clip] = written('apple.webClips', clips, facts, name).profiles
    assert.ok(clip)
    const text = buildProfile('apple.webClips', clip, names)
    assert.equal(/<key>PayloadScope<\/key>\s*<string>(\w+)/.exec(text)?.[1], scope)
  }
})
