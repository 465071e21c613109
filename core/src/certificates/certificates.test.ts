/** Certificates as others verify them (node:crypto, a real TLS handshake), and requests that must not be believed. */
import assert from 'node:assert/strict'
import { createHash, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { isProblem, type ProblemCode } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { createAudit } from '../audit/index.ts'
import { type Db, uuidv7 } from '../db/index.ts'
import { createEvents, type Events } from '../events/index.ts'
import { openSecrets, type Secrets } from '../secrets/index.ts'
import { countingDb, silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { type Certificates, createCertificates } from './certificates.ts'
import { derInteger, newSerial, plainSerial } from './encoding.ts'
import { x509 } from './x509.ts'

const { Pkcs10CertificateRequestGenerator, X509Crl, X509CrlReason } = x509()

let t: TestDatabase
let events: Events
let secrets: Secrets
let dir: string
let certificates: Certificates
const log = silentLog
const make = (db: Db) =>
  createCertificates({
    db,
    secrets,
    events,
    log,
    audit: createAudit({ db, log, signingKey: generateKeyPairSync('ed25519').privateKey }),
    crlUrl: 'http://muster.example/pki/crl',
  })
before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'muster-certificates-'))
  t = await testDatabase()
  events = createEvents({ db: t.db, log })
  secrets = await openSecrets({ db: t.db, keyFile: join(dir, 'master.key') })
  certificates = make(t.db)
  await t.db.query(sql`insert into platform (id, title, installed, descriptors) values ('linux', 'Linux', true, '{}')`)
})
after(async () => {
  await certificates.stop()
  await secrets.close()
  await events.close()
  await t.close()
  rmSync(dir, { recursive: true })
})

const problem = (code: ProblemCode) => (e: unknown) => isProblem(e) && e.code === code
const says = (text: RegExp) => (e: unknown) =>
  isProblem(e) && e.code === 'invalid-request' && text.test(JSON.stringify(e.extra))
async function channel(name = 'device'): Promise<{ no: number; device: string }> {
  const device = uuidv7()
  const [row] = await t.db.query<{ no: number }>(sql`
    with d as (insert into device (id, platform, ownership) values (${device}, 'linux', 'cope') returning no),
    e as (insert into enrolment (device, epoch, ownership, state) select no, 1, 'cope', 'active' from d returning no, device)
    insert into channel (enrolment, device, epoch, name) select no, device, 1, ${name} from e returning no`)
  return { no: row!.no, device }
}
const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
}
async function request(
  algorithm: typeof p256 | typeof rsa | typeof p384 = p256,
): Promise<{ csr: Buffer; key: KeyObject; pair: CryptoKeyPair }> {
  const pair = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair
  // The subject claims to be somebody else: it must not matter.
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=administrator, O=Evil',
    keys: pair,
    signingAlgorithm: algorithm,
  })
  const { KeyObject } = await import('node:crypto')
  return { csr: Buffer.from(csr.rawData), key: KeyObject.from(pair.privateKey), pair }
}
const p384 = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }
const pem = (der: Buffer) => new X509Certificate(der).toString()

test('many nodes that start at once make one root and one intermediate', async () => {
  await assert.rejects(make(t.db).crl(), problem('starting'))
  const nodes = [certificates, make(t.db), make(t.db), make(t.db)]
  await Promise.all(nodes.map((n) => n.ensureAuthorities('Example Corp')))
  const made = nodes.map((n) => n.authorities())
  assert.equal(new Set(made.map((a) => a.issuing.pem)).size, 1)
  const [root, issuing] = [new X509Certificate(made[0]!.root.pem), new X509Certificate(made[0]!.issuing.der)]
  assert.ok(
    root.ca && issuing.ca && root.verify(root.publicKey) && issuing.verify(root.publicKey) && issuing.checkIssued(root),
  )
  assert.equal(issuing.subject, 'O=Example Corp\nCN=Example Corp Device Issuing CA')
  const rows = await t.db.query<{ role: string; key_sealed: Buffer }>(sql`select role, key_sealed from authority`)
  assert.equal(rows.length, 2)
  assert.ok(rows.every((r) => !r.key_sealed.includes(Buffer.from('2a864886f70d010101', 'hex'))))
})

test('a device is certified in words of ours, for TLS clients, and its certificate opens a TLS connection', async () => {
  const c = await channel()
  for (const algorithm of [p256, p384, rsa]) {
    const { csr, key } = await request(algorithm)
    const [leafDer, issuingDer, rootDer] = await certificates.issue(c.no, csr)
    const [leaf, issuing, root] = [
      new X509Certificate(leafDer!),
      new X509Certificate(issuingDer!),
      new X509Certificate(rootDer!),
    ]
    assert.equal(leaf.subject, `O=Example Corp\nCN=${c.device}`)
    assert.equal(leaf.subjectAltName, `URI:urn:uuid:${c.device}`)
    assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.2'])
    assert.ok(!leaf.ca && leaf.verify(issuing.publicKey) && leaf.checkIssued(issuing) && leaf.checkPrivateKey(key))
    assert.match(leaf.serialNumber, /^[4-7][0-9A-F]{31}$/)
    assert.ok(leaf.validFromDate < new Date() && leaf.validToDate.getTime() < Date.now() + 366 * 86_400_000)
    assert.equal(await peerOf(key, [leafDer!, issuingDer!], root.toString()), c.device)
  }
})

test('another channel of the device says so in its certificate', async () => {
  const c = await channel('user:ada')
  const [leaf] = await certificates.issue(c.no, (await request()).csr)
  assert.equal(new X509Certificate(leaf!).subject, `O=Example Corp\nOU=user:ada\nCN=${c.device}`)
})

test('a certificate never outlives the authority, nor what is asked the limit', async () => {
  const c = await channel()
  const { csr } = await request()
  for (const validDays of [0, -1, 826, 1.5])
    await assert.rejects(certificates.issue(c.no, csr, { validDays }), problem('invalid-request'))
  const old = make(t.db)
  await t.db.query(sql`update authority set not_after = now() + interval '10 days' where role = 'issuing'`)
  await old.ensureAuthorities('Example Corp')
  const [leaf] = await old.issue(c.no, csr, { validDays: 365 })
  assert.ok(new X509Certificate(leaf!).validToDate.getTime() <= Date.now() + 10 * 86_400_000 + 1000)
  await t.db.query(sql`update authority set not_after = now() + interval '10 years' where role = 'issuing'`)
})

test('a request is believed only with a good key and proof that its owner asks', async () => {
  const c = await channel()
  const before = await count()
  const { csr } = await request()
  const at = (i: number) => csr.with(csr.length - 1 - i, csr.at(csr.length - 1 - i)! ^ 1)
  await assert.rejects(certificates.issue(c.no, Buffer.from(at(3))), says(/own key|cannot be verified/))
  const stolen = await swappedKey()
  await assert.rejects(certificates.issue(c.no, stolen), says(/own key|cannot be verified/))
  const weak = { ...rsa, modulusLength: 1024 }
  await assert.rejects(certificates.issue(c.no, (await request(weak)).csr), says(/1024 bits/))
  const exponent3 = { ...rsa, publicExponent: new Uint8Array([3]) }
  await assert.rejects(certificates.issue(c.no, (await request(exponent3)).csr), says(/exponent/))
  const ed = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])
  const edCsr = await Pkcs10CertificateRequestGenerator.create({
    name: 'CN=x',
    keys: ed as CryptoKeyPair,
    signingAlgorithm: { name: 'Ed25519' },
  })
  await assert.rejects(certificates.issue(c.no, Buffer.from(edCsr.rawData)), says(/ed25519/))
  for (const junk of [Buffer.alloc(0), Buffer.alloc(20_000, 0x30), Buffer.from('-----BEGIN'), csr.subarray(0, 100)])
    await assert.rejects(certificates.issue(c.no, junk), problem('invalid-request'))
  assert.equal(await count(), before)
})

test('no bytes at all are more than a refused request', async () => {
  const c = await channel()
  const { csr } = await request()
  const before = await count()
  const flipped = fc
    .tuple(fc.nat(csr.length - 1), fc.integer({ min: 1, max: 255 }))
    .map(([i, x]) => csr.with(i, csr[i]! ^ x))
  const nested = fc.integer({ min: 1, max: 8000 }).map((n) => Buffer.alloc(2 * n, Buffer.from([0x30, 0x80])))
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 400 }),
        flipped,
        nested,
        fc.nat(csr.length).map((n) => csr.subarray(0, n)),
      ),
      async (bytes) => {
        if (Buffer.compare(Buffer.from(bytes), csr) === 0) return
        try {
          await certificates.issue(c.no, bytes)
        } catch (e) {
          assert.ok(isProblem(e) && e.code === 'invalid-request', String(e))
          return
        }
        // A change outside what is signed and keyed (an encoding's slack) may still be a good request: it certifies the same key.
        const [row] = await t.db.query<{ certificate: Buffer }>(
          sql`select certificate from certificate where channel = ${c.no} order by not_before desc, xmin::text::bigint desc limit 1`,
        )
        assert.ok(new X509Certificate(row!.certificate).subject.includes(c.device))
      },
    ),
    { numRuns: 150 },
  )
  assert.ok((await count()) - before <= 2)
})

test('who is gone is certified no more', async () => {
  const c = await channel()
  await t.db.query(sql`update channel set closed = now() where no = ${c.no}`)
  const { csr } = await request()
  await assert.rejects(certificates.issue(c.no, csr), problem('device-gone'))
  await assert.rejects(certificates.issue(999_999, csr), problem('device-gone'))
})

test('a certificate identifies its channel, without a statement once cached, until it is revoked on any node', async () => {
  await certificates.start()
  const other = make(t.db)
  await other.ensureAuthorities('Example Corp')
  const c = await channel()
  const { csr } = await request()
  const [leaf] = await certificates.issue(c.no, csr)
  const serial = plainSerial(new X509Certificate(leaf!).serialNumber)
  assert.equal(((await certificates.identify(leaf!)) as { channel: number }).channel, c.no)
  const bound = await t.db.query(
    sql`select channel, kind from credential where hash = ${createHash('sha256').update(leaf!).digest()}`,
  )
  assert.deepEqual(bound, [{ channel: c.no, kind: 'certificate' }])
  const before = t.db.statements
  for (let i = 0; i < 20; i++) await certificates.identify(leaf!)
  assert.ok(t.db.statements - before < 5, 'cached')
  assert.equal(
    await other.revoke({
      serial: serial.toUpperCase().match(/../g)!.join(':'),
      reason: 'key-compromise',
      actor: 'user:admin',
    }),
    1,
  )
  assert.equal(await other.revoke({ serial, reason: 'key-compromise', actor: 'user:admin' }), 0)
  await assert.rejects(other.revoke({ serial: 'ff', reason: '', actor: 'user:admin' }), problem('not-found'))
  const end = Date.now() + 30_000
  while ('channel' in (await certificates.identify(leaf!)) && Date.now() < end)
    await new Promise((r) => setTimeout(r, 10))
  assert.deepEqual(await certificates.identify(leaf!), { refused: 'revoked' })
  assert.deepEqual(await certificates.identify(Buffer.from('nobody')), { refused: 'foreign' })
  const [late] = await certificates.issue(c.no, csr)
  await t.db.query(
    sql`update certificate set not_after = now() - interval '1 second' where fingerprint = ${createHash('sha256').update(late!).digest()}`,
  )
  assert.deepEqual(await certificates.identify(late!), { refused: 'expired' })
})

test('renewing keeps the old one for a week, and only while it is good', async () => {
  const c = await channel()
  const { csr } = await request()
  const serialOf = (der: Buffer | undefined) => plainSerial(new X509Certificate(der!).serialNumber)
  const [first] = await certificates.issue(c.no, csr)
  const [second] = await certificates.renew(serialOf(first), (await request()).csr)
  const [old] = await t.db.query<{ left: number }>(
    sql`select extract(day from expires - now())::int as left from credential where hash = ${createHash('sha256').update(first!).digest()}`,
  )
  assert.ok(old!.left <= 7)
  assert.equal(((await certificates.identify(second!)) as { channel: number }).channel, c.no)
  await certificates.revoke({ channel: c.no, reason: 'superseded', actor: 'user:admin' })
  await assert.rejects(certificates.renew(serialOf(second), csr), problem('wrong-state'))
  await assert.rejects(certificates.renew('00', csr), problem('not-found'))
})

test('the list of what is revoked is signed, kept until something changes, and numbered', async () => {
  const c = await channel()
  const [leaf] = await certificates.issue(c.no, (await request()).csr)
  const first = await certificates.crl()
  assert.deepEqual(await certificates.crl(), first)
  await t.db.tx((tx) => certificates.revokeChannels(tx, [c.no], 're-enrolled'))
  const lists = await Promise.all([certificates.crl(), certificates.crl(), certificates.crl()])
  assert.ok(lists.every((l) => l.equals(lists[0]!)) && !lists[0]!.equals(first))
  const [was, now] = [new X509Crl(new Uint8Array(first)), new X509Crl(new Uint8Array(lists[0]!))]
  const serial = plainSerial(new X509Certificate(leaf!).serialNumber)
  assert.equal(was.findRevoked(serial), null)
  assert.equal(now.findRevoked(serial)?.reason, X509CrlReason.superseded)
  const issuing = certificates.authorities().issuing
  const publicKey = await crypto.subtle.importKey(
    'spki',
    new Uint8Array(new X509Certificate(issuing.der).publicKey.export({ type: 'spki', format: 'der' })),
    rsa,
    true,
    ['verify'],
  )
  assert.ok(await now.verify({ publicKey }))
  const number = (crl: InstanceType<typeof X509Crl>) =>
    Buffer.from(crl.getExtension('2.5.29.20')!.value).toString('hex')
  const [kept] = await t.db.query<{ crl_number: number }>(sql`select crl_number from authority where role = 'issuing'`)
  assert.equal(number(now), Buffer.from(derInteger(kept!.crl_number)).toString('hex'))
  assert.notEqual(number(was), number(now))
  await t.db.query(sql`update authority set crl_next = now() + interval '1 day'`)
  assert.ok(!(await certificates.crl()).equals(lists[0]!), 'signed anew in good time')
})

test('the server certificate is one for all nodes, and a TLS client that trusts the root accepts it', async () => {
  const hosts = ['muster.example', 'localhost', '127.0.0.1', '::1']
  const [a, b] = await Promise.all([
    certificates.serverCertificate(hosts),
    certificates.serverCertificate([...hosts].reverse()),
  ])
  assert.deepEqual(a, b)
  const leaf = new X509Certificate(a.cert)
  assert.ok(
    leaf.checkHost('muster.example') &&
      leaf.checkIP('127.0.0.1') &&
      leaf.checkIP('::1') &&
      !leaf.checkHost('evil.example'),
  )
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  const stored = await t.db.query<{ key_sealed: Buffer }>(sql`select key_sealed from server_certificate`)
  assert.ok(stored.every((s) => !s.key_sealed.includes('PRIVATE KEY')))
  await t.db.query(sql`update server_certificate set not_after = now() + interval '59 days'`)
  const renewed = await certificates.serverCertificate(hosts)
  assert.notEqual(renewed.cert, a.cert)
  assert.deepEqual(await certificates.serverCertificate(hosts), renewed)
  for (const bad of [[], [''], ['a b'], ['-x.example'], ['x'.repeat(64)], ['*.example'], ['a;b'], ['exa_mple\n']])
    await assert.rejects(certificates.serverCertificate(bad), problem('invalid-request'))
})

test('the list pages newest first and by device', async () => {
  const c = await channel()
  for (let i = 0; i < 3; i++) await certificates.issue(c.no, (await request()).csr)
  const first = await certificates.list({ limit: 2, device: c.device })
  const rest = await certificates.list({ limit: 2, device: c.device, cursor: first.next })
  assert.deepEqual([first.items.length, rest.items.length, rest.next], [2, 1, undefined])
  assert.equal(new Set([...first.items, ...rest.items].map((i) => i.serial)).size, 3)
  assert.ok([...first.items, ...rest.items].every((i) => i.device === c.device && i.revokedAt === null))
  await assert.rejects(certificates.list({ limit: 2, cursor: 'bad' }), problem('invalid-cursor'))
})

test('serials and DER integers', () => {
  assert.equal(plainSerial('00:4A:0b '), '4a0b')
  assert.equal(new Set(Array.from({ length: 500 }, newSerial)).size, 500)
  const cases: [number, string][] = [
    [0, '020100'],
    [127, '02017f'],
    [128, '02020080'],
    [255, '020200ff'],
    [256, '02020100'],
    [65535, '020300ffff'],
  ]
  for (const [n, hex] of cases) assert.equal(Buffer.from(derInteger(n)).toString('hex'), hex)
})

async function count(): Promise<number> {
  return (await t.db.query<{ n: number }>(sql`select count(*) as n from certificate`))[0]!.n
}

/** A request whose key was exchanged for another of the same size: the signature no longer fits. */
async function swappedKey(): Promise<Buffer> {
  const [mine, theirs] = [await request(), await request()]
  const spki = async (p: CryptoKeyPair) => Buffer.from(await crypto.subtle.exportKey('spki', p.publicKey))
  const [from, to] = [await spki(mine.pair), await spki(theirs.pair)]
  const i = mine.csr.indexOf(from)
  assert.ok(i > 0)
  return Buffer.concat([mine.csr.subarray(0, i), to, mine.csr.subarray(i + from.length)])
}

/** The CN a TLS server sees and trusts, in a real handshake with mutual authentication. */
async function peerOf(key: KeyObject, chain: Buffer[], ca: string): Promise<unknown> {
  const tls = await certificates.serverCertificate(['localhost'])
  const seen = Promise.withResolvers<unknown>()
  const server = createServer(
    { key: tls.key, cert: tls.chain, ca, requestCert: true, rejectUnauthorized: true },
    (s: TLSSocket) => {
      seen.resolve(s.authorized ? s.getPeerCertificate().subject.CN : s.authorizationError)
      s.end()
    },
  )
  server.on('tlsClientError', seen.reject)
  await new Promise<void>((r) => server.listen(0, '127.0.0.1', r))
  const { port } = server.address() as { port: number }
  const client = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca,
    key: key.export({ type: 'pkcs8', format: 'pem' }),
    cert: chain.map(pem).join(''),
  })
  client.on('error', seen.reject)
  client.resume()
  try {
    return await seen.promise
  } finally {
    client.destroy()
    server.close()
  }
}

test('keys of many invitations are certified together, each once and for its own', async () => {
  const { csr, key } = await request(p256)
  const made = await t.db.query<{ no: number }>(sql`
    insert into invitation (hash, platform, ownership, created_by, expires)
    select sha256(('crowd ' || n)::bytea), (select id from platform limit 1), 'cope', 'user:admin', now() + interval '1 day' from generate_series(1, 20) as n returning no`)
  const counting = countingDb(t.db)
  const own = make(counting)
  await own.ensureAuthorities('Example Corp')
  const issue = () => Promise.all(made.map(({ no }) => own.issueForInvitation(no, csr)))
  let first: Buffer[][] = []
  const c = await channel()
  const locked = Promise.withResolvers<void>()
  const free = Promise.withResolvers<void>()
  const held = t.db.tx(async (tx) => {
    await tx.query(sql`select from invitation where no = any(${made.map(({ no }) => no)}::bigint[]) for update`)
    locked.resolve()
    await free.promise
  })
  await Promise.race([locked.promise, held])
  const counts = await counting.count(async () => {
    const all = issue()
    // The first of them wait for their invitations until the others are in line: whoever comes after them takes the same steps.
    try {
      for (let i = 0; i < 3; i++) await certificates.issue(c.no, csr)
    } finally {
      free.resolve()
    }
    first = await all
    await held
  })
  assert.ok(counts.transactions <= 3, `${counts.transactions} transactions`)
  const leaves = first.map(([leaf]) => new X509Certificate(leaf!))
  assert.equal(new Set(leaves.map((l) => l.serialNumber)).size, made.length)
  const issuing = new X509Certificate(own.authorities().issuing.der)
  for (const [i, leaf] of leaves.entries()) {
    assert.equal(leaf.subject, `O=Example Corp\nCN=invitation ${made[i]?.no}`)
    assert.ok(leaf.checkIssued(issuing) && leaf.verify(issuing.publicKey) && leaf.checkPrivateKey(key))
  }
  assert.deepEqual(await issue(), first, 'the same key is given what it has')
  const other = (await request(p256)).csr
  await assert.rejects(own.issueForInvitation(made[0]!.no, other), problem('invitation-used'))
  const [audited] = await t.db.query<{ n: number }>(
    sql`select count(*) as n from audit where act = 'certificate.issue' and detail ? 'invitation'`,
  )
  assert.equal(audited?.n, made.length)
})
