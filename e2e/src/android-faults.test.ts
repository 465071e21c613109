/**
 * Android through Google when things go wrong: forged, repeated and foreign notifications, every class of error at every step, answers that are lost, commands that never end.
 * Notifications are fetched here. The phones' own memory says how often something was done.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type AndroidGround, androidGround, type Phone, patience, setUpAct } from './android-ground.ts'
import { until } from './processes.ts'

interface Row {
  activity: string
  state: string
  reason?: { code: string; text: string }
}

describe('android: what goes wrong', { timeout: 600_000 }, () => {
  let ground: AndroidGround
  let phone: Phone
  const issued = () => ground.google.seen.requests['enterprises.devices.issueCommand'] ?? 0

  async function send(p: Phone, operation: string, params: object = {}, deadlineS?: number): Promise<string> {
    const deadline = deadlineS === undefined ? undefined : new Date(Date.now() + 1000 * deadlineS).toISOString()
    const body = { operation, params, target: { devices: [p.id] }, deadline }
    return (await ground.muster.api<{ id: string }>('POST', '/activities', body)).id
  }
  const row = async (p: Phone, activity: string): Promise<Row | undefined> =>
    (await ground.muster.api<{ items: Row[] }>('GET', `/devices/${p.id}/operations`)).items.find(
      (o) => o.activity === activity,
    )
  async function ended(p: Phone, activity: string): Promise<Row> {
    let last: Row | undefined
    const over = async () => {
      last = await row(p, activity)
      return last && /^(completed|failed|expired)$/.test(last.state) && last
    }
    return until('the operation to end', over, { withinMs: 120_000, last: () => last })
  }

  before(async () => {
    ground = await androidGround({ notifications: 'fetch' })
    phone = await ground.phone('cope', { no: 0 })
  })
  after(() => ground?.close())

  it('a command is issued once more when Google asks for patience, and done once', async () => {
    for (const what of ['RESOURCE_EXHAUSTED', 'UNAUTHENTICATED'] as const) {
      const { locks } = phone.at.phone
      ground.google.fault({ method: 'issueCommand', what, times: 1, retryAfterS: 1 })
      const end = await ended(phone, await send(phone, 'device.lock'))
      assert.equal(end.state, 'completed', `${what}: ${JSON.stringify(end)}`)
      assert.equal(phone.at.phone.locks, locks + 1)
    }
  })

  it('a command that Google refuses for good has failed, with a reason that a person can read', async () => {
    ground.google.fault({ method: 'issueCommand', what: 'INVALID_ARGUMENT', times: 1 })
    const end = await ended(phone, await send(phone, 'device.lock'))
    assert.equal(end.state, 'failed')
    assert.match(end.reason?.text ?? '', /invalid argument/i)
  })

  it('a command that may have been done and is not harmless is never issued twice', async () => {
    const { reboots } = phone.at.phone
    const before = issued()
    ground.google.fault({ method: 'issueCommand', what: 'lost', times: 1 })
    const activity = await send(phone, 'device.reboot', {}, 90)
    await until('the phone to do it', async () => phone.at.phone.reboots === reboots + 1, patience)
    await ground.muster.api('GET', `/devices/${phone.id}`)
    assert.equal(issued(), before + 1)
    assert.notEqual((await row(phone, activity))?.state, 'pending')
  })

  it('a phone that never answers leaves its command open until the time is over, and then unknown or expired', async () => {
    phone.at.phone.habits = { ...phone.at.phone.habits, silent: 1 }
    const activity = await send(phone, 'device.lock', {}, 10)
    await until('it to be issued', async () => (await row(phone, activity))?.state !== 'pending', patience)
    const end = await ended(phone, activity)
    phone.at.phone.habits = { ...phone.at.phone.habits, silent: 0 }
    assert.match(end.state, /^(failed|expired)$/)
  })

  it('a key that was withdrawn is an attention of the administrator’s, not a crash; a new one mends it', async () => {
    const refused = await setUpAct(ground.muster, 'google-account', 'upload', {
      key: Buffer.from('{"type":"service_account"}').toString('base64'),
    })
    assert.ok(refused.status >= 400 && refused.status < 500, JSON.stringify(refused.body))
    for (const what of ['INTERNAL', 'UNAVAILABLE', 'PERMISSION_DENIED', 'cut'] as const) {
      ground.google.fault({ method: 'token', what, times: 3 })
      const key = Buffer.from(JSON.stringify(ground.google.serviceAccount())).toString('base64')
      const answer = await setUpAct(ground.muster, 'google-account', 'upload', { key })
      ground.google.mend()
      assert.ok(
        answer.status === 200 || answer.status < 500,
        `${what}: ${answer.status} ${JSON.stringify(answer.body)}`,
      )
    }
    ground.google.expireTokens()
    const key = Buffer.from(JSON.stringify(ground.google.serviceAccount())).toString('base64')
    assert.equal((await setUpAct(ground.muster, 'google-account', 'upload', { key })).status, 200)
    assert.equal((await ended(phone, await send(phone, 'device.lock'))).state, 'completed')
  })

  it('no enrolment token can be had: the page says so, and the next look has one', async () => {
    for (const what of ['PERMISSION_DENIED', 'cut'] as const) {
      ground.google.fault({ method: 'enrollmentTokens.create', what })
      const { steps, qr, code } = await ground.invite()
      ground.google.mend()
      assert.equal(qr, '', what)
      assert.ok(steps.length > 0)
      const again = await ground.muster.ask('GET', `/enrolments/${encodeURIComponent(code)}`)
      assert.equal(again.status, 200)
    }
  })

  it('a document that Google refuses names the field, and the phone keeps what it has', async () => {
    const applied = phone.at.phone.applied
    ground.google.fault({ method: 'policies.patch', what: 'INVALID_ARGUMENT', times: 1 })
    const features = [{ feature: 'passcode', settings: { minLength: 5, minClasses: 1 } }]
    const { id } = await ground.muster.api<{ id: string }>('POST', '/policies', {
      name: 'Refused',
      platform: 'android',
      features,
    })
    await ground.muster.api('POST', `/policies/${id}/publish`)
    const setting = async () => (await phone.seen.settings()).find((s) => s.feature === 'passcode')
    await until('the setting to have failed', async () => (await setting())?.state === 'failed', {
      ...patience,
      last: setting,
    })
    assert.match(JSON.stringify(await setting()), /argument/i)
    assert.equal(phone.at.phone.applied?.name, applied?.name)
    await ground.muster.api('POST', `/policies/${id}/deactivate`)
  })

  it('messages that are strange, foreign or a lie about another enterprise change nothing', async () => {
    const { google, topic } = ground
    const known = async () => (await ground.muster.api<{ items: { id: string }[] }>('GET', '/devices')).items.length
    const before = await known()
    const name = 'enterprises/LCforeign0/devices/1'
    for (const resource of [
      'no JSON at all',
      '',
      '[]',
      { name, state: 'ACTIVE', enrollmentTokenData: 'guess' },
      { name: `${ground.enterprise}/devices/none`, state: 'ACTIVE', enrollmentTokenData: 'guess' },
      { name: 7, state: {}, hardwareInfo: [] },
      { name: `${phone.at.name}/operations/none`, done: true, metadata: { type: 'WIPE' } },
      {
        device: name,
        usageLogEvents: [{ eventType: 'STOP_LOST_MODE_USER_ATTEMPT', eventTime: '2026-01-01T00:00:00Z' }],
      },
      { device: phone.at.name, usageLogEvents: 'everything' },
    ])
      for (const type of ['ENROLLMENT', 'STATUS_REPORT', 'COMMAND', 'USAGE_LOGS', 'NOVELTY'])
        google.publish(topic, type, resource)
    await until('all to be fetched', async () => google.pubsub.unacknowledged() === 0, patience)
    assert.equal(await known(), before)
    assert.equal((await ground.muster.api<{ lifecycle: string }>('GET', `/devices/${phone.id}`)).lifecycle, 'active')
  })

  it('an old report that comes late does not undo what a newer one said', async () => {
    const { google, topic } = ground
    const old = structuredClone(phone.at.resource)
    google.sync(phone.at)
    const last = async () => (await phone.seen.facts())['google.lastReport']
    await until('the newer report', async () => (await last()) === phone.at.resource.lastStatusReportTime, {
      ...patience,
      last: () => [
        phone.at.resource.lastStatusReportTime,
        google.pubsub.seen,
        ground.muster.server.output().slice(-1500),
      ],
    })
    const newer = String(await last())
    google.publish(topic, 'STATUS_REPORT', { ...old, lastStatusReportTime: '2020-01-01T00:00:00Z' })
    await until('it to be fetched', async () => google.pubsub.unacknowledged() === 0, patience)
    assert.ok(String(await last()) >= newer, `${await last()} after ${newer}`)
  })

  it('what was on its way when notifications are asked for elsewhere is fetched all the same', async () => {
    const { google, topic } = ground
    const told = google.topic('elsewhere')
    assert.equal((await setUpAct(ground.muster, 'google-notifications', 'fetch', told)).status, 200)
    // It arrives at the subscription of before only now, however long that took.
    const lastStatusReportTime = new Date().toISOString()
    google.publish(topic, 'STATUS_REPORT', { ...phone.at.resource, lastStatusReportTime })
    const last = async () => (await phone.seen.facts())['google.lastReport']
    await until('it to be fetched', async () => (await last()) === lastStatusReportTime, { ...patience, last })
    await until('nothing to be left', async () => google.pubsub.unacknowledged() === 0, patience)
    // From here on Google tells there.
    assert.equal((await ended(phone, await send(phone, 'device.lock'))).state, 'completed')
  })

  it('a push is believed only when Google signed it for us, in time', async () => {
    const { google, push } = ground
    const report = { type: 'STATUS_REPORT', resource: { ...phone.at.resource, appliedState: 'DELETED' } }
    // Nothing is pushed to a server that fetches: there is nobody to be believed.
    assert.ok((await google.push(push, report)).status >= 400)
    const { topic } = google.topic('pushed', push)
    const { status } = await setUpAct(ground.muster, 'google-notifications', 'push', {
      topic,
      pusher: push.oidcToken.serviceAccountEmail,
    })
    assert.equal(status, 200)
    const forgeries = [
      { authorization: '' },
      { authorization: 'Bearer a.b.c' },
      { claims: { aud: 'https://elsewhere.example' } },
      { claims: { email: 'mallory@fleet.iam.gserviceaccount.com' } },
      { claims: { email_verified: false } },
      { claims: { iss: 'https://mallory.example' } },
      { claims: { exp: 1_700_000_000 } },
    ]
    for (const forged of forgeries) {
      const answer = await google.push(push, report, forged)
      assert.equal(answer.status, 401, JSON.stringify(forged))
    }
    assert.equal((await ground.muster.api<{ lifecycle: string }>('GET', `/devices/${phone.id}`)).lifecycle, 'active')
    const lock = await send(phone, 'device.lock')
    assert.equal((await ended(phone, lock)).state, 'completed')
    const replayed = google.pubsub.published.findLast((m) => m.attributes.notificationType === 'COMMAND')
    const resource = JSON.parse(Buffer.from(replayed?.data ?? '', 'base64').toString()) as object
    const { locks } = phone.at.phone
    for (let n = 0; n < 3; n += 1)
      assert.equal((await google.push(push, { type: 'COMMAND', resource, id: 'again' })).status, 204)
    assert.equal((await row(phone, lock))?.state, 'completed')
    assert.equal(phone.at.phone.locks, locks)
  })
})
