/** A PC in a few lines, whose every message a journey writes itself: it enrols, and says what it is told to say. */
import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request as requestTls } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Hand {
  readonly deviceId: string
  /** Our names and nonces for digests, by level of w7. */
  readonly account: { name: string; secret: string; nonce: string }
  /** One message, by the client's certificate unless told. */
  say(m: Spoken): Promise<Heard>
  post(body: string | Uint8Array, o?: Way): Promise<{ status: number; body: Buffer; type: string }>
}
export interface Way {
  /** Another server, or another query. */
  url?: string
  bare?: true
  type?: string
}
export interface Spoken extends Way {
  session?: string
  message?: string
  source?: string
  body: string
  final?: false
  /** The nonce to prove with, base64. */
  nonce?: string
}
export interface Command {
  readonly id: string
  readonly verb: string
  readonly uri: string
  readonly data: string
}
export interface Heard {
  readonly text: string
  readonly header: string
  readonly commands: readonly Command[]
  readonly nonce: string
  readonly respondTo: string
  readonly final: boolean
}

const soap = (action: string, body: string, code: string, to: string) =>
  `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:wst="http://docs.oasis-open.org/ws-sx/ws-trust/200512" xmlns:ac="http://schemas.xmlsoap.org/ws/2006/12/authorization"><s:Header><a:Action>${action}</a:Action><a:MessageID>urn:uuid:${randomUUID()}</a:MessageID><a:To>${to}</a:To><wsse:Security><wsse:UsernameToken><wsse:Username>${code}@muster.example</wsse:Username><wsse:Password>${code}</wsse:Password></wsse:UsernameToken></wsse:Security></s:Header><s:Body>${body}</s:Body></s:Envelope>`

/** Discovery is left out: addresses are as they are everywhere. */
export async function enrolByHand(o: { address: string; trust: string; code: string }): Promise<Hand> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-hand-'))
  const deviceId = randomUUID().replaceAll('-', '').toUpperCase()
  try {
    const [key, csr] = [join(folder, 'key.pem'), join(folder, 'csr.der')]
    execFileSync(
      'openssl',
      [
        'req',
        '-new',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-sha256',
        '-subj',
        `/CN=${deviceId}`,
        '-keyout',
        key,
        '-outform',
        'DER',
        '-out',
        csr,
      ],
      { stdio: 'ignore' },
    )
    const item = (name: string, value: string) =>
      `<ac:ContextItem Name="${name}"><ac:Value>${value}</ac:Value></ac:ContextItem>`
    const items = {
      DeviceID: deviceId,
      EnrollmentType: 'Device',
      DeviceType: 'CIMClient_Windows',
      OSVersion: '10.0.22631.1',
      DeviceName: 'HAND',
      RequestVersion: '5.0',
      HWDevID: 'AB'.repeat(32),
      Locale: 'en-US',
      OSEdition: '48',
    }
    const body = `<wst:RequestSecurityToken><wst:TokenType>http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken</wst:TokenType><wst:RequestType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue</wst:RequestType><wsse:BinarySecurityToken ValueType="http://schemas.microsoft.com/windows/pki/2009/01/enrollment#PKCS10" EncodingType="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd#base64binary">${readFileSync(csr).toString('base64')}</wsse:BinarySecurityToken><ac:AdditionalContext>${Object.entries(
      items,
    )
      .map(([n, v]) => item(n, v))
      .join('')}</ac:AdditionalContext></wst:RequestSecurityToken>`
    const to = `${o.address}/windows/enrol`
    const answer = await post(
      to,
      soap('http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RST/wstep', body, o.code, to),
      { type: 'application/soap+xml; charset=utf-8', ca: o.trust },
    )
    const token = /<(?:\w+:)?BinarySecurityToken[^>]*>([^<]+)</.exec(answer.body.toString())?.[1]
    if (answer.status !== 200 || !token) throw new Error(`${answer.status} ${answer.body.toString()}`)
    const wap = Buffer.from(token, 'base64').toString()
    const own = /type="My">.*?name="EncodedCertificate" value="([^"]+)"/s.exec(wap)?.[1] ?? ''
    const pem = `-----BEGIN CERTIFICATE-----\n${own.replace(/\s+/g, '').replace(/(.{64})/g, '$1\n')}\n-----END CERTIFICATE-----\n`
    return hand({ ...o, deviceId, pem, key: readFileSync(key, 'utf8'), account: accountOf(wap) })
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function accountOf(wap: string): Hand['account'] {
  const level = wap.split('type="APPAUTH"').find((part) => /value="APPSRV"/.test(part)) ?? ''
  const value = (name: string) => new RegExp(`name="${name}" value="([^"]*)"`).exec(level)?.[1] ?? ''
  return { name: value('AAUTHNAME'), secret: value('AAUTHSECRET'), nonce: value('AAUTHDATA') }
}

interface Posted {
  type: string
  ca?: string
  cert?: string
  key?: string
}
function post(
  url: string,
  body: string | Uint8Array,
  o: Posted,
): Promise<{ status: number; body: Buffer; type: string }> {
  if (url.startsWith('http:'))
    return fetch(url, { method: 'POST', body: body as string, headers: { 'content-type': o.type } }).then(
      async (r) => ({
        status: r.status,
        body: Buffer.from(await r.arrayBuffer()),
        type: r.headers.get('content-type') ?? '',
      }),
    )
  return new Promise((resolve, reject) => {
    const { type, ...tls } = o
    const r = requestTls(
      url,
      {
        method: 'POST',
        headers: { 'content-type': type, 'content-length': Buffer.byteLength(body) },
        agent: false,
        ...tls,
      },
      (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (p: Buffer) => parts.push(p))
        answer.on('end', () =>
          resolve({
            status: answer.statusCode ?? 0,
            body: Buffer.concat(parts),
            type: answer.headers['content-type'] ?? '',
          }),
        )
      },
    )
    r.on('error', reject)
    r.end(body)
  })
}

const md5 = (...parts: (string | Uint8Array)[]) =>
  parts.reduce((h, p) => h.update(p), createHash('md5')).digest('base64')
const proofOf = (a: Hand['account'], nonce: string): string =>
  md5(`${md5(`${a.name}:${a.secret}`)}:`, Buffer.from(nonce, 'base64'))

function hand(o: {
  address: string
  trust: string
  deviceId: string
  pem: string
  key: string
  account: Hand['account']
}): Hand {
  const address = `${o.address}/windows/manage`
  const xml = 'application/vnd.syncml.dm+xml'
  const send: Hand['post'] = (body, way = {}) =>
    post(way.url ?? `${address}?mode=Maintenance&Platform=WoA`, body, {
      type: way.type ?? xml,
      ca: o.trust,
      ...(!way.bare && { cert: o.pem, key: o.key }),
    })
  return {
    deviceId: o.deviceId,
    account: o.account,
    post: send,
    say: async ({ session = '1', message = '1', source = o.deviceId, body, final, nonce, ...way }) => {
      const cred =
        nonce &&
        `<Cred><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-md5</Type></Meta><Data>${proofOf(o.account, nonce)}</Data></Cred>`
      const name = nonce ? `<LocName>${o.account.name}</LocName>` : ''
      const answer = await send(
        `<SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>${session}</SessionID><MsgID>${message}</MsgID><Target><LocURI>${address}</LocURI></Target><Source><LocURI>${source}</LocURI>${name}</Source>${cred ?? ''}</SyncHdr><SyncBody>${body}${final === false ? '' : '<Final/>'}</SyncBody></SyncML>`,
        way,
      )
      const text = answer.body.toString()
      if (answer.status !== 200) throw new Error(`${answer.status} ${text}`)
      return heard(text)
    },
  }
}

function heard(text: string): Heard {
  const commands = [...text.matchAll(/<(Get|Exec|Add|Replace|Delete)><CmdID>([^<]+)<\/CmdID>(.*?)<\/\1>/gs)].map(
    ([, verb = '', id = '', inner = '']) => ({
      verb,
      id,
      uri: /<LocURI>([^<]*)</.exec(inner)?.[1] ?? '',
      data: /<Data>([^<]*)</.exec(inner)?.[1] ?? '',
    }),
  )
  return {
    text,
    header: /<Cmd>SyncHdr<\/Cmd>.*?<Data>(\d+)</s.exec(text)?.[1] ?? '',
    commands,
    nonce: /<NextNonce[^>]*>([^<]+)</.exec(text)?.[1] ?? '',
    respondTo: (/<RespURI>([^<]+)</.exec(text)?.[1] ?? '').replaceAll('&amp;', '&'),
    final: text.includes('<Final/>'),
  }
}

export const begin = (who = 'none') =>
  `<Alert><CmdID>2</CmdID><Data>1201</Data></Alert><Alert><CmdID>3</CmdID><Data>1224</Data><Item><Meta><Type xmlns="syncml:metinf">com.microsoft/MDM/LoginStatus</Type></Meta><Data>${who}</Data></Item></Alert><Replace><CmdID>4</CmdID><Item><Source><LocURI>./DevInfo/Man</LocURI></Source><Data>By hand</Data></Item></Replace>`
export const statusOf = (msgRef: string, c: Pick<Command, 'id' | 'verb'>, code = 200) =>
  `<Status><CmdID>s${c.id}</CmdID><MsgRef>${msgRef}</MsgRef><CmdRef>${c.id}</CmdRef><Cmd>${c.verb}</Cmd><Data>${code}</Data></Status>`
export const resultOf = (msgRef: string, c: Pick<Command, 'id' | 'uri'>, data: string) =>
  `<Results><CmdID>r${c.id}</CmdID><MsgRef>${msgRef}</MsgRef><CmdRef>${c.id}</CmdRef><Item><Source><LocURI>${c.uri}</LocURI></Source><Data>${data}</Data></Item></Results>`
