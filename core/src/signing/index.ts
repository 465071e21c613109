/** The proof a command carries: who it is for, what it does and how long it holds, signed by a key kept outside the database. */
import { createHash, type KeyObject } from 'node:crypto'
import { type ChannelDetail, canonical, type Envelope, envelopeType, type JsonObject } from '@muster/contract'
import { publicJwk, thumbprint } from './thumbprint.ts'

export { readLinks, rotateSigningKey } from './rotation.ts'

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

/** `links`: how devices that know an older key come to know this one (readLinks); every envelope carries them. */
export function createSigning(key: KeyObject, links: readonly string[] = []): Signing {
  const jwk = publicJwk(key)
  const kid = thumbprint(jwk)
  const published: JsonObject = { ...jwk, kid, alg: 'EdDSA', use: 'sig' }
  const header = { alg: 'EdDSA', kid, typ: envelopeType, ...(links.length > 0 ? { chain: [...links] } : {}) }
  return {
    envelope: async (c, command) => {
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
      // Loaded with the first of them: most starts sign nothing.
      const { CompactSign } = await import('jose')
      return new CompactSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(header).sign(key)
    },
    publicKeys: () => [published],
  }
}
