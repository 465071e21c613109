/** Out of the box: whose word is believed about a device, what Apple is told of the set-up, and that no bytes do harm. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { signData } from '@muster/kit/cms'
import { writeXmlPlist } from '@muster/kit/plist'
import fc from 'fast-check'
import { choiceShape } from './descriptor.ts'
import { deviceAuthority, readMachineInfo } from './machine-info.ts'
import { profileOf } from './sync.ts'

type Identity = { key: ReturnType<typeof createPrivateKey>; certificate: Uint8Array }
let folder: string
let maker: string
let device: Identity
let developer: Identity
let stranger: Identity

const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
/** A certificate authority, or a device's certificate by one; long over, as Apple's own is. */
function issue(name: string, by?: string): Identity {
  const key = ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-subj', `/CN=${name}`]
  if (by) {
    openssl('req', ...key, '-out', `${name}.csr`)
    const issuer = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial']
    openssl('x509', '-req', '-in', `${name}.csr`, ...issuer, '-days', '1', '-out', `${name}.pem`)
  } else openssl('req', '-x509', ...key, '-days', '1', '-out', `${name}.pem`)
  const text = (file: string) => readFileSync(join(folder, file), 'utf8')
  return {
    key: createPrivateKey(text(`${name}.key`)),
    certificate: new Uint8Array(new X509Certificate(text(`${name}.pem`)).raw),
  }
}
const said = { UDID: '00008110-000A', SERIAL: 'F0000001', PRODUCT: 'iPhone15,3', VERSION: '22B83', LANGUAGE: 'de' }
const message = (by: Identity, words: Record<string, string> = said) =>
  signData({ content: Buffer.from(writeXmlPlist(words)), certificate: by.certificate, key: by.key })

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-automated-'))
  issue('maker')
  maker = readFileSync(join(folder, 'maker.pem'), 'utf8')
  device = issue('device', 'maker')
  issue('other')
  stranger = issue('stranger', 'other')
  // One of the maker's own devices that issues on: it is no authority.
  developer = issue('developer', 'device')
})
after(() => rmSync(folder, { recursive: true }))

test('a device is believed that this very authority has certified, and no other', () => {
  const authority = deviceAuthority(maker)
  const { serial, udid, product, language } = readMachineInfo(message(device), authority) ?? {}
  assert.deepEqual([serial, udid, product, language], [said.SERIAL, said.UDID, said.PRODUCT, 'de'])
  assert.equal(readMachineInfo(message(stranger), authority), undefined)
  assert.equal(readMachineInfo(message(developer), authority), undefined, 'one step further down')
  assert.equal(readMachineInfo(message(device), deviceAuthority()), undefined, 'Apple did not make it')
  const own = deviceAuthority()
  assert.deepEqual([own.asymmetricKeyType, own.asymmetricKeyDetails?.modulusLength], ['rsa', 1024])
})

test('what it must tell is there and reads like it', () => {
  const authority = deviceAuthority(maker)
  for (const key of ['UDID', 'SERIAL', 'PRODUCT'])
    for (const value of ['', 'a b', '../x', 'x'.repeat(65)])
      assert.equal(
        readMachineInfo(message(device, { ...said, [key]: value }), authority),
        undefined,
        `${key}: ${value}`,
      )
  const { SERIAL: _, ...less } = said
  assert.equal(readMachineInfo(message(device, less), authority), undefined)
})

test('any bytes, and true messages with some of them changed, are refused without harm', () => {
  const authority = deviceAuthority(maker)
  const whole = message(device)
  const spoiled = fc
    .tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }))
    .map(([at, by]) => whole.map((b, i) => (i === at ? b ^ by : b)))
  const read = (bytes: Uint8Array) => {
    const found = readMachineInfo(bytes, authority)
    // A bit that is not signed may change (of the certificate's own signature's padding none is): then it says the same.
    assert.ok(found === undefined || (found.serial === said.SERIAL && found.udid === said.UDID))
  }
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 400 }), spoiled), read), { numRuns: 300 })
})

test('Apple is told what was chosen, in its own words', () => {
  const server = { url: 'https://muster.example', trust: [Buffer.from('root')] }
  const told = profileOf(choiceShape.parse({ skip: ['Zoom', 'Siri'], signIn: true, supportPhone: '1' }), {
    organisation: 'Example',
    server,
  })
  assert.deepEqual(told, {
    profile_name: 'Example (Muster)',
    url: 'https://muster.example/apple/automated',
    configuration_web_url: 'https://muster.example/apple/automated/sign-in',
    allow_pairing: true,
    is_supervised: true,
    is_mandatory: true,
    is_mdm_removable: false,
    is_multi_user: false,
    await_device_configured: true,
    auto_advance_setup: false,
    support_phone_number: '1',
    anchor_certs: [Buffer.from('root').toString('base64')],
    skip_setup_items: ['Siri', 'Zoom'],
    devices: [],
  })
})

test('choices that Apple would refuse are refused here', () => {
  const wrong = [
    { removable: false, supervised: false },
    { autoAdvance: true },
    { autoAdvance: true, language: 'en', region: 'IE', signIn: true },
    { skip: ['Everything'] },
    { ownership: 'byod' },
    { department: 'x'.repeat(126) },
  ]
  for (const choice of wrong) assert.equal(choiceShape.safeParse(choice).success, false, JSON.stringify(choice))
  assert.equal(choiceShape.safeParse({ autoAdvance: true, language: 'en', region: 'IE' }).success, true)
})
