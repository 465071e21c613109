/** A device's side of SCEP (RFC 8894): what the server can, its certificates, and a certificate for the device's own key. */
import { createHash, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import {
  type Cipher,
  type Digest,
  enveloped,
  octets,
  open,
  read,
  requestOf,
  type Signing,
  type Subject,
  selfSigned,
  signed,
  tag,
  text,
  unsealed,
} from '../../pki/index.ts'
import { Refused, refusalOf } from '../../refused.ts'
import type { Answered, Send } from '../../wire.ts'

const ids = {
  messageType: '2.16.840.1.113733.1.9.2',
  pkiStatus: '2.16.840.1.113733.1.9.3',
  failInfo: '2.16.840.1.113733.1.9.4',
  senderNonce: '2.16.840.1.113733.1.9.5',
  recipientNonce: '2.16.840.1.113733.1.9.6',
  transactionId: '2.16.840.1.113733.1.9.7',
} as const
/** RFC 8894, 3.2.1.4.5. */
const failures = ['bad-algorithm', 'bad-message-check', 'bad-request', 'bad-time', 'bad-certificate-id'] as const

export interface ScepAsked {
  readonly url: string
  readonly subject: Subject
  readonly challenge?: string
  readonly key: KeyObject
  /** The certificate that is renewed: it signs the request (RFC 8894, 2.3). */
  readonly current?: Signing
  readonly now: Date
  /** By the query of a GET, in base64; and how mdmb does it: by POST, with the DER in percent signs in the query as well. */
  readonly by?: 'post' | 'get' | 'both'
}

/** DER of the device's certificate. Throws Refused or WireFailed, and Error for an answer that is not for us. */
export async function certify(send: Send, o: ScepAsked): Promise<Buffer> {
  const can = new Set((await ask(send, `${o.url}?operation=GetCACaps`)).bytes.toString('latin1').split(/\s+/))
  const given = await ask(send, `${o.url}?operation=GetCACert`)
  const authorities = authoritiesOf(given)
  const recipient = authorities.find((c) => c.publicKey.asymmetricKeyType === 'rsa')
  if (!recipient) throw new Error('The SCEP server has no certificate to write to.')
  const digest: Digest = can.has('SHA-256') ? 'sha256' : 'sha1'
  const cipher: Cipher = can.has('AES') ? 'aes128' : 'des3'
  const by = o.current ?? { key: o.key, certificate: selfSigned(o.key, o.now) }
  const csr = requestOf(o.key, { subject: o.subject, challenge: o.challenge })
  const nonce = randomBytes(16)
  const transaction = createHash('sha256').update(csr).digest('hex')
  const message = signed(enveloped(csr, recipient.raw, cipher), by, {
    digest,
    attributes: true,
    detached: false,
    ber: false,
    now: o.now,
    more: [
      [ids.messageType, text(o.current && can.has('Renewal') ? '17' : '19', tag.printable)],
      [ids.transactionId, text(transaction, tag.printable)],
      [ids.senderNonce, octets(nonce)],
    ],
  })
  const answer = await operate(send, o.url, message, o.by ?? (can.has('POSTPKIOperation') ? 'post' : 'get'))
  return certificateIn(answer, { recipient, by, nonce, key: o.key })
}

async function ask(send: Send, path: string): Promise<Answered> {
  const answer = await send({ kind: 'scep', method: 'GET', path })
  if (answer.status !== 200) throw refusalOf(answer)
  return answer
}

function authoritiesOf({ headers, bytes }: Answered): X509Certificate[] {
  const type = String(headers['content-type'] ?? '')
  const all = type.startsWith('application/x-x509-ca-cert') ? [bytes] : open(bytes).certificates
  return all.map((der) => new X509Certificate(der))
}

async function operate(send: Send, url: string, message: Buffer, by: 'post' | 'get' | 'both'): Promise<Answered> {
  const query = `${url}?operation=PKIOperation`
  const asked =
    by === 'get'
      ? ({ method: 'GET', path: `${query}&message=${encodeURIComponent(message.toString('base64'))}` } as const)
      : ({
          method: 'POST',
          path: by === 'post' ? query : `${query}&message=${percented(message)}`,
          headers: ['content-type', 'application/x-pki-message'],
          body: message,
        } as const)
  const answer = await send({ kind: 'certify', ...asked })
  if (answer.status !== 200) throw refusalOf(answer)
  return answer
}
const percented = (bytes: Buffer) => bytes.toString('hex').replaceAll(/../g, '%$&')

interface Expected {
  readonly recipient: X509Certificate
  readonly by: Signing
  readonly nonce: Buffer
  readonly key: KeyObject
}
function certificateIn(answer: Answered, { recipient, by, nonce, key }: Expected): Buffer {
  const { content, signer, attributes } = open(answer.bytes)
  const value = (id: string) => read(attributes.get(id) ?? octets(Buffer.alloc(0))).content
  if (!signer?.raw.equals(recipient.raw)) throw new Error('The SCEP answer is signed by somebody else.')
  if (!value(ids.recipientNonce).equals(nonce)) throw new Error('The SCEP answer is to another request.')
  const status = value(ids.pkiStatus).toString('latin1')
  if (status === '2')
    throw new Refused(`scep-${failures[Number(value(ids.failInfo).toString('latin1'))] ?? 'failure'}`, answer)
  if (status !== '0') throw new Refused('scep-pending', answer)
  const { certificates } = open(unsealed(content, by.key))
  const own = certificates.find((der) => new X509Certificate(der).checkPrivateKey(key))
  if (!own) throw new Error('The SCEP answer holds no certificate for the key.')
  return own
}
