/**
 * The envelope of a signed operation: a compact JWS (EdDSA, `typ` muster-command+jws) made by the core and judged by the device,
 * so that whoever can only write to a queue cannot make a device act.
 */
import { z } from 'zod'

export const envelopeType = 'muster-command+jws'
/** Times in seconds since 1970. `nonce` is the delivery's id; `paramsHash` is base64url(SHA-256(canonical(params))). */
export const Envelope = z.object({
  device: z.string(),
  epoch: z.number().int(),
  operation: z.string(),
  paramsHash: z.string(),
  nbf: z.number().int(),
  exp: z.number().int(),
  nonce: z.string(),
})
export type Envelope = z.infer<typeof Envelope>

/**
 * A link: one signing key's word for the next (compact JWS, EdDSA; `kid` names the older key, the payload is a KeyLink). The protected header of an
 * envelope carries as `chain` the links that lead to the key which signed it, oldest first: by them a device that knows an older key learns the newer.
 */
export const keyLinkType = 'muster-key+jws'
export const keyChainLimit = 8
export const KeyLink = z.object({
  next: z.object({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: z.string().length(43),
    kid: z.string().min(1).max(128),
  }),
  /** When it was made, in seconds since 1970. */
  iat: z.number().int(),
})
export type KeyLink = z.infer<typeof KeyLink>
