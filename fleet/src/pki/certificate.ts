/** What a device makes of its own key: a certificate signed by itself, and a request for a real one (PKCS#10, RFC 2986). */
import { createPublicKey, generateKeyPair, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto'
import { promisify } from 'node:util'
import { bits, context, int, item, nul, oid, read, seq, setOf, tag, text, tlv, utcTime } from './der.ts'

const generate = promisify(generateKeyPair)
export type KeyKind = 'rsa' | 'ec'

/** Off the main thread: an RSA key takes a tenth of a second. */
export async function newKey(kind: KeyKind, bitsLong = 2048): Promise<KeyObject> {
  if (kind === 'ec') return (await generate('ec', { namedCurve: 'P-256' })).privateKey
  return (await generate('rsa', { modulusLength: bitsLong })).privateKey
}

const algorithms = {
  rsa: () => seq(oid('1.2.840.113549.1.1.11'), nul()),
  ec: () => seq(oid('1.2.840.10045.4.3.2')),
} as const
const kindOf = (key: KeyObject): KeyKind => (key.asymmetricKeyType === 'ec' ? 'ec' : 'rsa')
const spki = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' })
const signed = (content: Buffer, key: KeyObject) =>
  seq(content, algorithms[kindOf(key)](), bits(sign('sha256', content, key)))

/** `[[['O', 'Example']], [['CN', 'Device']]]`, as a SCEP payload writes a subject. */
export type Subject = readonly (readonly (readonly [string, string])[])[]
const attributes: { readonly [name: string]: string } = {
  C: '2.5.4.6',
  ST: '2.5.4.8',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
}
function nameOf(subject: Subject): Buffer {
  const part = ([name, value]: readonly [string, string]) =>
    seq(oid(attributes[name] ?? name), text(value, name === 'C' ? tag.printable : tag.utf8))
  return seq(...subject.map((one) => setOf(...one.map(part))))
}

interface Certified {
  readonly subject: Subject
  readonly spki: Buffer
  readonly issuer: { readonly subject: Subject; readonly key: KeyObject }
  readonly now: Date
  /** DER of extensions, each a SEQUENCE. */
  readonly extensions?: readonly Buffer[]
}
/** Valid from a day ago for a year. */
export function certificateOf({ subject, spki: publicKey, issuer, now, extensions = [] }: Certified): Buffer {
  const serial = randomBytes(8)
  serial[0] = 0x2a
  const [from, until] = [-1, 365].map((days) => utcTime(new Date(now.getTime() + days * 86_400_000)))
  return signed(
    seq(
      tlv(context(0), int(2)),
      int(serial),
      algorithms[kindOf(issuer.key)](),
      nameOf(issuer.subject),
      seq(from as Buffer, until as Buffer),
      nameOf(subject),
      publicKey,
      ...(extensions.length > 0 ? [tlv(context(3), seq(...extensions))] : []),
    ),
    issuer.key,
  )
}

/** What a first SCEP message is signed with (RFC 8894, 2.3). */
export const selfSigned = (key: KeyObject, now: Date, subject: Subject = nobody): Buffer =>
  certificateOf({ subject, spki: spki(key), issuer: { subject, key }, now })
/** Before it has a name of its own. */
const nobody: Subject = [[['CN', 'Identity request']]]

export interface Wanted {
  readonly subject: Subject
  readonly challenge?: string
  /** DER of extensions to ask for, as in extensionRequest. */
  readonly extensions?: Buffer
}
export function requestOf(key: KeyObject, { subject, challenge, extensions }: Wanted): Buffer {
  const asked: Buffer[] = []
  if (challenge !== undefined)
    asked.push(
      seq(
        oid('1.2.840.113549.1.9.7'),
        setOf(text(challenge, /^[A-Za-z0-9 '()+,./:=?-]*$/.test(challenge) ? tag.printable : tag.utf8)),
      ),
    )
  if (extensions) asked.push(seq(oid('1.2.840.113549.1.9.14'), setOf(extensions)))
  return signed(seq(int(0), nameOf(subject), spki(key), tlv(context(0), ...asked)), key)
}

/** Issuer and serial number of a certificate, as CMS names it (RFC 5652, 10.2.4). */
export function issuerAndSerial(certificate: Uint8Array): Buffer {
  const body = item(read(certificate), 0)
  const at = item(body, 0).tag === context(0) ? 1 : 0
  return seq(item(body, at + 2).whole, item(body, at).whole)
}

export const pemOf = (der: Uint8Array): string => new X509Certificate(der).toString()
export const derOf = (pem: string): Buffer => new X509Certificate(pem).raw
