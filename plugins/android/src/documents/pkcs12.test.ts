/** PKCS #12 held against OpenSSL: what it writes is opened, what comes out it opens with an empty password, and what is wrong is said. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { guid, withKeys } from './keys.ts'
import { Pkcs12Error, withoutPassword } from './pkcs12.ts'

const password = 'Schlüssel 1'
let folder: string
function openssl(...args: string[]): string {
  const done = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' })
  assert.equal(done.status, 0, done.stderr)
  return done.stdout
}
/** As people export it. */
function exported(...how: string[]): string {
  openssl('pkcs12', '-export', '-inkey', 'key', '-in', 'own', '-certfile', 'other', '-out', 'p12', ...how)
  return readFileSync(join(folder, 'p12')).toString('base64')
}
function made(name: string, key: string): void {
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', name, '-subj', `/CN=${name}`)
}
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-pkcs12-'))
  made('own', 'key')
  made('other', 'other-key')
})
after(() => rmSync(folder, { recursive: true, force: true }))

const ways: Readonly<Record<string, string[]>> = {
  'AES-256, as OpenSSL does it now': ['-passout', `pass:${password}`],
  'AES-128': ['-passout', `pass:${password}`, '-keypbe', 'AES-128-CBC', '-certpbe', 'AES-128-CBC'],
  'triple DES': ['-passout', `pass:${password}`, '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-3DES'],
  'keys alone': ['-passout', `pass:${password}`, '-certpbe', 'NONE'],
  'nothing at all': ['-passout', 'pass:', '-keypbe', 'NONE', '-certpbe', 'NONE'],
}
for (const [name, how] of Object.entries(ways))
  test(`protected by ${name}: the same key and certificates come out, without a password`, () => {
    const file = exported(...how)
    const opened = withoutPassword(file, how.includes('pass:') ? '' : password)
    assert.equal(opened, withoutPassword(file, how.includes('pass:') ? '' : password), 'the same file, the same bytes')
    writeFileSync(join(folder, 'out'), Buffer.from(opened, 'base64'))
    const seen = openssl('pkcs12', '-in', 'out', '-passin', 'pass:', '-nodes')
    const names = seen.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    assert.deepEqual(
      names.map((pem) => new X509Certificate(pem).subject),
      ['CN=own', 'CN=other'],
    )
    const key = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/.exec(seen)?.[0]
    assert.equal(key, readFileSync(join(folder, 'key'), 'utf8'))
  })

test('what cannot be used is refused with what is wrong', () => {
  const file = exported('-passout', `pass:${password}`)
  assert.throws(() => withoutPassword(file, 'another'), /the password does not open it/)
  assert.throws(() => withoutPassword('AAAA', ''), Pkcs12Error)
  openssl('pkcs12', '-export', '-nokeys', '-in', 'own', '-out', 'p12', '-passout', 'pass:x')
  assert.throws(() => withoutPassword(readFileSync(join(folder, 'p12')).toString('base64'), 'x'), /holds no key/)
})

test('whatever is cut or changed is refused, and nothing else is thrown', () => {
  const file = Buffer.from(exported('-passout', 'pass:x', '-keypbe', 'NONE', '-certpbe', 'NONE'), 'base64')
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.integer({ min: 0, max: 255 }), fc.boolean(), (at, byte, cut) => {
      const bytes = cut ? file.subarray(0, at) : Buffer.from(file)
      if (!cut) bytes[at] = byte
      try {
        withoutPassword(bytes.toString('base64'), 'x')
      } catch (e) {
        assert.ok(e instanceof Pkcs12Error, String(e))
      }
    }),
    { numRuns: 200 },
  )
  assert.throws(() => withoutPassword(randomBytes(500).toString('base64'), ''), Pkcs12Error)
})

test('a network refers to the key that comes in the same document, and names one that an app installed', () => {
  const eap = (alias: string) => ({ Outer: 'EAP-TLS', ClientCertType: 'KeyPairAlias', ClientCertKeyPairAlias: alias })
  const network = (alias: string) => ({ GUID: alias, Type: 'WiFi', WiFi: { SSID: alias, EAP: eap(alias) } })
  const key = { GUID: guid('key', 'own'), Type: 'Client', PKCS12: exported('-passout', 'pass:x'), Password: 'x' }
  const document = withKeys({
    openNetworkConfiguration: { NetworkConfigurations: [network('own'), network('elsewhere')], Certificates: [key] },
  })
  const { NetworkConfigurations: networks, Certificates: certificates } = document.openNetworkConfiguration as {
    NetworkConfigurations: ReturnType<typeof network>[]
    Certificates: Record<string, string>[]
  }
  assert.deepEqual(networks[0]?.WiFi.EAP, { Outer: 'EAP-TLS', ClientCertType: 'Ref', ClientCertRef: key.GUID })
  assert.deepEqual(networks[1], network('elsewhere'))
  assert.deepEqual(Object.keys(certificates[0] ?? {}), ['GUID', 'Type', 'PKCS12'])
})
