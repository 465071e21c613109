/** What nobody should say to the doors of Windows PCs: each is refused in the protocol's words, and changes nothing of anybody's. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { until } from './processes.ts'
import { type Pc, type WindowsGround, windowsGround } from './windows-ground.ts'

interface Got {
  status: number
  text: string
}
const soapType = 'application/soap+xml; charset=utf-8'
const dmType = 'application/vnd.syncml.dm+xml'
const md5 = (...parts: (string | Uint8Array)[]) => {
  const hash = createHash('md5')
  for (const p of parts) hash.update(p)
  return hash.digest('base64')
}
/** By OpenSSL; base64 of DER. */
const request = (bits: number) =>
  execFileSync(
    'openssl',
    ['req', '-new', '-newkey', `rsa:${bits}`, '-nodes', '-keyout', '/dev/null', '-subj', '/CN=PC', '-outform', 'DER'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  ).toString('base64')
/** OMA-TS-DM_Security 1.2, 5.3. */
const digestOf = (name: string, secret: string, nonce: string) =>
  md5(md5(`${name}:${secret}`), ':', Buffer.from(nonce, 'base64'))

describe('windows: bad input', { timeout: 400_000 }, () => {
  let ground: WindowsGround
  /** It proves itself by digests; the other one's words are what it must not get away with. */
  let pc: Pc
  let other: Pc
  before(async () => {
    ground = await windowsGround()
    pc = await ground.start({ no: 2, seed: 'journey' })
    other = await ground.start({ no: 5, seed: 'journey' })
    for (const one of [pc, other])
      await until('the first inventory', async () => (await facts(one))['windows.csp'] !== undefined, {
        withinMs: 90_000,
        last: () => one.lines.slice(-4),
      })
    // From here on they are silent, and what they know is used by hand.
    for (const one of [pc, other]) await one.stop()
  })
  after(() => ground?.close())

  const facts = async (one: Pc) =>
    (await ground.muster.api<{ facts: Record<string, unknown> }>('GET', `/devices/${one.id}`)).facts
  async function post(path: string, body: string | Uint8Array, type: string): Promise<Got> {
    const answer = await fetch(path.startsWith('http') ? path : `${ground.muster.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    })
    return { status: answer.status, text: await answer.text() }
  }
  const manage = (body: string | Uint8Array, path = '/windows/manage?mode=Maintenance&Platform=WoA') =>
    post(path, body, dmType)
  /** 413; or the server says so and closes while it is still being written to, which is all that a client then hears. */
  async function isTooMuch(work: () => Promise<Got>): Promise<boolean> {
    try {
      return (await work()).status === 413
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as { code?: string }
      return code === 'EPIPE' || code === 'ECONNRESET' || code === 'UND_ERR_SOCKET'
    }
  }
  /** All that the server keeps of both and would have changed if it had believed. */
  async function kept() {
    const of = async (one: Pc) => {
      const { lifecycle, name } = await ground.muster.api<{ lifecycle: string; name: string }>(
        'GET',
        `/devices/${one.id}`,
      )
      const { items } = await ground.muster.api<{ items: { id: string; state: string }[] }>(
        'GET',
        `/devices/${one.id}/operations`,
      )
      return { lifecycle, name, operations: items.map((o) => [o.id, o.state]), facts: await facts(one) }
    }
    const { items } = await ground.muster.api<{ items: unknown[] }>('GET', '/devices')
    return { devices: items.length, of: [await of(pc), await of(other)] }
  }
  async function unchanged(work: () => Promise<void>): Promise<void> {
    const before = await kept()
    await work()
    assert.deepEqual(await kept(), before)
  }

  interface Said {
    session: string
    message: number
    body: string
    by?: Pc
    /** Digest, and the name that it is of. */
    cred?: { data: string; name: string }
  }
  function message({ session, message: number, body, by = pc, cred }: Said): string {
    const { model } = by.device
    const proof = cred
      ? `<Cred><Meta><Format xmlns="syncml:metinf">b64</Format><Type xmlns="syncml:metinf">syncml:auth-md5</Type></Meta><Data>${cred.data}</Data></Cred>`
      : ''
    return `<?xml version="1.0" encoding="UTF-8"?><SyncML xmlns="SYNCML:SYNCML1.2"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>${session}</SessionID><MsgID>${number}</MsgID><Target><LocURI>${ground.address}/windows/manage</LocURI></Target><Source><LocURI>${model.deviceId}</LocURI>${cred ? `<LocName>${cred.name}</LocName>` : ''}</Source>${proof}</SyncHdr><SyncBody>${body}<Final/></SyncBody></SyncML>`
  }
  const opening = '<Alert><CmdID>2</CmdID><Data>1201</Data></Alert>'
  const leaving =
    '<Alert><CmdID>2</CmdID><Data>1226</Data><Item><Meta><Type xmlns="syncml:metinf">com.microsoft:mdm.unenrollment.userrequest</Type><Format xmlns="syncml:metinf">int</Format></Meta><Data>1</Data></Item></Alert>'
  const header = (text: string) => /<Cmd>SyncHdr<\/Cmd>.*?<Data>(\d+)<\/Data>/s.exec(text)?.[1]
  const nonceIn = (text: string) => /<NextNonce[^>]*>([^<]+)</.exec(text)?.[1] ?? ''
  const credOf = (by: Pc, nonce: string) => {
    const { name, secret } = by.device.world().account?.appsrv ?? { name: '', secret: '' }
    return { data: digestOf(name, secret, nonce), name }
  }
  /** A session that is proven: its address for the next messages, and the answer. */
  async function begun(
    session: string,
    by = pc,
  ): Promise<{ next: string; text: string; cred: { data: string; name: string } }> {
    const first = await manage(message({ session, message: 1, body: opening, by }))
    assert.deepEqual([first.status, header(first.text)], [200, '407'], first.text)
    const cred = credOf(by, nonceIn(first.text))
    const second = await manage(message({ session, message: 2, body: opening, by, cred }))
    assert.equal(header(second.text), '212', second.text)
    const next = /<RespURI>([^<]+)</.exec(second.text)?.[1]?.replaceAll('&amp;', '&') ?? '/windows/manage'
    return { next: next.replace(ground.address, ground.muster.url), text: second.text, cred }
  }

  it('who has proved nothing is challenged, with one word for those who exist and those who do not', async () => {
    await unchanged(async () => {
      for (const body of [opening, leaving, opening + leaving]) {
        const got = await manage(message({ session: 'A1', message: 1, body }))
        assert.deepEqual([got.status, header(got.text)], [200, '407'])
        assert.doesNotMatch(got.text, /<(Get|Exec|Replace|Add)>/)
      }
      const nobody = message({ session: 'A1', message: 1, body: opening }).replaceAll(
        pc.device.model.deviceId,
        'F'.repeat(32),
      )
      const got = await manage(nobody)
      assert.deepEqual([got.status, header(got.text)], [200, '407'])
      assert.equal(Buffer.from(nonceIn(got.text), 'base64').length, 16)
    })
  })

  it('a digest of a wrong secret, of a foreign or an old nonce, and another device’s', async () => {
    await unchanged(async () => {
      const challenge = async () => nonceIn((await manage(message({ session: 'B1', message: 1, body: opening }))).text)
      const own = pc.device.world().account?.appsrv ?? { name: '', secret: '' }
      const wrong = [
        { name: own.name, data: digestOf(own.name, 'guessed', await challenge()) },
        { name: own.name, data: digestOf(own.name, own.secret, Buffer.alloc(16, 7).toString('base64')) },
        { name: own.name, data: 'AAAAAAAAAAAAAAAAAAAAAA==' },
        { name: own.name, data: '%%%' },
        { name: 'nobody', data: digestOf(own.name, own.secret, await challenge()) },
        credOf(other, await challenge()),
      ]
      for (const cred of wrong) {
        const got = await manage(message({ session: 'B1', message: 2, body: leaving, cred }))
        assert.ok(got.status === 400 || (got.status === 200 && header(got.text) === '401'), `${got.status} ${got.text}`)
      }
    })
  })

  it('what was said once proves nothing the second time', async () => {
    const { cred } = await begun('C1')
    await unchanged(async () => {
      for (const body of [opening, leaving]) {
        const again = await manage(message({ session: 'C2', message: 1, body, cred }))
        assert.equal(header(again.text), '401', again.text)
      }
    })
  })

  it('a session’s address opens neither another session nor another device, and a made-up one opens nothing', async () => {
    const { next } = await begun('D1')
    await unchanged(async () => {
      for (const [body, to] of [
        [message({ session: 'D2', message: 3, body: leaving }), next],
        [message({ session: 'D1', message: 3, body: leaving, by: other }), next],
        [message({ session: 'D1', message: 3, body: leaving }), next.replace(/.{6}$/, 'AAAAAA')],
      ] as const) {
        const got = await manage(body, to)
        assert.ok(['401', '407'].includes(header(got.text) ?? ''), `${got.status} ${got.text}`)
      }
    })
  })

  it('results for another session, another message and another device settle nothing', async () => {
    const { id } = await ground.muster.api<{ id: string }>('POST', '/activities', {
      operation: 'device.lock',
      params: {},
      target: { devices: [pc.id, other.id] },
    })
    const stateOf = async (one: Pc) =>
      (
        await ground.muster.api<{ items: { activity: string; state: string }[] }>(
          'GET',
          `/devices/${one.id}/operations`,
        )
      ).items.find((o) => o.activity === id)?.state
    const mine = await begun('E1')
    const theirs = await begun('E2', other)
    const commandIn = (text: string) => /<Exec><CmdID>([^<]+)</.exec(text)?.[1] ?? ''
    const status = (msgRef: number, command: string) =>
      `<Status><CmdID>2</CmdID><MsgRef>${msgRef}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status><Status><CmdID>3</CmdID><MsgRef>${msgRef}</MsgRef><CmdRef>${command}</CmdRef><Cmd>Exec</Cmd><Data>200</Data></Status>`
    assert.notEqual(commandIn(mine.text), '', mine.text)
    // Another device's command, and a message that was never sent.
    await manage(message({ session: 'E1', message: 3, body: status(2, commandIn(theirs.text)) }), mine.next)
    await manage(message({ session: 'E1', message: 4, body: status(9, commandIn(mine.text)) }), mine.next)
    assert.notEqual(await stateOf(other), 'completed')
    // Its own is settled by itself, whatever stood before it.
    await manage(
      message({ session: 'E2', message: 3, body: status(2, commandIn(theirs.text)), by: other }),
      theirs.next,
    )
    await until('the other one to be done', async () => (await stateOf(other)) === 'completed')
    assert.notEqual(await stateOf(pc), 'completed')
  })

  it('what is no message of OMA DM: 400, 413 or 415, and never a failure of ours', async () => {
    const good = message({ session: 'F1', message: 1, body: opening })
    const deep = `${'<Atomic><CmdID>1</CmdID>'.repeat(500)}${'</Atomic>'.repeat(500)}`
    const bomb = `<?xml version="1.0"?><!DOCTYPE SyncML [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>${good.replace(/^<\?xml[^>]*>/, '').replace('1201', '&b;')}`
    await unchanged(async () => {
      for (const body of [
        '',
        'x',
        '<SyncML/>',
        good.slice(0, 300),
        bomb,
        good.replace(opening, deep),
        good.replace('DM/1.2', 'DM/9.9'),
        good.replace('<SessionID>F1</SessionID>', ''),
      ])
        assert.equal((await manage(body)).status, 400, String(body).slice(0, 80))
      // By its mark it is read as what it is, or refused; nobody is let in by it.
      const utf16 = await manage(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(good, 'utf16le')]))
      assert.ok(utf16.status === 400 || header(utf16.text) === '407', utf16.text)
      assert.ok(await isTooMuch(() => manage('x'.repeat((2 << 20) + 1))))
      for (const type of ['text/plain', 'application/json', 'image/png'])
        assert.equal((await post('/windows/manage', good, type)).status, 415)
      for (const bytes of ['', '03', '03016a00', '03016aff', `03016a00${'6d'.repeat(300)}`, '02a4016a006d6c'])
        assert.equal(
          (await post('/windows/manage', Buffer.from(bytes, 'hex'), 'application/vnd.syncml.dm+wbxml')).status,
          400,
          bytes,
        )
    })
  })

  it('CDATA is text to whoever reads it, and a stranger all the same', async () => {
    await unchanged(async () => {
      const got = await manage(
        message({ session: 'G1', message: 1, body: opening.replace('1201', '<![CDATA[1201]]>') }),
      )
      assert.ok(got.status === 400 || header(got.text) === '407', got.text)
    })
  })

  const envelope = (action: string, security: string, body: string) =>
    `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing" xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:wst="http://docs.oasis-open.org/ws-sx/ws-trust/200512" xmlns:ac="http://schemas.xmlsoap.org/ws/2006/12/authorization"><s:Header><a:Action>${action}</a:Action><a:MessageID>urn:uuid:${randomUUID()}</a:MessageID>${security}</s:Header><s:Body>${body}</s:Body></s:Envelope>`
  const user = (name: string, password: string) =>
    `<wsse:Security><wsse:UsernameToken><wsse:Username>${name}</wsse:Username><wsse:Password>${password}</wsse:Password></wsse:UsernameToken></wsse:Security>`
  const token = (
    text: string,
    type = 'http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken',
  ) =>
    `<wsse:Security><wsse:BinarySecurityToken ValueType="${type}">${Buffer.from(text).toString('base64')}</wsse:BinarySecurityToken></wsse:Security>`
  const rst = 'http://schemas.microsoft.com/windows/pki/2009/01/enrollment/RST/wstep'
  const item = (name: string, value: string) =>
    `<ac:ContextItem Name="${name}"><ac:Value>${value}</ac:Value></ac:ContextItem>`
  const asking = (csr: string, o: { type?: string; kind?: string; items?: string } = {}) =>
    `<wst:RequestSecurityToken><wst:TokenType>http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentToken</wst:TokenType><wst:RequestType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/${o.type ?? 'Issue'}</wst:RequestType><wsse:BinarySecurityToken ValueType="http://schemas.microsoft.com/windows/pki/2009/01/enrollment#${o.kind ?? 'PKCS10'}">${csr}</wsse:BinarySecurityToken><ac:AdditionalContext>${o.items ?? item('DeviceID', 'D'.repeat(32)) + item('EnrollmentType', 'Full')}</ac:AdditionalContext></wst:RequestSecurityToken>`
  const enrol = (security: string, body: string) => post('/windows/enrol', envelope(rst, security, body), soapType)
  const isFault = ({ status, text }: Got) =>
    status === 500 && /<s:Fault>/.test(text) && !/InternalServiceFault/.test(text)

  it('enrolment: foreign names, spent and made-up tokens, and requests that are none', async () => {
    const code = await ground.invite()
    const good = request(2048)
    const forged = Buffer.from(good, 'base64')
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1
    const csrs = ['MIIB', '!!!', Buffer.alloc(3000, 0x30).toString('base64'), request(1024), forged.toString('base64')]
    await unchanged(async () => {
      const jwt = token('eyJhbGciOiJub25lIn0.eyJ1cG4iOiJhZGEifQ.', 'urn:ietf:params:oauth:token-type:jwt')
      for (const security of [
        '',
        user('EXAMPLE\\ada', 'wrong'),
        user(`${'A'.repeat(20)}@x`, 'A'.repeat(20)),
        token('made-up'),
        jwt,
      ]) {
        const got = await enrol(security, asking(good))
        assert.ok(isFault(got), `${got.status} ${got.text}`)
      }
      // A good code does not make a bad request good, and is not spent by it.
      for (const csr of csrs) {
        const got = await enrol(user(`${code}@x`, code), asking(csr))
        assert.ok(isFault(got), `${got.status} ${got.text}`)
      }
      for (const o of [
        { items: '' },
        { items: item('DeviceID', '../../x') },
        { type: 'Renew', kind: 'PKCS7' },
        { type: 'Validate' },
        { kind: 'PKCS12' },
      ]) {
        const got = await enrol(user(`${code}@x`, code), asking('MIIB', o))
        assert.ok(isFault(got), `${JSON.stringify(o)} ${got.status} ${got.text}`)
      }
    })
    const fresh = await ground.start({ no: 9, code })
    await fresh.stop()
    const spent = await enrol(user(`${code}@x`, code), asking(request(2048)))
    assert.ok(isFault(spent), spent.text)
  })

  it('what is no envelope: 400 or 413 in HTTP’s own words', async () => {
    const good = envelope('x', '', '<x/>')
    await unchanged(async () => {
      for (const path of ['/EnrollmentServer/Discovery.svc', '/windows/policy', '/windows/enrol']) {
        for (const body of [
          '',
          '<a/>',
          good.replace('2003/05', '2033/05'),
          `<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>${good}`,
          `${'<a>'.repeat(2000)}${'</a>'.repeat(2000)}`,
          good.replace('<x/>', ''),
        ])
          assert.equal((await post(path, body, soapType)).status, 400, `${path} ${body.slice(0, 60)}`)
        assert.ok(await isTooMuch(() => post(path, `${good}${' '.repeat(200_000)}`, soapType)), path)
      }
    })
  })
})
