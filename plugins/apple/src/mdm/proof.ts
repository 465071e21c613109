/** Who speaks: the certificate of the TLS connection, or the one that signed the body in `Mdm-Signature`. */
import type { Bytes, Message } from '@muster/contract'
import { type Claim, CmsError, type Crowd, claimOf, knownSigner, openSigned } from '@muster/kit/cms'
import { DerError } from '@muster/kit/der'

export type Proof = { certificate: Bytes } | { missing: 'none' | 'forged' | 'unreadable' }
/** What of a message proves who sent it. */
export type Signed = Pick<Message, 'headers' | 'body' | 'certificate'>
/** A signature with its certificates is 2 to 6 kB. */
const longest = 24 * 1024
/** Where signatures are decoded, one after the other: what is looked at and kept by nobody need not be cleared away. */
const scratch = Buffer.allocUnsafeSlow(longest)
/** Counts what was decoded: of all but the last the bytes are gone. */
let turns = 0

/**
 * The header holds a detached CMS signature over the raw body, in base64; some clients send it with the content inside, which must then
 * be the body. The certificate's key is proven; whose it is, `host.identify` knows.
 */
export function proofOf(r: Signed): Proof {
  const header = r.headers['mdm-signature']
  if (header === undefined) return r.certificate ? { certificate: r.certificate } : { missing: 'none' }
  const message = decoded(header)
  if (!message) return { missing: 'unreadable' }
  try {
    const known = knownSigner(message, r.body)
    if (known) return { certificate: known.der }
    const { signers } = openSigned(Buffer.from(message), r.body)
    const [signer, ...others] = signers
    if (!signer || others.length > 0) return { missing: 'unreadable' }
    return { certificate: signer.certificate.der }
  } catch (e) {
    if (e instanceof CmsError) return { missing: e.code === 'forged' ? 'forged' : 'unreadable' }
    if (e instanceof DerError) return { missing: 'unreadable' }
    throw e
  }
}

function decoded(header: string): Buffer | undefined {
  if (header.length > longest) return undefined
  turns += 1
  const message = scratch.subarray(0, scratch.write(header, 'base64'))
  return isWhole(header, message) || /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(header) ? message : undefined
}

/** Base64 without a break in which each letter counted, as the length tells: what no base64 knows is left out in reading. */
function isWhole(text: string, read: Buffer): boolean {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const counted = read.length === (text.length / 4) * 3 - padding && read.length > 0
  return counted && !text.includes('-') && !text.includes('_')
}

export interface Proofs {
  /** The same, for who asks twice of one message: of the last one that was proved the answer is kept. */
  of(r: Signed): Proof
  /** It is signed by somebody who is known: `later` proves it with the others that come now. */
  claims(r: Signed): boolean
  /** At once after `claims`, of the same message: takes it, and tells once, in a later turn of the event loop; undefined: `of` tells. false: too many wait. Answers undefined where there was no claim: `of` proves it now. */
  later(r: Signed, done: (proof: Proved | undefined) => void): boolean | undefined
  /** What `later` told is what `of` tells of it from now on. */
  keep(body: Bytes, proof: Proved): void
  /** Resolves when whoever came before is proved and dealt with; undefined: they are. */
  before(): Promise<void> | undefined
}
export interface Proved {
  certificate: Bytes
}

export function createProofs(crowd: Pick<Crowd, 'add' | 'before'>): Proofs {
  let last: { header: string; body: Bytes; proof: Proof } | undefined
  let claimed: { body: Bytes; claim: Claim; turn: number } | undefined
  const kept = new WeakMap<Bytes, Proved>()

  function of(r: Signed): Proof {
    const header = r.headers['mdm-signature']
    if (header === undefined) return proofOf(r)
    // The very bytes of this request, which nobody changes: equal ones would do as well.
    if (last?.body === r.body && last.header === header) return last.proof
    const proof = kept.get(r.body) ?? proofOf(r)
    last = { header, body: r.body, proof }
    return proof
  }
  return {
    of,
    claims: (r) => {
      const header = r.headers['mdm-signature']
      const message = header === undefined ? undefined : decoded(header)
      const claim = message && claimOf(message, r.body)
      claimed = claim && { body: r.body, claim, turn: turns }
      return claim !== undefined
    },
    later: (r, done) => {
      const known = claimed
      claimed = undefined
      if (known?.body !== r.body || known.turn !== turns) return undefined
      const { certificate } = known.claim
      return crowd.add(known.claim, (holds) => done(holds ? { certificate: certificate.der } : undefined))
    },
    keep: (body, proof) => void kept.set(body, proof),
    before: () => crowd.before(),
  }
}
