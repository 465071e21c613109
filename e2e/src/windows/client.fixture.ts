/** Windows' enrolment client, as MS-MDE2 and captures describe it: discovery, policy, request and what is read of the answers. Able to do wrong in each part. */
import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import type { Reply } from '@muster/contract'
import { context, der, integer, nothing, oid, printable, sequence, setOf, tags, utf8 } from '@muster/kit/der'
import { at, childrenOf, readXml, textAt, type XmlElement } from '@muster/kit/xml'
import type { Call, CallOptions } from './bench.fixture.ts'

const ns = {
  soap: 'http://www.w3.org/2003/05/soap-envelope',
  addressing: 'http://www.w3.org/2005/08/addressing',
  security: 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd',
  trust: 'http://docs.oasis-open.org/ws-sx/ws-trust/200512',
  authorization: 'http://schemas.xmlsoap.org/ws/2006/12/authorization',
}
const enrolment = 'http://schemas.microsoft.com/windows/pki/2009/01/enrollment'
const tokenType = 'http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken'
export const userToken =
  'http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken'
export const jwtToken = 'urn:ietf:params:oauth:token-type:jwt'

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c)

export const rsaKey = (bits = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey

export interface RequestOptions {
  key: KeyObject
  /** Of the subject; a PrintableString where it says so, whatever letters it has. */
  subject?: string
  printable?: boolean
  /** OIW's RSA with SHA-1, instead of SHA-256. */
  old?: boolean
  signedBy?: KeyObject
}
/** PKCS#10. */
export function certificateRequest({ key, subject = 'device', old, signedBy = key, ...o }: RequestOptions): Buffer {
  const value = o.printable ? printable(subject) : utf8(subject)
  const name = sequence(setOf(sequence(oid('2.5.4.3'), value)))
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' })
  const content = sequence(integer(0), name, spki, der(context(0)))
  const algorithm = sequence(oid(old ? '1.3.14.3.2.29' : '1.2.840.113549.1.1.11'), nothing())
  const signature = sign(old ? 'sha1' : 'sha256', content, signedBy)
  return sequence(content, algorithm, der(tags.bits, Buffer.from([0]), signature))
}

/** `bare`: as it was given, not in base64 once more. */
export type Proof = { username: string; password: string } | { token: string; type?: string; bare?: true } | undefined
function proofXml(proof: Proof): string {
  if (!proof) return ''
  if ('token' in proof)
    return `<wsse:BinarySecurityToken ValueType="${proof.type ?? userToken}" EncodingType="${ns.security}#base64binary">${proof.bare ? proof.token : Buffer.from(proof.token).toString('base64')}</wsse:BinarySecurityToken>`
  return `<wsse:UsernameToken u:Id="uuid-1"><wsse:Username>${escaped(proof.username)}</wsse:Username><wsse:Password wsse:Type="#PasswordText">${escaped(proof.password)}</wsse:Password></wsse:UsernameToken>`
}

export interface EnvelopeOptions {
  id?: string
  proof?: Proof
}
function envelope(action: string, body: string, { id = `urn:uuid:${randomUUID()}`, proof }: EnvelopeOptions): string {
  return `<s:Envelope xmlns:s="${ns.soap}" xmlns:a="${ns.addressing}" xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" xmlns:wsse="${ns.security}" xmlns:wst="${ns.trust}" xmlns:ac="${ns.authorization}"><s:Header><a:Action s:mustUnderstand="1">${action}</a:Action><a:MessageID>${id}</a:MessageID><a:ReplyTo><a:Address>${ns.addressing}/anonymous</a:Address></a:ReplyTo><wsse:Security s:mustUnderstand="1">${proofXml(proof)}</wsse:Security></s:Header><s:Body>${body}</s:Body></s:Envelope>`
}

export function discoverMessage(
  o: { version?: string; policies?: readonly string[]; email?: string; id?: string } = {},
): string {
  const base = 'http://schemas.microsoft.com/windows/management/2012/01/enrollment'
  const policies = (o.policies ?? ['OnPremise', 'Federated']).map((p) => `<AuthPolicy>${p}</AuthPolicy>`).join('')
  return envelope(
    `${base}/IDiscoveryService/Discover`,
    `<Discover xmlns="${base}/"><request><EmailAddress>${o.email ?? 'ada@corp.example'}</EmailAddress><RequestVersion>${o.version ?? '4.0'}</RequestVersion><DeviceType>CIMClient_Windows</DeviceType><ApplicationVersion>10.0.26200.1</ApplicationVersion><OSEdition>4</OSEdition><AuthPolicies>${policies}</AuthPolicies></request></Discover>`,
    { id: o.id },
  )
}

export function policiesMessage(o: EnvelopeOptions = {}): string {
  const base = 'http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy'
  const nil = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
  return envelope(
    `${base}/IPolicy/GetPolicies`,
    `<GetPolicies xmlns="${base}"><client><lastUpdate ${nil}/><preferredLanguage ${nil}/></client><requestFilter ${nil}/></GetPolicies>`,
    o,
  )
}

export type Items = Readonly<Record<string, string | readonly string[] | undefined>>
export interface TokenOptions extends EnvelopeOptions {
  request: Uint8Array | string
  items?: Items
  kind?: 'Issue' | 'Renew'
  type?: string
  tokenType?: string
}
export const usualItems = (deviceId: string, more: Items = {}): Items => ({
  UXInitiated: 'true',
  HWDevID: 'a'.repeat(64),
  Locale: 'en-US',
  TargetedUserLoggedIn: 'true',
  OSEdition: '4',
  DeviceName: 'DESKTOP-0EXAMPLE',
  MAC: ['00-15-5D-01-02-03', '00-15-5D-01-02-04'],
  DeviceID: deviceId,
  EnrollmentType: 'Full',
  DeviceType: 'CIMClient_Windows',
  OSVersion: '10.0.26200.6584',
  ApplicationVersion: '10.0.26200.6584',
  NotInOobe: 'false',
  Manufacturer: 'Contoso',
  DeviceModel: 'Virtual Machine',
  SerialNumber: `SN${deviceId.slice(0, 12)}`,
  RequestVersion: '4.0',
  ...more,
})
export function tokenMessage(o: TokenOptions): string {
  const items = Object.entries(o.items ?? {}).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : (value ?? [])).map(
      (v) => `<ac:ContextItem Name="${escaped(name)}"><ac:Value>${escaped(v)}</ac:Value></ac:ContextItem>`,
    ),
  )
  const binary = typeof o.request === 'string' ? o.request : Buffer.from(o.request).toString('base64')
  return envelope(
    `${enrolment}/RST/wstep`,
    `<wst:RequestSecurityToken><wst:TokenType>${o.tokenType ?? tokenType}</wst:TokenType><wst:RequestType>${ns.trust}/${o.kind ?? 'Issue'}</wst:RequestType><wsse:BinarySecurityToken ValueType="${o.type ?? `${enrolment}#PKCS10`}" EncodingType="${ns.security}#base64binary">${binary}</wsse:BinarySecurityToken><ac:AdditionalContext>${items.join('')}</ac:AdditionalContext></wst:RequestSecurityToken>`,
    o,
  )
}

/** The body of an answer that is no fault, checked as the client checks it. */
export function bodyOf(reply: Reply): XmlElement {
  const root = readReply(reply)
  assert.equal(reply.status, 200, Buffer.from(reply.body ?? '').toString())
  const body = at(root, 'Body')?.children[0]
  assert.ok(body)
  return body
}
export function readReply(reply: Reply): XmlElement {
  assert.equal(reply.headers?.['content-type'], 'application/soap+xml; charset=utf-8')
  assert.equal(reply.headers?.['content-length'], String(Buffer.from(reply.body ?? '').length))
  const root = readXml(Buffer.from(reply.body ?? ''))
  assert.deepEqual([root.name, root.ns], ['Envelope', ns.soap])
  return root
}
/** Subcode, and the error type of the detail where there is one. */
export function faultOf(reply: Reply): string {
  const fault = at(readReply(reply), 'Body', 'Fault')
  assert.equal(reply.status, 500, Buffer.from(reply.body ?? '').toString())
  assert.ok(textAt(fault, 'Reason', 'Text'))
  const subcode = textAt(fault, 'Code', 'Subcode', 'Value') ?? ''
  const type = textAt(fault, 'Detail', 'DeviceEnrollmentServiceError', 'ErrorType')
  return type ?? subcode
}
export const reasonOf = (reply: Reply) => textAt(readReply(reply), 'Body', 'Fault', 'Reason', 'Text') ?? ''

/** The provisioning document as path -> value; a characteristic without anything in it has none. */
export interface Document {
  readonly values: ReadonlyMap<string, string>
  readonly types: ReadonlyMap<string, string>
  readonly empty: readonly string[]
  readonly root: XmlElement
}
export function documentIn(reply: Reply): Document {
  const response = at(bodyOf(reply), 'RequestSecurityTokenResponse')
  assert.equal(textAt(response, 'TokenType'), tokenType)
  assert.equal(textAt(response, 'RequestID'), '0')
  const token = at(response, 'RequestedSecurityToken', 'BinarySecurityToken')
  assert.match(token?.attributes.ValueType ?? '', /DeviceEnrollmentProvisionDoc$/)
  const root = readXml(Buffer.from(token?.text ?? '', 'base64'))
  assert.deepEqual([root.name, root.attributes.version], ['wap-provisioningdoc', '1.1'])
  const [values, types, empty] = [new Map<string, string>(), new Map<string, string>(), [] as string[]]
  const walk = (e: XmlElement, path: string) => {
    if (e.children.length === 0) empty.push(path)
    for (const p of childrenOf(e, 'parm')) {
      values.set(`${path}/${p.attributes.name}`, p.attributes.value ?? '')
      if (p.attributes.datatype) types.set(`${path}/${p.attributes.name}`, p.attributes.datatype)
    }
    const seen = new Map<string, number>()
    for (const c of childrenOf(e, 'characteristic')) {
      const type = c.attributes.type ?? ''
      const n = seen.get(type) ?? 0
      seen.set(type, n + 1)
      walk(c, `${path}/${type}${n === 0 ? '' : `#${n}`}`)
    }
  }
  walk(root, '')
  return { values, types, empty, root }
}
/** Certificates below a path of the document: hash and DER. */
export function certificatesIn(d: Document, path: string): { hash: string; der: Buffer }[] {
  return [...d.values].flatMap(([key, value]) => {
    const hash = key.startsWith(`${path}/`) && key.endsWith('/EncodedCertificate') ? key.split('/').at(-2) : undefined
    return hash === undefined ? [] : [{ hash, der: Buffer.from(value, 'base64') }]
  })
}

export interface Enrolled {
  readonly deviceId: string
  readonly key: KeyObject
  readonly certificate: Buffer
  readonly document: Document
}
export interface EnrolOptions {
  proof: Proof
  deviceId?: string
  items?: Items
  key?: KeyObject
  old?: boolean
  call?: CallOptions
}
export const newDeviceId = () => randomUUID().replaceAll('-', '').toUpperCase()
/** As Windows 10 writes it: a PrintableString with letters that none may have. */
export const oldSubject = (deviceId: string) => `B9A2!${deviceId}\0`

export async function requestToken(call: Call, o: EnrolOptions): Promise<Reply> {
  const deviceId = o.deviceId ?? newDeviceId()
  const key = o.key ?? rsaKey()
  const request = certificateRequest({ key, subject: oldSubject(deviceId), printable: true, old: o.old })
  const message = tokenMessage({ request, proof: o.proof, items: usualItems(deviceId, o.items) })
  return call('POST', '/enrol', { ...o.call, body: message })
}
export async function enrol(call: Call, o: EnrolOptions): Promise<Enrolled> {
  const deviceId = o.deviceId ?? newDeviceId()
  const key = o.key ?? rsaKey()
  const document = documentIn(await requestToken(call, { ...o, deviceId, key }))
  const [own] = certificatesIn(document, '/CertificateStore/My')
  assert.ok(own)
  return { deviceId, key, certificate: own.der, document }
}
