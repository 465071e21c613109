/** Every feature: its words, the profile that each example becomes, and what the facts say of it afterwards. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type ChannelDetail,
  type FeatureRow,
  type Json,
  type JsonObject,
  joinVersions,
  jsonSchema,
  passcode,
  secretPlaces,
  textIn,
} from '@muster/contract'
import { conformance, sampleChannel, sampleSecrets } from '@muster/contract/testing'
import { isDict, type Plist, readPlist } from '@muster/kit/plist'
import fc from 'fast-check'
import { featuresAlone, readWire, type Wire } from './feature.fixture.ts'
import { appleFeatures, buildProfile, featureRows, profileIdentifier, profilesFact, vpnUuid } from './index.ts'

const names = { prefix: 'com.example.muster', organisation: 'Example' }
const features = [passcode, ...appleFeatures]
const systems: readonly JsonObject[] = [
  {},
  { 'os.name': 'iOS', 'os.version': '18.1', 'apple.supervised': true },
  { 'os.name': 'macOS', 'os.version': '15.1' },
]
const rowOf = (id: string): FeatureRow => featureRows[id]?.[0] as FeatureRow
const channel = (facts: JsonObject): ChannelDetail => sampleChannel({ platform: 'apple', facts })

conformance(featuresAlone, undefined, { facts: { 'apple.supervised': true } })

function wireOf(id: string, settings: JsonObject, facts: JsonObject, version?: string): Wire {
  const row = rowOf(id)
  return readWire(row.to(settings, channel(facts), sampleSecrets(row.needs, settings), undefined, version))
}
const uuidsOf = (w: Wire) => w.profiles.map((p) => p.uuid).join()
const listed = (w: Wire): JsonObject[] =>
  w.profiles.map((p) => ({ identifier: profileIdentifier('x', w.feature, p.part), uuid: p.uuid }))
const examplesOf = (id: string) => rowOf(id).examples.map((e) => e.in)
const wires = features.flatMap((f) =>
  examplesOf(f.id).flatMap((settings) => systems.map((facts) => wireOf(f.id, settings, facts))),
)

const profiles = wires.flatMap((w) => unmarked(w).profiles.map((profile) => ({ feature: w.feature, profile })))

describe('profiles', () => {
  test('every example becomes a property list that reads back as it was meant', () => {
    for (const { feature, profile } of profiles) {
      const identifier = profileIdentifier(names.prefix, feature, profile.part)
      const top = readPlist(Buffer.from(buildProfile(feature, profile, names)))
      assert.ok(isDict(top) && Array.isArray(top.PayloadContent))
      assert.equal(top.PayloadIdentifier, identifier)
      assert.equal(top.PayloadUUID, profile.uuid)
      assert.equal(top.PayloadType, 'Configuration')
      assert.equal(top.PayloadContent.length, profile.payloads.length)
      for (const [i, p] of top.PayloadContent.entries()) {
        assert.ok(isDict(p))
        assert.equal(p.PayloadIdentifier, `${identifier}.${i + 1}`)
        for (const key of ['PayloadType', 'PayloadUUID', 'PayloadDisplayName']) assert.equal(typeof p[key], 'string')
        assertSays(p, profile.payloads[i] as JsonObject)
      }
    }
  })

  test('no two payloads of a profile share an identifier, and what is referred to is there', () => {
    const vpns = examplesOf('apple.vpn').flatMap((s) => (s.vpns as JsonObject[]).map((v) => vpnUuid(String(v.name))))
    for (const { feature, profile } of profiles) {
      const top = readPlist(Buffer.from(buildProfile(feature, profile, names)))
      assert.ok(isDict(top) && Array.isArray(top.PayloadContent))
      const uuids = top.PayloadContent.map((p) => (isDict(p) ? p.PayloadUUID : ''))
      assert.equal(new Set([top.PayloadUUID, ...uuids]).size, uuids.length + 1, feature)
      for (const [key, value] of entries(top.PayloadContent))
        if (/UUID$/.test(key) && key !== 'PayloadUUID') {
          const known = key === 'VPNUUID' ? vpns : uuids
          for (const one of Array.isArray(value) ? value : [value])
            assert.ok((known as unknown[]).includes(one), `${feature}: ${key}`)
        }
    }
  })

  test('equal settings give an equal UUID whatever their order; a change gives another; identifiers stay', () => {
    let changes = 0
    for (const f of features) {
      const [settings = {}] = examplesOf(f.id)
      const uuid = uuidsOf(wireOf(f.id, settings, {}))
      if (uuid === '') continue
      assert.match(uuid.split(',')[0] ?? '', /^[0-9A-F]{8}-[0-9A-F]{4}-8[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}$/)
      assert.equal(uuidsOf(wireOf(f.id, turned(settings) as JsonObject, {})), uuid)
      const row = rowOf(f.id)
      const others = Object.fromEntries(secretPlaces(settings, row.needs).map((n) => [n, 'another']))
      const other = readWire(row.to(settings, channel({}), others))
      assert.equal(uuidsOf(other), uuid, 'a secret itself is no part of it')
      for (const changed of changesOf(settings)) {
        // Only what a policy could say.
        if (!f.settings.safeParse(changed).success) continue
        changes += 1
        for (const facts of systems) {
          for (const p of unmarked(wireOf(f.id, changed as JsonObject, facts)).profiles)
            assert.ok(isDict(readPlist(Buffer.from(buildProfile(f.id, p, names)))))
        }
        assert.notEqual(uuidsOf(wireOf(f.id, changed as JsonObject, {})), uuid, f.id)
      }
    }
    assert.ok(changes > 150, `${changes}`)
    const uuids = profiles.map(({ feature, profile }) => `${feature} ${profile.uuid}`)
    assert.equal(new Set(uuids.map((u) => u.split(' ')[1])).size, new Set(uuids).size, 'features never share one')
  })

  test('every field of every form has a title, and every secret reaches the device', () => {
    for (const f of appleFeatures) {
      assert.ok(textIn(f.title).length <= 50 && textIn(f.summary).endsWith('.'), f.id)
      for (const [path, property] of properties(jsonSchema(f.settings)))
        assert.ok(typeof property.title === 'string' && property.title !== '', `${f.id}: ${path} has no title`)
      for (const secret of f.secret ?? []) {
        // An identity is made by SCEP or comes from a file: without the one, the other.
        const others = examplesOf(f.id).map((settings) => wireOf(f.id, withoutScep(settings) as JsonObject, {}))
        const all = [...others, ...wires.filter((w) => w.feature === f.id)]
        const text = JSON.stringify(all) + all.map(filesOf).join()
        const places = examplesOf(f.id).flatMap((settings) => secretPlaces(settings, [secret]))
        const delivered = (place: string) =>
          [`secret:${place}`, Buffer.from(`secret:${place}`, 'base64').toString('base64')].some((t) => text.includes(t))
        assert.ok(places.some(delivered), `${f.id}: ${secret} is not delivered`)
      }
    }
  })
})

test('a secret that changed alone makes another profile, and the one before it has drifted', () => {
  for (const f of features) {
    const [settings = {}] = examplesOf(f.id)
    const row = rowOf(f.id)
    const places = secretPlaces(settings, row.needs)
    // Of the first item alone, where it is a list.
    const version = (v: string) =>
      joinVersions(
        v,
        places.map((path) => ({ path, version: /\/0\//.test(path) ? v : 'same' })),
      )
    const of = (v: string) => wireOf(f.id, settings, {}, version(v))
    const state = (has: Wire, v: string) =>
      row.check?.(settings, { [profilesFact]: listed(has) as Json }, {}, version(v)).state
    if (of('a').profiles.length === 0) continue
    assert.equal(of('a').uuid !== of('b').uuid, Boolean(f.secret?.length), f.id)
    assert.deepEqual(of('a').profiles.slice(1), of('b').profiles.slice(1), 'others stay')
    if (!f.secret?.length) continue
    assert.equal(state(of('a'), 'b'), 'drifted', f.id)
    assert.equal(state(of('b'), 'b'), 'verified', f.id)
  }
})

test('items of a list are a profile each: what changes in one leaves the others, and their order says nothing', () => {
  const networks = ['a', 'b', 'c'].map((ssid) => ({ ssid, security: 'wpa2', hidden: false, autoJoin: true }))
  const all = wireOf('apple.wifi', { networks }, {})
  assert.equal(new Set(all.profiles.map((p) => p.part)).size, 3)
  assert.deepEqual(
    uuidsOf(wireOf('apple.wifi', { networks: networks.toReversed() }, {}))
      .split(',')
      .sort(),
    uuidsOf(all).split(',').sort(),
  )
  const [a, b, c] = wireOf(
    'apple.wifi',
    { networks: networks.map((n) => (n.ssid === 'b' ? { ...n, hidden: true } : n)) },
    {},
  ).profiles
  assert.deepEqual([a, c], [all.profiles[0], all.profiles[2]])
  assert.equal(b?.part, all.profiles[1]?.part)
  assert.notEqual(b?.uuid, all.profiles[1]?.uuid)
  const twice = wireOf('apple.wifi', { networks: [...networks, { ...networks[0], hidden: true }] }, {})
  assert.equal(uuidsOf(twice), uuidsOf(all), 'the first of two with one name counts')
  const { check } = rowOf('apple.wifi')
  const judged = (...has: Json[]) => check?.({ networks }, { [profilesFact]: has })
  const has = listed(all)
  assert.equal(judged(...has)?.state, 'verified')
  assert.equal(judged(...has.slice(1))?.state, 'drifted')
  const extra = judged(...has, { identifier: 'x.apple.wifi.0123456789ab', uuid: 'U' })
  assert.equal(extra?.state === 'drifted' && extra.reason.code, 'profile-extra')
  const former = judged(...has, { identifier: 'x.apple.wifi', uuid: 'U' })
  assert.equal(former?.state, 'drifted')
})

test('what is kept of the device counts beside the report; which profiles it has is the report’s alone', () => {
  const [settings = {}] = rowOf('apple.fileVault').examples.map((e) => e.in)
  const installed = [{ identifier: 'x.apple.fileVault', uuid: wireOf('apple.fileVault', settings, {}).uuid }]
  const { check } = rowOf('apple.fileVault')
  const report = { [profilesFact]: installed }
  assert.equal(check?.(settings, report, { 'security.encrypted': false })?.state, 'failed')
  assert.equal(
    check?.(settings, { ...report, 'security.encrypted': true }, { 'security.encrypted': false })?.state,
    'verified',
  )
  assert.equal(check?.(settings, { 'security.encrypted': true }, report)?.state, 'unknown')
})

describe('what is installed', () => {
  const settings = { ...(passcode.examples[0] as JsonObject) }
  const { check } = rowOf('passcode')
  const { uuid } = wireOf('passcode', settings, {})
  const judged = (...listed: Json[]) => check?.(settings, { [profilesFact]: listed })

  test('this version is verified, another or none is drift, silence is neither', () => {
    assert.equal(check?.(settings, {})?.state, 'unknown')
    assert.equal(judged()?.state, 'drifted')
    assert.equal(judged({ identifier: 'com.example.muster.passcode', uuid: uuid.toLowerCase() })?.state, 'verified')
    const other = judged({ identifier: 'com.example.muster.passcode', uuid: uuid.replace(/^./, 'X') })
    assert.deepEqual(other && 'reason' in other && other.reason.code, 'profile-other')
    const missing = judged({ identifier: 'com.example.muster.apple.wifi', uuid: 'X' })
    assert.deepEqual(missing && 'reason' in missing && missing.reason.code, 'profile-missing')
  })
  test('another’s profile with a like name changes nothing, and so does nonsense in the list', () => {
    const mine = { identifier: 'com.example.muster.passcode', uuid }
    const foreign = { identifier: 'org.other.passcode', uuid: 'F0' }
    assert.equal(judged(foreign, mine)?.state, 'verified')
    assert.equal(judged(7, null, 'x', [], {}, { identifier: 7, uuid: {} }, mine)?.state, 'verified')
    fc.assert(
      fc.property(fc.array(fc.jsonValue() as fc.Arbitrary<Json>), (listed) => {
        assert.equal(judged(...listed)?.state, 'drifted')
      }),
      { numRuns: 100 },
    )
  })
  test('an update by command is ordered again with each inventory, and says so', () => {
    const wanted = { mobile: { version: '16.7', deadline: '2099-01-01T18:00:00' }, older: 'install' }
    const facts = { 'os.name': 'iOS', 'os.version': '16.6', 'apple.supervised': true }
    const verdict = (reported: JsonObject, known: JsonObject = facts) =>
      rowOf('apple.updateEnforcement').check?.(wanted, reported, known)
    const pending = verdict({ [profilesFact]: [] })
    assert.equal(pending?.state, 'drifted')
    assert.equal(pending && 'reason' in pending && pending.reason.code, 'update-pending')
    assert.equal(verdict({ 'os.version': '16.6' })?.state, 'unknown')
    assert.equal(verdict({ 'os.version': '16.7.1' }, { ...facts, 'os.version': '16.7.1' })?.state, 'verified')
  })
  test('FileVault is judged by the disk, not by the profile alone', () => {
    const [vault = {}] = examplesOf('apple.fileVault')
    const listed = [{ identifier: 'x.apple.fileVault', uuid: wireOf('apple.fileVault', vault, {}).uuid }]
    const state = (encrypted: boolean) =>
      rowOf('apple.fileVault').check?.(vault, { [profilesFact]: listed, 'security.encrypted': encrypted }).state
    assert.equal(state(true), 'verified')
    assert.equal(state(false), 'failed')
  })
})

test('a firewall that the Mac says is off is no firewall', () => {
  const [settings = {}] = rowOf('apple.firewall').examples.map((e) => e.in)
  const listed = [{ identifier: 'x.apple.firewall', uuid: wireOf('apple.firewall', settings, {}).uuid }]
  const say = (facts: JsonObject) => rowOf('apple.firewall').check?.(settings, { [profilesFact]: listed, ...facts })
  assert.equal(say({ 'apple.firewall': true, 'apple.firewallBlocksAll': false })?.state, 'verified')
  const off = say({ 'apple.firewall': false, 'apple.firewallStealth': true })
  assert.deepEqual(off?.state === 'failed' && off.evidence, { differs: ['firewall'] })
})

describe('which devices', () => {
  const can = (id: string, facts: JsonObject) => {
    const answer = rowOf(id).when?.(channel(facts))
    return answer === true ? true : answer?.code
  }
  test('system, version, supervision and personal enrolment are told as reasons', () => {
    assert.equal(can('apple.fileVault', { 'os.name': 'iPadOS' }), 'other-system')
    assert.equal(can('apple.fileVault', { 'os.name': 'macOS', 'os.version': '15.1' }), true)
    assert.equal(can('apple.dns', { 'os.name': 'iOS', 'os.version': '13.7' }), 'system-too-old')
    assert.equal(can('apple.dns', { 'os.name': 'iPadOS', 'os.version': '14.0' }), true)
    assert.equal(can('apple.singleApp', { 'os.name': 'iOS', 'os.version': '17.0' }), 'supervision-unknown')
    const ios = { 'os.name': 'iOS', 'os.version': '17.0' }
    assert.equal(can('apple.singleApp', { ...ios, 'apple.supervised': false }), 'not-supervised')
    assert.equal(can('apple.singleApp', { ...ios, 'apple.supervised': true }), true)
    assert.equal(can('apple.vpn', { ...ios, 'apple.enrollmentId': 'E1' }), 'user-enrolment')
    assert.equal(can('apple.wifi', { ...ios, 'apple.enrollmentId': 'E1' }), true)
    assert.equal(can('apple.wifi', {}), true)
  })
})

/** What devices fetch. */
function filesOf(w: Wire): string {
  const assets = w.native?.flatMap((n) => n.configurations.flatMap((c) => c.assets ?? [])) ?? []
  return assets.map((a) => Buffer.from(a.data?.bytes ?? '', 'base64').toString()).join()
}

/** An identity that comes from the file, where one is made otherwise. */
function withoutScep(json: Json): Json {
  if (Array.isArray(json)) return json.map(withoutScep)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(Object.entries(json).flatMap(([k, v]) => (k === 'scep' ? [] : [[k, withoutScep(v)]])))
}

/** What the host fills in stands for bytes here. */
function unmarked(w: Wire): Wire {
  const text = JSON.stringify(w).replaceAll(/\{"\$own":"[a-z]+"\}/g, '{"$data":"AQID"}')
  return JSON.parse(text) as Wire
}

/** The list says all that the payload does, in the types that it marks. */
function assertSays(list: Plist | undefined, json: Json): void {
  if (typeof json !== 'object' || json === null) return assert.equal(list, json)
  if (Array.isArray(json)) {
    assert.ok(Array.isArray(list) && list.length === json.length)
    for (const [i, v] of json.entries()) assertSays(list[i], v)
  } else if (typeof json.$data === 'string')
    assert.deepEqual(Buffer.from(list as Uint8Array).toString('base64'), json.$data)
  else if (typeof json.$real === 'number') assert.equal(list, json.$real)
  else {
    assert.ok(isDict(list))
    for (const [key, v] of Object.entries(json)) assertSays(list[key], v)
  }
}

function* entries(list: Plist): Generator<[string, Plist]> {
  if (Array.isArray(list)) for (const one of list) yield* entries(one)
  else if (isDict(list))
    for (const [key, value] of Object.entries(list)) {
      yield [key, value]
      yield* entries(value)
    }
}

/** The same with its keys the other way round. */
function turned(json: Json): Json {
  if (Array.isArray(json)) return json.map(turned)
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json)
      .reverse()
      .map(([key, v]) => [key, turned(v)]),
  )
}

/** One value changed at a time, wherever it stands. */
function* changesOf(json: Json): Generator<Json> {
  if (typeof json === 'boolean') yield !json
  else if (typeof json === 'number') yield json + 1
  else if (typeof json === 'string') yield `${json}x`
  else if (Array.isArray(json)) for (const [i, v] of json.entries()) for (const c of changesOf(v)) yield json.with(i, c)
  else if (json !== null)
    for (const [key, v] of Object.entries(json)) for (const c of changesOf(v)) yield { ...json, [key]: c }
}

type Schema = Record<string, unknown>
/** Every property of a form, and of what is within. */
function* properties(schema: unknown, path = ''): Generator<[string, Schema]> {
  if (typeof schema !== 'object' || schema === null) return
  const { properties: own, items, anyOf, oneOf } = schema as Schema
  for (const [name, property] of Object.entries((own ?? {}) as Record<string, Schema>)) {
    yield [`${path}/${name}`, property]
    yield* properties(property, `${path}/${name}`)
  }
  yield* properties(items, `${path}[]`)
  for (const part of [...((anyOf ?? []) as Schema[]), ...((oneOf ?? []) as Schema[])]) yield* properties(part, path)
}
