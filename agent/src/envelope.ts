/** Judges the signature over a command: made by the server that enrolled this device, for this device, this act, these parameters, now, once. */
import { createHash, createPublicKey, verify } from 'node:crypto'
import {
  type agentChannel,
  canonical,
  Envelope,
  envelopeType,
  type Json,
  KeyLink,
  keyChainLimit,
  keyLinkType,
} from '@muster/contract'
import { Refused } from './failure.ts'

export type Key = { readonly [k: string]: Json }
export interface Trust {
  readonly device: string
  readonly epoch: number
  readonly signingKeys: readonly Key[]
  /** The server signs with a new key, which the ones known so far vouch for: from now on these are known, and those it replaced are not. */
  learned?(keys: readonly Key[]): void
}
/** Seconds that clocks may differ. */
const skewS = 120

/** Throws Refused (envelope-missing, -invalid, -foreign, -mismatch, -early, -expired); answers until when (ms) the signature holds. */
export function checkEnvelope(d: agentChannel.AgentDelivery, trust: Trust, now: number): number {
  if (d.envelope === undefined)
    throw new Refused('envelope-missing', 'This command must be signed by the server, and is not.')
  const { envelope: e, keys } = open(d.envelope, trust)
  if (e.device !== trust.device || e.epoch !== trust.epoch)
    throw new Refused('envelope-foreign', 'The signature is for another device or an older enrolment.')
  const hash = createHash('sha256').update(canonical(d.payload)).digest('base64url')
  if (e.operation !== d.name || e.nonce !== d.id || e.paramsHash !== hash)
    throw new Refused('envelope-mismatch', 'The signature is for another command.')
  if (e.nbf > now / 1000 + skewS)
    throw new Refused('envelope-early', 'The signature is not valid yet. Check the clock of the device.')
  if (e.exp < now / 1000 - skewS) throw new Refused('envelope-expired', 'The signature has expired.')
  if (keys) trust.learned?.(keys)
  return (e.exp + skewS) * 1000
}

/** `keys`: what is trusted from now on, when a chain led to the key that signed. */
function open(jws: string, trust: Trust): { envelope: Envelope; keys?: readonly Key[] } {
  const invalid = new Refused('envelope-invalid', 'The signature is not one of the server that enrolled this device.')
  const parts = split(jws, envelopeType)
  const body = Envelope.safeParse(parts?.payload)
  if (!parts || !body.success) throw invalid
  const { kid } = parts.head
  if (verifies(parts, keysNamed(trust.signingKeys, kid))) return { envelope: body.data }
  const keys = follow(parts.head.chain, trust.signingKeys)
  if (typeof kid !== 'string' || !verifies(parts, keysNamed(keys, kid))) throw invalid
  return { envelope: body.data, keys }
}

/** Link by link from a key that is trusted: each replaces the one that vouches for it. A link that leads from no such key is passed over. */
function follow(chain: unknown, trusted: readonly Key[]): readonly Key[] {
  if (!Array.isArray(chain) || chain.length > keyChainLimit) return trusted
  let keys = trusted
  for (const link of chain) {
    const parts = typeof link === 'string' ? split(link, keyLinkType) : undefined
    const body = KeyLink.safeParse(parts?.payload)
    const { kid } = parts?.head ?? {}
    if (!parts || !body.success || typeof kid !== 'string') continue
    if (verifies(parts, keysNamed(keys, kid))) keys = [...keys.filter((k) => k.kid !== kid), body.data.next]
  }
  return keys
}

interface Parts {
  head: Record<string, unknown>
  payload: unknown
  signed: Buffer
  signature: Buffer
}

/** Compact JWS, EdDSA over Ed25519 alone: the header cannot choose anything else. */
function split(jws: string, type: string): Parts | undefined {
  const [header = '', payload = '', signature = '', ...more] = jws.split('.')
  if (more.length > 0 || jws.length > 16_384) return undefined
  const head = parse(header)
  if (!isObject(head) || head.alg !== 'EdDSA' || head.typ !== type || 'crit' in head) return undefined
  return {
    head,
    payload: parse(payload),
    signed: Buffer.from(`${header}.${payload}`),
    signature: Buffer.from(signature, 'base64url'),
  }
}

function keysNamed(keys: readonly Key[], kid: unknown): readonly Key[] {
  return keys.filter((k) => k.kty === 'OKP' && k.crv === 'Ed25519' && (kid === undefined || k.kid === kid))
}

function verifies(p: Parts, keys: readonly Key[]): boolean {
  return keys.some((key) => verify(null, p.signed, createPublicKey({ key: { ...key }, format: 'jwk' }), p.signature))
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
