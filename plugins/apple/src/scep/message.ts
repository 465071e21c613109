/** SCEP messages (RFC 8894, 3): a CMS signed by the client around a CMS enveloped for us, read with suspicion and answered in the client's own cipher and digest. */
import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import {
  type Cipher,
  CmsError,
  certificatesOnly,
  type Digest,
  envelop,
  openEnveloped,
  openSigned,
  type Signer,
  signDataInPool,
} from '@muster/kit/cms'
import { DerError, type Element, inside, octets, pieces, printable, readDer, readOid, tags } from '@muster/kit/der'

const attributes = {
  messageType: '2.16.840.1.113733.1.9.2',
  pkiStatus: '2.16.840.1.113733.1.9.3',
  failInfo: '2.16.840.1.113733.1.9.4',
  senderNonce: '2.16.840.1.113733.1.9.5',
  recipientNonce: '2.16.840.1.113733.1.9.6',
  transactionId: '2.16.840.1.113733.1.9.7',
} as const
const challengePassword = '1.2.840.113549.1.9.7'

/** RFC 8894, 3.2.1.4.5. */
export type FailInfo = 'badAlg' | 'badMessageCheck' | 'badRequest' | 'badTime' | 'badCertId'
const failInfos: Readonly<Record<FailInfo, string>> = {
  badAlg: '0',
  badMessageCheck: '1',
  badRequest: '2',
  badTime: '3',
  badCertId: '4',
}
const messageTypes = new Map([
  ['19', 'PKCSReq'],
  ['17', 'RenewalReq'],
  ['20', 'CertPoll'],
] as const)
export type MessageType = 'PKCSReq' | 'RenewalReq' | 'CertPoll'

/** A request that was opened. */
export interface ScepRequest {
  type: MessageType
  transactionId: string
  senderNonce: Uint8Array
  /** The certificate that it is signed with: self-signed for PKCSReq, the current one for RenewalReq. */
  signer: Uint8Array
  /** PKCS#10 in DER; of a CertPoll its IssuerAndSubject. */
  content: Uint8Array
  cipher: Cipher
  digest: Digest
}
/** What can still be answered when the inside of a message cannot be read. */
export type Answerable = Pick<ScepRequest, 'transactionId' | 'senderNonce' | 'signer' | 'digest'> & { cipher?: Cipher }

export class ScepError extends Error {
  readonly fail: FailInfo
  /** Absent: not even an answer can be made, the HTTP status says it. */
  readonly to?: Answerable
  constructor(fail: FailInfo, message: string, to?: Answerable) {
    super(message)
    this.name = 'ScepError'
    this.fail = fail
    this.to = to
  }
}

/** Our registration authority: what requests are enveloped for and answers are signed with. */
export interface Authority {
  key: KeyObject
  /** DER: own certificate, then intermediate and root. */
  chain: readonly Uint8Array[]
}
export function authorityOf(own: { key: string; chain: readonly Uint8Array[] }): Authority {
  return { key: createPrivateKey(own.key), chain: own.chain }
}

/** Throws ScepError. */
export function readScep(message: Uint8Array, authority: Authority): ScepRequest {
  try {
    const { content, signers } = openSigned(message)
    const [signer, ...others] = signers
    if (!signer || others.length > 0) throw new ScepError('badRequest', 'it is signed by more than one')
    const to = answerable(signer)
    const type = messageTypes.get(text(signer, attributes.messageType) as '19')
    if (!type) throw new ScepError('badRequest', 'a message type that is not known here', to)
    return { ...to, type, ...opened(content, authority, to) }
  } catch (e) {
    if (e instanceof ScepError) throw e
    if (e instanceof CmsError) throw new ScepError(e.code === 'unsupported' ? 'badAlg' : 'badMessageCheck', e.message)
    if (e instanceof DerError) throw new ScepError('badRequest', e.message)
    throw e
  }
}

function opened(content: Uint8Array, authority: Authority, to: Answerable): { content: Uint8Array; cipher: Cipher } {
  const [certificate] = authority.chain
  if (!certificate) throw new ScepError('badCertId', 'no authority')
  try {
    return openEnveloped(content, [{ certificate, key: authority.key }])
  } catch (e) {
    if (!(e instanceof CmsError)) throw e
    throw new ScepError(e.code === 'unsupported' ? 'badAlg' : 'badMessageCheck', e.message, to)
  }
}

function answerable(signer: Signer): Answerable {
  const transactionId = text(signer, attributes.transactionId)
  const nonce = signer.attributes.get(attributes.senderNonce)?.[0]
  if (!transactionId || transactionId.length > 128 || !nonce)
    throw new ScepError('badRequest', 'no transaction or nonce')
  const senderNonce = pieces(nonce)
  if (senderNonce.length < 8 || senderNonce.length > 64) throw new ScepError('badRequest', 'a nonce of a wrong size')
  return { transactionId, senderNonce, signer: signer.certificate.der, digest: signer.digest }
}

function text(signer: Signer, id: string): string {
  const value = signer.attributes.get(id)?.[0]
  return value ? Buffer.from(pieces(value)).toString('latin1') : ''
}

export type ScepAnswer = { issued: readonly Uint8Array[] } | { fail: FailInfo } | { pending: true }

/** CertRep (RFC 8894, 3.3.2): the certificate enveloped for who asked; it must have an RSA key to read it. */
export async function writeScep(to: Answerable, answer: ScepAnswer, authority: Authority): Promise<Buffer> {
  const status = 'issued' in answer ? '0' : 'fail' in answer ? '2' : '3'
  const content =
    'issued' in answer ? envelop(certificatesOnly(answer.issued), to.signer, to.cipher ?? '3des') : Buffer.alloc(0)
  const [certificate, ...chain] = authority.chain
  if (!certificate) throw new Error('no authority')
  return signDataInPool({
    content,
    certificate,
    key: authority.key,
    chain,
    digest: to.digest,
    attributes: [
      [attributes.messageType, printable('3')],
      [attributes.pkiStatus, printable(status)],
      ...('fail' in answer ? [[attributes.failInfo, printable(failInfos[answer.fail])] as const] : []),
      [attributes.transactionId, printable(to.transactionId)],
      [attributes.senderNonce, octets(randomBytes(16))],
      [attributes.recipientNonce, octets(to.senderNonce)],
    ],
  })
}

/** The challenge password of a PKCS#10 request (RFC 2985, 5.4.1); undefined when it has none. Throws DerError. */
export function challengeOf(csr: Uint8Array): string | undefined {
  const info = readDer(csr).items[0]
  const set = info?.items.find((e) => e.tag === 0xa0)
  const found = set?.items.find((a) => a.items[0]?.tag === tags.oid && readOid(a.items[0]) === challengePassword)
  const value = found?.items[1]?.items[0]
  return value && decoded(value)
}

function decoded(value: Element): string {
  const bytes = Buffer.from(inside(value))
  return value.tag === tags.bmp && bytes.length % 2 === 0 ? bytes.swap16().toString('utf16le') : bytes.toString('utf8')
}
