/** Judges the signature over a command as a real device does, so that a server that signs wrongly is found out. */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { type agentChannel, canonical, Envelope, envelopeType, type JsonObject } from '@muster/contract'

export interface Trust {
  readonly device: string
  readonly epoch: number
  readonly signingKeys: readonly JsonObject[]
}
/** Seconds that clocks may differ. */
const skewS = 120
/** Thousands of devices trust the same few keys: each is read once. */
const keys = new Map<string, KeyObject>()
const keysLimit = 64

/** undefined: it is good. Otherwise why it is not (envelope-missing, -invalid, -foreign, -mismatch, -early, -expired). */
export function faultOf(d: agentChannel.AgentDelivery, trust: Trust, nowMs: number): string | undefined {
  if (d.envelope === undefined) return 'envelope-missing'
  const e = open(d.envelope, trust)
  if (!e) return 'envelope-invalid'
  if (e.device !== trust.device || e.epoch !== trust.epoch) return 'envelope-foreign'
  const hash = createHash('sha256').update(canonical(d.payload)).digest('base64url')
  if (e.operation !== d.name || e.nonce !== d.id || e.paramsHash !== hash) return 'envelope-mismatch'
  if (e.nbf > nowMs / 1000 + skewS) return 'envelope-early'
  return e.exp < nowMs / 1000 - skewS ? 'envelope-expired' : undefined
}

/** Compact JWS, EdDSA over Ed25519 alone. */
function open(jws: string, trust: Trust): Envelope | undefined {
  const [header = '', payload = '', signature = '', ...more] = jws.split('.')
  const head = parse(header) as { alg?: unknown; typ?: unknown; kid?: unknown } | null | undefined
  if (more.length > 0 || head?.alg !== 'EdDSA' || head.typ !== envelopeType) return undefined
  const fitting = trust.signingKeys.filter(
    (k) => k.kty === 'OKP' && k.crv === 'Ed25519' && (head.kid === undefined || k.kid === head.kid),
  )
  const good = fitting.some((k) =>
    verify(null, Buffer.from(`${header}.${payload}`), keyOf(k), Buffer.from(signature, 'base64url')),
  )
  const body = Envelope.safeParse(parse(payload))
  return good && body.success ? body.data : undefined
}

function keyOf(jwk: JsonObject): KeyObject {
  const name = JSON.stringify(jwk)
  const known = keys.get(name)
  if (known) return known
  const key = createPublicKey({ key: { ...jwk }, format: 'jwk' })
  if (keys.size >= keysLimit) keys.clear()
  keys.set(name, key)
  return key
}

function parse(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
}
