/** The proof a command carries: who it is for, what it does and how long it holds, signed by a key kept outside the database. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { type ChannelDetail, canonical, type Envelope, envelopeType, type JsonObject } from '@muster/contract'
import { CompactSign, calculateJwkThumbprint, exportJWK } from 'jose'

export interface Signing {
  envelope(
    c: Pick<ChannelDetail, 'device' | 'epoch'>,
    command: { id: string; operation: string; params: JsonObject; deadline: Date },
  ): Promise<string>
  /** Public keys as JWK with `kid`. */
  publicKeys(): readonly JsonObject[]
}

/** Allowance for a device whose clock runs behind. */
const skewS = 300

export async function createSigning(key: KeyObject): Promise<Signing> {
  const jwk = await exportJWK(createPublicKey(key))
  const kid = await calculateJwkThumbprint(jwk) // RFC 7638
  const published = { ...jwk, kid, alg: 'EdDSA', use: 'sig' } as unknown as JsonObject
  return {
    envelope: (c, command) => {
      const now = Math.floor(Date.now() / 1000)
      const payload: Envelope = {
        device: c.device,
        epoch: c.epoch,
        operation: command.operation,
        paramsHash: createHash('sha256').update(canonical(command.params)).digest('base64url'),
        nbf: now - skewS,
        exp: Math.floor(command.deadline.getTime() / 1000),
        nonce: command.id,
      }
      return new CompactSign(Buffer.from(JSON.stringify(payload)))
        .setProtectedHeader({ alg: 'EdDSA', kid, typ: envelopeType })
        .sign(key)
    },
    publicKeys: () => [published],
  }
}
