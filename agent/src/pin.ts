/** Trust in a server by the fingerprint of a certificate in its chain: its own, or that of the authority that signed it. */
import { X509Certificate } from 'node:crypto'
import type tls from 'node:tls'

const chainLimit = 8

/** Colons, blanks and case do not matter. Undefined: not a SHA-256. */
export function readFingerprint(text: string): string | undefined {
  const hex = text
    .replaceAll(/[:\s]/g, '')
    .replace(/^sha-?256=?/i, '')
    .toLowerCase()
  return /^[0-9a-f]{64}$/.test(hex) ? hex : undefined
}

/** Why the peer is not the one pinned; undefined when it is. Each link of the chain is verified by signature up to the one that is pinned. */
export function checkPin(
  host: string,
  presented: readonly Uint8Array[],
  fingerprint: string,
  now: Date,
): string | undefined {
  const chain = presented.slice(0, chainLimit).map((der) => new X509Certificate(der))
  const [leaf] = chain
  if (!leaf) return 'the server showed no certificate'
  const pinned = chain.findIndex((c) => c.fingerprint256.replaceAll(':', '').toLowerCase() === fingerprint)
  if (pinned < 0)
    return `no certificate of the server has the fingerprint given; its own has ${leaf.fingerprint256.replaceAll(':', '').toLowerCase()}`
  for (const [i, c] of chain.slice(0, pinned + 1).entries()) {
    if (now < new Date(c.validFrom) || now > new Date(c.validTo))
      return `the certificate ${c.subject.replaceAll('\n', ', ')} is valid from ${c.validFrom} to ${c.validTo}, and the clock of this device shows ${now.toISOString()}`
    const issuer = i < pinned ? chain[i + 1] : undefined
    if (issuer && !(issuer.ca && c.checkIssued(issuer) && c.verify(issuer.publicKey)))
      return 'the certificates of the server do not form a chain'
  }
  return pinned > 0 && !leaf.checkHost(host) && !leaf.checkIP(host) ? `the certificate is not for ${host}` : undefined
}

/** The chain as the peer sent it, its own certificate first. */
export function presentedChain(socket: tls.TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  const seen = new Set<string>()
  let next: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true)
  while (next?.raw && !seen.has(next.fingerprint256) && chain.length < chainLimit) {
    seen.add(next.fingerprint256)
    chain.push(next.raw)
    next = next.issuerCertificate
  }
  return chain
}
