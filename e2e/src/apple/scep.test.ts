/** The SCEP service with a real core: who gets a certificate, what stands in it, and that nobody else changes anything. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Reply } from '@muster/contract'
import { pull } from '@muster/contract/testing'
import { type CoreBench, createHarness } from '@muster/core/testing'
import { certificatesOnly } from '@muster/kit/cms'
import { der, integer, octets, oid, sequence, tags } from '@muster/kit/der'
import {
  bytesOf,
  type CertificateRequestOptions,
  type CertRep,
  certificateRequest,
  ecKey,
  openBag,
  readCertRep,
  rsaKey,
  type ScepHolder,
  type ScepMessageOptions,
  scepMessage,
  selfSigned,
} from '@muster/kit/testing'
import { installedPlatforms } from '@muster/server'
import { type Call, callOf } from './device.fixture.ts'

let bench: CoreBench
let call: Call
let authority: Uint8Array
before(async () => {
  const apple = installedPlatforms.find((p) => p.id === 'apple')
  assert.ok(apple)
  bench = await createHarness().open([apple, pull])
  const open = bench.platforms.get('apple')
  assert.ok(open)
  call = callOf(open)
  authority = openBag((await ask('GET', 'operation=GetCACert')).body)[0]!
})
after(() => bench.close())

const ask = (method: string, query: string, body?: Uint8Array): Promise<Reply> => call(method, '/scep', { query, body })
const key = rsaKey()
const otherKey = rsaKey()
type Wish = Partial<ScepMessageOptions> & CertificateRequestOptions & { method?: string; csr?: Uint8Array }

async function enrol(o: Wish = {}): Promise<CertRep> {
  const by = o.by ?? selfSigned(key)
  const message = scepMessage({ authority, by, content: o.csr ?? certificateRequest(by.key, o), ...o })
  const reply =
    o.method === 'GET'
      ? await ask('GET', `operation=PKIOperation&message=${encodeURIComponent(message.toString('base64'))}`)
      : await ask('POST', 'operation=PKIOperation', message)
  assert.deepEqual([reply.status, reply.headers?.['content-type']], [200, 'application/x-pki-message'])
  return readCertRep(reply.body, by)
}
async function certificates(): Promise<number> {
  const [row] = await bench.db.query<{ n: number }>({ text: 'select count(*) as n from certificate', values: [] })
  return row?.n ?? -1
}
/** A failure for this reason, and nothing changed by it. */
async function refused(o: Wish, fail = '2'): Promise<void> {
  const before = await certificates()
  const rep = await enrol(o)
  assert.deepEqual([rep.status, rep.fail, rep.certificates], ['2', fail, []])
  assert.equal(await certificates(), before)
}
async function issued(o: Wish): Promise<X509Certificate> {
  const rep = await enrol(o)
  assert.deepEqual([rep.status, rep.fail], ['0', undefined])
  const [leaf, issuing] = rep.certificates.map((c) => new X509Certificate(c))
  assert.ok(leaf && issuing && leaf.verify(issuing.publicKey))
  return leaf
}
/** With an identity of its own, in and active. */
async function device(serial: string): Promise<ScepHolder> {
  const own = rsaKey()
  const leaf = await issued({ by: selfSigned(own), challenge: await bench.code('apple') })
  const host = bench.host('apple')
  const facts = { 'device.identifiers': [{ kind: 'serial', value: serial }] }
  await host.activate(await host.begin({ certificate: leaf.raw }, facts), {})
  return { key: own, certificate: leaf.raw }
}

test('what it can do, and who it is', async () => {
  const caps = String((await ask('GET', 'operation=GetCACaps')).body).split('\n')
  for (const name of ['AES', 'DES3', 'POSTPKIOperation', 'Renewal', 'SHA-1', 'SHA-256', 'SCEPStandard'])
    assert.ok(caps.includes(name), name)
  const reply = await ask('GET', 'operation=GetCACert&message=any')
  assert.equal(reply.headers?.['content-type'], 'application/x-x509-ca-ra-cert')
  const [own, issuing, root] = openBag(reply.body).map((c) => new X509Certificate(c))
  assert.ok(own && issuing && root)
  assert.ok(own.verify(issuing.publicKey) && issuing.verify(root.publicKey) && !own.ca && issuing.ca)
})

test('by POST and by GET, and the same key again gets the same certificate', async () => {
  const challenge = await bench.code('apple')
  const first = await issued({ challenge })
  assert.ok(first.checkPrivateKey(key))
  const again = await issued({ challenge, method: 'GET', cipher: 'des', digest: 'sha1' })
  assert.equal(again.serialNumber, first.serialNumber)
  await refused({ challenge, by: selfSigned(otherKey) })
})

test('the subject and every extension are ours, whatever was asked for', async () => {
  const constraints = sequence(oid('2.5.29.19'), octets(sequence(der(tags.boolean, Buffer.from([0xff])))))
  const leaf = await issued({
    challenge: await bench.code('apple'),
    subject: 'Root of all trust',
    extensions: sequence(constraints),
  })
  assert.equal(leaf.ca, false)
  assert.doesNotMatch(leaf.subject, /Root/)
  assert.match(leaf.subject, /invitation \d+/)
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.2'])
})

test('a wrong, absent, used, expired, withdrawn or foreign challenge', async () => {
  await refused({ challenge: '7ZK2M-Q0V9R-XTB4C-HW8JD' })
  await refused({ challenge: 'x'.repeat(5000) })
  await refused({ challenge: '' })
  await refused({})
  await refused({ challenge: await bench.code('pull') })

  const used = await bench.code('apple')
  await bench.host('apple').begin(used, {})
  await refused({ challenge: used })

  const late = await bench.code('apple')
  await bench.db.query({
    text: "update invitation set expires = now() - interval '1 s' where used is null",
    values: [],
  })
  await refused({ challenge: late })

  const { invitation, code } = await bench.core.enrollment.invite({
    platform: 'apple',
    ownership: 'cope',
    actor: 'user:admin',
  })
  await bench.core.enrollment.invitations.revoke(invitation.id, 'user:admin')
  await refused({ challenge: code })
})

test('raced keys of one challenge: one certificate', async () => {
  const challenge = await bench.code('apple')
  const keys = [key, otherKey, rsaKey(), rsaKey()]
  const before = await certificates()
  const reps = await Promise.all(keys.map((k) => enrol({ challenge, by: selfSigned(k) })))
  assert.deepEqual(reps.map((r) => r.status).sort(), ['0', '2', '2', '2'])
  assert.equal(await certificates(), before + 1)
})

test('weak keys, keys that cannot read the answer, and keys that are not theirs', async () => {
  const challenge = await bench.code('apple')
  for (const bits of [512, 1024]) {
    const weak = rsaKey(bits)
    await refused({ challenge, csr: certificateRequest(weak, { challenge }) })
    await refused({ challenge, by: selfSigned(weak), digest: 'sha1' }, '0')
  }
  await refused({ challenge, csr: sequence(integer(0)) })
  await refused({ challenge, csr: Buffer.from('no request') })
  const stolen = certificateRequest(otherKey, { challenge })
  stolen[stolen.length - 1] = (stolen.at(-1) ?? 0) ^ 1
  await refused({ challenge, csr: stolen })
  const ec = selfSigned(ecKey())
  const before = await certificates()
  const message = scepMessage({ authority, by: ec, content: certificateRequest(ec.key, { challenge }) })
  const rep = readCertRep((await ask('POST', 'operation=PKIOperation', message)).body, ec)
  assert.deepEqual([rep.status, rep.fail], ['2', '0'])
  assert.equal(await certificates(), before)
  // After all that it is still good.
  await issued({ challenge })
})

test('the next identity for who has one, by RenewalReq or PKCSReq, without a challenge', async () => {
  const own = await device('R-1')
  for (const type of ['17', '19']) {
    const leaf = await issued({ by: own, type, csr: certificateRequest(otherKey) })
    assert.ok(leaf.checkPrivateKey(otherKey))
    const [now, next] = await Promise.all(
      [own.certificate, leaf.raw].map((certificate) => bench.host('apple').identify({ certificate })),
    )
    assert.ok(now && next && 'no' in now && 'no' in next && now.no === next.no)
  }
})

test('no next identity for who has none, has not begun, or is gone', async () => {
  await refused({ type: '17' })
  const challenge = await bench.code('apple')
  const leaf = await issued({ challenge })
  await refused({ type: '17', by: { key, certificate: leaf.raw }, csr: certificateRequest(otherKey) })

  const own = await device('R-2')
  const host = bench.host('apple')
  const c = await host.identify({ certificate: own.certificate })
  assert.ok('no' in c)
  await host.gone(c, { code: 'left', text: 'It left.' })
  await refused({ type: '17', by: own, csr: certificateRequest(otherKey) })
  // A certificate of another authority is nobody's, whatever it says.
  await refused({ type: '17', by: selfSigned(otherKey, 'Muster') })
})

test('nothing waits here, so nothing is polled for', () => refused({ type: '20', challenge: 'x' }, '4'))

test('what is no message is 400, and changes nothing', async () => {
  const before = await certificates()
  const by = selfSigned(key)
  const good = scepMessage({ authority, by, content: certificateRequest(key) })
  const forged = Buffer.from(good)
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
  const asked = await Promise.all([
    ask('GET', ''),
    ask('GET', 'operation=GetNextCACert'),
    ask('GET', 'operation=getcacaps'),
    ask('GET', 'operation=PKIOperation'),
    ask('GET', 'operation=PKIOperation&message=%%%'),
    ask('POST', 'operation=PKIOperation', Buffer.from('<plist/>')),
    ask('POST', 'operation=PKIOperation', good.subarray(0, 700)),
    ask('POST', 'operation=PKIOperation', forged),
    ask('POST', 'operation=PKIOperation', certificatesOnly([by.certificate])),
    ask('POST', 'operation=PKIOperation', Buffer.alloc(60_000, 0x30)),
    ask('POST', 'operation=PKIOperation', Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff])),
  ])
  for (const { status, body } of asked) {
    assert.equal(status, 400)
    assert.ok(bytesOf(body).length < 100)
  }
  assert.equal(await certificates(), before)
})
