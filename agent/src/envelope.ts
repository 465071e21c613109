/** Judges the signature over a command: made by the server that enrolled this device, for this device, this act, these parameters, now, once. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import { type agentChannel, canonical, Envelope, envelopeType, type Json } from '@muster/contract'
import { Refused } from './failure.ts'

export interface Trust {
  readonly device: string
  readonly epoch: number
  readonly signingKeys: readonly { readonly [k: string]: Json }[]
}
/** Seconds that clocks may differ. */
const skewS = 120

/** Throws Refused (envelope-missing, -invalid, -foreign, -mismatch, -early, -expired); answers until when (ms) the signature holds. */
export function checkEnvelope(d: agentChannel.AgentDelivery, trust: Trust, now: number): number {
  if (d.envelope === undefined)
    throw new Refused('envelope-missing', 'This command must be signed by the server, and is not.')
  const e = open(d.envelope, trust)
  if (e.device !== trust.device || e.epoch !== trust.epoch)
    throw new Refused('envelope-foreign', 'The signature is for another device or an older enrolment.')
  const hash = createHash('sha256').update(canonical(d.payload)).digest('base64url')
  if (e.operation !== d.name || e.nonce !== d.id || e.paramsHash !== hash)
    throw new Refused('envelope-mismatch', 'The signature is for another command.')
  if (e.nbf > now / 1000 + skewS)
    throw new Refused('envelope-early', 'The signature is not valid yet. Check the clock of the device.')
  if (e.exp < now / 1000 - skewS) throw new Refused('envelope-expired', 'The signature has expired.')
  return (e.exp + skewS) * 1000
}

/** Compact JWS, EdDSA over Ed25519 alone: the header cannot choose anything else. */
function open(jws: string, trust: Trust): Envelope {
  const [header = '', payload = '', signature = '', ...more] = jws.split('.')
  const invalid = new Refused('envelope-invalid', 'The signature is not one of the server that enrolled this device.')
  if (more.length > 0 || jws.length > 16_384) throw invalid
  const head = parse(header)
  if (!isObject(head) || head.alg !== 'EdDSA' || head.typ !== envelopeType || 'crit' in head) throw invalid
  const keys = trust.signingKeys.filter(
    (k) => k.kty === 'OKP' && k.crv === 'Ed25519' && (head.kid === undefined || k.kid === head.kid),
  )
  const signed = Buffer.from(`${header}.${payload}`)
  const good = keys.some((key) =>
    verify(null, signed, createPublicKey({ key: { ...key }, format: 'jwk' }), Buffer.from(signature, 'base64url')),
  )
  const body = Envelope.safeParse(parse(payload))
  if (!good || !body.success) throw invalid
  return body.data
}

function parse(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
