/** A small MDM and SCEP server in memory, for tests of the simulated devices: strict about every word, with an own authority and a queue for each device. */
import assert from 'node:assert/strict'
import { createHash, X509Certificate } from 'node:crypto'
import type { JsonObject } from '@muster/contract'
import {
  certificateOf,
  context,
  enveloped,
  int,
  item,
  newKey,
  oid,
  oidOf,
  open,
  read,
  type Signing,
  type Subject,
  selfSigned,
  seq,
  signed,
  tag,
  text,
  tlv,
  unsealed,
} from '../../pki/index.ts'
import type { Answered, Asked, Send } from '../../wire.ts'
import { WireFailed } from '../../wire.ts'
import { bytesOf, readDict, writeXml } from './plist.ts'

const name: Subject = [[['CN', 'Fake authority']]]
const topic = 'com.apple.mgmt.External.fake'
export const prefix = 'org.example.fake'

export interface Queued {
  readonly id: string
  readonly request: JsonObject
  readonly user?: true
  state: 'pending' | 'sent' | 'deferred' | 'Acknowledged' | 'Error'
  reply?: JsonObject
  attempts: number
}
export interface FakeDevice {
  readonly udid: string
  certificate: string
  readonly queue: Queued[]
  readonly said: JsonObject[]
  readonly statuses: JsonObject[]
  state: 'authenticated' | 'enrolled' | 'left'
  awaiting: boolean
}
export interface FakeMdm {
  readonly send: Send
  readonly devices: Map<string, FakeDevice>
  /** For one device, by its UDID, or all. */
  queue(request: JsonObject, o?: { udid?: string; user?: true }): string
  /** Declarations by kind and identifier; a new token each time. */
  declare(set: readonly { kind: string; identifier: string; type: string; payload: JsonObject }[]): void
  files: Map<string, Buffer>
  profile(payloads: readonly JsonObject[], more?: JsonObject): Buffer
  enrolment(challenge: string): Buffer
  /** Answers this to every message of a device. */
  refuseAll?: { status: number; body: string }
}

const attributes = {
  type: '2.16.840.1.113733.1.9.2',
  status: '2.16.840.1.113733.1.9.3',
  fail: '2.16.840.1.113733.1.9.4',
  nonce: '2.16.840.1.113733.1.9.5',
  to: '2.16.840.1.113733.1.9.6',
  transaction: '2.16.840.1.113733.1.9.7',
}
const plain = (bytes: Buffer | string, status = 200): Answered => ({ status, headers: {}, bytes: Buffer.from(bytes) })

export async function createFakeMdm(): Promise<FakeMdm> {
  const key = await newKey('rsa')
  const now = new Date()
  const authority: Signing = { key, certificate: selfSigned(key, now, name) }
  const devices = new Map<string, FakeDevice>()
  const files = new Map<string, Buffer>()
  let declared: { kind: string; identifier: string; type: string; payload: JsonObject; token: string }[] = []
  let n = 0

  function certRep(message: Buffer): Buffer {
    const { content, signer, attributes: told } = open(message)
    assert.ok(signer)
    const csr = read(unsealed(content, key))
    const challenge = challengeOf(csr)
    const renewal = signer.issuer === 'CN=Fake authority'
    const good = renewal || challenge?.startsWith('CODE')
    const leaf =
      good &&
      certificateOf({
        subject: [[['CN', challenge ?? 'again']]],
        spki: item(item(csr, 0), 2).whole,
        issuer: { subject: name, key },
        now,
      })
    const more: [string, Buffer][] = [
      [attributes.type, text('3', tag.printable)],
      [attributes.status, text(leaf ? '0' : '2', tag.printable)],
      ...(leaf ? [] : [[attributes.fail, text('2', tag.printable)] as [string, Buffer]]),
      [attributes.transaction, told.get(attributes.transaction) as Buffer],
      [attributes.to, told.get(attributes.nonce) as Buffer],
    ]
    const bag = leaf ? enveloped(bagOf(leaf), signer.raw, 'aes128') : Buffer.alloc(0)
    return signed(bag, authority, { digest: 'sha256', attributes: true, detached: false, ber: false, now, more })
  }

  function scep(url: URL, a: Asked): Answered {
    const operation = url.searchParams.get('operation')
    if (operation === 'GetCACaps') return plain('AES\nDES3\nPOSTPKIOperation\nRenewal\nSHA-1\nSHA-256\n')
    if (operation === 'GetCACert')
      return { ...plain(Buffer.from(authority.certificate)), headers: { 'content-type': 'application/x-x509-ca-cert' } }
    assert.equal(operation, 'PKIOperation')
    const message =
      a.method === 'POST'
        ? Buffer.from(a.body as Uint8Array)
        : Buffer.from(url.searchParams.get('message') ?? '', 'base64')
    return plain(certRep(message))
  }

  const profile: FakeMdm['profile'] = (payloads, more = {}) => {
    const identifier = String(more.PayloadIdentifier ?? `${prefix}.${n++}`)
    const one = (p: JsonObject, i: number): JsonObject => ({
      PayloadIdentifier: `${identifier}.${i}`,
      PayloadUUID: `${identifier}-${i}-${n}`,
      PayloadVersion: 1,
      ...p,
    })
    const all = {
      PayloadType: 'Configuration',
      PayloadVersion: 1,
      PayloadIdentifier: identifier,
      PayloadUUID: `${identifier}-${n}`,
      PayloadDisplayName: 'A profile',
      PayloadContent: payloads.map(one),
      ...more,
    }
    return signed(Buffer.from(writeXml(all)), authority, {
      digest: 'sha256',
      attributes: true,
      detached: false,
      ber: false,
      now,
    })
  }
  const enrolment = (challenge: string) =>
    profile(
      [
        {
          PayloadType: 'com.apple.security.scep',
          PayloadUUID: 'IDENTITY',
          PayloadContent: {
            URL: 'apple/scep',
            Challenge: challenge,
            Keysize: 2048,
            Subject: [[['O', 'Example']], [['CN', 'x']]],
          },
        },
        {
          PayloadType: 'com.apple.mdm',
          IdentityCertificateUUID: 'IDENTITY',
          Topic: topic,
          ServerURL: 'apple/mdm',
          CheckInURL: 'apple/checkin',
          SignMessage: true,
          CheckOutWhenRemoved: true,
          AccessRights: 8191,
          ServerCapabilities: ['com.apple.mdm.bootstraptoken'],
        },
      ],
      { PayloadIdentifier: `${prefix}.enrolment` },
    )

  /** Who signed it, and what it says. */
  function proven(a: Asked): { message: JsonObject; certificate: string } {
    const body = Buffer.from(a.body as Uint8Array)
    const at = a.headers?.indexOf('mdm-signature') ?? -1
    assert.ok(at >= 0, 'it is not signed')
    const { signer } = open(Buffer.from(a.headers?.[at + 1] ?? '', 'base64'), body)
    assert.ok(signer)
    assert.ok(signer.verify(new X509Certificate(authority.certificate).publicKey))
    return { message: readDict(body), certificate: signer.fingerprint256 }
  }

  function checkin(a: Asked): Answered {
    const { message, certificate } = proven(a)
    const udid = String(message.UDID)
    const type = message.MessageType
    if (type === 'Authenticate') {
      for (const k of ['Topic', 'SerialNumber', 'ProductName', 'OSVersion', 'BuildVersion'])
        assert.equal(typeof message[k], 'string', k)
      devices.set(udid, {
        udid,
        certificate,
        queue: devices.get(udid)?.queue ?? [],
        said: [message],
        statuses: [],
        state: 'authenticated',
        awaiting: false,
      })
      return plain('')
    }
    const d = devices.get(udid)
    assert.ok(d, `${type} before Authenticate`)
    d.said.push(message)
    // A renewed identity comes in by the first message that it signs.
    d.certificate = certificate
    if (type === 'TokenUpdate') {
      assert.equal(message.Topic, topic)
      assert.ok((bytesOf(message.Token)?.length ?? 0) === 32 && typeof message.PushMagic === 'string')
      if (message.UserID === undefined)
        Object.assign(d, { state: 'enrolled', awaiting: message.AwaitingConfiguration === true })
      return plain('')
    }
    if (type === 'CheckOut') d.state = 'left'
    if (type === 'DeclarativeManagement') return declarative(d, message)
    return plain('')
  }

  function declarative(d: FakeDevice, { Endpoint: endpoint, Data: body }: JsonObject): Answered {
    const token = createHash('sha256').update(JSON.stringify(declared)).digest('hex')
    const [first, kind, identifier] = String(endpoint).split('/')
    if (first === 'tokens')
      return plain(JSON.stringify({ SyncTokens: { Timestamp: now.toISOString(), DeclarationsToken: token } }))
    if (first === 'status') d.statuses.push(JSON.parse(String(bytesOf(body))))
    if (first === 'status') return plain('')
    if (first === 'declaration-items') {
      const of = (k: string) =>
        declared.filter((x) => x.kind === k).map((x) => ({ Identifier: x.identifier, ServerToken: x.token }))
      return plain(
        JSON.stringify({
          Declarations: {
            Activations: of('activation'),
            Assets: of('asset'),
            Configurations: of('configuration'),
            Management: of('management'),
          },
          DeclarationsToken: token,
        }),
      )
    }
    const one = declared.find((x) => x.kind === kind && x.identifier === identifier)
    if (!one) return plain('', 404)
    return plain(
      JSON.stringify({ Identifier: one.identifier, Type: one.type, ServerToken: one.token, Payload: one.payload }),
    )
  }

  function connect(a: Asked): Answered {
    const { message } = proven(a)
    const d = devices.get(String(message.UDID))
    assert.ok(d && d.state === 'enrolled', 'a report of nobody who is enrolled')
    const user = message.UserID === undefined ? undefined : true
    const { Status: status, CommandUUID: id } = message
    const one = d.queue.find((q) => q.id === id)
    if (status === 'Idle') for (const q of d.queue) if (q.state === 'deferred' && q.user === user) q.state = 'pending'
    if (status === 'NotNow' && one) one.state = 'deferred'
    if ((status === 'Acknowledged' || status === 'Error') && one) Object.assign(one, { state: status, reply: message })
    const next = d.queue.find(
      (q) => q.user === user && (q.state === 'pending' || (status === 'Idle' && q.state === 'sent')),
    )
    if (!next) return plain('')
    next.state = 'sent'
    next.attempts += 1
    return plain(writeXml({ CommandUUID: next.id, Command: next.request }))
  }

  const self: FakeMdm = {
    devices,
    files,
    profile,
    enrolment,
    async send(a) {
      const url = new URL(a.path, 'http://fake/')
      const answer = (() => {
        if (url.pathname === '/apple/scep') return scep(url, a)
        if (url.pathname === '/apple/profile') return plain(enrolment(url.searchParams.get('code') ?? ''))
        if (self.refuseAll) return plain(self.refuseAll.body, self.refuseAll.status)
        if (url.pathname === '/apple/checkin') return checkin(a)
        if (url.pathname === '/apple/mdm') return connect(a)
        const file = files.get(url.pathname)
        return file ? plain(file) : plain('', 404)
      })()
      // Real networks answer later.
      await new Promise((resolve) => setImmediate(resolve))
      if (a.lose) throw new WireFailed('answer-lost')
      return answer
    },
    queue(request, { udid, user } = {}) {
      const id = `C-${n++}`
      for (const d of devices.values())
        if (udid === undefined || d.udid === udid)
          d.queue.push({ id, request, ...(user && { user }), state: 'pending', attempts: 0 })
      return id
    },
    declare(set) {
      declared = set.map((d) => ({ ...d, token: createHash('sha1').update(JSON.stringify(d)).digest('hex') }))
    },
  }
  return self
}

/** A SignedData of certificates alone. */
function bagOf(certificate: Buffer): Buffer {
  const nobody = tlv(tag.set)
  const body = seq(int(1), nobody, seq(oid('1.2.840.113549.1.7.1')), tlv(context(0), certificate), nobody)
  return seq(oid('1.2.840.113549.1.7.2'), tlv(context(0), body))
}
function challengeOf(csr: ReturnType<typeof read>): string | undefined {
  const found = item(csr, 0).items[3]?.items.find((a) => oidOf(a.items[0]) === '1.2.840.113549.1.9.7')
  return found?.items[1]?.items[0]?.content.toString()
}
export const passcodePayload = {
  PayloadType: 'com.apple.mobiledevice.passwordpolicy',
  forcePIN: true,
  minLength: 6,
} as const
