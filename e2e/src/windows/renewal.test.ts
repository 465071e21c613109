/** The next identity, signed for with the one that the device has; and everybody who must not get one. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Reply } from '@muster/contract'
import { signData } from '@muster/kit/cms'
import { selfSigned } from '@muster/kit/testing'
import { openWindows, password, type WindowsBench } from './bench.fixture.ts'
import {
  certificateRequest,
  certificatesIn,
  documentIn,
  type Enrolled,
  enrol,
  faultOf,
  type Items,
  rsaKey,
  tokenMessage,
} from './client.fixture.ts'

let bench: WindowsBench
before(async () => {
  bench = await openWindows()
})
after(() => bench.close())

const ada = { username: 'ada', password }
const pkcs7 = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd#PKCS7'
interface Renewal {
  by: Pick<Enrolled, 'key' | 'certificate'>
  request?: Uint8Array
  again?: true
  items?: Items
  certificate?: Uint8Array
}
function renew({ by, items = {}, ...o }: Renewal): Promise<Reply> {
  const content = o.request ?? certificateRequest({ key: rsaKey(), subject: 'ada@corp.example' })
  const signed = signData({ content, certificate: by.certificate, key: by.key })
  // By hand it is base64 of base64.
  const request = o.again ? Buffer.from(signed.toString('base64')) : signed
  const body = tokenMessage({ kind: 'Renew', type: pkcs7, request, items, proof: { username: 'ada', password: '' } })
  return bench.request('POST', '/enrol', { body, certificate: o.certificate })
}
const host = () => bench.host('windows')
const refusedAs = async (reply: Promise<Reply>, fault: string) => {
  const before = await bench.written()
  assert.equal(faultOf(await reply), fault)
  assert.deepEqual(await bench.written(), before)
}

for (const type of ['Full', 'Device'] as const)
  test(`the next identity comes into the same store, and the one before works until it is used: ${type}`, async () => {
    const e = await enrol(bench.request, { proof: ada, items: { EnrollmentType: type } })
    const key = rsaKey()
    const request = certificateRequest({ key, subject: 'whoever' })
    const items = { DeviceID: e.deviceId, DeviceType: 'CIMClient_Windows', ApplicationVersion: '10.0' }
    const document = documentIn(await renew({ by: e, request, items, certificate: e.certificate }))
    assert.deepEqual(
      document.root.children.map((c) => c.attributes.type),
      ['CertificateStore', 'APPLICATION'],
    )
    assert.equal(document.values.get('/APPLICATION/PROVIDER-ID'), 'Muster')
    assert.equal(document.values.has('/APPLICATION/APPAUTH/AAUTHSECRET'), false, 'its account stays')
    const [own, ...others] = certificatesIn(document, `/CertificateStore/My/${type === 'Full' ? 'User' : 'System'}`)
    assert.ok(own && others.length === 0)
    const name = /CN=(.*)$/.exec(new X509Certificate(own.der).subject)?.[1] ?? ''
    assert.ok(document.values.get('/APPLICATION/SSLCLIENTCERTSEARCHCRITERIA')?.includes(encodeURIComponent(name)))
    const [old, next] = await Promise.all(
      [e.certificate, own.der].map((certificate) => host().identify({ certificate }, true)),
    )
    assert.ok(old && next && 'no' in old && 'no' in next)
    assert.deepEqual([next.no, next.epoch], [old.no, old.epoch])
    const after = await renew({ by: { key, certificate: own.der } })
    assert.equal(after.status, 200, 'and that one renews itself')
  })

test('a renewal by hand has its message in base64 once more', async () => {
  const e = await enrol(bench.request, { proof: ada })
  assert.equal((await renew({ by: e, again: true })).status, 200)
})

test('who is not in, or is somebody else, gets none', async () => {
  const [e, other] = [await enrol(bench.request, { proof: ada }), await enrol(bench.request, { proof: ada })]
  const stranger = selfSigned(rsaKey(), 'device')
  await refusedAs(
    renew({ by: { key: stranger.key, certificate: Buffer.from(stranger.certificate) } }),
    'NotEligibleToRenew',
  )
  await refusedAs(renew({ by: { key: rsaKey(), certificate: e.certificate } }), 's:CertificateRequest')
  await refusedAs(renew({ by: e, certificate: other.certificate }), 'NotEligibleToRenew')
  await refusedAs(renew({ by: e, certificate: Buffer.from(stranger.certificate) }), 'NotEligibleToRenew')
  await refusedAs(renew({ by: e, items: { DeviceID: other.deviceId } }), 'NotEligibleToRenew')
  await refusedAs(renew({ by: e, request: certificateRequest({ key: rsaKey(1024) }) }), 's:CertificateRequest')
  await refusedAs(
    renew({ by: e, request: certificateRequest({ key: rsaKey(), signedBy: e.key }) }),
    's:CertificateRequest',
  )
  await refusedAs(renew({ by: e, request: Buffer.from('hello') }), 's:CertificateRequest')
  const plain = tokenMessage({ kind: 'Renew', request: certificateRequest({ key: rsaKey() }), items: {}, proof: ada })
  await refusedAs(bench.request('POST', '/enrol', { body: plain, certificate: e.certificate }), 's:CertificateRequest')
})

test('who has left, whose identity has ended or was revoked, enrols again', async () => {
  const [gone, over] = [await enrol(bench.request, { proof: ada }), await enrol(bench.request, { proof: ada })]
  const c = await host().identify({ certificate: gone.certificate }, true)
  assert.ok('no' in c)
  await host().gone(c, { code: 'left', text: 'It left.' })
  await refusedAs(renew({ by: gone }), 'NotEligibleToRenew')
  await bench.db.query({
    text: "update certificate set not_after = now() - interval '1 second' where certificate = $1",
    values: [over.certificate],
  })
  await bench.db.query({
    text: "update credential set expires = now() - interval '1 second' where hash = (select fingerprint from certificate where certificate = $1)",
    values: [over.certificate],
  })
  await refusedAs(renew({ by: over }), 'NotEligibleToRenew')
})

test('an identity that ends within a week is told of, each day', async () => {
  const e = await enrol(bench.request, { proof: ada })
  const c = await host().identify({ certificate: e.certificate }, true)
  assert.ok('no' in c)
  const told = () =>
    bench.db.query<{ type: string }>({
      text: "select type from device_event where device = (select no from device where id = $1) and type = 'windows.identity-ending'",
      values: [c.device],
    })
  await bench.job('windows.identities')
  assert.equal((await told()).length, 0)
  for (const text of [
    "update certificate set not_after = now() + interval '6 days' where certificate = $1",
    "update credential set expires = now() + interval '6 days' where hash = (select fingerprint from certificate where certificate = $1)",
  ])
    await bench.db.query({ text, values: [e.certificate] })
  await bench.job('windows.identities')
  assert.equal((await told()).length, 1)
})
