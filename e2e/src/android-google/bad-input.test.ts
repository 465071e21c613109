/** What must not work: forged, replayed, foreign and strange notifications, tokens used twice, keys that are none, answers of every class of error at each step. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isProblem, type Json } from '@muster/contract'
import { type GoogleBench, openGoogle } from './bench.fixture.ts'

let bench: GoogleBench
let enterprise: string
const pusher = 'push@fleet.iam.gserviceaccount.com'
const endpoint = 'http://muster.test/android/google/notifications'
before(async () => {
  bench = await openGoogle()
  enterprise = await bench.ready()
})
after(() => bench?.close())

const message = (type: string, data: unknown): Json => ({
  message: {
    attributes: { notificationType: type },
    data: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)).toString('base64'),
    messageId: '1',
    publishTime: new Date().toISOString(),
  },
  subscription: 'projects/fleet/subscriptions/x',
})
const config = { pushEndpoint: endpoint, oidcToken: { serviceAccountEmail: pusher, audience: endpoint } }
async function pushed(body: Json, authorization?: string): Promise<string> {
  try {
    const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
    return String((await bench.call('android', 'POST', '/google/notifications', { body, headers })).status)
  } catch (e) {
    assert.ok(isProblem(e), String(e))
    return e.code
  }
}
const token = (claims?: Record<string, unknown>) => `Bearer ${bench.google.pubsub.pushToken(config, claims)}`
/** Later than anything that was said. */
const fresh = () => ({ lastStatusReportTime: new Date(Date.now() + 1000).toISOString() })
const devices = async () => {
  const rows = await bench.db.query<{ n: number }>({ text: 'select count(*) as n from enrolment' })
  return Number(rows[0]?.n)
}

test('pushed notifications count only with Google’s token for our subscription’s account', async () => {
  assert.equal(await pushed(message('STATUS_REPORT', {}), token()), 'not-found', 'nothing is pushed here yet')
  const { topic } = bench.google.topic('pushed')
  await bench.setup('google-notifications', 'push', { topic, pusher, audience: endpoint })
  const { device, channel } = await bench.phoneFetched()
  const report = message('STATUS_REPORT', { ...device.resource, name: device.name, apiLevel: 99, ...fresh() })
  const level = async () => (await bench.host('android').detail(channel)).facts['android.apiLevel']
  const before = await level()
  const refused: [string, string | undefined][] = [
    ['no token', undefined],
    ['no JWT', 'Bearer abc'],
    ['another audience', token({ aud: 'https://elsewhere.test/' })],
    ['another issuer', token({ iss: 'https://elsewhere.test' })],
    ['another account', token({ email: 'someone@fleet.iam.gserviceaccount.com' })],
    ['an address that nobody verified', token({ email_verified: false })],
    ['expired', token({ exp: Math.floor(Date.now() / 1000) - 3600 })],
    ['signed by nobody', `${token().slice(0, -6)}AAAAAA`],
    ['without a signature', `Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${token().split('.')[1]}.x`],
  ]
  for (const [why, authorization] of refused) assert.equal(await pushed(report, authorization), 'unauthenticated', why)
  assert.equal(await level(), before)
  assert.equal(await pushed(report, token()), '204')
  assert.equal(await level(), 99)
})

test('strange, foreign, late and repeated messages change nothing', async () => {
  const { device, channel } = await bench.phoneFetched()
  const kept = () => bench.kept(channel)
  const before = await kept()
  const count = await devices()
  const foreign = device.name.replace(enterprise, 'enterprises/LC99999999')
  const all: Json[] = [
    message('STATUS_REPORT', { ...device.resource, name: foreign }),
    message('ENROLLMENT', { ...device.resource, name: `${enterprise}/devices/neverheardof` }),
    message('ENROLLMENT', { name: `${enterprise}/devices/../../x` }),
    message('COMMAND', { name: `${device.name}/operations/1`, done: true, metadata: { type: 'WIPE' } }),
    message('COMMAND', { name: 7, done: true }),
    message('COMMAND', 'no json at all'),
    message('STATUS_REPORT', [1, 2, 3]),
    message('STATUS_REPORT', 'null'),
    message('NOVELTY', { name: device.name }),
    { message: { attributes: {}, data: 'x' } },
    { message: {} },
  ]
  for (const body of all) assert.equal(await pushed(body, token()), '204')
  assert.deepEqual(await kept(), before)
  assert.equal(await devices(), count)
  // Older than what is known: the time decides.
  const old = message('STATUS_REPORT', {
    ...device.resource,
    name: device.name,
    apiLevel: 1,
    lastStatusReportTime: '2020-01-01T00:00:00Z',
  })
  assert.equal(await pushed(old, token()), '204')
  assert.notEqual((await bench.host('android').detail(channel)).facts['android.apiLevel'], 1)
})

test('hostile facts are cut and cleaned', async () => {
  const { device, channel } = await bench.phoneFetched()
  const report = {
    ...device.resource,
    name: device.name,
    ...fresh(),
    hardwareInfo: {
      model: `M\u202eevil${'x'.repeat(5000)}`,
      manufacturer: { no: 'text' },
      serialNumber: 'S'.repeat(500),
    },
    memoryInfo: { totalRam: '99999999999999999999999' },
    nonComplianceDetails: Array.from({ length: 5000 }, () => ({ settingName: 'x', currentValue: { a: [1] } })),
    applicationReports: [null, 7, { packageName: 5 }, { packageName: 'a.b', displayName: '\u0000' }],
  }
  assert.equal(await pushed(message('STATUS_REPORT', report), token()), '204')
  const { facts } = await bench.host('android').detail(channel)
  assert.ok(String(facts['device.model']).length <= 1000)
  assert.ok(!String(facts['device.model']).includes('\u202e'))
  assert.deepEqual(facts['android.apps'], [{ packageName: 'a.b', name: '\u{fffd}', version: '', versionCode: null }])
})

test('a QR code that was used lets nobody else in', async () => {
  const { qr } = await bench.invite('cope')
  bench.google.enrol(qr)
  assert.throws(() => bench.google.enrol(qr))
})

test('a device that came with a token of nobody’s is told of and left alone', async () => {
  await bench.sweep()
  const count = await devices()
  const theirs = bench.google.enterprises.get(enterprise)
  assert.ok(theirs)
  const name = `${enterprise}/enrollmentTokens/theirs`
  theirs.tokens.set(name, {
    name,
    value: 'THEIRTOKENTHEIRTOKEN',
    resource: {
      name,
      value: 'THEIRTOKENTHEIRTOKEN',
      additionalData: 'not ours',
      policyName: `${enterprise}/policies/x`,
    },
    until: Date.now() + 3_600_000,
    oneTimeOnly: true,
    used: 0,
  })
  bench.google.enrol('THEIRTOKENTHEIRTOKEN')
  await bench.until(async () => {
    await bench.sweep()
    const [row] = await bench.db.query<{ n: number }>({
      text: `select count(*) as n from device_event where type = 'android.google-stranger'`,
    })
    return Number(row?.n) > 0
  }, 'somebody is told')
  assert.equal(await devices(), count)
})

test('keys that are none are refused, and so is a disabled account', async () => {
  const upload = (key: unknown) =>
    bench.setup('google-account', 'upload', { key: Buffer.from(JSON.stringify(key)).toString('base64') })
  const good = bench.google.serviceAccount()
  const codeOf = async (key: unknown) => {
    try {
      await upload(key)
      return 'taken'
    } catch (e) {
      assert.ok(isProblem(e))
      return (e.extra.reason as { code: string }).code
    }
  }
  assert.equal(await codeOf({}), 'no-account-key')
  assert.equal(await codeOf({ ...good, type: 'authorized_user' }), 'no-account-key')
  assert.equal(await codeOf({ ...good, private_key: 'x' }), 'no-account-key')
  bench.google.disableAccount(good.client_email)
  assert.equal(await codeOf(good), 'google-access')
  assert.equal((await bench.state('google-account')).state, 'ready', 'the one before is still in use')
})

test('notifications are fetched again', async () => {
  const id = `projects/${bench.google.project}`
  await bench.setup('google-notifications', 'fetch', {
    topic: `${id}/topics/android`,
    subscription: `${id}/subscriptions/android`,
  })
  assert.equal((await bench.state('google-notifications')).state, 'waiting')
})

test('every class of error when a command is issued', async () => {
  const { device, channel } = await bench.phoneFetched()
  const send = async () => bench.send('device.lock', {}, [channel])
  const state = async (a: string) => bench.operation(a, channel)
  const method = 'issueCommand'
  const refused = await send()
  bench.google.fault({ method, what: 'INVALID_ARGUMENT', times: 1 })
  await bench.deliver()
  assert.equal((await state(refused))?.state, 'failed')
  assert.equal((await state(refused))?.reason?.code, 'google-refused')
  for (const what of ['RESOURCE_EXHAUSTED', 'UNAUTHENTICATED'] as const) {
    const later = await send()
    bench.google.fault({ method, what, times: 1 })
    await bench.until(async () => (await state(later))?.state === 'completed', `${what} passes by itself`)
  }
  for (const what of ['PERMISSION_DENIED', 'ABORTED', 'INTERNAL', 'UNAVAILABLE', 'lost', 'cut', 'garbage'] as const) {
    const locks = device.phone.locks
    const later = await send()
    bench.google.fault({ method, what, times: 1 })
    await bench.deliver()
    await bench.until(async () => {
      await bench.lapse(channel, 'due')
      await bench.lapse(channel, 'lease')
      await bench.tick()
      return (await state(later))?.state === 'completed'
    }, `${what} passes`)
    assert.ok(device.phone.locks > locks)
  }
  bench.google.mend()
})

test('what may have been done and may not be done twice ends as unknown, never twice', async () => {
  const { device, channel } = await bench.phoneFetched()
  const activity = await bench.send('device.reboot', { delayMinutes: 0, message: '' }, [channel])
  bench.google.fault({ method: 'issueCommand', what: 'lost', times: 1 })
  await bench.deliver()
  assert.equal((await bench.operation(activity, channel))?.state, 'sent')
  await bench.lapse(channel, 'lease')
  await bench.tick()
  const kept = await bench.operation(activity, channel)
  assert.equal(kept?.state, 'failed')
  assert.equal(kept?.reason?.code, 'outcome-unknown')
  await bench.until(() => device.phone.reboots === 1, 'it was done after all')
  assert.equal(device.phone.reboots, 1)
})

test('a value that Google refuses is shown with its field', async () => {
  const { channel } = await bench.phoneFetched()
  await bench.publish('android', {
    'android.alwaysOnVpn': { packageName: 'com.example.vpn', lockdown: true, except: [] },
    'android.messages': { lockScreen: 'Ours' },
  })
  bench.google.fault({ method: 'policies.patch', what: 'INVALID_ARGUMENT', times: 1 })
  await bench.deliver()
  const settings = await bench.settings(channel)
  assert.equal(settings['android.messages']?.state, 'failed')
  assert.equal(settings['android.messages']?.reason?.code, 'google-refused')
  bench.google.mend()
  await bench.publish('android', {})
})
