/** The way to Apple Business Manager: requests are signed as OAuth 1.0 says, server tokens are opened by our key alone, and no bytes do harm. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { envelop } from '@muster/kit/cms'
import fc from 'fast-check'
import { BusinessError, signed } from './client.ts'
import { readServerToken, type ServerToken } from './server-token.ts'
import { readAccount } from './service.ts'

const token: ServerToken = {
  consumer_key: 'dpf43f3p2l4k3l03',
  consumer_secret: 'kd94hf93k423kf44',
  access_token: 'nnch734d00sl2jdk',
  access_secret: 'pfkkdhi9sl3r4s00',
  access_token_expiry: '2027-05-01T10:00:00Z',
}
function identity(name: string) {
  const subject = ['-subj', `/CN=${name}`, '-days', '30', '-keyout', '-', '-out', '-']
  const text = execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], {
    stdio: ['ignore', 'pipe', 'ignore'],
  }).toString()
  return { key: createPrivateKey(text), certificate: new Uint8Array(new X509Certificate(text).raw) }
}
const [mine, other] = [identity('mine'), identity('other')]
const inside = (json: string) =>
  `Content-Type: text/plain;charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n-----BEGIN MESSAGE-----\r\n${json}\r\n-----END MESSAGE-----\r\n`
const sealed = (json: string, to = mine) => envelop(Buffer.from(inside(json)), to.certificate, '3des')
const mime = (der: Buffer) =>
  Buffer.from(
    `MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; name="smime.p7m"; smime-type=enveloped-data\nContent-Transfer-Encoding: base64\n\n${der.toString('base64').replaceAll(/(.{64})/g, '$1\n')}\n`,
  )

test('a request is signed as the example of OAuth 1.0 is', () => {
  const url = 'http://photos.example.net/photos?file=vacation.jpg&size=original'
  const header = signed({ url, at: 1191242096, nonce: 'kllo9940pd9333jh' }, token)
  assert.match(header, /oauth_signature="tR3%2BTy81lMeYAr%2FFid0kMTYa%2FWM%3D"/)
  assert.match(header, /^OAuth realm="ADM", oauth_consumer_key="dpf43f3p2l4k3l03"/)
})

test('a server token is read as it is downloaded, or bare, by its key alone', () => {
  const der = sealed(JSON.stringify(token))
  assert.deepEqual(readServerToken(mime(der), mine), token)
  assert.deepEqual(readServerToken(der, mine), token)
  assert.equal(readServerToken(mime(der), other), undefined)
  assert.equal(readServerToken(mime(sealed(JSON.stringify({ ...token, access_secret: 7 }))), mine), undefined)
  assert.equal(readServerToken(mime(sealed('no JSON')), mine), undefined)
  assert.equal(readServerToken(new Uint8Array(200_000), mine), undefined)
})

test('any bytes, and tokens with some of them changed, are refused without harm', () => {
  const der = sealed(JSON.stringify(token))
  const spoiled = fc
    .tuple(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }))
    .map(([at, by]) => der.map((b, i) => (i === at ? b ^ by : b)))
  const read = (bytes: Uint8Array) => {
    const found = readServerToken(bytes, mine)
    assert.ok(found === undefined || typeof found.consumer_key === 'string')
  }
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), spoiled), read), { numRuns: 200 })
})

test('whatever Apple answers, it is an account or a reason', async () => {
  const clock = { now: () => new Date('2026-05-01T10:00:00Z') }
  const account = { server_uuid: 'ABC-1', server_name: 'Muster', org_name: 'Example', more: 1 }
  const service = (answers: Readonly<Record<string, Response>>) =>
    readAccount(
      { clock, fetch: async (url) => answers[new URL(String(url)).pathname] ?? new Response('', { status: 404 }) },
      'https://mdmenrollment.example',
      token,
    )
  const session = () => new Response('{"auth_session_token":"s"}')
  const { more: _, ...known } = account
  assert.deepEqual(await service({ '/session': session(), '/account': new Response(JSON.stringify(account)) }), known)
  const bad: Readonly<Record<string, Response>>[] = [
    {},
    { '/session': new Response('T_C_NOT_SIGNED', { status: 403 }) },
    { '/session': new Response('no JSON') },
    { '/session': new Response('{}') },
    { '/session': session(), '/account': new Response('{"server_uuid":"../x"}') },
  ]
  for (const answers of bad) await assert.rejects(service(answers), BusinessError)
})
