/** The revocation list (RFC 5280 section 5): signed by the intermediate, kept until something changes or it grows old. */
import sql from 'sql-template-tag'
import type { Db } from '../db/index.ts'
import { type Authorities, authorityAlgorithm } from './authorities.ts'
import { derInteger } from './encoding.ts'
import { type X509CrlReason, x509 } from './x509.ts'

const idCrlNumber = '2.5.29.20'
/** It is valid for a week and signed anew after half of it, so that a reader always has days left. */
const validDays = 7

/** Our words for why, in the list's. What has no word there is unspecified and leaves the entry without a reason. */
const reasons = new Map<string, keyof typeof X509CrlReason>([
  ['key-compromise', 'keyCompromise'],
  ['superseded', 'superseded'],
  ['re-enrolled', 'superseded'],
  ['abandoned', 'cessationOfOperation'],
  ['disenrolled', 'cessationOfOperation'],
  ['disenrolled-unconfirmed', 'cessationOfOperation'],
])

/** The list in DER. Of callers at once one signs it; a revocation that commits meanwhile makes it stale again. */
export async function currentCrl(db: Db, a: Authorities): Promise<Buffer> {
  const [kept] = await db.query<{ crl: Buffer }>(
    sql`select crl from authority where no = ${a.issuing.no} and crl is not null and crl_next > now() + make_interval(days => ${validDays}) / 2`,
  )
  if (kept) return kept.crl
  return db.tx(async (tx) => {
    const [head] = await tx.query<{ crl: Buffer | null; crl_number: number; now: Date; fresh: boolean }>(sql`
      select crl, crl_number, now(), coalesce(crl_next > now() + make_interval(days => ${validDays}) / 2, false) as fresh from authority where no = ${a.issuing.no} for update`)
    if (head?.crl && head.fresh) return head.crl
    const revoked = await tx.query<{ serial: string; revoked: Date; reason: string | null }>(sql`
      select serial, revoked, reason from certificate where authority = ${a.issuing.no} and revoked is not null and not_after > now() order by revoked, serial`)
    const number = (head?.crl_number ?? 0) + 1
    const thisUpdate = new Date(Math.floor((head?.now ?? new Date()).getTime() / 1000) * 1000)
    const nextUpdate = new Date(thisUpdate.getTime() + validDays * 86_400_000)
    const { AuthorityKeyIdentifierExtension, Extension, X509CrlGenerator, X509CrlReason } = x509()
    const word = (reason: string | null) => reasons.get(reason ?? '')
    const crl = await X509CrlGenerator.create({
      issuer: a.issuing.certificate.subjectName,
      thisUpdate,
      nextUpdate,
      signingKey: a.key,
      signingAlgorithm: authorityAlgorithm,
      entries: revoked.map((r) => {
        const of = word(r.reason)
        return { serialNumber: r.serial, revocationDate: r.revoked, reason: of && X509CrlReason[of] }
      }),
      extensions: [
        await AuthorityKeyIdentifierExtension.create(a.issuing.certificate.publicKey),
        new Extension(idCrlNumber, false, derInteger(number)),
      ],
    })
    const der = Buffer.from(crl.rawData)
    await tx.affected(
      sql`update authority set crl = ${der}, crl_number = ${number}, crl_next = ${nextUpdate} where no = ${a.issuing.no}`,
    )
    return der
  })
}
