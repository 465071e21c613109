/** This server at Apple Business Manager, from the public key to the token by which a device shows that it is managed here; Apple's service is played by a small one that checks what it is shown. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { verify, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type AppleDevice, type AppleGround, appleGround } from './apple-ground.ts'
import { deviceUnderTest } from './linux-device.ts'

interface Kept {
  readonly key: string
  readonly certificate: string
  readonly enrolment: { readonly checkin: string; readonly server: string }
}
const words = {
  consumer_key: 'CK_1',
  consumer_secret: 'CS_1',
  access_token: 'AT_1',
  access_secret: 'AS_1',
  access_token_expiry: '2040-01-01T00:00:00Z',
}
const account = { server_uuid: '0C5A6F0B-5E33-4C3B-8F5D-6B2E7A1D9F10', server_name: 'Muster', org_name: 'Example Ltd' }

describe('apple: known at Apple Business Manager', { timeout: 300_000 }, () => {
  let ground: AppleGround
  let device: AppleDevice
  let folder: string
  let service: Server
  let signedTerms = true
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] })
  const act = (action: string, input: object) =>
    ground.muster.ask<{ text?: string; files?: { content: string }[]; reason?: { code: string; text: string } }>(
      'POST',
      `/platform-setup/apple/business-manager/${action}`,
      { input },
    )

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'muster-business-'))
    service = createServer((request, response) => {
      const { authorization = '', 'x-adm-auth-session': session } = request.headers
      const known = /oauth_consumer_key="CK_1".*oauth_token="AT_1".*oauth_signature="[\w%]+"/.test(authorization)
      const say = (status: number, body: string) => response.writeHead(status).end(body)
      if (request.url === '/session')
        return !known
          ? say(401, 'Unauthorized')
          : signedTerms
            ? say(200, '{"auth_session_token":"S1"}')
            : say(403, 'T_C_NOT_SIGNED')
      if (request.url === '/account' && session === 'S1') return say(200, JSON.stringify(account))
      say(401, 'Unauthorized')
    })
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', () => resolve()))
    const businessUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
    ground = await appleGround({ MUSTER_PLATFORM_SETTINGS: JSON.stringify({ apple: { businessUrl } }) })
    device = await ground.start({ no: 2 })
    const { key, certificate } = device.device.kept() as unknown as Kept
    await writeFile(join(folder, 'device.key'), key)
    await writeFile(join(folder, 'device.pem'), certificate)
  })
  after(async () => {
    await ground?.close()
    await new Promise((resolve) => service?.close(resolve))
    await rm(folder, { recursive: true, force: true })
  })

  /** What Apple gives for this public key (PEM). */
  async function serverToken(publicKey: string): Promise<string> {
    const message = `Content-Type: text/plain;charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n-----BEGIN MESSAGE-----\r\n${JSON.stringify(words)}\r\n-----END MESSAGE-----\r\n`
    await writeFile(join(folder, 'message'), message)
    await writeFile(join(folder, 'public.pem'), publicKey)
    return openssl(
      'cms',
      '-encrypt',
      '-aes256',
      '-binary',
      '-in',
      'message',
      '-outform',
      'SMIME',
      'public.pem',
    ).toString('base64')
  }
  async function getToken(type: string): Promise<{ status: number; text: string }> {
    const facts = await deviceUnderTest(ground.muster, device.id, () => undefined).facts()
    const udid = String(facts['apple.udid'])
    const body = `<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>MessageType</key><string>GetToken</string><key>UDID</key><string>${udid}</string><key>TokenServiceType</key><string>${type}</string></dict></plist>`
    await writeFile(join(folder, 'body'), body)
    const how = ['-sign', '-binary', '-in', 'body', '-signer', 'device.pem', '-inkey', 'device.key', '-outform', 'DER']
    const signature = openssl('cms', ...how, '-md', 'sha256').toString('base64')
    const { enrolment } = device.device.kept() as unknown as Kept
    const headers = { 'content-type': 'application/x-apple-aspen-mdm-checkin', 'mdm-signature': signature }
    return new Promise((resolve, reject) => {
      const request = https.request(
        enrolment.checkin,
        { method: 'PUT', headers, rejectUnauthorized: false, agent: false },
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

  it('until Apple knows this server a device is told that there is no such token', async () => {
    assert.equal((await getToken('com.apple.maid')).status, 400)
    assert.equal((await act('upload', { token: 'AAAA' })).body.reason?.code ?? 'no-key', 'no-key')
  })

  it('a server token counts for the public key alone that was given out last, and when Apple takes it', async () => {
    const first = await act('certificate', {})
    assert.equal(first.status, 200, JSON.stringify(first.body))
    const pem = (of: typeof first) => Buffer.from(of.body.files?.[0]?.content ?? '', 'base64').toString()
    const again = await act('certificate', {})
    assert.equal(pem(again), pem(first), 'the same key until a fresh one is asked for')
    const fresh = await act('certificate', { fresh: true })
    assert.notEqual(pem(fresh), pem(first))
    const old = await act('upload', { token: await serverToken(pem(first)) })
    assert.ok(old.status >= 400 && old.status < 500, JSON.stringify(old.body))
    signedTerms = false
    const unsigned = await act('upload', { token: await serverToken(pem(fresh)) })
    assert.match(JSON.stringify(unsigned.body), /T_C_NOT_SIGNED/)
    signedTerms = true
    const good = await act('upload', { token: await serverToken(pem(fresh)) })
    assert.equal(good.status, 200, JSON.stringify(good.body))
    const shown = JSON.stringify(await ground.muster.api('GET', '/platform-setup'))
    assert.match(shown, /Example Ltd/)
    assert.doesNotMatch(shown, /CS_1|AS_1/)
    await writeFile(join(folder, 'public.pem'), pem(fresh))
  })

  it('a device gets a token that this key signed, for this server, new each time; an unknown service none', async () => {
    const tokens: string[] = []
    for (let n = 0; n < 2; n += 1) {
      const { status, text } = await getToken('com.apple.maid')
      assert.equal(status, 200, text)
      const data = /<key>TokenData<\/key>\s*<data>([\s\S]*?)<\/data>/.exec(text)?.[1] ?? ''
      tokens.push(Buffer.from(data.replaceAll(/\s/g, ''), 'base64').toString())
    }
    const [head = '', claims = '', signature = ''] = tokens[0]?.split('.') ?? []
    const key = new X509Certificate(await readFile(join(folder, 'public.pem'))).publicKey
    assert.ok(verify('sha256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url')))
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>
    assert.deepEqual([said.iss, said.service_type], [account.server_uuid, 'com.apple.maid'])
    assert.ok(Math.abs(Number(said.iat) - Date.now() / 1000) < 300)
    assert.notEqual(tokens[0], tokens[1])
    assert.equal((await getToken('com.apple.elsewhere')).status, 400)
  })
})
