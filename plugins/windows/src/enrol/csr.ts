/**
 * The device's certificate request, looked at before anything is spent for it. The authority looks again and takes the key alone: its subject
 * is never ours (MS-WSTEP lets the client write one, and real ones put a NUL and an exclamation mark into a PrintableString).
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { signatureOf } from '@muster/kit/cms'
import { DerError, type Element, expect, inside, readDer, readOid, tags, whole } from '@muster/kit/der'
import { SoapFault } from '../soap/index.ts'

const longest = 16 * 1024
const commonName = '2.5.4.3'
const curves = new Set(['prime256v1', 'secp384r1', 'secp521r1'])

/** Throws a fault that says what is wrong. `deviceId`: whose request it must be, where its subject says whose it is. */
export function checkRequest(der: Uint8Array, deviceId?: string): void {
  if (der.length === 0 || der.length > longest) throw refused('is empty or longer than any known')
  const { names, key, proven } = open(der)
  const weak = weakness(key)
  if (weak) throw refused(weak)
  if (!proven) throw refused('is not signed with its own key')
  const other = deviceId !== undefined && names.find((n) => isOfAnother(n, deviceId))
  if (other) throw refused('names another device than AdditionalContext does')
}

function open(der: Uint8Array): { names: string[]; key: KeyObject; proven: boolean } {
  try {
    const [info, algorithm, signature] = expect(readDer(der), tags.sequence, 'request').items
    const [, subject, publicKey] = expect(info, tags.sequence, 'request').items
    const key = keyOf(whole(expect(publicKey, tags.sequence, 'key')))
    const signedBy = signatureOf(readOid(expect(algorithm, tags.sequence, 'algorithm').items[0]))
    const bits = inside(expect(signature, tags.bits, 'signature'))
    const fits = signedBy?.digest !== undefined && signedBy.kind === key.asymmetricKeyType
    const proven =
      fits &&
      bits[0] === 0 &&
      verify(signedBy.digest, whole(expect(info, tags.sequence, 'request')), key, bits.subarray(1))
    return { names: commonNames(expect(subject, tags.sequence, 'subject')), key, proven: proven === true }
  } catch (e) {
    if (e instanceof DerError) throw refused('cannot be read')
    throw e
  }
}

function keyOf(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })
  } catch (e) {
    throw refused(`has no public key that can be read (${e instanceof Error ? e.message : ''})`)
  }
}

function commonNames(subject: Element): string[] {
  return subject.items.flatMap((set) =>
    set.items.flatMap((pair) => {
      const [type, value] = pair.items
      return value && readOid(type) === commonName
        ? [Buffer.from(inside(value)).toString('latin1').replaceAll('\0', '')]
        : []
    }),
  )
}

/** `<something>!<DeviceID>`, as Windows writes it; other subjects (a user's name) say nothing of a device. */
function isOfAnother(name: string, deviceId: string): boolean {
  const said = /^[^!]*!([^!]+)$/.exec(name)?.[1]
  return said !== undefined && plain(said) !== plain(deviceId)
}
const plain = (id: string) => id.replace(/[^A-Za-z0-9]/g, '').toLowerCase()

function weakness(key: KeyObject): string | undefined {
  const { modulusLength = 0, publicExponent = 0n, namedCurve = '' } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ec')
    return curves.has(namedCurve) ? undefined : 'uses a curve that is not P-256, P-384 or P-521'
  if (key.asymmetricKeyType !== 'rsa') return 'uses a key that is neither RSA nor ECDSA'
  if (modulusLength < 2048 || modulusLength > 8192)
    return `uses an RSA key of ${modulusLength} bits; 2048 to 8192 are taken`
  return publicExponent < 65_537n ? 'uses an RSA key with a public exponent below 65537' : undefined
}

const refused = (what: string): SoapFault => new SoapFault('CertificateRequest', `The certificate request ${what}.`)
