/** A policy of profiles over the protocol: signed and installed, verified by what the device lists, installed again when it is gone, removed with the policy. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { JsonObject } from '@muster/contract'
import { openSigned } from '@muster/kit/cms'
import { isDict, type PlistDict, readPlist } from '@muster/kit/plist'
import { type AppleBench, openApple } from './bench.fixture.ts'
import type { Command, Obey } from './device.fixture.ts'

type Answer = ReturnType<Obey>

let bench: AppleBench
before(async () => {
  bench = await openApple()
})
after(() => bench?.close())

/** The profiles of a device, by identifier: it takes what is signed, lists what it has, and refuses on demand. */
function shelf() {
  const has = new Map<string, PlistDict>()
  const refuses = new Set<string>()
  const signers = new Set<string>()
  const seen: string[] = []
  const obey: Obey = ({ Command: c }: Command) => {
    seen.push(c.RequestType)
    if (c.RequestType === 'InstallProfile') return install(c.Payload as Uint8Array)
    if (c.RequestType === 'RemoveProfile')
      return has.delete(String(c.Identifier)) ? { Status: 'Acknowledged' } : failed(89, 'Not found')
    if (c.RequestType !== 'ProfileList') return { Status: 'Acknowledged' }
    return { Status: 'Acknowledged', ProfileList: [...has.values()] }
  }
  function install(payload: Uint8Array): Answer {
    const { content, signers: by } = openSigned(payload)
    for (const s of by) signers.add(s.certificate.x509.subject)
    const profile = readPlist(content)
    assert.ok(isDict(profile))
    const identifier = String(profile.PayloadIdentifier)
    if ([...refuses].some((feature) => `${identifier}.`.includes(`${feature}.`))) return failed(4001, 'Bad payload')
    has.set(identifier, profile)
    return { Status: 'Acknowledged' }
  }
  const failed = (code: number, text: string): Answer => ({
    Status: 'Error',
    ErrorChain: [{ ErrorDomain: 'MCInstallationErrorDomain', ErrorCode: code, USEnglishDescription: text }],
  })
  const payloadsOf = (feature: string) => {
    const [, profile] = [...has].find(([identifier]) => `${identifier}.`.includes(`${feature}.`)) ?? []
    return (profile?.PayloadContent ?? []) as PlistDict[]
  }
  return { has, refuses, signers, seen, obey, payloadsOf }
}

const policy = {
  passcode: { minLength: 8, minClasses: 2, maxFailedAttempts: 5 },
  'apple.wifi': {
    networks: [{ ssid: 'Office', signIn: { user: '{{device.serial}}' }, password: 'topsecret of the office' }],
  },
  'apple.restrictions': { device: { allowCamera: false, allowAirDrop: false } },
  'apple.fileVault': {},
} satisfies Record<string, JsonObject>

test('installed with its secrets, verified, drifted, installed again, and removed', async () => {
  await bench.publish('apple', policy)
  const { device, channel } = await bench.device()
  const states = async () =>
    Object.fromEntries(Object.entries(await bench.settings(channel)).map(([id, s]) => [id, s.state]))
  await bench.host('apple').turn(channel, { facts: { 'apple.supervised': true }, partial: true, take: 0 })
  await bench.evaluate('apple')
  const phone = shelf()
  await device.connect(phone.obey)
  assert.equal(phone.has.size, 3)
  assert.equal(phone.signers.size, 1, 'all signed by this server')
  const serial = `S${device.udid.slice(0, 8)}`
  assert.deepEqual(phone.payloadsOf('.apple.wifi')[0]?.EAPClientConfiguration, {
    AcceptEAPTypes: [25],
    UserName: serial,
    UserPassword: 'topsecret of the office',
  })
  // Nobody's phone is erased by a rule about locking.
  assert.equal(phone.payloadsOf('.passcode')[0]?.maxFailedAttempts, undefined)
  assert.deepEqual(await states(), {
    passcode: 'verified',
    'apple.wifi': 'verified',
    'apple.restrictions': 'verified',
    'apple.fileVault': 'not-applicable',
  })

  // Somebody removed one of them; the next inventory tells, and it alone comes again.
  const [wifi] = [...phone.has.keys()].filter((identifier) => identifier.includes('.apple.wifi.'))
  phone.has.delete(wifi ?? '')
  await bench.send('device.inventory', {}, [channel])
  phone.seen.length = 0
  await device.connect(phone.obey)
  assert.equal(phone.seen.filter((type) => type === 'InstallProfile').length, 1)
  assert.equal((await states())['apple.wifi'], 'verified')

  // A secret that changes alone is another profile, so that one who still has the old is seen.
  const old = phone.has.get(wifi ?? '') as PlistDict
  const [office] = policy['apple.wifi'].networks
  const next = { networks: [{ ...office, password: 'the next secret' }] }
  await bench.publish('apple', { ...policy, 'apple.wifi': next })
  await bench.evaluate('apple')
  await device.connect(phone.obey)
  assert.equal((await states())['apple.wifi'], 'verified')
  assert.notEqual(phone.has.get(wifi ?? '')?.PayloadUUID, old.PayloadUUID)
  phone.has.set(wifi ?? '', old)
  await bench.send('device.inventory', {}, [channel])
  phone.seen.length = 0
  await device.connect(phone.obey)
  assert.equal(phone.seen.filter((type) => type === 'InstallProfile').length, 1)
  assert.match(JSON.stringify(phone.payloadsOf('.apple.wifi')), /the next secret/)

  const { 'apple.restrictions': _, ...less } = policy
  await bench.publish('apple', less)
  await bench.evaluate('apple')
  await device.connect(phone.obey)
  assert.equal(phone.has.size, 2)
  assert.ok(!('apple.restrictions' in (await states())))
})

test('what the device refuses is failed in its words, and what it passes over for want of supervision is told', async () => {
  await bench.publish('apple', policy)
  const { device, channel } = await bench.device()
  await bench.host('apple').turn(channel, { facts: { 'apple.supervised': false }, partial: true, take: 0 })
  await bench.evaluate('apple')
  const phone = shelf()
  phone.refuses.add('.apple.wifi')
  // It is asked what it has when there is nothing more to install; it puts that off.
  await device.connect((c) => (c.Command.RequestType === 'ProfileList' ? { Status: 'NotNow' } : phone.obey(c)))
  const refused = (await bench.settings(channel))['apple.wifi']
  assert.equal(refused?.state, 'failed')
  assert.match(refused?.reason?.text ?? '', /MCInstallationErrorDomain 4001: Bad payload/)

  await device.connect(phone.obey)
  const settings = await bench.settings(channel)
  assert.equal(settings.passcode?.state, 'verified')
  assert.equal(settings['apple.wifi']?.state, 'failed')
  assert.equal(settings['apple.restrictions']?.reason?.code, 'not-supervised')
  assert.match(settings['apple.restrictions']?.reason?.text ?? '', /AirDrop/)
})
