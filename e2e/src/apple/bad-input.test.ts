/** What nobody should say to the MDM protocol: each is refused in a way that undoes nothing, above all no management. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Channel, Reply } from '@muster/contract'
import { type PlistDict, writeXmlPlist } from '@muster/kit/plist'
import { type AppleBench, openApple } from './bench.fixture.ts'
import { attributed, bare, certificateOf, createDevice, newKey, scep, type TestDevice } from './device.fixture.ts'

let bench: AppleBench
let device: TestDevice
let channel: Channel
let other: { device: TestDevice; channel: Channel }
before(async () => {
  bench = await openApple()
  ;({ device, channel } = await bench.device())
  other = await bench.device()
})
after(() => bench.close())

const xml = (message: PlistDict) => Buffer.from(writeXmlPlist(message))
const idle = () => xml({ Status: 'Idle', UDID: device.udid })
const put = (body: Uint8Array, o: { headers?: Record<string, string>; certificate?: Uint8Array } = {}) =>
  bench.request('PUT', '/mdm', { body, ...o })
const signed = (body: Uint8Array, by = device.identity) =>
  put(body, { headers: { 'mdm-signature': attributed('sha256')(body, by) } })

/** Refused with 400, and the record of both devices is what it was. */
async function refused(work: () => Promise<Reply>, status = 400): Promise<void> {
  const kept = () => Promise.all([channel, other.channel].map((c) => bench.kept(c)))
  const before = await kept()
  const reply = await work()
  assert.equal(reply.status, status, String(reply.body))
  assert.deepEqual(await kept(), before)
}
/** Whatever happened before it: the device is still managed. */
const stillIn = async () => assert.equal((await device.report('Idle')).status, 200)

test('no identity, and one that is garbage', async () => {
  await refused(() => put(idle()))
  for (const header of ['', 'x', '!!!', 'AAAA', Buffer.from('no CMS').toString('base64'), 'A'.repeat(30_000)])
    await refused(() => put(idle(), { headers: { 'mdm-signature': header } }))
  await refused(() => put(idle(), { certificate: Buffer.from('no certificate') }))
  await stillIn()
})

test('a certificate of a foreign authority, by signature and by TLS', async () => {
  const key = newKey()
  const foreign = { key, certificate: certificateOf(key, { issuer: { name: 'Muster Device CA', key: newKey() } }) }
  await refused(() => signed(idle(), foreign))
  await refused(() => put(idle(), { certificate: foreign.certificate }))
  const authenticate = xml({ MessageType: 'Authenticate', UDID: device.udid, Topic: 't' })
  await refused(() => signed(authenticate, foreign))
  await stillIn()
})

test('an expired certificate, and one that was revoked: 400, for a stray 401 or 403 would take the device out', async () => {
  const lapsed = await bench.device()
  await bench.db.query({
    text: `update credential set expires = now() - interval '1 day' where channel = $1`,
    values: [lapsed.channel.no],
  })
  bench.core.devices.identity.forget([lapsed.channel.no])
  assert.equal((await lapsed.device.report('Idle')).status, 400)
  const revoked = await bench.device()
  await bench.host('apple').certificates.revoke(revoked.channel)
  await bench.heard()
  const reply = await revoked.device.report('Idle')
  assert.deepEqual([reply.status, String(reply.body)], [400, 'The identity is revoked.\n'])
})

test('another device’s certificate, another’s UDID, and a certificate used for another device', async () => {
  await refused(() => signed(idle(), other.device.identity))
  await refused(() => signed(xml({ Status: 'Idle', UDID: other.device.udid })))
  await refused(() => signed(xml({ Status: 'Idle', EnrollmentID: 'E' })))
  await refused(() =>
    signed(xml({ MessageType: 'Authenticate', UDID: other.device.udid, Topic: 't', SerialNumber: 'S1' })),
  )
  // Of a device that nobody has seen: an identity stays with the one that it came with.
  const unseen = { MessageType: 'Authenticate', UDID: 'NEVER-SEEN', Topic: 't', SerialNumber: 'NEVER' }
  await refused(() => signed(xml(unseen)))
  await refused(() => signed(xml({ ...unseen, UDID: '', EnrollmentID: 'E' })))
  await refused(() => signed(xml({ MessageType: 'UserAuthenticate', UDID: other.device.udid, UserID: 'X' })))
  await stillIn()
})

test('a signature of another body, a changed one, and a signature without its certificate’s key', async () => {
  const sign = attributed('sha256')
  await refused(() => put(idle(), { headers: { 'mdm-signature': sign(Buffer.from('another'), device.identity) } }))
  const header = sign(idle(), device.identity)
  for (const at of [30, 400, header.length - 20]) {
    const changed = `${header.slice(0, at)}${header[at] === 'A' ? 'B' : 'A'}${header.slice(at + 1)}`
    await refused(() => put(idle(), { headers: { 'mdm-signature': changed } }))
  }
  await refused(() => signed(idle(), { key: newKey(), certificate: device.identity.certificate }))
  const inside = bare('sha256', { inside: true })(Buffer.from('another'), device.identity)
  await refused(() => put(idle(), { headers: { 'mdm-signature': inside } }))
  await stillIn()
})

test('lengths and depths that explode in a signature', async () => {
  const deep = Buffer.concat([Buffer.from('3080'.repeat(5_000), 'hex')])
  const long = Buffer.from('3084ffffffff', 'hex')
  const wide = Buffer.concat([Buffer.from([0x30, 0x83, 0, 0x40, 0]), Buffer.alloc(0x4000, 5)])
  for (const bomb of [deep, long, wide])
    await refused(() => put(idle(), { headers: { 'mdm-signature': bomb.toString('base64').slice(0, 24_000) } }))
  await stillIn()
})

test('messages out of order', async () => {
  const early = createDevice(bench.request, { identity: await scep(bench.request, await bench.code('apple')) })
  for (const step of [
    () => early.tokenUpdate(),
    () => early.report('Idle'),
    () => early.checkin('CheckOut'),
    () => early.checkin('SetBootstrapToken', { BootstrapToken: Buffer.from('b') }),
    () => early.checkin('DeclarativeManagement', { Endpoint: 'tokens' }),
  ])
    assert.equal((await step()).status, 400)
  assert.equal((await early.authenticate()).status, 200)
  assert.equal((await early.report('Idle')).status, 400, 'TokenUpdate comes first')
  assert.equal((await early.tokenUpdate({ UserID: 'U-1' })).status, 400, 'a user before the device')
  assert.equal((await early.authenticate({ UserID: 'U-1' })).status, 400, 'a user brings no device')
  assert.equal((await early.tokenUpdate()).status, 200)
  assert.equal((await early.report('Idle')).status, 200)
  assert.equal((await early.checkin('CheckOut')).status, 200)
  for (const step of [() => early.report('Idle'), () => early.tokenUpdate(), () => early.authenticate()])
    assert.equal((await step()).status, 403, 'after it left')
})

test('unknown messages and fields of other types', async () => {
  const messages: PlistDict[] = [
    { MessageType: 'Unheard', UDID: device.udid },
    { MessageType: 'Authenticate' },
    { Status: 'Unheard', UDID: device.udid, CommandUUID: 'x' },
    { Status: 'Acknowledged', UDID: device.udid },
    { Status: 'Acknowledged', UDID: device.udid, CommandUUID: 'x'.repeat(300) },
    { Status: true, UDID: device.udid },
    { UDID: device.udid },
    { Status: 'Idle' },
    { Status: 'Idle', UDID: 'x'.repeat(500) },
    { Status: 'Idle', UDID: `${device.udid}\u0007` },
    { Status: 'Idle', UDID: device.udid, UserID: 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF' },
    { MessageType: 'TokenUpdate', UDID: device.udid, Topic: 't', PushMagic: 'm' },
    { MessageType: 'TokenUpdate', UDID: device.udid, Topic: 't', PushMagic: 'm', Token: 'text' },
    { MessageType: 'TokenUpdate', UDID: device.udid, Topic: 't', PushMagic: 'm', Token: new Uint8Array(300) },
    { MessageType: 'TokenUpdate', UDID: device.udid, Topic: 't', Token: new Uint8Array(32) },
    { MessageType: 'SetBootstrapToken', UDID: device.udid, BootstrapToken: new Uint8Array(70_000) },
    { MessageType: 'GetToken', UDID: device.udid, TokenServiceType: 'com.apple.unheard' },
  ]
  for (const message of messages) await refused(() => signed(xml(message)))
  await stillIn()
})

test('property lists that are none: malformed, truncated, deep, cyclic, oversized, with a DTD of their own', async () => {
  const whole = idle()
  const entities = `<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><plist><dict><key>Status</key><string>&b;</string></dict></plist>`
  const outside = `<?xml version="1.0"?><!DOCTYPE plist SYSTEM "file:///etc/passwd"><plist><dict/></plist>`
  // A dictionary that holds itself.
  const cyclic = Buffer.concat([
    Buffer.from('bplist00'),
    Buffer.from([0xd1, 1, 0, 0x51, 0x61]),
    Buffer.from([8, 11]),
    Buffer.from([0, 0, 0, 0, 0, 0, 1, 1]),
    Buffer.from('000000000000000200000000000000000000000000000000', 'hex').fill(13, 23),
  ])
  const bodies = [
    Buffer.alloc(0),
    Buffer.from('{}'),
    whole.subarray(0, whole.length - 30),
    Buffer.from(entities),
    Buffer.from(outside),
    Buffer.from(`<plist>${'<array>'.repeat(5_000)}${'</array>'.repeat(5_000)}</plist>`),
    Buffer.from(`<plist><array>${'<true/>'.repeat(150_000)}</array></plist>`),
    Buffer.from('<plist><array/></plist>'),
    Buffer.from([0xff, 0xfe, 0x00]),
    cyclic,
    Buffer.from('bplist00garbage'),
    Buffer.concat([whole, whole]),
  ]
  for (const body of bodies) await refused(() => signed(body))
  await stillIn()
})

test('a report on a command that nobody sent, or on another device’s: 200 and ignored', async () => {
  const lock = await bench.send('device.lock', {}, [other.channel])
  const sent = await other.device.report('Idle')
  const uuid = /<key>CommandUUID<\/key>\s*<string>([^<]+)</.exec(String(sent.body))?.[1] ?? ''
  assert.notEqual(uuid, '')
  for (const id of [uuid, randomUUID(), 'o1-1', 's1-1', 'nonsense']) {
    const fields = { CommandUUID: id, QueryResponses: { DeviceName: 'forged' }, SecurityInfo: { FDE_Enabled: true } }
    await refused(() => device.report('Acknowledged', fields), 200)
    await refused(() => device.report('NotNow', { CommandUUID: id }), 200)
  }
  assert.equal((await bench.operation(lock, other.channel))?.state, 'sent')
  const why = await bench.unmatched(channel)
  assert.ok(why.includes('foreign') && why.includes('unknown'), why.join(', '))
})

test('one answer said twice, and a late one', async () => {
  const mine = await bench.device()
  const lock = await bench.send('device.lock', {}, [mine.channel])
  const [command] = await mine.device.connect()
  const before = await bench.kept(mine.channel)
  for (const status of ['Acknowledged', 'Error', 'NotNow'])
    assert.equal((await mine.device.report(status, { CommandUUID: command?.CommandUUID ?? '' })).status, 200)
  assert.deepEqual(await bench.kept(mine.channel), before)
  assert.equal((await bench.operation(lock, mine.channel))?.state, 'completed')
})
