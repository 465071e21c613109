/** The fake refuses what Google refuses, with Google's words, and keeps what Google keeps. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Client, clientOf, eventually } from './client.fixture.ts'
import { ApiError, type FakeGoogle, startFakeGoogle } from './index.ts'

type Members = Record<string, unknown>
const errorOf = (body: Members) =>
  body.error as { status: string; message: string; details?: { fieldViolations?: { field: string }[] }[] }
const fieldsOf = (body: Members) =>
  errorOf(body)
    .details?.flatMap((d) => d.fieldViolations ?? [])
    .map((v) => v.field) ?? []

describe('the Android Management API', { timeout: 120_000 }, () => {
  let google: FakeGoogle
  let client: Client
  let enterprise: string
  const at = (path: string) => `${enterprise}/${path}`
  const policy = (body: Members, id = 'trial') => client.call('PATCH', at(`policies/${id}`), body)

  before(async () => {
    google = await startFakeGoogle()
    client = clientOf(google)
    enterprise = google.enterprise().name
  })
  after(async () => {
    assert.deepEqual(google.seen.discrepancies, [])
    await google.close()
  })

  it('gives a token for a good assertion alone', async () => {
    assert.equal((await client.token()).status, 200)
    const now = Math.floor(Date.now() / 1000)
    for (const claims of [
      { aud: 'https://elsewhere.example/token' },
      { iss: 'nobody@fleet.iam.gserviceaccount.com' },
      { iat: now - 7200, exp: now - 3600 },
      { exp: now + 7200 },
    ]) {
      const { status, body } = await client.token(claims)
      assert.deepEqual([status, body.error], [400, 'invalid_grant'], JSON.stringify(claims))
    }
    assert.equal((await client.token({ scope: '' })).body.error, 'invalid_scope')
    const other = clientOf(google)
    const forged = { ...other, key: client.key }
    assert.equal((await other.token({ iss: forged.key.client_email })).body.error, 'invalid_grant')
  })

  it('takes no token that is none, has ended, or is for something else', async () => {
    const plain = (authorization?: string) =>
      fetch(`${google.url}/v1/${enterprise}`, { headers: authorization === undefined ? {} : { authorization } })
    for (const header of [undefined, 'Bearer nonsense', 'Basic abc']) {
      const answer = await plain(header)
      assert.equal(answer.status, 401)
      assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
      assert.equal(errorOf((await answer.json()) as Members).status, 'UNAUTHENTICATED')
    }
    const narrow = await client.token({ scope: 'https://www.googleapis.com/auth/pubsub' })
    assert.equal((await plain(`Bearer ${String(narrow.body.access_token)}`)).status, 403)
    google.tokenLife(0)
    const short = await client.token()
    google.tokenLife(3600)
    assert.equal((await plain(`Bearer ${String(short.body.access_token)}`)).status, 401)
  })

  it('tells a stranger nothing of an enterprise', async () => {
    const stranger = clientOf(google, 'somebody-else')
    for (const name of [enterprise, 'enterprises/LCnone']) {
      const { status, body } = await stranger.call('GET', name)
      assert.deepEqual([status, errorOf(body).status], [403, 'PERMISSION_DENIED'])
    }
  })

  it('signs an enterprise up: a page, a token that is good once', async () => {
    const callbackUrl = 'https://muster.example/back?state=1'
    const query = new URLSearchParams({ projectId: 'fleet', callbackUrl })
    const { name, url } = await client.ok('POST', `signupUrls?${query}`)
    const back = new URL(await google.signUp(String(url)))
    assert.equal(back.searchParams.get('state'), '1')
    const enterpriseToken = back.searchParams.get('enterpriseToken') ?? ''
    const make = (token: string) =>
      client.call(
        'POST',
        `enterprises?${new URLSearchParams({ projectId: 'fleet', signupUrlName: String(name), enterpriseToken: token })}`,
        { enterpriseDisplayName: 'Trial' },
      )
    assert.equal((await make('wrong')).status, 400)
    const made = await make(enterpriseToken)
    assert.equal(made.status, 200)
    assert.match(String(made.body.name), /^enterprises\/LC/)
    assert.equal((await make(enterpriseToken)).status, 400)
    await client.ok('DELETE', String(made.body.name))
  })

  it('takes a topic only when it is there and may be published to', async () => {
    await client.ok('PUT', 'projects/fleet/topics/closed', {})
    google.topic('open')
    const patch = (pubsubTopic: string) => client.call('PATCH', `${enterprise}?updateMask=pubsubTopic`, { pubsubTopic })
    assert.equal((await patch('projects/fleet/topics/none')).status, 400)
    assert.equal((await patch('projects/fleet/topics/closed')).status, 403)
    const taken = await patch('projects/fleet/topics/open')
    assert.equal(taken.body.pubsubTopic, 'projects/fleet/topics/open')
  })

  it('writes policies whole or by mask, counts their versions, and leaves out what is the default', async () => {
    const first = await policy({
      cameraDisabled: true,
      adjustVolumeDisabled: false,
      applications: [{ packageName: 'com.example.one' }],
    })
    assert.deepEqual(first.body, {
      cameraDisabled: true,
      applications: [{ packageName: 'com.example.one' }],
      name: at('policies/trial'),
      version: '1',
    })
    const masked = await client.ok('PATCH', at('policies/trial?updateMask=screenCaptureDisabled,camera_disabled'), {
      screenCaptureDisabled: true,
    })
    assert.equal(masked.version, '2')
    assert.equal(masked.cameraDisabled, undefined)
    assert.equal(masked.screenCaptureDisabled, true)
    assert.equal((masked.applications as unknown[]).length, 1)
    const whole = await policy({ funDisabled: true })
    assert.deepEqual(whole.body, { funDisabled: true, name: at('policies/trial'), version: '3' })
    assert.equal((await client.call('PATCH', at('policies/trial?updateMask=nonsense'), {})).status, 400)
    assert.equal((await client.call('GET', at('policies/none'))).status, 404)
  })

  it('refuses what is no policy, with the name of the field as Google gives it', async () => {
    const shapes: readonly [Members, string, RegExp][] = [
      [{ cameraOff: true }, 'policy', /Unknown name "cameraOff" at 'policy': Cannot find field/],
      [{ cameraDisabled: 'yes' }, 'policy.camera_disabled', /\(TYPE_BOOL\), "yes"/],
      [
        { crossProfilePolicies: { crossProfileCopyPaste: 'DISALLOWED' } },
        'policy.cross_profile_policies.cross_profile_copy_paste',
        /CrossProfilePolicies\.CrossProfileCopyPaste\), "DISALLOWED"/,
      ],
      [{ applications: [{ packageName: 7 }] }, 'policy.applications[0].package_name', /TYPE_STRING/],
      [
        { displaySettings: { screenTimeoutSettings: { screenTimeout: '5 minutes' } } },
        'policy.display_settings.screen_timeout_settings.screen_timeout',
        /Duration/,
      ],
    ]
    for (const [body, field, message] of shapes) {
      const answer = await policy(body)
      assert.deepEqual([answer.status, fieldsOf(answer.body)], [400, [field]], JSON.stringify(body))
      assert.match(errorOf(answer.body).message, message)
    }
  })

  it('refuses values that do not go, alone or together', async () => {
    const app = (more: Members) => ({ applications: [{ packageName: 'com.example.a', ...more }] })
    const wrong: [Members, string][] = [
      [app({ installPriority: 10_001 }), 'policy.applications[0].installPriority'],
      [app({ customAppConfig: {} }), 'policy.applications[0].customAppConfig'],
      [
        { applications: [{ packageName: 'com.a.b' }, { packageName: 'com.a.b' }] },
        'policy.applications[1].packageName',
      ],
      [{ applications: [{ packageName: 'nonsense' }] }, 'policy.applications[0].packageName'],
      [{ systemUpdate: { type: 'WINDOWED', startMinutes: 1440 } }, 'policy.systemUpdate.startMinutes'],
      [{ systemUpdate: { type: 'AUTOMATIC', startMinutes: 60 } }, 'policy.systemUpdate.startMinutes'],
      [
        {
          systemUpdate: {
            type: 'POSTPONE',
            freezePeriods: [{ startDate: { month: 1, day: 1 }, endDate: { month: 6, day: 1 } }],
          },
        },
        'policy.systemUpdate.freezePeriods[0]',
      ],
      [
        { policyEnforcementRules: [{ settingName: 'x', blockAction: { blockAfterDays: 1 } }] },
        'policy.policyEnforcementRules[0].wipeAction',
      ],
      [
        {
          policyEnforcementRules: [
            { settingName: 'x', blockAction: { blockAfterDays: 5 }, wipeAction: { wipeAfterDays: 5 } },
          ],
        },
        'policy.policyEnforcementRules[0].wipeAction.wipeAfterDays',
      ],
      [{ personalUsagePolicies: { maxDaysWithWorkOff: 2 } }, 'policy.personalUsagePolicies.maxDaysWithWorkOff'],
      [{ passwordRequirements: { passwordQuality: 'COMPLEXITY_HIGH' } }, 'policy.passwordRequirements.passwordQuality'],
      [{ kioskCustomLauncherEnabled: true, ...app({ installType: 'KIOSK' }) }, 'policy.kioskCustomLauncherEnabled'],
      [
        { deviceConnectivityManagement: { privateDnsSettings: { privateDnsMode: 'PRIVATE_DNS_SPECIFIED_HOST' } } },
        'policy.deviceConnectivityManagement.privateDnsSettings.privateDnsHost',
      ],
      [{ longSupportMessage: { localizedMessages: { de: 'Hallo' } } }, 'policy.longSupportMessage.defaultMessage'],
      [
        {
          displaySettings: {
            screenBrightnessSettings: { screenBrightness: 300, screenBrightnessMode: 'BRIGHTNESS_FIXED' },
          },
        },
        'policy.displaySettings.screenBrightnessSettings.screenBrightness',
      ],
    ]
    const eap = { Outer: 'PEAP', Inner: 'MSCHAPv2', Identity: 'me', DomainSuffixMatch: ['radius.example.com'] }
    const wifi = (more: Members, certificates: Members[] = []) => ({
      openNetworkConfiguration: {
        NetworkConfigurations: [
          { GUID: 'n', Name: 'n', Type: 'WiFi', WiFi: { SSID: 'n', Security: 'WPA-EAP', EAP: { ...eap, ...more } } },
        ],
        Certificates: certificates,
      },
    })
    const [network, key] = ['NetworkConfigurations[0].WiFi.EAP', 'Certificates[0]'].map(
      (at) => `policy.openNetworkConfiguration.${at}`,
    )
    wrong.push(
      [wifi({ UseSystemCAs: true }), `${network}.UseSystemCAs`],
      [wifi({ Outer: 'EAP-PWD' }), `${network}.Outer`],
      [wifi({ Inner: 'GTC' }), `${network}.Inner`],
      [wifi({ DomainSuffixMatch: [] }), `${network}.DomainSuffixMatch`],
      [wifi({ ClientCertType: 'Ref', ClientCertRef: 'none' }), `${network}`],
      [wifi({}, [{ GUID: 'k', Type: 'Client', PKCS12: 'MIIB', Password: 'x' }]), `${key}.Password`],
      [wifi({}, [{ GUID: 'k', Type: 'Client' }]), `${key}.PKCS12`],
    )
    for (const [body, field] of wrong) {
      const answer = await policy(body, 'wrong')
      assert.deepEqual([answer.status, fieldsOf(answer.body)], [400, [field]], JSON.stringify(body))
    }
    assert.equal((await client.call('GET', at('policies/wrong'))).status, 404)
  })

  it('gives tokens that let in once, for a while, and show their data', async () => {
    await policy({}, 'default')
    const give = (body: Members) => client.call('POST', at('enrollmentTokens'), body)
    assert.equal((await give({ additionalData: 'x'.repeat(1025) })).status, 400)
    assert.equal((await give({ duration: '30s' })).status, 400)
    const { body: token } = await give({ oneTimeOnly: true, additionalData: 'ours', policyName: 'default' })
    assert.equal(token.policyName, at('policies/default'))
    const listed = await client.ok('GET', at('enrollmentTokens'))
    assert.deepEqual(Object.keys((listed.enrollmentTokens as Members[])[0] ?? {}).sort(), [
      'expirationTimestamp',
      'name',
      'qrCode',
      'value',
    ])
    const device = google.enrol(String(token.qrCode))
    assert.equal(device.resource.enrollmentTokenData, 'ours')
    assert.throws(() => google.enrol(String(token.qrCode)), ApiError)
    assert.equal((await client.call('GET', String(token.name))).status, 404)
    const { body: closed } = await give({})
    await client.ok('DELETE', String(closed.name))
    assert.throws(() => google.enrol(String(closed.value)), ApiError)
    assert.throws(() => google.enrol('{"android.app.extra.PROVISIONING_DEVICE_ADMIN_COMPONENT_NAME":"a/b"}'), ApiError)
    const { body: work } = await give({ allowPersonalUsage: 'PERSONAL_USAGE_DISALLOWED' })
    assert.throws(() => google.enrol(String(work.value), { how: 'work-profile' }), /Personal usage/)
  })

  it('lists by pages', async () => {
    const { body: token } = await client.call('POST', at('enrollmentTokens'), {})
    const before = google.enterprises.get(enterprise)?.devices.size ?? 0
    for (let i = 0; i < 24; i += 1) google.enrol(String(token.value))
    const names = new Set<string>()
    let pages = 0
    for (let next = ''; pages === 0 || next !== ''; pages += 1) {
      const page = await client.ok('GET', at(`devices?pageSize=10${next === '' ? '' : `&pageToken=${next}`}`))
      for (const d of page.devices as Members[]) names.add(String(d.name))
      next = String(page.nextPageToken ?? '')
    }
    assert.equal(names.size, before + 24)
    assert.equal(pages, Math.ceil(names.size / 10))
    assert.equal((await client.call('GET', at('devices?pageToken=nonsense'))).status, 400)
  })

  it('changes of a device only what may be changed', async () => {
    const { body: token } = await client.call('POST', at('enrollmentTokens'), {})
    const { name } = google.enrol(String(token.value))
    const patch = (query: string, body: Members) => client.call('PATCH', `${name}${query}`, body)
    assert.equal((await patch('?updateMask=apiLevel', { apiLevel: 99 })).status, 400)
    assert.equal((await patch('?updateMask=state', { state: 'LOST' })).status, 400)
    assert.equal((await patch('?updateMask=policyName', { policyName: 'nowhere' })).status, 400)
    assert.equal((await patch('?updateMask=policyName', { policyName: 'trial' })).body.policyName, at('policies/trial'))
    assert.equal((await client.call('DELETE', at('policies/trial'))).status, 400)
  })

  it('web apps, web tokens, and what the store knows', async () => {
    const icons = [{ imageData: 'iVBORw0KGgo' }]
    const made = await client.ok('POST', at('webApps'), { title: 'Menu', startUrl: 'https://menu.example', icons })
    const packageName = String(made.name).split('/').at(-1) ?? ''
    assert.equal((await client.ok('GET', at(`applications/${packageName}`))).title, 'Menu')
    assert.equal(
      (await client.ok('PATCH', `${String(made.name)}?updateMask=title`, { title: 'Lunch' })).versionCode,
      '2',
    )
    assert.equal((await client.call('POST', at('webApps'), { title: 'x', startUrl: 'menu' })).status, 400)
    assert.equal((await client.call('POST', at('webTokens'), { parentFrameUrl: 'http://x.example' })).status, 400)
    assert.equal((await client.call('GET', at('applications/com.example.missing'))).status, 404)
  })

  it('goes wrong when it is asked to: codes, quota, answers that never arrive', async () => {
    for (const [what, status] of [
      ['ABORTED', 409],
      ['INTERNAL', 500],
      ['UNAVAILABLE', 503],
      ['DEADLINE_EXCEEDED', 504],
    ] as const) {
      google.fault({ method: 'enterprises.get', what, times: 1 })
      assert.equal((await client.call('GET', enterprise)).status, status)
    }
    google.fault({ method: 'policies.patch', what: 'lost', times: 1 })
    await assert.rejects(policy({ funDisabled: true }, 'lost'))
    assert.equal((await client.call('GET', at('policies/lost'))).status, 200)
    google.fault({ method: 'policies.patch', what: 'cut', times: 1 })
    await assert.rejects(policy({}, 'cut'))
    assert.equal((await client.call('GET', at('policies/cut'))).status, 404)
    google.quota({ requests: 2, perS: 60 })
    const answers = [
      await client.call('GET', enterprise),
      await client.call('GET', enterprise),
      await client.call('GET', enterprise),
    ]
    google.quota(undefined)
    assert.deepEqual(
      answers.map((a) => a.status),
      [200, 200, 429],
    )
    assert.ok(Number(answers[2]?.headers.get('retry-after')) > 0)
    google.disableAccount(client.key.client_email)
    assert.equal((await client.call('GET', enterprise)).status, 401)
    assert.equal((await client.token()).status, 401)
    await eventually('nothing to be asked any more', () => true)
  })
})
