/** A SCEP client (RFC 8894) for tests that can also do wrong: every part of its message can be another. */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, randomUUID, sign } from 'node:crypto'
import type { Reply } from '@muster/contract'
import { type Cipher, type Digest, envelop, openEnveloped, openSigned, signData } from '../cms/index.ts'
import {
  context,
  der,
  integer,
  nothing,
  octets,
  oid,
  pieces,
  printable,
  readDer,
  sequence,
  setOf,
  tags,
  time,
  utf8,
  whole,
} from '../der/index.ts'

export interface ScepHolder {
  key: KeyObject
  certificate: Uint8Array
}
export const rsaKey = (bits = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey
export const ecKey = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

const spki = (key: KeyObject) => createPublicKey(key).export({ format: 'der', type: 'spki' })
const name = (text: string) => sequence(setOf(sequence(oid('2.5.4.3'), utf8(text))))
function signed(content: Buffer, key: KeyObject): Buffer {
  const algorithm =
    key.asymmetricKeyType === 'ec'
      ? sequence(oid('1.2.840.10045.4.3.2'))
      : sequence(oid('1.2.840.113549.1.1.11'), nothing())
  return sequence(content, algorithm, der(tags.bits, Buffer.from([0]), sign('sha256', content, key)))
}

/** What a client signs with that has no certificate yet. */
export function selfSigned(key: KeyObject, subject = 'device'): ScepHolder {
  const now = Date.now()
  const algorithm = sequence(
    oid(key.asymmetricKeyType === 'ec' ? '1.2.840.10045.4.3.2' : '1.2.840.113549.1.1.11'),
    ...(key.asymmetricKeyType === 'ec' ? [] : [nothing()]),
  )
  const tbs = sequence(
    der(context(0), integer(2)),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name(subject),
    sequence(time(new Date(now - 3_600_000)), time(new Date(now + 86_400_000))),
    name(subject),
    spki(key),
  )
  return { key, certificate: signed(tbs, key) }
}

export interface CertificateRequestOptions {
  challenge?: Uint8Array | string
  subject?: string
  /** Value of an extensionRequest attribute. */
  extensions?: Uint8Array
}
/** PKCS#10. A challenge in bytes is taken as DER. */
export function certificateRequest(key: KeyObject, o: CertificateRequestOptions = {}): Buffer {
  const attributes: Buffer[] = []
  if (o.challenge !== undefined)
    attributes.push(
      sequence(
        oid('1.2.840.113549.1.9.7'),
        setOf(typeof o.challenge === 'string' ? printable(o.challenge) : o.challenge),
      ),
    )
  if (o.extensions) attributes.push(sequence(oid('1.2.840.113549.1.9.14'), setOf(o.extensions)))
  return signed(sequence(integer(0), name(o.subject ?? 'device'), spki(key), der(context(0), ...attributes)), key)
}

const scepOids = {
  type: '2.16.840.1.113733.1.9.2',
  status: '2.16.840.1.113733.1.9.3',
  fail: '2.16.840.1.113733.1.9.4',
  senderNonce: '2.16.840.1.113733.1.9.5',
  recipientNonce: '2.16.840.1.113733.1.9.6',
  transaction: '2.16.840.1.113733.1.9.7',
} as const

export interface ScepMessageOptions {
  authority: Uint8Array
  by: ScepHolder
  content: Uint8Array
  type?: string
  cipher?: Cipher
  digest?: Digest
  transaction?: string
  nonce?: Uint8Array
  /** Names of attributes to leave out. */
  without?: readonly (keyof typeof scepOids)[]
}
export function scepMessage(o: ScepMessageOptions): Buffer {
  const attributes: [keyof typeof scepOids, Uint8Array][] = [
    ['type', printable(o.type ?? '19')],
    ['transaction', printable(o.transaction ?? randomUUID())],
    ['senderNonce', octets(o.nonce ?? randomBytes(16))],
  ]
  return signData({
    content: envelop(o.content, o.authority, o.cipher ?? 'aes256'),
    certificate: o.by.certificate,
    key: o.by.key,
    digest: o.digest,
    attributes: attributes.filter(([n]) => !o.without?.includes(n)).map(([n, value]) => [scepOids[n], value]),
  })
}

export interface CertRep {
  status: string
  fail?: string
  transaction: string
  recipientNonce: Buffer
  digest: Digest
  cipher?: Cipher
  signer: Uint8Array
  certificates: Uint8Array[]
}
/** Verified and opened with the key that asked. */
export function readCertRep(body: Reply['body'], by: ScepHolder): CertRep {
  const { content, signers } = openSigned(bytesOf(body))
  const [signer] = signers
  if (!signer) throw new Error('nobody signed it')
  const value = (id: string) => {
    const found = signer.attributes.get(id)?.[0]
    return found && Buffer.from(pieces(found))
  }
  const opened = content.length > 0 ? openEnveloped(content, [by]) : undefined
  return {
    status: String(value(scepOids.status)),
    fail: value(scepOids.fail)?.toString(),
    transaction: String(value(scepOids.transaction)),
    recipientNonce: value(scepOids.recipientNonce) ?? Buffer.alloc(0),
    digest: signer.digest,
    cipher: opened?.cipher,
    signer: signer.certificate.der,
    certificates: opened ? openBag(opened.content) : [],
  }
}

export const bytesOf = (body: Reply['body']): Uint8Array =>
  typeof body === 'string' ? Buffer.from(body) : (body ?? Buffer.alloc(0))

/** The certificates of a SignedData that nobody signed. */
export function openBag(body: Reply['body']): Uint8Array[] {
  const data = readDer(bytesOf(body)).items[1]?.items[0]
  return (data?.items.slice(3).find((e) => e.tag === context(0))?.items ?? []).map(whole)
}
