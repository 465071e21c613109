/** Identities of Apple devices, made without a server: certificates for one shared key, and what is said with them signed beforehand, so that the generator signs nothing while it measures. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { signData } from '@muster/kit/cms'
import { context, der, integer, octets, oid, sequence, setOf, tags, time, utf8 } from '@muster/kit/der'

export interface AppleIdentities {
  /** All certificates are for this one: RSA of 2048 bits, as Apple's devices make. */
  readonly key: KeyObject
  certificate(device: number): Buffer
  /** `Mdm-Signature` of a body in base64: with attributes, SHA-256, the certificate in it, as an iPhone signs. */
  signature(device: number, body: string): string
}

const name = (text: string) => sequence(setOf(sequence(oid('2.5.4.3'), utf8(text))))
const ecdsaSha256 = '1.2.840.10045.4.3.2'

export const udidOf = (seed: number, device: number): string =>
  createHash('sha256').update(`udid ${seed} ${device}`).digest('hex').slice(0, 40).toUpperCase()

export function appleIdentities(seed: number): AppleIdentities {
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { privateKey: authority } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const now = Date.now()
  const validity = sequence(time(new Date(now - 86_400_000)), time(new Date(now + 300 * 86_400_000)))
  const usages = sequence(
    sequence(oid('2.5.29.15'), octets(der(tags.bits, Buffer.from([5, 0xa0])))),
    sequence(oid('2.5.29.37'), octets(sequence(oid('1.3.6.1.5.5.7.3.2')))),
  )
  const made = new Map<number, Buffer>()

  function certificate(device: number): Buffer {
    const known = made.get(device)
    if (known) return known
    const serial = createHash('sha256').update(`serial ${seed} ${device}`).digest().subarray(0, 15)
    const content = sequence(
      der(context(0), integer(2)),
      integer(Buffer.concat([Buffer.from([1]), serial])),
      sequence(oid(ecdsaSha256)),
      name('Bench authority'),
      validity,
      name(`device-${device}`),
      publicKey,
      der(context(3), usages),
    )
    const signature = sign('sha256', content, authority)
    const bytes = sequence(content, sequence(oid(ecdsaSha256)), der(tags.bits, Buffer.from([0]), signature))
    made.set(device, bytes)
    return bytes
  }
  return {
    key,
    certificate,
    signature: (device, body) =>
      signData({ content: Buffer.from(body), certificate: certificate(device), key, detached: true }).toString(
        'base64',
      ),
  }
}
