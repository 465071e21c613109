/** Phones live by their policy, obey commands within what they are, and are heard of through Pub/Sub, pushed and pulled. */
import assert from 'node:assert/strict'
import { createPublicKey, type JsonWebKeyInput, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { type Client, clientOf, eventually } from './client.fixture.ts'
import { type FakeGoogle, type GoogleDevice, startFakeGoogle } from './index.ts'

type Members = Record<string, unknown>
interface Operation extends Members {
  name: string
  done?: boolean
  error?: { code: number }
  metadata: Members
}

describe('phones with Google services', { timeout: 120_000 }, () => {
  let google: FakeGoogle
  let client: Client
  let enterprise: string
  let subscription: string
  const at = (path: string) => `${enterprise}/${path}`
  const write = (id: string, policy: Members) => client.ok('PATCH', at(`policies/${id}`), policy)
  const seen = (d: GoogleDevice) => client.ok('GET', d.name)

  async function enrol(
    o: { policy?: string; personal?: string; how?: 'work-profile'; no?: number } = {},
  ): Promise<GoogleDevice> {
    const body = { policyName: o.policy ?? 'default', allowPersonalUsage: o.personal ?? 'PERSONAL_USAGE_DISALLOWED' }
    const device = google.enrol(String((await client.ok('POST', at('enrollmentTokens'), body)).qrCode), {
      no: o.no ?? 0,
      how: o.how,
    })
    await eventually('the policy to be applied', async () => (await seen(device)).appliedPolicyVersion)
    return device
  }
  async function told(d: GoogleDevice, command: Members): Promise<Operation> {
    const { name } = await client.ok('POST', `${d.name}:issueCommand`, command)
    return eventually(`${String(command.type)} to be done`, async () => {
      const o = (await client.ok('GET', String(name))) as Operation
      return o.done === true && o
    })
  }
  const reasons = async (d: GoogleDevice) =>
    ((await seen(d)).nonComplianceDetails as Members[] | undefined)
      ?.map((n) => `${String(n.settingName)} ${String(n.nonComplianceReason)}`)
      .sort() ?? []

  before(async () => {
    google = await startFakeGoogle()
    client = clientOf(google)
    enterprise = google.enterprise().name
    const made = google.topic('told')
    subscription = made.subscription
    await client.ok('PATCH', enterprise, {
      pubsubTopic: made.topic,
      enabledNotificationTypes: ['ENROLLMENT', 'STATUS_REPORT', 'COMMAND'],
    })
    await write('default', { statusReportingSettings: { softwareInfoEnabled: true, applicationReportsEnabled: true } })
  })
  after(async () => {
    assert.deepEqual(google.seen.discrepancies, [])
    await google.close()
  })

  it('enrol, and report as much as the policy asks for', async () => {
    const d = await seen(await enrol())
    assert.deepEqual(
      [d.managementMode, d.ownership, d.state, d.appliedState, d.policyCompliant],
      ['DEVICE_OWNER', 'COMPANY_OWNED', 'ACTIVE', 'ACTIVE', true],
    )
    assert.equal((d.softwareInfo as Members).androidVersion, '14')
    assert.ok((d.applicationReports as unknown[]).length >= 4)
    assert.equal(d.networkInfo, undefined)
    const profile = await seen(await enrol({ how: 'work-profile', personal: 'PERSONAL_USAGE_ALLOWED', no: 1 }))
    assert.deepEqual([profile.managementMode, profile.ownership], ['PROFILE_OWNER', 'PERSONALLY_OWNED'])
    const { serialNumber, enterpriseSpecificId } = profile.hardwareInfo as Members
    assert.equal(serialNumber, enterpriseSpecificId)
    const cope = await seen(await enrol({ personal: 'PERSONAL_USAGE_ALLOWED', no: 2 }))
    assert.deepEqual([cope.managementMode, cope.ownership], ['PROFILE_OWNER', 'COMPANY_OWNED'])
  })

  it('wait for a policy that is not there yet', async () => {
    const { qrCode } = await client.ok('POST', at('enrollmentTokens'), { policyName: 'later' })
    const device = google.enrol(String(qrCode))
    google.sync(device)
    assert.equal((await seen(device)).state, 'PROVISIONING')
    await write('later', {})
    await eventually('it to be active', async () => (await seen(device)).state === 'ACTIVE')
  })

  it('take up each new version, and say what they cannot live by', async () => {
    await write('strict', { cameraDisabled: true })
    const phones = {
      owner: await enrol({ policy: 'strict', no: 3 }),
      personal: await enrol({ policy: 'strict', how: 'work-profile', personal: 'PERSONAL_USAGE_ALLOWED', no: 5 }),
    }
    const { version } = await write('strict', {
      statusBarDisabled: true,
      assistContentPolicy: 'ASSIST_CONTENT_DISALLOWED',
      applications: [
        { packageName: 'com.example.here', installType: 'FORCE_INSTALLED' },
        { packageName: 'com.example.missing', installType: 'FORCE_INSTALLED' },
      ],
    })
    for (const d of Object.values(phones))
      await eventually('the new version', async () => (await seen(d)).appliedPolicyVersion === version)
    assert.deepEqual(await reasons(phones.owner), ['applications APP_NOT_INSTALLED', 'assistContentPolicy API_LEVEL'])
    assert.deepEqual(await reasons(phones.personal), [
      'applications APP_NOT_INSTALLED',
      'assistContentPolicy API_LEVEL',
      'statusBarDisabled MANAGEMENT_MODE',
    ])
    assert.ok(phones.owner.phone.apps.has('com.example.here'))
    assert.equal((await seen(phones.owner)).policyCompliant, undefined)
  })

  it('tell when their user has no good password, and when he has one again', async () => {
    await write('locked', { passwordPolicies: [{ passwordScope: 'SCOPE_DEVICE', passwordQuality: 'COMPLEXITY_HIGH' }] })
    const d = await enrol({ policy: 'locked' })
    assert.deepEqual(await reasons(d), [])
    d.phone.password = 'weak'
    google.sync(d)
    assert.deepEqual(await reasons(d), ['passwordPolicies USER_ACTION'])
    d.phone.password = 'good'
    google.sync(d)
    assert.deepEqual(await reasons(d), [])
  })

  it('carry out commands within what they are', async () => {
    const owner = await enrol({ no: 0 })
    const personal = await enrol({ how: 'work-profile', personal: 'PERSONAL_USAGE_ALLOWED', no: 1 })
    assert.equal((await told(owner, { type: 'LOCK' })).error, undefined)
    assert.equal((await told(owner, { type: 'REBOOT' })).error, undefined)
    assert.deepEqual([owner.phone.locks, owner.phone.reboots], [1, 1])
    assert.equal((await told(personal, { type: 'REBOOT' })).metadata.errorCode, 'MANAGEMENT_MODE')
    assert.equal(
      (await told(owner, { type: 'RESET_PASSWORD', newPassword: '123' })).metadata.errorCode,
      'INVALID_VALUE',
    )
    assert.equal((await told(owner, { type: 'RELINQUISH_OWNERSHIP' })).metadata.errorCode, 'MANAGEMENT_MODE')
    const cleared = await told(owner, { clearAppsDataParams: { packageNames: ['com.example.none'] } })
    assert.match(JSON.stringify(cleared.metadata.clearAppsDataStatus), /APP_NOT_FOUND/)
    for (const wrong of [
      {},
      { type: 'LOCK', wipeParams: {} },
      { type: 'START_LOST_MODE', startLostModeParams: { lostOrganization: { defaultMessage: 'x' } } },
      { type: 'EXPLODE' },
      { type: 'LOCK', duration: '0s' },
      { clearAppsDataParams: {} },
    ])
      assert.equal((await client.call('POST', `${owner.name}:issueCommand`, wrong)).status, 400, JSON.stringify(wrong))
  })

  it('are lost and found', async () => {
    const d = await enrol({ no: 4 })
    const lost = { startLostModeParams: { lostPhoneNumber: { defaultMessage: '+1 555 0100' } } }
    assert.equal((await told(d, lost)).error, undefined)
    await eventually('the state', async () => (await seen(d)).appliedState === 'LOST')
    assert.match(JSON.stringify((await told(d, lost)).metadata), /ALREADY_IN_LOST_MODE/)
    await told(d, { type: 'STOP_LOST_MODE' })
    await eventually('the state', async () => (await seen(d)).appliedState === 'ACTIVE')
  })

  it('that are not there answer when they are, or the command ends; cancelled ones are never done', async () => {
    const d = await enrol({ no: 6 })
    d.phone.online = false
    const late = await client.ok('POST', `${d.name}:issueCommand`, { type: 'LOCK', duration: '3600s' })
    const short = await client.ok('POST', `${d.name}:issueCommand`, { type: 'REBOOT', duration: '0.001s' })
    const dropped = await client.ok('POST', `${d.name}:issueCommand`, { type: 'REBOOT' })
    await client.ok('POST', `${String(dropped.name)}:cancel`)
    d.phone.online = true
    await new Promise((resolve) => setTimeout(resolve, 5))
    google.sync(d)
    await eventually('the lock', () => d.phone.locks === 1)
    assert.equal(((await client.ok('GET', String(short.name))) as Operation).error?.code, 4)
    assert.equal(((await client.ok('GET', String(dropped.name))) as Operation).error?.code, 1)
    assert.equal(((await client.ok('GET', String(late.name))) as Operation).error, undefined)
    assert.equal(d.phone.reboots, 0)
  })

  it('are wiped by command or by deletion, with a last word; who removes the profile says nothing', async () => {
    const last = (d: GoogleDevice) =>
      google.pubsub.published.some((m) => {
        const { name, appliedState } = JSON.parse(Buffer.from(m.data, 'base64').toString() || '{}') as Members
        return name === d.name && appliedState === 'DELETED'
      })
    const wiped = await enrol({ no: 0 })
    await client.ok('POST', `${wiped.name}:issueCommand`, { type: 'WIPE' })
    await eventually('the wipe', () => wiped.phone.fate === 'wiped' && last(wiped))
    const deleted = await enrol({ no: 1 })
    await client.ok('DELETE', `${deleted.name}?wipeDataFlags=WIPE_EXTERNAL_STORAGE`)
    assert.equal((await client.call('GET', deleted.name)).status, 404)
    await eventually('the deletion', () => deleted.phone.fate === 'wiped' && last(deleted))
    assert.equal((await client.call('DELETE', deleted.name)).status, 404)
    const profile = await enrol({ how: 'work-profile', personal: 'PERSONAL_USAGE_ALLOWED', no: 1 })
    google.leave(profile)
    assert.equal((await client.call('GET', profile.name)).status, 200)
    assert.ok(!last(profile))
    const cope = await enrol({ personal: 'PERSONAL_USAGE_ALLOWED', no: 2 })
    await client.ok('POST', `${cope.name}:issueCommand`, { type: 'RELINQUISH_OWNERSHIP' })
    await eventually('the release', () => cope.phone.fate === 'released' && last(cope))
  })

  it('are heard of by pulling: what is not acknowledged comes again', async () => {
    const pull = async () =>
      ((await client.ok('POST', `${subscription}:pull`, { maxMessages: 1000 })).receivedMessages ?? []) as {
        ackId: string
        message: { messageId: string; attributes: Members }
      }[]
    const first = await pull()
    const kinds = new Set(first.map((m) => m.message.attributes.notificationType))
    assert.deepEqual([...kinds].sort(), ['COMMAND', 'ENROLLMENT', 'STATUS_REPORT', 'test'])
    const [one, ...rest] = first
    await client.ok('POST', `${subscription}:acknowledge`, { ackIds: rest.map((m) => m.ackId) })
    await client.ok('POST', `${subscription}:modifyAckDeadline`, { ackIds: [one?.ackId], ackDeadlineSeconds: 0 })
    const again = await eventually('it to come again', async () => {
      const next = await pull()
      return next.length > 0 && next
    })
    assert.equal(again[0]?.message.messageId, one?.message.messageId)
  })

  it('are heard of by signed pushes, which come again until they are taken', async () => {
    const got: { headers: IncomingHttpHeaders; body: Members }[] = []
    let status = 500
    const server = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk) => {
        text += String(chunk)
      })
      request.once('end', () => {
        got.push({ headers: request.headers, body: JSON.parse(text) as Members })
        response.writeHead(status).end()
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const pushEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/push`
    const { topic, subscription: name } = google.topic('pushed', {
      pushEndpoint,
      oidcToken: { serviceAccountEmail: 'push@fleet.example', audience: 'muster' },
    })
    google.publish(topic, 'ENROLLMENT', { name: 'x' })
    await eventually('two tries', () => got.length >= 2)
    status = 204
    await eventually('it to be taken', () => google.pubsub.seen.taken === 1)
    const [head = '', claims = '', signature = ''] = String(got[0]?.headers.authorization)
      .replace('Bearer ', '')
      .split('.')
    const { keys } = (await (await fetch(google.keysUrl)).json()) as { keys: JsonWebKeyInput['key'][] }
    const key = createPublicKey({ key: keys[0] ?? {}, format: 'jwk' })
    assert.ok(verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), key, Buffer.from(signature, 'base64url')))
    const said = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Members
    assert.deepEqual(
      [said.aud, said.email, said.email_verified, said.iss],
      ['muster', 'push@fleet.example', true, 'https://accounts.google.com'],
    )
    assert.equal(got[0]?.body.subscription, name)
    server.closeAllConnections()
    server.close()
  })
})
