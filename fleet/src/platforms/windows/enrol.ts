/** How a PC comes in (MS-MDE2): discovery, policy, a key and its request, the certificate within the provisioning document; a step that went well is not repeated. */
import { createPrivateKey, randomUUID } from 'node:crypto'
import { newKey, pemOf } from '../../pki/index.ts'
import { refusalOf } from '../../refused.ts'
import type { Answered, Identity, Send } from '../../wire.ts'
import type { Disk } from './disk.ts'
import type { Model } from './model.ts'
import { type Expected, readProvisioning } from './provisioning.ts'
import { renewalOf, requestOf } from './request.ts'
import { signIn } from './sign-in.ts'
import { ask, space } from './soap.ts'
import { type Element, escaped, maybe, NotUnderstood, one, textOf } from './xml.ts'

export interface EnrolDeps {
  readonly send: Send
  readonly model: Model
  disk(): Disk
  now(): number
}
/** What stands for the person: a name and a password, or what a web page of the server's gave. */
export type Proof =
  | { readonly name: string; readonly password: string }
  | { readonly token: string; readonly type: string }

export interface Discovered {
  readonly authPolicy: string
  readonly policyUrl: string
  readonly enrolmentUrl: string
  readonly signInUrl?: string
}

const discoveryPath = 'EnrollmentServer/Discovery.svc'
const requestVersion = '9.0'
const discoverAction = `${space.discovery}/IDiscoveryService/Discover`
const policyAction = `${space.policy}/IPolicy/GetPolicies`
const tokenType = 'http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken'
const messageId = () => `urn:uuid:${randomUUID()}`

/** Looks whether there is a server: as the client does before it speaks. Throws Refused. */
export async function knock(send: Send): Promise<void> {
  const answer = await send({ kind: 'discovery', method: 'GET', path: discoveryPath })
  if (answer.status !== 200 || answer.bytes.length > 0) throw refusalOf(answer)
}

async function discover({ send, model }: Pick<EnrolDeps, 'send' | 'model'>, email: string): Promise<Discovered> {
  const body = `<Discover xmlns="${space.discovery}"><request xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><EmailAddress>${escaped(email)}</EmailAddress><RequestVersion>${requestVersion}</RequestVersion><DeviceType>CIMClient_Windows</DeviceType><ApplicationVersion>${model.version}</ApplicationVersion><OSEdition>${model.sku}</OSEdition><AuthPolicies><AuthPolicy>OnPremise</AuthPolicy><AuthPolicy>Federated</AuthPolicy></AuthPolicies></request></Discover>`
  const asked = { kind: 'discovery', url: discoveryPath, action: discoverAction, answer: `${discoverAction}Response` }
  const found = one(await ask(send, { ...asked, messageId: messageId(), body }), 'DiscoverResult')
  const version = Number(textOf(found, 'EnrollmentVersion'))
  if (!(version >= 3 && version <= Number(requestVersion))) throw new NotUnderstood(`EnrollmentVersion ${version}.`)
  const authPolicy = textOf(found, 'AuthPolicy')
  const signInUrl = maybe(found, 'AuthenticationServiceUrl')?.text.trim()
  if (!['OnPremise', 'Federated', 'Certificate'].includes(authPolicy))
    throw new NotUnderstood(`AuthPolicy ${authPolicy}.`)
  if (authPolicy === 'Federated' && !signInUrl) throw new NotUnderstood('Federated, and nowhere to sign in.')
  return {
    authPolicy,
    policyUrl: textOf(found, 'EnrollmentPolicyServiceUrl'),
    enrolmentUrl: textOf(found, 'EnrollmentServiceUrl'),
    ...(signInUrl && { signInUrl }),
  }
}

function securityOf(proof: Proof): string {
  if ('token' in proof)
    return `<wsse:BinarySecurityToken ValueType="${proof.type}" EncodingType="${space.security}#base64binary">${escaped(proof.token)}</wsse:BinarySecurityToken>`
  return `<wsse:UsernameToken u:Id="uuid-cc1ccc1f-2fba-4bcf-b063-ffc0cac77917-4"><wsse:Username>${escaped(proof.name)}</wsse:Username><wsse:Password wsse:Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">${escaped(proof.password)}</wsse:Password></wsse:UsernameToken>`
}

/** What of the policy a client obeys: a key of at least so many bits, a request signed by that digest. */
export interface Policy {
  readonly keyBits: number
  readonly digest?: string
}
async function policyOf({ send }: Pick<EnrolDeps, 'send'>, url: string, proof: Proof): Promise<Policy> {
  const body = `<GetPolicies xmlns="${space.policy}"><client><lastUpdate xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/><preferredLanguage xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/></client><requestFilter xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/></GetPolicies>`
  const asked = { kind: 'policy', url, action: policyAction, answer: `${policyAction}Response` }
  const found = await ask(send, { ...asked, messageId: messageId(), security: securityOf(proof), body })
  const attributes = one(found, 'response', 'policies', 'policy', 'attributes')
  if (textOf(attributes, 'policySchema') !== '3') throw new NotUnderstood('The policy is not of schema 3.')
  const validity = one(attributes, 'certificateValidity')
  const [long, renewal] = ['validityPeriodSeconds', 'renewalPeriodSeconds'].map((n) => Number(textOf(validity, n)))
  if (!long || !renewal || renewal >= long) throw new NotUnderstood('A validity that is none.')
  return { keyBits: keyBitsIn(attributes), digest: digestIn(attributes, found) }
}

function keyBitsIn(attributes: Element): number {
  const bits = Number(textOf(attributes, 'privateKeyAttributes', 'minimalKeyLength'))
  if (!(bits >= 1024 && bits <= 4096)) throw new NotUnderstood(`A key of ${bits} bits.`)
  return bits
}
/** A reference into the list of identifiers; nil has old clients sign with SHA-1. */
function digestIn(attributes: Element, found: Element): string | undefined {
  const reference = one(attributes, 'hashAlgorithmOIDReference')
  const nil = reference.attributes['{http://www.w3.org/2001/XMLSchema-instance}nil'] === 'true'
  if (nil) return undefined
  const oids = (maybe(found, 'oIDs')?.children ?? []).map((o) => ({
    value: textOf(o, 'value'),
    no: textOf(o, 'oIDReferenceID'),
  }))
  const value = oids.find((o) => o.no === reference.text.trim())?.value
  if (!value) throw new NotUnderstood(`The policy names a digest ${reference.text} that it does not list.`)
  return value
}

/** Throws Refused, WireFailed or NotUnderstood. */
export async function enrol(o: EnrolDeps, code: string): Promise<void> {
  const disk = o.disk()
  const { person, email } = personOf(code)
  const found = await discover(o, email)
  const proof = found.authPolicy === 'Federated' ? await signedIn(o, found, person, email) : person
  const policy = await policyOf(o, found.policyUrl, proof)
  disk.key ??= String((await newKey('rsa', Math.max(2048, policy.keyBits))).export({ type: 'pkcs8', format: 'pem' }))
  const key = createPrivateKey(disk.key)
  const csr = requestOf({ key, deviceId: o.model.deviceId, kind: o.model.manner.request })
  const body = tokenRequest({ model: o.model, type: 'Issue', csr, kind: 'PKCS10' })
  take(o, await issued(o, found.enrolmentUrl, { body, security: securityOf(proof) }), {
    mine: (c) => c.checkPrivateKey(key),
  })
  disk.standing = 'enrolled'
}

async function signedIn(
  o: EnrolDeps,
  { signInUrl = '' }: Discovered,
  person: Extract<Proof, { name: string }>,
  email: string,
): Promise<Proof> {
  const token = await signIn({ send: o.send, url: signInUrl, person, email })
  // The value of the form, once more in base64: the token is of bytes (MS-MDE2 3.5.5).
  return { token: Buffer.from(token, 'utf8').toString('base64'), type: tokenType }
}

/** A code of an invitation, or a person's own name and password: `account:{...}`. */
function personOf(code: string): { person: { name: string; password: string }; email: string } {
  if (code.startsWith('account:')) {
    const { account, name, password } = JSON.parse(code.slice('account:'.length)) as {
      account?: string
      name: string
      password: string
    }
    return { person: { name, password }, email: account ?? name }
  }
  const email = `${code}@muster.example`
  return { person: { name: email, password: code }, email }
}

interface TokenAsked {
  readonly model: Model
  readonly type: 'Issue' | 'Renew'
  readonly csr: Buffer
  readonly kind: 'PKCS10' | 'PKCS7'
}
function tokenRequest({ model, type, csr, kind }: TokenAsked): string {
  const item = (name: string, value: string) =>
    `<ac:ContextItem Name="${name}"><ac:Value>${escaped(value)}</ac:Value></ac:ContextItem>`
  const items = [
    ['UXInitiated', 'true'],
    ['HWDevID', model.hardwareId],
    ['Locale', model.language],
    ['TargetedUserLoggedIn', 'true'],
    ['OSEdition', String(model.sku)],
    ['DeviceName', model.name],
    ...model.macs.map((mac) => ['MAC', mac]),
    ['DeviceID', model.deviceId],
    ['EnrollmentType', model.manner.enrolmentType],
    ['DeviceType', 'CIMClient_Windows'],
    ['OSVersion', model.version],
    ['ApplicationVersion', model.version],
    ['NotInOobe', 'true'],
    ['Manufacturer', model.manufacturer],
    ['DeviceModel', model.product],
    ['SerialNumber', model.serial],
    ['RequestVersion', requestVersion],
    ['AttestationStatus', 'AttestationResultNoAttestation'],
    ['AttestationStatusHResult', '0'],
  ].map(([name = '', value = '']) => item(name, value))
  return `<wst:RequestSecurityToken><wst:TokenType>http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken</wst:TokenType><wst:RequestType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/${type}</wst:RequestType><wsse:BinarySecurityToken ValueType="${space.enrolment}#${kind}" EncodingType="${space.security}#base64binary">${csr.toString('base64')}</wsse:BinarySecurityToken><ac:AdditionalContext xmlns="http://schemas.xmlsoap.org/ws/2006/12/authorization">${items.join('')}</ac:AdditionalContext></wst:RequestSecurityToken>`
}

async function issued(
  { send }: EnrolDeps,
  url: string,
  { body, security }: { body: string; security?: string },
  by: Send = send,
): Promise<string> {
  const action = `${space.enrolment}/RST/wstep`
  const asked = { kind: 'enrol', url, action, answer: `${space.enrolment}/RSTRC/wstep`, messageId: messageId() }
  const found = await ask(by, { ...asked, security, body })
  if (found.name !== 'RequestSecurityTokenResponseCollection' || found.namespace !== space.trust)
    throw new NotUnderstood(`The token comes in ${found.name}.`)
  const response = one(found, 'RequestSecurityTokenResponse')
  const token = one(response, 'RequestedSecurityToken', 'BinarySecurityToken')
  if (!token.attributes.ValueType?.endsWith('/Enrollment/DeviceEnrollmentProvisionDoc'))
    throw new NotUnderstood(`The token is a ${token.attributes.ValueType}.`)
  if (!textOf(response, 'TokenType').endsWith('/Enrollment/DeviceEnrollmentToken'))
    throw new NotUnderstood('A token of another type.')
  return token.text
}

function take({ model, disk }: EnrolDeps, document: string, expected: Omit<Expected, 'full'>): void {
  const full = model.manner.enrolmentType === 'Full'
  const { account, schedule, renewDays, certificate } = readProvisioning(document, { ...expected, full })
  const pem = pemOf(Buffer.from(certificate, 'base64'))
  // What a renewal does not bring anew stays as it was.
  Object.assign(disk(), {
    certificate: pem,
    ...(account && { account, schedule, polls: 0 }),
    ...(renewDays && { renewDays }),
  })
}

/** ROBO (MS-WSTEP): a new key, signed for with the certificate that ends, over the connection that shows it. */
export async function renew(o: EnrolDeps): Promise<void> {
  const disk = o.disk()
  const { key: oldKey = '', certificate: oldCertificate = '' } = disk
  const { enrolmentUrl } = await discover(o, '')
  const key = await newKey('rsa')
  const request = requestOf({ key, deviceId: o.model.deviceId, kind: o.model.manner.request })
  const by = { key: createPrivateKey(oldKey), certificate: derOf(oldCertificate) }
  const csr = renewalOf(request, by, new Date(o.now()))
  const identity: Identity = { key: oldKey, certificate: oldCertificate }
  const shown: Send = (a): Promise<Answered> => o.send(enrolmentUrl.startsWith('https:') ? { ...a, identity } : a)
  const body = tokenRequest({ model: o.model, type: 'Renew', csr, kind: 'PKCS7' })
  const document = await issued(o, enrolmentUrl, { body }, shown)
  take(o, document, { mine: (c) => c.checkPrivateKey(key), renewal: true })
  disk.key = String(key.export({ type: 'pkcs8', format: 'pem' }))
}

const derOf = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----|\s+/g, ''), 'base64')
