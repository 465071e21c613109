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
