/** Devices that come by certificate: issued for an invitation before the device is known, bound when it begins, renewed, and begun again with. */
import assert from 'node:assert/strict'
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { isProblem, type ProblemCode } from '@muster/contract'
import { pull } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import 'reflect-metadata'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import { type CoreBench, createHarness } from '../testing/index.ts'

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([pull])
})
after(() => bench.close())

const problem =
  (...codes: ProblemCode[]) =>
  (e: unknown) =>
    isProblem(e) && codes.includes(e.code)
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
async function request(): Promise<Uint8Array> {
  const keys = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair
  const csr = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=me', keys, signingAlgorithm: algorithm })
  return new Uint8Array(csr.rawData)
}
async function invite(): Promise<string> {
  return (await bench.core.enrollment.invite({ platform: 'pull', ownership: 'cope', actor: 'user:admin' })).code
}
const facts = (serial: string) => ({ 'device.identifiers': [{ kind: 'serial', value: serial }] })

test('a certificate for an invitation lets in nobody before the device begins, then its device alone', async () => {
  const host = bench.host('pull')
  const code = await invite()
  const csr = await request()
  const [leaf, issuing, root] = await host.certificates.issue({ code }, csr)
  assert.ok(leaf && issuing && root)
  assert.ok(new X509Certificate(leaf).checkIssued(new X509Certificate(issuing)))
  assert.deepEqual(host.certificates.authorities(), [issuing, root])
  assert.deepEqual(await host.identify({ certificate: leaf }), { refused: 'unknown' })
  // A lost answer: the same key gets the same certificate; another key is somebody else.
  assert.deepEqual(await host.certificates.issue({ code }, csr), [leaf, issuing, root])
  await assert.rejects(host.certificates.issue({ code }, await request()), problem('invitation-used'))

  const c = await host.begin({ certificate: leaf }, facts('C-1'))
  assert.equal(c.lifecycle, 'created')
  assert.deepEqual((await host.begin({ certificate: leaf }, facts('C-1'))).no, c.no, 'a repeat is the same enrolment')
  await host.activate(c, {})
  const known = await host.identify({ certificate: leaf })
  assert.ok('no' in known && known.no === c.no)
  await assert.rejects(host.begin(code, facts('C-2')), problem('invitation-used'))
  await assert.rejects(host.certificates.issue({ code }, csr), problem('invitation-used'))
})

test('another key in place of the certificate that was issued: for who knows it, once, and the first is worth nothing', async () => {
  const code = await invite()
  const host = bench.host('pull')
  const [first] = await host.certificates.issue({ code }, await request())
  const hash = (der: Uint8Array) => createHash('sha256').update(der).digest()
  const csr = await request()
  for (const instead of [new Uint8Array(0), hash(Buffer.from('another'))])
    await assert.rejects(host.certificates.issue({ code, instead }, csr), problem('invitation-used'))
  const [second] = await host.certificates.issue({ code, instead: hash(first!) }, csr)
  assert.deepEqual((await host.certificates.issue({ code, instead: hash(first!) }, csr))[0], second)
  await assert.rejects(
    host.certificates.issue({ code, instead: hash(first!) }, await request()),
    problem('invitation-used'),
  )
  await assert.rejects(host.begin({ certificate: first! }, facts('H-1')), problem('device-gone'))
  const c = await host.begin({ certificate: second! }, facts('H-1'))
  assert.equal(c.lifecycle, 'created')
})

test('raced keys of one invitation: one certificate', async () => {
  const code = await invite()
  const host = bench.host('pull')
  const requests = await Promise.all(Array.from({ length: 6 }, request))
  const settled = await Promise.allSettled(requests.map((r) => host.certificates.issue({ code }, r)))
  assert.equal(settled.filter((s) => s.status === 'fulfilled').length, 1)
  for (const s of settled) if (s.status === 'rejected') assert.ok(problem('invitation-used')(s.reason))
})

test('a device that is in begins again with its certificate, in the next epoch, as itself alone', async () => {
  const host = bench.host('pull')
  const issued = async (serial: string) => {
    const [leaf] = await host.certificates.issue({ code: await invite() }, await request())
    const c = await host.begin({ certificate: leaf! }, facts(serial))
    await host.activate(c, {})
    return { leaf: leaf!, c }
  }
  const one = await issued('D-1')
  await issued('D-2')
  const user = await host.channel(one.c, 'user:501', {})
  await assert.rejects(host.begin({ certificate: one.leaf }, facts('D-2')), problem('foreign-device'))
  const activity = await bench.send('pull.lock', {}, [one.c])
  const again = await host.begin({ certificate: one.leaf }, facts('D-1'))
  assert.deepEqual([again.device, again.epoch, again.lifecycle], [one.c.device, one.c.epoch + 1, 'created'])
  await host.activate(again, {})
  const known = await host.identify({ certificate: one.leaf })
  assert.ok('no' in known && known.no === again.no)
  const [row] = await bench.db.query<{ state: string }>(sql`select state from history where activity = ${activity}`)
  assert.equal(row?.state, 'cancelled')
  await assert.rejects(host.channel(user, 'user:501', {}), problem('device-gone'))
  // Gone is gone: neither this certificate nor a foreign one begins anything.
  await host.gone(again, { code: 'left', text: 'It left.' })
  await assert.rejects(host.begin({ certificate: one.leaf }, facts('D-1')), problem('device-gone'))
  await assert.rejects(host.begin({ certificate: Buffer.from('nothing') }, facts('D-1')), problem('device-gone'))
})

test('an invitation withdrawn after its certificate was issued lets in nobody', async () => {
  const host = bench.host('pull')
  const { invitation, code } = await bench.core.enrollment.invite({
    platform: 'pull',
    ownership: 'cope',
    actor: 'user:admin',
  })
  const [leaf] = await host.certificates.issue({ code }, await request())
  await bench.core.enrollment.invitations.revoke(invitation.id, 'user:admin')
  await assert.rejects(host.begin({ certificate: leaf! }, facts('E-1')), problem('invitation-revoked'))
  await assert.rejects(host.certificates.issue({ code }, await request()), problem('invitation-revoked'))
})

test('the next certificate of a channel: the one before it is good until it is used, and 7 days more', async () => {
  const host = bench.host('pull')
  const [first] = await host.certificates.issue({ code: await invite() }, await request())
  const c = await host.begin({ certificate: first! }, facts('F-1'))
  await host.activate(c, {})
  const expiries = async () =>
    (
      await bench.db.query<{ soon: boolean }>(
        sql`select expires < now() + interval '8 days' as soon from credential where channel = ${c.no} and kind = 'certificate' order by created`,
      )
    ).map((r) => r.soon)
  const is = async (certificate: Uint8Array) => {
    const known = await host.identify({ certificate })
    assert.ok('no' in known && known.no === c.no)
  }
  const [second] = await host.certificates.issue(c, await request())
  await is(first!)
  assert.deepEqual(await expiries(), [false, false], 'issued is not used')
  await is(second!)
  assert.deepEqual(await expiries(), [true, false])
  await is(first!)
  const [third] = await host.certificates.issue(c, await request())
  await is(second!)
  await is(third!)
  assert.deepEqual(await expiries(), [true, true, false])
})

test('whose certificate ends soon: the one in use counts, not one that was issued beside it', async () => {
  const host = bench.host('pull')
  const [first] = await host.certificates.issue({ code: await invite() }, await request())
  const c = await host.begin({ certificate: first! }, facts('G-1'))
  await host.activate(c, {})
  const ending = async (days: number) =>
    (await host.certificates.ending(days * 86_400)).filter((e) => e.channel.no === c.no)
  assert.deepEqual(await ending(30), [])
  const at = new Date(Math.floor(Date.now() / 1000) * 1000 + 20 * 86_400_000)
  await bench.db.query(sql`update certificate set not_after = ${at} where channel = ${c.no}`)
  await bench.db.query(sql`update credential set expires = ${at} where channel = ${c.no}`)
  assert.deepEqual(await ending(10), [])
  const [found, ...more] = await ending(30)
  assert.deepEqual([found?.channel.device, found?.notAfter, more], [c.device, at, []])
  const [second] = await host.certificates.issue(c, await request())
  assert.equal((await ending(30)).length, 1, 'it may never have arrived')
  await host.identify({ certificate: second! })
  assert.deepEqual(await ending(30), [])
  assert.equal((await ending(400)).length, 1)
  await host.gone(c, { code: 'left', text: 'It left.' })
  assert.deepEqual(await ending(400), [])
})

test('certificates of our own: one for a purpose, the same on each asking, and its key is its own', async () => {
  const host = bench.host('pull')
  const made = await Promise.all([host.certificates.own('signer'), host.certificates.own('signer')])
  assert.deepEqual(made[0], made[1])
  assert.ok(new X509Certificate(made[0].chain[0]!).checkPrivateKey(createPrivateKey(made[0].key)))
  assert.notDeepEqual((await host.certificates.own('other')).chain[0], made[0].chain[0])
  const [row] = await bench.db.query<{ n: number }>(
    sql`select count(*) as n from own_certificate where position(convert_to('PRIVATE KEY', 'UTF8') in key_sealed) > 0`,
  )
  assert.equal(row?.n, 0)
})

test('what a device entrusted to us it gets back, and each reading is in the audit', async () => {
  const host = bench.host('pull')
  const c = await bench.enrol('pull')
  assert.equal(await host.secrets.get(c, 'bootstrap'), undefined)
  await host.secrets.put(c, 'bootstrap', 'token')
  assert.equal(await host.secrets.get(c, 'bootstrap'), 'token')
  const rows = await bench.db.query<{ detail: object }>(
    sql`select detail from audit where act = 'escrow.read' and subject = ${`device:${c.device}`}`,
  )
  assert.deepEqual(
    rows.map((r) => r.detail),
    [{ name: 'bootstrap', why: 'asked by the device' }],
  )
})
