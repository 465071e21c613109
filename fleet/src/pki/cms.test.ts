/** What a device signs and seals is read by OpenSSL, and what OpenSSL writes is read by the device. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { newKey, pemOf, requestOf, selfSigned } from './certificate.ts'
import { enveloped, forms, open, type Signing, signed, unsealed } from './cms.ts'

const content = Buffer.from('<plist version="1.0"><dict/></plist>\n')
const now = new Date('2026-02-03T04:05:06Z')
let dir: string
const by: { [kind: string]: Signing } = {}
const at = (name: string) => join(dir, name)
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })

describe('signed and sealed messages', { timeout: 120_000 }, () => {
  before(async () => {
    dir = mkdtempSync(join(tmpdir(), 'muster-cms-'))
    writeFileSync(at('content'), content)
    for (const kind of ['rsa', 'ec'] as const) {
      const key = await newKey(kind)
      const certificate = selfSigned(key, new Date())
      by[kind] = { key, certificate }
      writeFileSync(at(`${kind}.key`), key.export({ type: 'pkcs8', format: 'pem' }))
      writeFileSync(at(`${kind}.pem`), pemOf(certificate))
    }
  })
  after(() => rmSync(dir, { recursive: true, force: true }))

  for (const kind of ['rsa', 'ec'])
    for (const [name, form] of Object.entries(forms))
      it(`${name} by ${kind}: OpenSSL and the device read it, and neither takes it for other content`, () => {
        const signing = by[kind] as Signing
        const message = signed(content, signing, { ...form, now })
        writeFileSync(at('message'), message)
        const verify = [
          'cms',
          '-verify',
          '-inform',
          'DER',
          '-in',
          'message',
          '-binary',
          '-noverify',
          '-certfile',
          `${kind}.pem`,
        ]
        const said = openssl(...verify, ...(form.detached ? ['-content', 'content'] : []))
        assert.deepEqual(said, content)
        writeFileSync(at('other'), 'something else')
        if (form.detached) assert.throws(() => openssl(...verify, '-content', 'other'))
        const opened = open(message, content)
        assert.deepEqual([opened.content, opened.signer?.raw], [content, signing.certificate])
        if (form.detached) {
          assert.throws(() => open(message, Buffer.from('something else')), /digest|forged/)
          return
        }
        const at17 = message.indexOf(content) + 17
        assert.throws(() => open(Buffer.from(message).fill(0x20, at17, at17 + 1)), /digest|forged/)
      })

  it('OpenSSL signs, the device opens', () => {
    for (const more of [[], ['-noattr'], ['-stream']]) {
      openssl(
        'cms',
        '-sign',
        '-binary',
        '-nodetach',
        '-in',
        'content',
        '-signer',
        'rsa.pem',
        '-inkey',
        'rsa.key',
        '-outform',
        'DER',
        '-out',
        'theirs',
        ...more,
      )
      const opened = open(openssl('cms', '-cmsout', '-inform', 'DER', '-in', 'theirs', '-outform', 'DER'))
      assert.deepEqual([opened.content, opened.signer?.raw], [content, by.rsa?.certificate])
    }
  })

  for (const cipher of ['des3', 'aes128', 'aes256'] as const)
    it(`${cipher}: sealed by one is opened by the other`, () => {
      const { key, certificate } = by.rsa as Signing
      const secret = randomBytes(3000)
      writeFileSync(at('sealed'), enveloped(secret, certificate, cipher))
      assert.deepEqual(
        openssl(
          'cms',
          '-decrypt',
          '-inform',
          'DER',
          '-in',
          'sealed',
          '-binary',
          '-inkey',
          'rsa.key',
          '-recip',
          'rsa.pem',
        ),
        secret,
      )
      writeFileSync(at('secret'), secret)
      const name = { des3: '-des3', aes128: '-aes128', aes256: '-aes256' }[cipher]
      assert.deepEqual(
        unsealed(openssl('cms', '-encrypt', '-binary', '-in', 'secret', '-outform', 'DER', name, 'rsa.pem'), key),
        secret,
      )
    })

  it('a request carries its subject and challenge', () => {
    const { key } = by.rsa as Signing
    const subject = [[['O', 'Example']], [['CN', 'Déjà vu']]] as const
    writeFileSync(at('csr'), requestOf(key, { subject, challenge: 'ABCD-1234' }))
    const said = openssl(
      'req',
      '-inform',
      'DER',
      '-in',
      'csr',
      '-noout',
      '-text',
      '-verify',
      '-nameopt',
      'utf8,sep_comma_plus',
    ).toString()
    assert.match(said, /challengePassword\s*:\s*ABCD-1234/)
    assert.match(said, /Subject: O=Example,CN=Déjà vu/)
  })
})
