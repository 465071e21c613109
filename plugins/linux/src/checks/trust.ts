/** Judges who is trusted: certificate authorities and administrators. */
import { createHash } from 'node:crypto'
import type { JsonObject, linuxCertificates, linuxSudoers, Verdict } from '@muster/contract'
import { asList, differing, drifted, failed, verified } from './verdicts.ts'

type Certificates = ReturnType<typeof linuxCertificates.settings.parse>
type Sudoers = ReturnType<typeof linuxSudoers.settings.parse>

/** `evidence`: { trusted: [SHA-256 in hex], bundled: [of those, what programs read] | null }. */
export function checkCertificates(settings: Certificates, evidence: Readonly<JsonObject>): Verdict {
  const trusted = new Set(asList(evidence.trusted))
  const bundled = Array.isArray(evidence.bundled) ? new Set(evidence.bundled) : undefined
  const missing = settings.certificates.filter(({ pem }) => !trusted.has(fingerprint(pem))).map((c) => c.name)
  if (missing.length > 0) return drifted('certificates-missing', `Not trusted: ${missing.join(', ')}.`, { missing })
  const unread = bundled
    ? settings.certificates.filter(({ pem }) => !bundled.has(fingerprint(pem))).map((c) => c.name)
    : []
  if (unread.length === 0) return verified
  return drifted('certificates-not-taken-over', `On the device, but not read by its programs: ${unread.join(', ')}.`, {
    unread,
  })
}

/** SHA-256 over the certificate itself (DER). */
function fingerprint(pem: string): string {
  const der = Buffer.from(pem.replaceAll(/-----[A-Z ]+-----/g, ''), 'base64')
  return createHash('sha256').update(der).digest('hex')
}

/** `evidence`: { rules, included, exact }. */
export function checkSudoers(settings: Sudoers, evidence: Readonly<JsonObject>): Verdict {
  const plain = settings.rules.map(({ who, as, commands, password }) => ({ who, as, commands, password }))
  const wrong = differing({ rules: plain }, evidence)
  if (Object.keys(wrong).length > 0) return drifted('sudoers-differ', 'The rules on the device are others.', wrong)
  if (evidence.exact !== true) return drifted('sudoers-changed', 'The file of the rules was changed by somebody.', {})
  if (evidence.included === true) return verified
  return failed(
    'sudoers-not-included',
    '/etc/sudoers does not include /etc/sudoers.d, so the rules are dead letters.',
    {},
  )
}
