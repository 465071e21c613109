/** A server in memory that the simulator is tried against: written from the same specifications, with one queue of commands for all and no memory beyond a session. */
import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto'
import { certificateOf, item, newKey, read, type Subject } from '../../pki/index.ts'
import { type Answered, type Send, WireFailed } from '../../wire.ts'
import { digestOf } from './digest.ts'
import { thumbprint } from './request.ts'
import { space } from './soap.ts'
import { el, readWbxml, type Said, wbxmlOf, xmlOf } from './syncml/index.ts'
import { type Element, escaped, maybe, one, readXml, textOf } from './xml.ts'

export interface Queued {
  readonly id: string
  /** Commands, without their CmdID; several: an Atomic. */
  readonly commands: readonly Said[]
  readonly atomic?: true
}
export interface FakePc {
  readonly deviceId: string
  readonly serial: string
  state: 'enrolled' | 'left'
  waiting: Queued[]
  /** Codes by CmdID, and what was read. */
  readonly codes: Map<string, number>
  readonly results: Map<string, string>
  readonly alerts: { type: string; data: string }[]
  nonce: string
  session?: {
    id: string
    heard: number
    said: number
    proven: boolean
    sent: Queued[]
    body: string
    answer: Buffer
    part: string
  }
}
export interface FakeDm {
  readonly send: Send
  readonly pcs: Map<string, FakePc>
  queue(commands: readonly Said[], o?: { atomic?: true }): string
  /** Changes each answer on its way out. */
  spoil?: (xml: string) => string
  chunked: boolean
  readonly digests: Set<string>
}

const secrets = {
  appsrv: { name: 'device', secret: 'what a device says' },
  client: { name: 'server', secret: 'what a server says' },
}
const ca: Subject = [[['CN', 'Fake CA']]]

export async function createFakeDm(): Promise<FakeDm> {
  const key = await newKey('rsa')
  const now = new Date()
  const root = certificateOf({ subject: ca, spki: spkiOf(key), issuer: { subject: ca, key }, now })
  const pcs = new Map<string, FakePc>()
  let queued = 0
  const fake: FakeDm = {
    pcs,
    chunked: false,
    digests: new Set(),
    queue(commands, o = {}) {
      const id = `o1-${++queued}`
      for (const pc of pcs.values()) pc.waiting.push({ id, commands, ...o })
      return id
    },
    async send(asked) {
      const path = new URL(asked.path, 'https://fake').pathname
      const bytes = Buffer.from(asked.body ?? '')
      if (asked.method === 'GET') return answered('', '')
      const kind = String(asked.headers?.[1])
      const told =
        path === '/manage'
          ? manage(bytes, kind.endsWith('+wbxml'), asked.identity !== undefined)
          : Buffer.from(soap(path, readXml(bytes)))
      const answer = answered(fake.spoil ? Buffer.from(fake.spoil(told.toString())) : told, kind)
      if (asked.lose) throw new WireFailed('answer-lost')
      return answer
    },
  }
  return fake

  function answered(body: Buffer | string, type: string): Answered {
    const bytes = Buffer.from(body)
    return {
      status: 200,
      headers: {
        'content-type': type,
        ...(fake.chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(bytes.length) }),
      },
      bytes,
    }
  }

  function soap(path: string, root0: Element): string {
    const header = one(root0, 'Header')
    const action = textOf(header, 'Action')
    const body = path.includes('Discovery') ? discovered : path === '/policy' ? policy : collection(one(root0, 'Body'))
    const reply = action.endsWith('RST/wstep') ? action.replace('/RST/', '/RSTRC/') : `${action}Response`
    return `<s:Envelope xmlns:s="${space.envelope}" xmlns:a="${space.addressing}"><s:Header><a:Action s:mustUnderstand="1">${reply}</a:Action><a:RelatesTo>${textOf(header, 'MessageID')}</a:RelatesTo></s:Header><s:Body>${body}</s:Body></s:Envelope>`
  }

  function collection(body: Element): string {
    const asked = one(body, 'RequestSecurityToken')
    const csr = read(Buffer.from(one(asked, 'BinarySecurityToken').text, 'base64'))
    const items = one(asked, 'AdditionalContext').children
    const said = (name: string) => items.find((i) => i.attributes.Name === name)?.children[0]?.text ?? ''
    const [deviceId, serial] = [said('DeviceID'), said('SerialNumber')]
    const certificate = certificateOf({
      subject: [[['CN', deviceId]]],
      spki: item(item(csr, 0), 2).whole,
      issuer: { subject: ca, key },
      now,
    })
    const nonce = randomBytes(16).toString('base64')
    pcs.set(deviceId, {
      deviceId,
      serial,
      state: 'enrolled',
      waiting: [],
      codes: new Map(),
      results: new Map(),
      alerts: [],
      nonce,
    })
    const document = provisioning({
      root,
      certificate,
      nonce,
      store: said('EnrollmentType') === 'Full' ? 'User' : 'System',
    })
    return `<RequestSecurityTokenResponseCollection xmlns="${space.trust}"><RequestSecurityTokenResponse><TokenType>http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken</TokenType><RequestedSecurityToken><BinarySecurityToken xmlns="${space.security}" ValueType="http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentProvisionDoc">${Buffer.from(document).toString('base64')}</BinarySecurityToken></RequestedSecurityToken><RequestID>0</RequestID></RequestSecurityTokenResponse></RequestSecurityTokenResponseCollection>`
  }

  function manage(bytes: Buffer, wbxml: boolean, certified: boolean): Buffer {
    const m = wbxml ? readWbxml(bytes) : readXml(bytes)
    const header = one(m, 'SyncHdr')
    const pc = pcs.get(textOf(header, 'Source', 'LocURI'))
    if (!pc) throw new Error('unknown device')
    const [id, msg] = [textOf(header, 'SessionID'), textOf(header, 'MsgID')]
    if (pc.session?.id === id && pc.session.body === bytes.toString('base64')) return pc.session.answer
    const s =
      pc.session?.id === id
        ? pc.session
        : { id, heard: 0, said: 0, proven: certified, sent: [], body: '', answer: Buffer.alloc(0), part: '' }
    // What was handed over in a session that broke off is handed over again.
    if (pc.session && pc.session !== s) pc.waiting.unshift(...pc.session.sent)
    pc.session = s
    if (Number(msg) !== s.heard + 1) throw new Error(`MsgID ${msg}`)
    s.heard += 1
    s.body = bytes.toString('base64')
    const words: Said[] = []
    const cred = maybe(header, 'Cred')
    const right = digestOf(secrets.appsrv, pc.nonce)
    if (cred && textOf(cred, 'Data') === right) {
      s.proven = true
      fake.digests.add(pc.deviceId)
    }
    const code = s.proven ? 212 : cred ? 401 : 407
    if (!s.proven) pc.nonce = randomBytes(16).toString('base64')
    const chal = s.proven
      ? undefined
      : el('Chal', el('Meta', el('Format', 'b64'), el('Type', 'syncml:auth-md5'), el('NextNonce', pc.nonce)))
    words.push(
      el(
        'Status',
        el('CmdID', '1'),
        el('MsgRef', msg),
        el('CmdRef', '0'),
        el('Cmd', 'SyncHdr'),
        chal,
        el('Data', String(code)),
      ),
    )
    let proof: Said | undefined
    if (s.proven) {
      const body = one(m, 'SyncBody')
      for (const c of body.children) proof = hear(pc, c, msg, words) ?? proof
      if (proof) pc.waiting.unshift(...s.sent.splice(0))
      if (maybe(body, 'Final'))
        for (const q of pc.waiting.splice(0)) {
          s.sent.push(q)
          words.push(...commandsOf(q))
        }
      else words.push(el('Alert', el('CmdID', 'more'), el('Data', '1222')))
    }
    s.said += 1
    const head = el(
      'SyncHdr',
      el('VerDTD', '1.2'),
      el('VerProto', 'DM/1.2'),
      el('SessionID', id),
      el('MsgID', String(s.said)),
      el('Target', el('LocURI', pc.deviceId)),
      el('Source', el('LocURI', 'https://fake/manage')),
      proof,
    )
    const root1 = el('SyncML', head, el('SyncBody', ...words, el('Final')))
    s.answer = wbxml ? wbxmlOf(root1) : xmlOf(root1)
    return s.answer
  }

  /** Answers the proof that the device asks for. */
  function hear(pc: FakePc, c: Element, msg: string, words: Said[]): Said | undefined {
    const id = c.name === 'Final' ? '' : textOf(c, 'CmdID')
    const s = pc.session
    if (c.name === 'Status') {
      const chal = maybe(c, 'Chal')
      if (chal) {
        const nonce = textOf(chal, 'Meta', 'NextNonce')
        return el(
          'Cred',
          el('Meta', el('Format', 'b64'), el('Type', 'syncml:auth-md5')),
          el('Data', digestOf(secrets.client, nonce)),
        )
      }
      const ref = textOf(c, 'CmdRef')
      pc.codes.set(ref, Number(textOf(c, 'Data')))
      if (s) s.sent = s.sent.filter((q) => !ref.startsWith(`${q.id}.`))
    } else if (c.name === 'Results') {
      const found = one(c, 'Item')
      if (s) s.part += one(found, 'Data').text
      if (maybe(found, 'MoreData'))
        words.push(
          el(
            'Status',
            el('CmdID', `part${id}`),
            el('MsgRef', msg),
            el('CmdRef', id),
            el('Cmd', 'Results'),
            el('Data', '213'),
          ),
        )
      else if (s) {
        pc.results.set(textOf(found, 'Source', 'LocURI'), s.part)
        s.part = ''
      }
    } else if (c.name === 'Alert' || c.name === 'Replace') {
      if (c.name === 'Alert' && maybe(c, 'Item')) {
        const said = one(c, 'Item')
        const told = { type: textOf(said, 'Meta', 'Type'), data: textOf(said, 'Data') }
        pc.alerts.push(told)
        if (told.type.endsWith('unenrollment.userrequest')) pc.state = 'left'
      }
      words.push(
        el('Status', el('CmdID', `s${id}`), el('MsgRef', msg), el('CmdRef', id), el('Cmd', c.name), el('Data', '200')),
      )
    }
    return undefined
  }
}

function commandsOf({ id, commands, atomic }: Queued): Said[] {
  const numbered = commands.map((c, i): Said => ({ ...c, content: [el('CmdID', `${id}.${i}`), ...c.content] }))
  return atomic ? [el('Atomic', el('CmdID', `${id}.all`), ...numbered)] : numbered
}
export const command = (verb: string, uri: string, data?: string, format?: string): Said =>
  el(
    verb,
    el(
      'Item',
      el('Target', el('LocURI', uri)),
      format === undefined ? undefined : el('Meta', el('Format', format)),
      data === undefined ? undefined : el('Data', data),
    ),
  )

const spkiOf = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' })

const discovered = `<DiscoverResponse xmlns="${space.discovery}"><DiscoverResult><AuthPolicy>OnPremise</AuthPolicy><EnrollmentVersion>4.0</EnrollmentVersion><EnrollmentPolicyServiceUrl>https://fake/policy</EnrollmentPolicyServiceUrl><EnrollmentServiceUrl>https://fake/enrol</EnrollmentServiceUrl></DiscoverResult></DiscoverResponse>`
const policy = `<GetPoliciesResponse xmlns="${space.policy}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><response><policies><policy><attributes><policySchema>3</policySchema><certificateValidity><validityPeriodSeconds>31536000</validityPeriodSeconds><renewalPeriodSeconds>3628800</renewalPeriodSeconds></certificateValidity><privateKeyAttributes><minimalKeyLength>2048</minimalKeyLength></privateKeyAttributes><hashAlgorithmOIDReference>0</hashAlgorithmOIDReference></attributes></policy></policies></response><oIDs><oID><value>2.16.840.1.101.3.4.2.1</value><group>1</group><oIDReferenceID>0</oIDReferenceID><defaultName>sha256</defaultName></oID></oIDs></GetPoliciesResponse>`

function provisioning(o: { root: Buffer; certificate: Buffer; nonce: string; store: string }): string {
  const within = (type: string, ...inner: string[]) =>
    `<characteristic type="${type}">${inner.join('')}</characteristic>`
  const parm = (name: string, value: string, datatype?: string) =>
    `<parm name="${name}" value="${escaped(value)}"${datatype ? ` datatype="${datatype}"` : ''}/>`
  const stored = (der: Buffer, ...more: string[]) =>
    within(thumbprint(der), parm('EncodedCertificate', der.toString('base64')), ...more)
  const auth = (level: string, { name, secret }: { name: string; secret: string }, nonce: string) =>
    within(
      'APPAUTH',
      parm('AAUTHLEVEL', level),
      parm('AAUTHTYPE', 'DIGEST'),
      parm('AAUTHNAME', name),
      parm('AAUTHSECRET', secret),
      parm('AAUTHDATA', nonce),
    )
  const poll = {
    NumberOfFirstRetries: 5,
    IntervalForFirstSetOfRetries: 15,
    NumberOfSecondRetries: 10,
    IntervalForSecondSetOfRetries: 60,
    NumberOfRemainingScheduledRetries: 0,
    IntervalForRemainingScheduledRetries: 1440,
  }
  return `<wap-provisioningdoc version="1.1">${within('CertificateStore', within('Root', within('System', stored(o.root))))}${within('CertificateStore', within('My', within(o.store, stored(o.certificate, '<characteristic type="PrivateKeyContainer"/>')), within('WSTEP', within('Renew', parm('ROBOSupport', 'true', 'boolean'), parm('RenewPeriod', '42', 'integer'), parm('RetryInterval', '4', 'integer')))))}${within('APPLICATION', parm('APPID', 'w7'), parm('PROVIDER-ID', 'Fake'), parm('NAME', 'Fake'), parm('ADDR', 'https://fake/manage'), '<parm name="BACKCOMPATRETRYDISABLED"/>', parm('DEFAULTENCODING', 'application/vnd.syncml.dm+xml'), auth('CLIENT', secrets.client, randomBytes(16).toString('base64')), auth('APPSRV', secrets.appsrv, o.nonce))}${within('DMClient', within('Provider', within('Fake', within('Poll', ...Object.entries(poll).map(([name, n]) => parm(name, String(n), 'integer'))))))}</wap-provisioningdoc>`
}
