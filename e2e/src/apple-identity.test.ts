/** Who may speak as an Apple device, over the network and by OpenSSL's signatures: every form of a true identity is heard, nothing else is, and nothing of it makes a device leave. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type AppleDevice, type AppleGround, appleGround } from './apple-ground.ts'
import { deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'

interface Kept {
  readonly key: string
  readonly certificate: string
  readonly enrolment: { readonly server: string; readonly checkin: string }
}
interface Saying {
  readonly body: string | Buffer
  /** `Mdm-Signature` in base64. */
  readonly signature?: string
  /** Client certificate of the connection. */
  readonly tls?: { key: string; cert: string }
  readonly method?: string
  readonly checkin?: true
}

const document = (inside: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">${inside}</plist>\n`
const dict = (entries: Record<string, string>) =>
  document(
    `<dict>${Object.entries(entries)
      .map(([k, v]) => `<key>${k}</key><string>${v}</string>`)
      .join('')}</dict>`,
  )

describe('apple: who is heard', { timeout: 300_000 }, () => {
  let ground: AppleGround
  let folder: string
  let [one, other]: AppleDevice[] = []
  const kept = (d: AppleDevice | undefined) => d?.device.kept() as unknown as Kept
  const udid = async (d: AppleDevice | undefined) =>
    String((await deviceUnderTest(ground.muster, d?.id ?? '', () => undefined).facts())['apple.udid'])
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-identity-'))
    ground = await appleGround()
    one = await ground.start({ no: 2 })
    other = await ground.start({ no: 5 })
    for (const [name, d] of [
      ['one', one],
      ['other', other],
    ] as const) {
      await writeFile(join(folder, `${name}.key`), kept(d).key)
      await writeFile(join(folder, `${name}.pem`), kept(d).certificate)
    }
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=nobody',
      '-keyout',
      'foreign.key',
      '-out',
      'foreign.pem',
    )
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', 'foreign-ec.key')
    openssl('req', '-x509', '-key', 'foreign-ec.key', '-subj', '/CN=nobody', '-out', 'foreign-ec.pem')
    await until(
      'the first inventory',
      async () =>
        one && (await deviceUnderTest(ground.muster, one.id, () => undefined).facts())['apple.apps'] !== undefined,
      { withinMs: 90_000 },
    )
  })
  after(async () => {
    await ground?.close()
    await rm(folder, { recursive: true, force: true })
  })

  async function signatureOf(body: string | Buffer, by: string, ...how: string[]): Promise<string> {
    await writeFile(join(folder, 'body'), body)
    const more = how.length > 0 ? how : ['-md', 'sha256']
    return openssl(
      'cms',
      '-sign',
      '-binary',
      '-in',
      'body',
      '-signer',
      `${by}.pem`,
      '-inkey',
      `${by}.key`,
      '-outform',
      'DER',
      ...more,
    ).toString('base64')
  }
  function say({ body, signature, tls, method = 'PUT', checkin }: Saying): Promise<{ status: number; text: string }> {
    const { enrolment } = kept(one)
    const headers = {
      'content-type': 'application/x-apple-aspen-mdm',
      ...(signature !== undefined && { 'mdm-signature': signature }),
    }
    return new Promise((resolve, reject) => {
      const request = https.request(
        checkin ? enrolment.checkin : enrolment.server,
        { method, headers, rejectUnauthorized: false, agent: false, ...tls },
        (r) => {
          const chunks: Buffer[] = []
          r.on('data', (c: Buffer) => chunks.push(c))
          r.on('end', () => resolve({ status: r.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
        },
      )
      request.on('error', reject)
      request.end(body)
    })
  }
  /** 400 or 413, in words, and the device is heard as before. */
  async function refused(what: string, saying: Saying): Promise<void> {
    const { status, text } = await say(saying)
    assert.ok(status === 400 || status === 413, `${what}: ${status} ${text}`)
    const body = dict({ Status: 'Idle', UDID: await udid(one) })
    assert.equal((await say({ body, signature: await signatureOf(body, 'one') })).status, 200, what)
  }

  it('each form of a true signature, and the certificate of the connection, by PUT and POST', async () => {
    const body = dict({ Status: 'Idle', UDID: await udid(one) })
    const formsOf: Record<string, string[]> = {
      'SHA-256 with attributes': ['-md', 'sha256'],
      'SHA-1 with attributes': ['-md', 'sha1'],
      'SHA-1 without attributes': ['-md', 'sha1', '-noattr'],
      'SHA-256 without attributes': ['-md', 'sha256', '-noattr'],
      'SHA-512': ['-md', 'sha512'],
      'with the content inside': ['-md', 'sha256', '-nodetach'],
      'BER of indefinite length': ['-md', 'sha256', '-nodetach', '-stream'],
    }
    for (const [what, how] of Object.entries(formsOf))
      for (const method of ['PUT', 'POST'])
        assert.equal((await say({ body, method, signature: await signatureOf(body, 'one', ...how) })).status, 200, what)
    const { key, certificate: cert } = kept(one)
    assert.equal((await say({ body, tls: { key, cert } })).status, 200)
  })

  it('nobody, garbage, and who is not of ours', async () => {
    const body = dict({ Status: 'Idle', UDID: await udid(one) })
    await refused('nobody', { body })
    for (const signature of ['', '!!!', 'AAAA', 'MIAGCSqGSIb3DQEHAqCAMIA', 'A'.repeat(9000)])
      await refused(signature.slice(0, 10), { body, signature })
    for (const by of ['foreign', 'foreign-ec']) await refused(by, { body, signature: await signatureOf(body, by) })
    const [key, cert] = ['foreign.key', 'foreign.pem'].map((f) =>
      openssl(f.endsWith('key') ? 'pkey' : 'x509', '-in', f).toString(),
    )
    const answer = await say({ body, tls: { key: key ?? '', cert: cert ?? '' } }).catch(() => ({ status: 400 }))
    assert.equal(answer.status, 400, 'a foreign certificate of the connection')
  })

  it('a signature of another body, another’s identity, another’s UDID', async () => {
    const body = dict({ Status: 'Idle', UDID: await udid(one) })
    await refused('another body', { body, signature: await signatureOf(`${body} `, 'one') })
    await refused('another body inside', { body, signature: await signatureOf(`${body} `, 'one', '-nodetach') })
    await refused('another device’s identity', { body, signature: await signatureOf(body, 'other') })
    const theirs = dict({ Status: 'Idle', UDID: await udid(other) })
    await refused('another’s UDID', { body: theirs, signature: await signatureOf(theirs, 'one') })
    const again = dict({
      MessageType: 'Authenticate',
      UDID: await udid(other),
      Topic: 't',
      SerialNumber: 'X',
      OSVersion: '18.1',
      BuildVersion: 'x',
      ProductName: 'iPhone15,3',
    })
    await refused('a certificate for a second device', {
      body: again,
      checkin: true,
      signature: await signatureOf(again, 'one'),
    })
  })

  it('messages that are none', async () => {
    const id = await udid(one)
    const bodies: Record<string, string | Buffer> = {
      empty: '',
      text: 'hello',
      'unknown status': dict({ Status: 'Sleepy', UDID: id }),
      'unknown message': dict({ MessageType: 'Telephone', UDID: id }),
      'no sender': dict({ Status: 'Idle' }),
      truncated: dict({ Status: 'Idle', UDID: id }).slice(0, -30),
      'entities of its own': `<!DOCTYPE plist [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><plist><dict><key>Status</key><string>&b;</string></dict></plist>`,
      deep: document('<array>'.repeat(5000) + '</array>'.repeat(5000)),
      'binary cycle': Buffer.concat([
        Buffer.from('bplist00'),
        Buffer.from([0xa1, 0, 8]),
        Buffer.alloc(6),
        Buffer.from([1, 1]),
        Buffer.from('00000000000000010000000000000000000000000000000a', 'hex'),
      ]),
      oversized: document(`<string>${'x'.repeat(5_000_000)}</string>`),
    }
    for (const [what, body] of Object.entries(bodies))
      await refused(what, { body, signature: await signatureOf(body, 'one') })
  })

  it('an answer to a command that nobody sent is 200 and ignored', async () => {
    for (const id of ['o1-zzzz', 's1-1', 'x', '../..', "'; --"]) {
      const body = dict({ Status: 'Acknowledged', UDID: await udid(one), CommandUUID: id })
      assert.equal((await say({ body, signature: await signatureOf(body, 'one') })).status, 200, id)
    }
  })

  it('who has checked out is told to leave, and nobody else ever was', async () => {
    const body = dict({ Status: 'Idle', UDID: await udid(other) })
    await other?.device.farewell()
    const answer = await say({ body, signature: await signatureOf(body, 'other') })
    assert.equal(answer.status, 403)
    assert.match(answer.text, /com\.apple\.unrecognized\.device/)
    assert.equal(one?.device.standing(), 'enrolled')
    assert.ok(!one?.lines.some((l) => l.event === 'refused'))
  })
})
