/** A device comes by its enrolment profile, and gets its next identity before the one that it has ends: the whole way with a real core. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Channel } from '@muster/contract'
import { openSigned, signData } from '@muster/kit/cms'
import { isDict, type PlistDict, readPlist, writeXmlPlist } from '@muster/kit/plist'
import { certificateRequest, readCertRep, rsaKey, scepMessage, selfSigned } from '@muster/kit/testing'
import { installedPlatforms } from '@muster/server'
import { type AppleBench, openApple } from './bench.fixture.ts'
import { createDevice, enrolled, type Identity, scep, type TestDevice } from './device.fixture.ts'

let bench: AppleBench
const topic = 'com.apple.mgmt.External.test'
before(async () => {
  bench = await openApple()
  await bench.host('apple').sql`
    insert into push_certificate (id, state, key, certificate, topic, not_after) values (gen_random_uuid(), 'current', '\\x00', '', ${topic}, now() + interval '1 year')`
})
after(() => bench.close())

function payloads(profile: Uint8Array): PlistDict[] {
  const bytes = profile[0] === 0x30 ? openSigned(profile).content : profile
  const read = readPlist(bytes)
  assert.ok(isDict(read))
  return read.PayloadContent as PlistDict[]
}
const ofType = (all: PlistDict[], type: string) =>
  all.find((p) => p.PayloadType === type) ?? assert.fail(`no payload ${type}`)
const challengeIn = (all: PlistDict[]) =>
  String((ofType(all, 'com.apple.security.scep').PayloadContent as PlistDict).Challenge)
const bytesOf = (body: unknown) => body as Uint8Array

/** In by the profile that the invitation's code gives. */
async function comeIn(query = ''): Promise<{ device: TestDevice; channel: Channel; mdm: PlistDict }> {
  const code = await bench.code('apple', 'byod')
  const reply = await bench.request('GET', '/profile', { query: `code=${code}${query}` })
  assert.equal(reply.status, 200)
  const all = payloads(bytesOf(reply.body))
  const mdm = ofType(all, 'com.apple.mdm')
  const asked = new URL(String(mdm.ServerURL)).search
  const call: typeof bench.request = (method, path, o) => bench.request(method, path, { query: asked.slice(1), ...o })
  const device = await enrolled(call, challengeIn(all))
  await device.connect()
  return { device, channel: await bench.channelOf(device), mdm }
}
const query = (text: string, ...values: unknown[]) => bench.db.query<object>({ text, values })
const days = (n: number) => new Date(Math.floor(Date.now() / 1000) * 1000 + n * 86_400_000)
async function endsAt(c: Channel, at: Date): Promise<void> {
  await query('update certificate set not_after = $1 where channel = $2 and revoked is null', at, c.no)
  await query(
    "update credential set expires = $1 where channel = $2 and kind = 'certificate' and revoked is null",
    at,
    c.no,
  )
}
/** What the device was told to install, when it was told. */
async function renewalOf(device: TestDevice): Promise<PlistDict[] | undefined> {
  const commands = await device.connect()
  const install = commands.find((c) => c.Command.RequestType === 'InstallProfile')
  return install && payloads(install.Command.Payload as Uint8Array)
}
async function ask(challenge: string, identity: Identity) {
  const authority = (await scepAuthority())!
  const by = { key: identity.key, certificate: identity.certificate }
  const message = scepMessage({ authority, by, content: certificateRequest(identity.key, { challenge }) })
  const reply = await bench.request('POST', '/scep', { query: 'operation=PKIOperation', body: message })
  return readCertRep(reply.body, by)
}
async function scepAuthority(): Promise<Uint8Array | undefined> {
  return (await bench.host('apple').certificates.own('scep')).chain[0]
}

test('the profile, the identity, the device', async () => {
  const { channel, mdm } = await comeIn()
  assert.deepEqual([channel.lifecycle, channel.ownership], ['active', 'byod'])
  assert.equal(Number(mdm.AccessRights) & 8, 0)
  assert.equal(mdm.Topic, topic)
})

test('nothing is renewed before its time', async () => {
  const { device } = await comeIn()
  await bench.job('apple.renewals')
  assert.equal(await renewalOf(device), undefined)
})

test('the next identity: same profile, a challenge of its own, and the old one until it is used', async () => {
  const { device, channel, mdm } = await comeIn()
  await endsAt(channel, days(20))
  await bench.job('apple.renewals')
  const all = await renewalOf(device)
  assert.ok(all)
  const again = ofType(all, 'com.apple.mdm')
  // Apple refuses an update that changes any of these.
  for (const name of [
    'Topic',
    'ServerURL',
    'CheckInURL',
    'AccessRights',
    'PayloadIdentifier',
    'IdentityCertificateUUID',
  ])
    assert.deepEqual(again[name], mdm[name], name)
  const challenge = challengeIn(all)
  const next = await scep(bench.request, challenge)
  assert.notDeepEqual(next.certificate, device.identity.certificate)
  // Not used yet: the old one is still the one, and another renewal would come.
  assert.deepEqual(await device.connect(), [])
  await bench.job('apple.renewals')
  assert.ok(await renewalOf(device))
  const renewed = createDevice(bench.request, { identity: next, udid: device.udid })
  assert.deepEqual(await renewed.connect(), [])
  const c = await bench.channelOf(renewed)
  assert.equal(c.no, channel.no)
  await bench.job('apple.renewals')
  assert.equal(await renewalOf(renewed), undefined)
  assert.ok(new Date(new X509Certificate(next.certificate).validTo) > days(300))
})

test('a challenge of a renewal: once, for one key, for its device, for a week', async () => {
  const { device, channel } = await comeIn()
  const told = async () => {
    await endsAt(channel, days(20))
    await bench.job('apple.renewals')
    return challengeIn((await renewalOf(device)) ?? assert.fail('no renewal'))
  }
  const challenge = await told()
  const [one, two] = [selfSigned(rsaKey()), selfSigned(rsaKey())]
  const weak = rsaKey(1024)
  const refused = await ask(challenge, { key: weak, certificate: selfSigned(weak).certificate })
  assert.equal(refused.status, '2', 'a weak key spends nothing')
  const raced = await Promise.all([ask(challenge, one), ask(challenge, two)])
  assert.deepEqual(raced.map((r) => r.status).sort(), ['0', '2'])
  const winner = raced[0]?.status === '0' ? one : two
  const repeated = await ask(challenge, winner)
  assert.deepEqual(repeated.certificates, raced.find((r) => r.status === '0')?.certificates)
  assert.equal((await ask(challenge, winner === one ? two : one)).status, '2')
  const [leaf] = repeated.certificates
  const known = await bench.host('apple').identify({ certificate: leaf! })
  assert.ok('no' in known && known.no === channel.no)

  const late = await told()
  await bench.host('apple').sql`update renewal_challenge set expires = now() - interval '1 s'`
  assert.equal((await ask(late, two)).status, '2')
  const gone = await told()
  assert.equal((await device.checkin('CheckOut')).status, 200)
  assert.equal((await ask(gone, two)).status, '2')
})

test('no challenge stands in clear in the database', async () => {
  const { device, channel } = await comeIn()
  await endsAt(channel, days(20))
  await bench.job('apple.renewals')
  const challenge = challengeIn((await renewalOf(device)) ?? assert.fail('no renewal'))
  const rows = await bench.host('apple').sql<{ all: string }>`select to_jsonb(r)::text as all from renewal_challenge r`
  assert.ok(rows.length > 0 && rows.every((r) => !r.all.includes(challenge)))
})

test('an identity that ends within a week is told of, each time', async () => {
  const { channel } = await comeIn()
  await endsAt(channel, days(5))
  await bench.job('apple.renewals')
  const rows = await query(
    'select x.type, x.severity from device_event x join device d on d.no = x.device where d.id = $1',
    channel.device,
  )
  assert.deepEqual(rows, [{ type: 'apple.identity-ending', severity: 'warning' }])
})

test('the licence that was accepted is recorded, and stays in the address through a renewal', async () => {
  await bench.core.enrollment.licences.create({
    platform: 'apple',
    language: 'en',
    version: '2026-1',
    text: 'Be good.',
    actor: 'user:admin',
  })
  const code = await bench.code('apple')
  const page = await bench.request('GET', '/profile', { query: `code=${code}` })
  assert.match(String(page.body), /Be good\./)
  const { device, channel, mdm } = await comeIn('&licence=2026-1')
  assert.match(String(mdm.ServerURL), /\?licence=2026-1$/)
  assert.equal((await bench.host('apple').terms(channel)).accepted, true)
  await endsAt(channel, days(20))
  await bench.job('apple.renewals')
  const all = await renewalOf(device)
  assert.equal(ofType(all ?? [], 'com.apple.mdm').ServerURL, mdm.ServerURL)
})

/** Signed by this identity, as the device answers the profile service. */
async function answerService(url: string, by: Identity, said: PlistDict) {
  const content = Buffer.from(writeXmlPlist(said))
  const body = signData({ content, certificate: by.certificate, key: by.key, digest: 'sha1' })
  return bench.request('POST', '/ota', { query: new URL(url).search.slice(1), body })
}

test('over the air: the service, an identity for the conversation, then the enrolment profile with its own', async () => {
  const code = await bench.code('apple')
  const licence = '&licence=2026-1'
  const first = await bench.request('GET', '/ota', { query: `code=${code}${licence}` })
  assert.equal(first.headers?.['content-type'], 'application/x-apple-aspen-config')
  const service = readPlist(openSigned(bytesOf(first.body)).content)
  assert.ok(isDict(service) && service.PayloadType === 'Profile Service')
  const { URL: url, Challenge: challenge } = service.PayloadContent as PlistDict
  const said = { UDID: 'F'.repeat(40), PRODUCT: 'iPhone15,3', CHALLENGE: String(challenge) }

  // Phase 2: signed with what Apple made it with.
  const born = selfSigned(rsaKey(), 'iPhone Device')
  const second = payloads(bytesOf((await answerService(String(url), born, said)).body))
  assert.equal(
    second.find((p) => p.PayloadType === 'com.apple.mdm'),
    undefined,
  )
  const conversation = await scep(bench.request, challengeIn(second))
  // Phase 3: signed with that.
  const third = payloads(bytesOf((await answerService(String(url), conversation, said)).body))
  assert.match(String(ofType(third, 'com.apple.mdm').ServerURL), /licence=2026-1$/)
  const device = await enrolled(
    (method, path, o) => bench.request(method, path, { query: 'licence=2026-1', ...o }),
    challengeIn(third),
  )
  assert.equal((await bench.channelOf(device)).lifecycle, 'active')
  const left = await bench.host('apple').identify({ certificate: conversation.certificate })
  assert.ok('refused' in left)
  await assert.rejects(scep(bench.request, challengeIn(third)), /refused/)
})

test('over the air: nobody takes the place of the identity that another key got', async () => {
  const code = await bench.code('apple')
  const url = 'https://localhost/apple/ota?licence=2026-1'
  const born = selfSigned(rsaKey(), 'iPhone Device')
  const conversation = await scep(bench.request, code)
  const said = { CHALLENGE: code }
  const third = challengeIn(payloads(bytesOf((await answerService(url, conversation, said)).body)))
  const [, instead, proof] = third.split('.')
  for (const wrong of [
    `${code}.${instead}.${'0'.repeat(64)}`,
    `${code}.${'0'.repeat(64)}.${proof}`,
    `${third}.x`,
    code,
  ])
    await assert.rejects(scep(bench.request, wrong), /refused/, wrong)
  const taken = await scep(bench.request, third)
  await assert.rejects(scep(bench.request, third), /refused/, 'it is good for one key')
  assert.ok(taken.certificate)
  // Whoever has the code alone gets no further than the SCEP payload, and a strange code not even there.
  assert.equal(payloads(bytesOf((await answerService(url, born, said)).body)).length, 1)
  assert.equal((await answerService(url, born, { CHALLENGE: 'AAAAA-BBBBB-CCCCC-DDDDD' })).status, 400)
  assert.equal((await answerService('https://localhost/apple/ota', conversation, said)).status, 400, 'the licence')
  for (const body of [Buffer.from('<plist/>'), Buffer.alloc(0), Buffer.alloc(5000, 0x30)])
    assert.equal((await bench.request('POST', '/ota', { body })).status, 400)
  assert.equal((await bench.request('GET', '/ota', { query: 'code=x' })).status, 404)
})

test('the beginning of identifiers stays as long as devices have profiles by it', async () => {
  const host = bench.host('apple')
  const apple = installedPlatforms.find((p) => p.id === 'apple') ?? assert.fail('Apple is not installed')
  const begin = (identifierPrefix: string) => apple.open(host, { identifierPrefix })
  await comeIn('&licence=2026-1')
  await assert.rejects(begin('com.example.other'), /identifierPrefix is com\.example\.other.*begin with org\.muster/)
  await (await begin('org.muster')).close()
  const everS = 100 * 365 * 86_400
  for (const { channel } of await host.certificates.ending(everS)) await host.gone(channel, { code: 'gone', text: '' })
  await (await begin('com.example.other')).close()
  await comeIn('&licence=2026-1')
  await assert.rejects(begin('org.muster'), /begin with com\.example\.other/)
})
