/** Certificates of this server's own for a purpose of a platform's protocol (a SCEP registration authority, a signer of profiles): one for all nodes, its key sealed. */
import { createHash } from 'node:crypto'
import sql from 'sql-template-tag'
import type { Audit } from '../audit/index.ts'
import type { Db, Tx } from '../db/index.ts'
import type { Secrets } from '../secrets/index.ts'
import { type Authorities, authorityAlgorithm } from './authorities.ts'
import { pemOf } from './encoding.ts'
import { signLeaf } from './leaf.ts'
import { insertCertificate } from './store.ts'
import { x509 } from './x509.ts'

export interface OwnCertificate {
  /** PKCS#8 PEM, RSA 2048: signs and decrypts. */
  key: string
  /** DER: the certificate, then intermediate and root. */
  chain: Buffer[]
  notAfter: Date
}
/** As long as its authority: what devices encrypted for it (recovery keys) must be opened years later, and its successor has another key. */
const validDays = 3_650
/** What was signed with it a while ago must still be good. */
const renewDays = 90

/** Answers the same one until it must be renewed; call it again daily. `purpose`: at most 100 letters, made by code, not by people. */
export async function ownCertificate(
  d: { db: Db; secrets: Secrets; audit: Audit; crlUrl?: string },
  a: Authorities,
  purpose: string,
): Promise<OwnCertificate> {
  return d.db.tx(async (tx) => {
    await tx.query(sql`select pg_advisory_xact_lock(hashtextextended(${`own certificate ${purpose}`}, 7313))`)
    const [kept] = await tx.query<{ key_sealed: Buffer; certificate: Buffer; not_after: Date }>(sql`
      select o.key_sealed, o.certificate, o.not_after from own_certificate o join certificate c on c.serial = o.serial
      where o.purpose = ${purpose} and o.not_after > now() + make_interval(days => ${renewDays}) and c.revoked is null and c.authority = ${a.issuing.no}`)
    if (!kept) return make(d, tx, a, purpose)
    const key = d.secrets.open(place(purpose), kept.key_sealed).toString()
    return { key, chain: [kept.certificate, a.issuing.der, a.root.der], notAfter: kept.not_after }
  })
}

async function make(
  d: { secrets: Secrets; audit: Audit; crlUrl?: string },
  tx: Tx,
  a: Authorities,
  purpose: string,
): Promise<OwnCertificate> {
  const pair = await crypto.subtle.generateKey(authorityAlgorithm, true, ['sign', 'verify'])
  const [clock] = await tx.query<{ now: Date }>(sql`select now()`)
  const leaf = await signLeaf(a, {
    subject: [{ O: [a.organisation] }, { CN: [`Muster ${purpose}`.slice(0, 64)] }],
    names: [],
    usage: 'any',
    publicKey: await x509().PublicKey.create(pair.publicKey),
    rsa: true,
    validDays,
    now: clock!.now,
    crlUrl: d.crlUrl,
  })
  const der = leaf.rawData
  await insertCertificate(tx, {
    serial: leaf.serialNumber,
    fingerprint: createHash('sha256').update(der).digest(),
    authority: a.issuing.no,
    channel: null,
    subject: leaf.subject,
    der,
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
  })
  const key = pemOf('PRIVATE KEY', Buffer.from(await crypto.subtle.exportKey('pkcs8', pair.privateKey)))
  await tx.affected(sql`
    insert into own_certificate (purpose, key_sealed, serial, certificate, not_after) values (${purpose}, ${d.secrets.seal(place(purpose), key)}, ${leaf.serialNumber}, ${der}, ${leaf.notAfter})
    on conflict (purpose) do update set key_sealed = excluded.key_sealed, serial = excluded.serial, certificate = excluded.certificate, not_after = excluded.not_after, created = now()`)
  await d.audit.write(tx, {
    actor: 'system',
    act: 'certificate.issue',
    subject: `certificate:${leaf.serialNumber}`,
    detail: { purpose },
  })
  return { key, chain: [der, a.issuing.der, a.root.der], notAfter: leaf.notAfter }
}

const place = (purpose: string) => `own_certificate|${purpose}|key_sealed`
