/** What Windows PCs say, as the bytes of whole requests: enrolment (MS-MDE2) and sessions (OMA DM). Certificates come as a proxy hands them on. */
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto'
import { context, der, integer, nothing, oid, printable, sequence, setOf, tags } from '@muster/kit/der'

/** Header in which the proxy names the certificate (RFC 9440). */
export const certificateHeader = 'Client-Cert'
export const deviceIdOf = (seed: number, device: number): string =>
  createHash('sha256').update(`pc ${seed} ${device}`).digest('hex').slice(0, 32).toUpperCase()

function post(path: string, type: string, body: string): Buffer {
  return Buffer.from(postText(path, type, body), 'utf8')
}
/** Each letter is a byte. */
function postText(path: string, type: string, body: string, certificate?: string): string {
  const shown = certificate === undefined ? '' : `${certificateHeader}: :${certificate}:\r\n`
  return `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: MSFT OMA DM Client/1.2.0.1\r\nContent-Type: ${type}\r\n${shown}Content-Length: ${body.length}\r\n\r\n${body}`
}

const soapType = 'application/soap+xml; charset=utf-8'
const envelope = (action: string, security: string, body: string) =>
  `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd" xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:wst="http://docs.oasis-open.org/ws-sx/ws-trust/200512" xmlns:ac="http://schemas.xmlsoap.org/ws/2006/12/authorization"><s:Header><a:Action s:mustUnderstand="1">${action}</a:Action><a:MessageID>urn:uuid:748132ec-a575-4329-b01b-6171a9cf8478</a:MessageID><a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address></a:ReplyTo><a:To s:mustUnderstand="1">https://muster.example/</a:To>${security}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
const discovery = 'http://schemas.microsoft.com/windows/management/2012/01/enrollment'
const policy = 'http://schemas.microsoft.com/windows/pki/2009/01/enrollmentpolicy'
const enrolment = 'http://schemas.microsoft.com/windows/pki/2009/01/enrollment'

/** Discovery, policy, and the request for a certificate; `code`: of the invitation. */
export function enrolling(o: { code: string; deviceId: string; serial: string; request: Buffer }): Buffer[] {
  const security = `<wsse:Security s:mustUnderstand="1"><wsse:UsernameToken u:Id="uuid-1"><wsse:Username>${o.code}@muster.example</wsse:Username><wsse:Password wsse:Type="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText">${o.code}</wsse:Password></wsse:UsernameToken></wsse:Security>`
  const items = {
    UXInitiated: 'true',
    HWDevID: o.deviceId.repeat(2),
    Locale: 'en-US',
    TargetedUserLoggedIn: 'true',
    OSEdition: '48',
    DeviceName: `PC-${o.serial}`,
    MAC: '00-11-22-33-44-55',
    DeviceID: o.deviceId,
    EnrollmentType: 'Full',
    DeviceType: 'CIMClient_Windows',
    OSVersion: '10.0.22631.4317',
    ApplicationVersion: '10.0.22631.4317',
    NotInOobe: 'true',
    Manufacturer: 'LENOVO',
    DeviceModel: '21HD000XGE',
    SerialNumber: o.serial,
    RequestVersion: '5.0',
  }
  const context = Object.entries(items).map(
    ([name, value]) => `<ac:ContextItem Name="${name}"><ac:Value>${value}</ac:Value></ac:ContextItem>`,
  )
  return [
    post(
      '/EnrollmentServer/Discovery.svc',
      soapType,
      envelope(
        `${discovery}/IDiscoveryService/Discover`,
        '',
        `<Discover xmlns="${discovery}"><request><EmailAddress>${o.code}@muster.example</EmailAddress><RequestVersion>5.0</RequestVersion><DeviceType>CIMClient_Windows</DeviceType><ApplicationVersion>10.0.22631.4317</ApplicationVersion><OSEdition>48</OSEdition><AuthPolicies><AuthPolicy>OnPremise</AuthPolicy></AuthPolicies></request></Discover>`,
      ),
    ),
    post(
      '/windows/policy',
      soapType,
      envelope(
        `${policy}/IPolicy/GetPolicies`,
        security,
        `<GetPolicies xmlns="${policy}"><client><lastUpdate xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/></client></GetPolicies>`,
      ),
    ),
    post(
      '/windows/enrol',
      soapType,
      envelope(
        `${enrolment}/RST/wstep`,
        security,
        `<wst:RequestSecurityToken><wst:TokenType>http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken</wst:TokenType><wst:RequestType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue</wst:RequestType><wsse:BinarySecurityToken ValueType="${enrolment}#PKCS10" EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd#base64binary">${o.request.toString('base64')}</wsse:BinarySecurityToken><ac:AdditionalContext>${context.join('')}</ac:AdditionalContext></wst:RequestSecurityToken>`,
      ),
    ),
  ]
}

/** PKCS#10 as Windows 10 makes it: the subject in a PrintableString that ends in NUL, SHA-1 by the OIW's name. */
export function requestFor(key: KeyObject, deviceId: string): Buffer {
  const subject = sequence(
    setOf(sequence(oid('2.5.4.3'), printable(`B1C43CD0-1624-5FBB-8E54-34CF17DFD3A1!${deviceId}\0`))),
  )
  const info = sequence(
    integer(0),
    subject,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(context(0)),
  )
  return sequence(
    info,
    sequence(oid('1.3.14.3.2.29'), nothing()),
    der(tags.bits, Buffer.from([0]), sign('sha1', info, key)),
  )
}

const dmType = 'application/vnd.syncml.dm+xml'
const meta = 'xmlns="syncml:metinf"'
export interface Session {
  readonly deviceId: string
  /** Base64 of DER. */
  readonly certificate: string
  readonly session: string
}
const message = (o: Session, number: number, body: string) =>
  postText(
    '/windows/manage?mode=Maintenance&Platform=WoA',
    dmType,
    `<?xml version="1.0" encoding="UTF-8"?><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>${o.session}</SessionID><MsgID>${number}</MsgID><Target><LocURI>https://muster.example/windows/manage</LocURI></Target><Source><LocURI>${o.deviceId}</LocURI></Source></SyncHdr><SyncBody>${body}<Final/></SyncBody></SyncML>`,
    o.certificate,
  )
/** The first package: who it is, and that somebody is logged on. */
export function opening(o: Session): Buffer {
  const info = { DevId: o.deviceId, Man: 'LENOVO', Mod: '21HD000XGE', DmV: '1.3', Lang: 'en-US' }
  const items = Object.entries(info).map(
    ([name, value]) => `<Item><Source><LocURI>./DevInfo/${name}</LocURI></Source><Data>${value}</Data></Item>`,
  )
  const text = message(
    o,
    1,
    `<Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type ${meta}>com.microsoft/MDM/LoginStatus</Type></Meta><Data>user</Data></Item></Alert><Replace><CmdID>4</CmdID>${items.join('')}</Replace>`,
  )
  return Buffer.from(text, 'latin1')
}
export interface AskedCommand {
  readonly verb: string
  readonly id: string
  readonly uri: string
}
/** Statuses of what the server asked in its message before this one, and a value for each Get. */
export function answering(o: Session, number: number, asked: readonly AskedCommand[]): string {
  const ref = `<MsgRef>${number - 1}</MsgRef>`
  const statuses = asked.map(
    ({ verb, id }, i) =>
      `<Status><CmdID>${2 + i}</CmdID>${ref}<CmdRef>${id}</CmdRef><Cmd>${verb}</Cmd><Data>200</Data></Status>`,
  )
  const gets = asked.filter((a) => a.verb === 'Get')
  const results = gets.map(
    ({ id, uri }, i) =>
      `<Results><CmdID>${2 + asked.length + i}</CmdID>${ref}<CmdRef>${id}</CmdRef><Item><Source><LocURI>${uri}</LocURI></Source><Meta><Format ${meta}>chr</Format><Type ${meta}>text/plain</Type></Meta><Data>10.0.22631.4317</Data></Item></Results>`,
  )
  const head = `<Status><CmdID>1</CmdID>${ref}<CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>`
  return message(o, number, head + statuses.join('') + results.join(''))
}
const command = /<(Get|Add|Replace|Delete|Exec)><CmdID>([^<]+)<\/CmdID>.*?<LocURI>([^<]+)<\/LocURI>/gs
const begins = ['<Get>', '<Exec>', '<Replace>', '<Add>', '<Delete>']
/** Commands in an answer. What stands before them, statuses, is passed over. */
export function asksIn(answer: string): AskedCommand[] {
  const found = begins.map((b) => answer.indexOf(b)).filter((at) => at >= 0)
  if (found.length === 0) return []
  const words = answer.slice(Math.min(...found))
  return [...words.matchAll(command)].map(([, verb = '', id = '', uri = '']) => ({ verb, id, uri }))
}
