/** Our own authorities: a root that signs one intermediate, and the intermediate that signs everything else. Made once, at the first start of the first node. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import sql from 'sql-template-tag'
import type { Audit } from '../audit/index.ts'
import type { Db, Sqlish } from '../db/index.ts'
import type { Secrets } from '../secrets/index.ts'
import { derItems, derOf, keyIdentifier, newSerial, pemOf } from './encoding.ts'
import { type JsonName, type X509Certificate, x509 } from './x509.ts'

export interface Authority {
  no: number
  /** Its name, and the extension by which what it issues names its key, as they stand in certificates: DER. */
  name: Buffer
  identifier: Buffer
  /** Read when somebody asks. */
  readonly certificate: X509Certificate
  der: Buffer
  pem: string
  notAfter: Date
}
export interface Authorities {
  readonly organisation: string
  root: Authority
  issuing: Authority
  /** Signs for the issuing authority; the key never leaves the process unsealed. */
  key: CryptoKey
  /** The same key for what is signed often. */
  signer: KeyObject
}
interface Row {
  no: number
  role: 'root' | 'issuing'
  subject: string
  certificate: Buffer
  key_sealed: Buffer
  serial: string
  not_after: Date
}

/**
 * RSA 2048 with SHA-256, for both: every client that Muster enrols verifies it (SCEP clients, Windows' OMA-DM client and older Android
 * know no elliptic curves in the chain), and CMS for SCEP needs an RSA key to decrypt with. Larger keys cost each handshake and check-in.
 */
export const authorityAlgorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
}
const years = { root: 20, issuing: 10 }
const day = 86_400_000

/** The authorities, made now if there are none. Of many nodes that start at once, one makes them and the others wait. */
export async function ensureAuthorities(
  d: { db: Db; secrets: Secrets; audit: Audit },
  organisation: string,
): Promise<Authorities> {
  for (;;) {
    const found = await load(d.db, d.secrets)
    if (found) return found
    // Undefined: another node is at it.
    await d.db.lock('certificate authorities', async () => {
      if (!(await load(d.db, d.secrets))) await make(d, organisation)
      return true
    })
    await new Promise((r) => setTimeout(r, 50))
  }
}

async function load(on: Sqlish, secrets: Secrets): Promise<Authorities | undefined> {
  const rows = await on.query<Row>(
    sql`select no, role, subject, certificate, key_sealed, serial, not_after from authority where retired is null`,
  )
  const [root, issuing] = [rows.find((r) => r.role === 'root'), rows.find((r) => r.role === 'issuing')]
  if (!root || !issuing) return undefined
  const secret = secrets.open(place(issuing.serial), issuing.key_sealed)
  const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(secret), authorityAlgorithm, false, ['sign'])
  const signer = createPrivateKey({ key: secret, format: 'der', type: 'pkcs8' })
  const shown = authorityOf(issuing)
  return {
    get organisation() {
      return shown.certificate.subjectName.getField('O')[0] ?? ''
    },
    root: authorityOf(root),
    issuing: shown,
    key,
    signer,
  }
}

/** [0] keyIdentifier, and the identifier of the extension that names the authority's key by it (RFC 5280, 4.2.1.1). */
const byKey = 0x80
const idAuthorityKey = Buffer.from('0603551d23', 'hex')

function authorityOf(r: Row): Authority {
  // Version, serial number, algorithm, issuer, validity, subject, key (RFC 5280, 4.1): ours have all of them.
  const [content] = derItems(r.certificate)
  const [, , , , , subject, spki] = content ? derItems(content.whole) : []
  if (!subject || !spki) throw new Error(`the certificate of the ${r.role} authority cannot be read`)
  const key = derOf(0x30, derOf(byKey, keyIdentifier(spki.whole)))
  let certificate: X509Certificate | undefined
  return {
    no: r.no,
    name: Buffer.from(subject.whole),
    identifier: derOf(0x30, idAuthorityKey, derOf(0x04, key)),
    get certificate() {
      certificate ??= new (x509().X509Certificate)(new Uint8Array(r.certificate))
      return certificate
    },
    der: r.certificate,
    pem: pemOf('CERTIFICATE', r.certificate),
    notAfter: r.not_after,
  }
}

const place = (serial: string) => `authority|${serial}|key_sealed`

async function make(d: { db: Db; secrets: Secrets; audit: Audit }, organisation: string): Promise<void> {
  const [clock] = await d.db.query<{ now: Date }>(sql`select now()`)
  const notBefore = new Date(Math.floor(clock!.now.getTime() / 1000) * 1000 - 3_600_000)
  const until = (n: number) => new Date(notBefore.getTime() + n * 365 * day)
  const [rootKeys, issuingKeys] = [await newKeys(), await newKeys()]
  const rootName = nameOf(organisation, 'Root')
  const { AuthorityKeyIdentifierExtension, SubjectKeyIdentifierExtension, X509CertificateGenerator } = x509()
  const root = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: rootName,
    issuer: rootName,
    notBefore,
    notAfter: until(years.root),
    publicKey: rootKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: authorityAlgorithm,
    extensions: [...authorityExtensions(undefined), await SubjectKeyIdentifierExtension.create(rootKeys.publicKey)],
  })
  const issuing = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: nameOf(organisation, 'Issuing'),
    issuer: root.subjectName,
    notBefore,
    notAfter: until(years.issuing),
    publicKey: issuingKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: authorityAlgorithm,
    extensions: [
      ...authorityExtensions(0),
      await SubjectKeyIdentifierExtension.create(issuingKeys.publicKey),
      await AuthorityKeyIdentifierExtension.create(rootKeys.publicKey),
    ],
  })
  const sealed = async (c: X509Certificate, key: CryptoKey) =>
    d.secrets.seal(place(c.serialNumber), Buffer.from(await crypto.subtle.exportKey('pkcs8', key)))
  const rows = [
    { role: 'root', c: root, key: await sealed(root, rootKeys.privateKey) },
    { role: 'issuing', c: issuing, key: await sealed(issuing, issuingKeys.privateKey) },
  ]
  await d.db.tx(async (tx) => {
    for (const { role, c, key } of rows) {
      await tx.affected(sql`
        insert into authority (role, subject, certificate, key_sealed, serial, not_before, not_after) values (${role}, ${c.subject}, ${Buffer.from(c.rawData)}, ${key}, ${c.serialNumber}, ${c.notBefore}, ${c.notAfter})`)
      await d.audit.write(tx, {
        actor: 'system',
        act: 'authority.create',
        subject: `certificate:${c.serialNumber}`,
        detail: { role, subject: c.subject },
      })
    }
  })
}

function newKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(authorityAlgorithm, true, ['sign', 'verify'])
}

function nameOf(organisation: string, role: string): JsonName {
  return [{ O: [organisation] }, { CN: [`${organisation} Device ${role} CA`.slice(-64)] }]
}

function authorityExtensions(pathLength: number | undefined) {
  const { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension } = x509()
  return [
    new BasicConstraintsExtension(true, pathLength, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ]
}
