/** A profile as a device takes it, judged by OpenSSL: signed by us, with what the host fills in. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isDict, readPlist } from '@muster/kit/plist'
import { derOf } from '@muster/kit/words'
import { fileVaultPurpose } from '../mdm/index.ts'
import { written } from './feature.fixture.ts'
import { type FeatureProfile, signedProfile } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'muster-profile-'))
after(() => rmSync(folder, { recursive: true }))
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })

function own(name: string) {
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, '-days', '2', '-subj', `/CN=${name}`)
  const read = (end: string) => readFileSync(join(folder, `${name}.${end}`), 'utf8')
  return { key: read('key'), chain: [derOf(read('pem'))], notAfter: new Date(Date.now() + 86_400_000) }
}
const mine = { profiles: own('profiles'), [fileVaultPurpose]: own('escrow') }
const host = {
  certificates: { own: async (purpose: string) => mine[purpose as keyof typeof mine] },
  clock: { now: () => new Date() },
}
const names = { prefix: 'com.example', organisation: 'Example & Sons' }

test('OpenSSL verifies the profile, and finds in it the certificate that recovery keys are encrypted to', async () => {
  const wire = written('apple.fileVault', {}, { 'os.name': 'macOS', 'os.version': '15.1' })
  writeFileSync(
    join(folder, 'profile'),
    await signedProfile(host, names, wire.feature, wire.profiles[0] as FeatureProfile),
  )
  const content = openssl(
    'cms',
    '-verify',
    '-inform',
    'DER',
    '-in',
    'profile',
    '-CAfile',
    'profiles.pem',
    '-purpose',
    'any',
  )
  const top = readPlist(content)
  assert.ok(isDict(top) && Array.isArray(top.PayloadContent))
  assert.equal(top.PayloadOrganization, 'Example & Sons')
  assert.equal(top.PayloadScope, 'System')
  const escrow = top.PayloadContent.find((p) => isDict(p) && p.PayloadType === 'com.apple.security.pkcs1')
  assert.ok(isDict(escrow) && escrow.PayloadContent instanceof Uint8Array)
  assert.deepEqual(Buffer.from(escrow.PayloadContent), mine[fileVaultPurpose].chain[0])
})

test('a profile without such a mark is signed as it is, and a purpose without a certificate is told', async () => {
  const [profile] = written('apple.firewall', {}).profiles as [FeatureProfile]
  assert.ok((await signedProfile(host, names, 'apple.firewall', profile)).length > 500)
  const none = { ...host, certificates: { own: async () => ({ ...mine.profiles, chain: [] }) } }
  await assert.rejects(signedProfile(none, names, 'apple.firewall', profile), /no certificate to sign profiles/)
})
