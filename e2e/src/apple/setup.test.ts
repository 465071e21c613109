/** The push certificate from the request to its end, with certificates of a test authority. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto'
import { after, before, test } from 'node:test'
import { type JsonObject, Problem } from '@muster/contract'
import { type CoreBench, createHarness, testClock } from '@muster/core/testing'
import { context, der, integer, oid, readDer, sequence, setOf, tags, time, utf8, whole } from '@muster/kit/der'
import { isDict, readPlist } from '@muster/kit/plist'
import { installedPlatforms } from '@muster/server'

const clock = testClock(new Date())
const day = 86_400_000
let bench: CoreBench
before(async () => {
  bench = await createHarness().open(
    installedPlatforms.filter((p) => p.id === 'apple'),
    {},
    { clock },
  )
})
after(() => bench.close())

const actor = 'user:ada'
const act = (action: string, input: JsonObject = {}) =>
  bench.core.platforms.setup.act({ platform: 'apple', step: 'push-certificate', action, input, actor })
const refused = (code: string) => (e: unknown) =>
  e instanceof Problem && e.code === 'setup-refused' && (e.extra.reason as { code: string }).code === code
const step = async () => {
  const [mine] = await bench.core.platforms.setup.list()
  assert.ok(mine?.steps[0])
  return mine.steps[0]
}
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')
const pemOf = (bytes: Uint8Array) => new X509Certificate(bytes).toString()

/** What Apple's authority would make of a public key. */
function certificate(spki: Uint8Array, o: { topic?: string; days?: number; from?: number } = {}): Buffer {
  const issuer = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const rsa = sequence(oid('1.2.840.113549.1.1.11'), der(tags.null))
  const attribute = (type: string, value: string) => setOf(sequence(oid(type), utf8(value)))
  const subject = sequence(
    ...(o.topic === '' ? [] : [attribute('0.9.2342.19200300.100.1.1', o.topic ?? 'com.apple.mgmt.External.one')]),
    attribute('2.5.4.3', 'APSP'),
  )
  const from = new Date(clock.now().getTime() + (o.from ?? -1) * day)
  const content = sequence(
    der(context(0), integer(2)),
    integer(Buffer.from(randomUUID().replaceAll('-', ''), 'hex')),
    rsa,
    sequence(attribute('2.5.4.3', 'authority')),
    sequence(time(from), time(new Date(clock.now().getTime() + (o.days ?? 365) * day))),
    subject,
    spki,
  )
  return sequence(content, rsa, der(tags.bits, Buffer.from([0]), sign('sha256', content, issuer)))
}
const spkiOf = (key: KeyObject) => createPublicKey(key).export({ format: 'der', type: 'spki' })
/** The public key of a request in PEM. */
function requestedKey(csr: Uint8Array): Uint8Array {
  const text = Buffer.from(csr)
    .toString()
    .replace(/-----[^-]+-----|\s/g, '')
  const spki = readDer(Buffer.from(text, 'base64')).items[0]?.items[2]
  assert.ok(spki)
  return Buffer.from(whole(spki))
}
const topic = () => bench.platforms.get('apple')?.credential?.('com.apple.mgmt.External.one')

test('request, upload, use, renew: the key never leaves, the topic stays', async () => {
  assert.deepEqual(
    [(await step()).state, (await step()).actions.map((a) => a.available)],
    ['missing', [true, false, true]],
  )
  await assert.rejects(act('upload', { certificate: base64('x') }), refused('no-request'))
  const { files } = await act('request')
  assert.deepEqual(
    files?.map((f) => f.name),
    ['push.csr'],
  )
  const csr = files?.[0]?.bytes ?? new Uint8Array()
  assert.match(
    execFileSync('openssl', ['req', '-verify', '-noout', '-subject'], { input: csr, stdio: 'pipe' }).toString(),
    /Device management push/,
  )
  assert.equal((await step()).state, 'waiting')
  const again = await act('request')
  assert.deepEqual(again.files?.[0]?.bytes, csr, 'an open request is given again')

  const spki = requestedKey(csr)
  await act('upload', { certificate: base64(pemOf(certificate(spki))) })
  const ready = await step()
  assert.equal(ready.state, 'ready')
  assert.equal(ready.details[0]?.value, 'com.apple.mgmt.External.one')
  const credential = await topic()
  assert.ok(credential && 'certificate' in credential)
  assert.ok(new X509Certificate(credential.certificate).checkPrivateKey(createPrivateKey(credential.key)))

  const renewal = await act('request')
  assert.notDeepEqual(renewal.files?.[0]?.bytes, csr)
  assert.equal((await topic())?.id, credential.id, 'until the new one is there the old one is used')
  await act('upload', {
    certificate: base64(certificate(requestedKey(renewal.files?.[0]?.bytes ?? csr), { days: 300 })),
  })
  const renewed = await topic()
  assert.ok(renewed && renewed.id !== credential.id)
  const rows = await bench.db.query<{ state: string; none: boolean }>({
    text: 'select state, key is null as none from plugin_apple.push_certificate order by state',
    values: [],
  })
  assert.deepEqual(rows, [
    { state: 'current', none: false },
    { state: 'retired', none: true },
  ])
  const [leak] = await bench.db.query<{ n: number }>({
    text: "select count(*) as n from plugin_apple.push_certificate where position('PRIVATE KEY'::bytea in key) > 0",
    values: [],
  })
  assert.equal(leak?.n, 0)
})

test('what does not fit is refused, says why, and changes nothing', async () => {
  const { files } = await act('request')
  const spki = requestedKey(files?.[0]?.bytes ?? new Uint8Array())
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const before = await bench.db.query({ text: 'select * from plugin_apple.push_certificate order by id', values: [] })
  const upload = (bytes: Uint8Array | string, more: JsonObject = {}) =>
    act('upload', { certificate: base64(bytes), ...more })
  await assert.rejects(upload('no certificate'), refused('unreadable'))
  await assert.rejects(upload(certificate(spkiOf(other))), refused('key-mismatch'))
  await assert.rejects(upload(certificate(spki, { topic: '' })), refused('no-topic'))
  await assert.rejects(upload(certificate(spki, { topic: 'com.example.app' })), refused('no-topic'))
  await assert.rejects(upload(certificate(spki, { from: -3, days: -1 })), refused('expired'))
  await assert.rejects(upload(certificate(spki, { from: 3 })), refused('not-yet-valid'))
  await assert.rejects(act('import', { certificate: base64('x'), key: base64('y') }), refused('key-unreadable'))
  await assert.rejects(act('request', { vendorCertificate: base64('x') }), refused('vendor-unreadable'))
  await assert.rejects(act('upload', {}), (e: unknown) => e instanceof Problem && e.code === 'invalid-request')
  await assert.rejects(
    act('upload', { certificate: base64('x'), more: 1 }),
    (e: unknown) => e instanceof Problem && e.code === 'invalid-request',
  )
  await assert.rejects(act('never'), (e: unknown) => e instanceof Problem && e.code === 'not-found')
  assert.deepEqual(
    await bench.db.query({ text: 'select * from plugin_apple.push_certificate order by id', values: [] }),
    before,
  )
})

test('another topic is refused with the count of devices, unless it is meant; both are used then', async () => {
  await bench.enrol('apple', { facts: { 'apple.topic': 'com.apple.mgmt.External.one' } })
  await bench.enrol('apple', { facts: { 'apple.topic': 'com.apple.mgmt.External.one' } })
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const input = {
    certificate: base64(pemOf(certificate(spkiOf(key), { topic: 'com.apple.mgmt.External.two' }))),
    key: base64(key.export({ format: 'pem', type: 'pkcs8' })),
  }
  await assert.rejects(
    act('import', input),
    (e: unknown) => refused('other-topic')(e) && (e as Problem).extra.devices === 2,
  )
  await act('import', { ...input, otherTopic: true })
  const details = (await step()).details.map((d) => d.value)
  assert.deepEqual(
    [details[0], details[3], details[5]],
    ['com.apple.mgmt.External.two', 'com.apple.mgmt.External.one', '2'],
  )
  const open = bench.platforms.get('apple')
  assert.ok(await open?.credential?.('com.apple.mgmt.External.one'))
  assert.ok(await open?.credential?.('com.apple.mgmt.External.two'))
  assert.equal(await open?.credential?.('com.apple.mgmt.External.three'), undefined)
})

test('a vendor’s signature makes the request that Apple’s portal takes', async () => {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const own = certificate(spkiOf(key))
  const { files } = await act('request', {
    vendorCertificate: base64(pemOf(own)),
    vendorKey: base64(key.export({ format: 'pem', type: 'pkcs8' })),
  })
  const list = readPlist(Buffer.from(Buffer.from(files?.[0]?.bytes ?? []).toString(), 'base64'))
  assert.ok(isDict(list))
  const text = (name: string) => Buffer.from(String(list[name]), 'base64')
  assert.ok(verify('sha256', text('PushCertRequestCSR'), new X509Certificate(own).publicKey, text('PushCertSignature')))
  const entries = await bench.db.query<{ detail: JsonObject; actor: string }>({
    text: "select detail, actor from audit where act = 'platform.setup' order by no desc limit 1",
    values: [],
  })
  assert.equal(entries[0]?.actor, actor)
  assert.deepEqual(
    Object.keys(entries[0]?.detail.input as object).sort(),
    ['fresh', 'vendorCertificate'],
    'the key is not noted',
  )
})

test('its end is told of ahead, once a step, and it is said to have ended', async () => {
  const alerts = async () =>
    (
      await bench.db.query<{ type: string; severity: string; days: number }>({
        text: "select type, severity, (data ->> 'days')::int as days from device_event where device is null and type like 'apple.%' order by no",
        values: [],
      })
    ).map((a) => `${a.severity} ${a.type} ${a.days}`)
  const run = async (days: number) => {
    clock.advance(days * day)
    await bench.job('apple.push-certificate')
    await bench.job('apple.push-certificate')
  }
  await run(0)
  assert.deepEqual(await alerts(), [])
  await run(280)
  assert.equal((await step()).state, 'attention')
  assert.deepEqual(await alerts(), ['warning apple.push-certificate-ending 30'])
  await run(15)
  assert.deepEqual((await alerts()).slice(1), ['critical apple.push-certificate-ending 7'])
  await run(75)
  assert.equal((await step()).state, 'failed')
  assert.ok((await alerts()).some((a) => a === 'critical apple.push-certificate-ended 0'))
})
