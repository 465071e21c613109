/** Enrolments that must not be: each ends in a clear fault or in HTTP's own words, and leaves nothing behind. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Ownership } from '@muster/contract'
import { openWindows, password, type WindowsBench } from './bench.fixture.ts'
import {
  certificateRequest,
  discoverMessage,
  enrol,
  faultOf,
  newDeviceId,
  oldSubject,
  policiesMessage,
  reasonOf,
  rsaKey,
  type TokenOptions,
  tokenMessage,
  usualItems,
} from './client.fixture.ts'

let bench: WindowsBench
before(async () => {
  bench = await openWindows()
})
after(() => bench.close())

const ada = { username: 'ada', password }
const deviceId = newDeviceId()
const key = rsaKey()
const good = certificateRequest({ key, subject: oldSubject(deviceId), printable: true })
const message = (o: Partial<TokenOptions> = {}) =>
  tokenMessage({ request: good, proof: ada, items: usualItems(deviceId), ...o })
const send = (body: string | Uint8Array, path = '/enrol') => bench.request('POST', path, { body })

async function unchanged<T>(work: () => Promise<T>): Promise<T> {
  const before = await bench.written()
  const result = await work()
  assert.deepEqual(await bench.written(), before)
  return result
}
async function refused(o: Partial<TokenOptions>, fault: string, why = /./): Promise<void> {
  const reply = await unchanged(() => send(message(o)))
  assert.equal(faultOf(reply), fault)
  assert.match(reasonOf(reply), why)
}

test('certificate requests that prove nothing', async () => {
  const subject = oldSubject(deviceId)
  const request = (o: object) => certificateRequest({ key, subject, printable: true, ...o })
  const ed = generateKeyPairSync('ed25519').privateKey
  const wrong: [Uint8Array | string, RegExp][] = [
    [request({ signedBy: rsaKey() }), /not signed with its own key/],
    [request({ old: true, signedBy: rsaKey() }), /not signed with its own key/],
    [request({ key: rsaKey(1024) }), /1024 bits/],
    [good.with(80, good[80]! ^ 1), /./],
    [good.subarray(0, 200), /cannot be read/],
    [Buffer.alloc(20_000, 0x30), /longer/],
    [Buffer.from('hello'), /cannot be read/],
    [request({ subject: oldSubject(newDeviceId()) }), /another device/],
    [request({ key: ed, signedBy: key }), /./],
  ]
  for (const [csr, why] of wrong) await refused({ request: csr }, 's:CertificateRequest', why)
  await refused({ request: '' }, 's:MessageFormat')
  await refused({ request: '!!!!' }, 's:MessageFormat')
})

test('what must be said and is not, or is said wrongly', async () => {
  const items = (more: Record<string, string | string[] | undefined>) => ({ items: usualItems(deviceId, more) })
  await refused(items({ DeviceID: undefined }), 'InvalidEnrollmentData', /DeviceID/)
  await refused(items({ DeviceID: [deviceId, deviceId] }), 'InvalidEnrollmentData')
  await refused(items({ DeviceID: '../../x y' }), 'InvalidEnrollmentData')
  await refused(items({ EnrollmentType: undefined }), 'InvalidEnrollmentData', /EnrollmentType/)
  await refused(items({ EnrollmentType: 'Half' }), 'InvalidEnrollmentData')
  await refused(items({ Long: 'x'.repeat(5000) }), 'InvalidEnrollmentData')
  await refused(items({ ['n'.repeat(200)]: 'x' }), 'InvalidEnrollmentData')
  await refused(items({ Many: Array.from({ length: 190 }, () => 'x') }), 'InvalidEnrollmentData')
  await refused({ tokenType: 'urn:other' }, 's:MessageFormat')
  await refused({ type: 'urn:x#X509' }, 's:MessageFormat')
  await refused({ kind: 'Renew' }, 's:CertificateRequest')
  assert.equal(faultOf(await send(policiesMessage())), 's:MessageFormat')
  assert.equal(faultOf(await send(discoverMessage(), '/policy')), 's:MessageFormat')
  assert.equal(faultOf(await send(message(), '/EnrollmentServer/Discovery.svc')), 's:MessageFormat')
})

test('who may not come in', async () => {
  await refused({ proof: undefined }, 'a:InvalidSecurity')
  await refused({ proof: { token: 'x', type: 'urn:saml' } }, 'a:InvalidSecurity')
  await refused({ proof: { token: 'x'.repeat(43) } }, 's:Authentication')
  await refused({ proof: { username: 'ada', password: 'wrong' } }, 's:Authentication')
  await refused({ proof: { username: 'nobody', password } }, 's:Authentication')
  await refused({ proof: { username: 'nora', password } }, 's:Authorization')
  await refused({ proof: { username: 'x', password: '7ZK2M-Q0V9R-XTB4C-HW8JD' } }, 's:Authentication')
})

test('codes that are over, revoked, or for another platform', async () => {
  const { enrollment } = bench.core
  const invite = (ownership: Ownership = 'cope') =>
    enrollment.invite({ platform: 'windows', ownership, expiresInS: 3600, actor: 'system' })
  const [over, revoked] = [await invite(), await invite()]
  await bench.db.query({
    text: "update invitation set expires = now() - interval '1 second' where no = $1",
    values: [Number(over.invitation.id)],
  })
  await enrollment.invitations.revoke(revoked.invitation.id, 'system')
  for (const { code } of [over, revoked])
    await refused({ proof: { username: 'x', password: code } }, 's:Authentication')
})

test('a device that talks on and on is believed as far as it is kept', async () => {
  const id = newDeviceId()
  const long = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`Item${i}`, 'x'.repeat(4000)]))
  const e = await enrol(bench.request, { proof: ada, deviceId: id, items: { ...long, ['__proto__']: 'odd' } as never })
  const c = await bench.host('windows').identify({ certificate: e.certificate }, true)
  assert.ok('no' in c)
  const { facts } = await bench.host('windows').detail(c)
  assert.ok(JSON.stringify(facts['windows.enrolmentContext']).length < 10_000)
})

test('too many tries wait, and say so', async () => {
  const own = await openWindows()
  try {
    const wrong = () =>
      own.request('POST', '/enrol', { body: message({ proof: { username: 'ada', password: 'wrong' } }) })
    let last = await wrong()
    for (let i = 0; i < 15 && faultOf(last) !== 'InMaintenance'; i++) last = await wrong()
    assert.equal(faultOf(last), 'InMaintenance')
    assert.match(reasonOf(last), /seconds/)
  } finally {
    await own.close()
  }
})

test('what is no SOAP message gets 400, and never a fault', async () => {
  const { length } = message()
  const bodies: (string | Uint8Array)[] = [
    '',
    'hello',
    message().slice(0, length / 2),
    message().replace('<s:Envelope', '<!DOCTYPE s [<!ENTITY a "b">]><s:Envelope'),
    message().replace('urn:uuid', '&lol9;'),
    message().replace('http://www.w3.org/2003/05/soap-envelope', 'urn:soap'),
    `${'<a>'.repeat(5000)}`,
    Buffer.from(`\ufeff${message()}`, 'utf16le').subarray(0, 301),
    Buffer.from([0x03, 0x01, 0x6a, 0x00]),
  ]
  for (const body of bodies)
    for (const path of ['/enrol', '/policy', '/EnrollmentServer/Discovery.svc']) {
      const reply = await unchanged(() => send(body, path))
      assert.equal(reply.status, 400)
      assert.match(reply.headers?.['content-type'] ?? '', /text\/plain/)
    }
})

test('ids are given back as text, and never as markup', async () => {
  const id = '"/><x>&amp;'
  const reply = await send(
    discoverMessage({ id: id.replaceAll('<', '&lt;').replaceAll('>', '&gt;') }),
    '/EnrollmentServer/Discovery.svc',
  )
  assert.equal(reply.status, 200)
  assert.ok(String(Buffer.from(reply.body ?? '')).includes('&quot;/&gt;&lt;x&gt;&amp;'))
})

test('of two that come with one code at once, one comes in', async () => {
  const code = await bench.code('windows', 'cope')
  const tries = Array.from({ length: 4 }, () => enrol(bench.request, { proof: { username: 'x', password: code } }))
  const ended = await Promise.allSettled(tries)
  assert.equal(ended.filter((e) => e.status === 'fulfilled').length, 1)
})
