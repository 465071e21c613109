/**
 * Every class of error of Google's at every step of the way, by one table: what is done again is done once, what waits is done when Google lets us in, what is refused says why, and
 * nobody is ever answered with a failure of ours.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { FakeGoogle } from '@muster/fleet'
import { type AndroidGround, androidGround, type Phone, patience, setUpAct } from './android-ground.ts'
import { type Waits, waitsOf } from './held.ts'
import { until } from './processes.ts'

type What = Parameters<FakeGoogle['fault']>[0]['what']
interface Expected {
  readonly what: What
  /** What becomes of a command, and of the settings' document, that meet it once. */
  readonly command: 'completed' | RegExp
  readonly document: 'verified' | RegExp
  /** Whether an invitation that meets it has its code all the same; a request that may have been done is not made twice. */
  readonly code: boolean
}
const table: readonly Expected[] = [
  {
    what: 'INVALID_ARGUMENT',
    command: /invalid argument/i,
    document: /passwordPolicies\[0\]\.passwordMinimumLength/,
    code: false,
  },
  { what: 'UNAUTHENTICATED', command: 'completed', document: 'verified', code: true },
  { what: 'PERMISSION_DENIED', command: 'completed', document: 'verified', code: false },
  { what: 'NOT_FOUND', command: /google-missing/, document: 'verified', code: false },
  { what: 'ABORTED', command: 'completed', document: 'verified', code: false },
  { what: 'RESOURCE_EXHAUSTED', command: 'completed', document: 'verified', code: true },
  { what: 'INTERNAL', command: 'completed', document: 'verified', code: false },
  { what: 'hang', command: 'completed', document: 'verified', code: false },
]

describe('android: every error at every step', { timeout: 600_000 }, () => {
  let ground: AndroidGround
  let waits: Waits
  let phone: Phone
  let policy: string
  let length = 4

  before(async () => {
    waits = await waitsOf()
    // Long enough that a busy machine answers in it: a command whose answer came too late is issued twice.
    const settings = { answerS: 6, restS: 0.05 }
    ground = await androidGround({ notifications: 'fetch', settings, env: waits.env })
    phone = await ground.phone('cope', { no: 0 })
    const { id } = await ground.muster.api<{ id: string }>('POST', '/policies', draft())
    policy = id
    await ground.muster.api('POST', `/policies/${policy}/publish`)
    await phone.seen.verified('passcode')
  })
  after(async () => {
    try {
      await ground?.close()
    } finally {
      await waits?.close()
    }
  })

  function draft() {
    const settings = { minLength: length, minClasses: 1 }
    return { name: 'Errors', platform: 'android', features: [{ feature: 'passcode', settings }] }
  }
  /** A further version; the phone has it when its document says this length. */
  async function publish(): Promise<void> {
    length += 1
    const { revision } = await ground.muster.api<{ revision: number }>('GET', `/policies/${policy}`)
    await ground.muster.api('PUT', `/policies/${policy}`, draft(), { 'if-match': `"${revision}"` })
    await ground.muster.api('POST', `/policies/${policy}/publish`)
  }
  const setting = async () => (await phone.seen.settings()).find((s) => s.feature === 'passcode')
  const applied = () =>
    (phone.at.phone.applied?.policy.passwordPolicies as { passwordMinimumLength?: number }[] | undefined)?.[0]
      ?.passwordMinimumLength

  async function command({ what, command }: Expected): Promise<void> {
    const { locks } = phone.at.phone
    const { activity } = await phone.seen.sent('device.lock', {}, [
      'completed',
      'failed',
      'deferred',
      'acknowledged',
      'sent',
    ])
    const mine = async () => (await phone.seen.operations()).find((o) => o.activity === activity)
    const over = async () => {
      await waits.rested()
      const now = await mine()
      return now && /^(completed|failed|expired)$/.test(now.state) && now
    }
    const end = await until('the command to end', over, { ...patience, last: mine })
    if (command === 'completed') assert.equal(end.state, 'completed', `${what}: ${JSON.stringify(end)}`)
    else assert.match(`${end.state} ${JSON.stringify(end.reason)}`, command)
    assert.equal(phone.at.phone.locks, locks + (command === 'completed' ? 1 : 0), `${what}: locks`)
  }
  async function document({ what, document }: Expected): Promise<void> {
    await publish()
    const name = `${what}: the document`
    const good = async () => {
      await waits.rested()
      const now = await setting()
      if (document === 'verified') return applied() === length && now?.state === 'verified'
      return now?.state === 'failed' && now
    }
    await until(name, good, { ...patience, last: async () => [applied(), length, await setting()] })
    if (document === 'verified') return
    assert.match(JSON.stringify(await setting()), document)
    assert.notEqual(applied(), length, 'the phone keeps what it has')
  }
  async function invitation({ what, code }: Expected): Promise<string> {
    const made = await ground.invite()
    assert.equal(made.qr !== '', code, `${what}: ${JSON.stringify(made.steps)}`)
    assert.ok(made.steps.length > 0)
    return made.code
  }
  async function setUp({ what }: Expected): Promise<void> {
    const { topic, subscription } = ground.google.topic(`errors-${what.toLowerCase()}`)
    const answers = await Promise.all([
      setUpAct(ground.muster, 'google-notifications', 'fetch', { topic, subscription }),
      setUpAct(ground.muster, 'google-enterprise', 'sign-up'),
      setUpAct(ground.muster, 'google-enterprise', 'bind', { name: ground.enterprise }),
    ])
    for (const { status, body } of answers) {
      assert.ok(status < 500, `${what}: ${status} ${JSON.stringify(body)}`)
      if (status >= 400) assert.match(JSON.stringify(body), /google-/, what)
    }
    const again = await setUpAct(ground.muster, 'google-notifications', 'fetch', { topic, subscription })
    assert.equal(again.status, 200, `${what}: ${JSON.stringify(again.body)}`)
  }

  for (const expected of table)
    it(`${expected.what}`, async () => {
      const { google } = ground
      const { what } = expected
      const field = what === 'INVALID_ARGUMENT' ? 'passwordPolicies[0].passwordMinimumLength' : undefined
      const once = (method: string, more: object = {}) => google.fault({ method, what, times: 1, ...more })
      for (const method of ['devices.issueCommand', 'devices.patch', 'subscriptions.pull']) once(method)
      // What is not acknowledged comes again after seconds: once is enough.
      if (what === 'ABORTED') once('subscriptions.acknowledge')
      for (const method of ['enrollmentTokens.create', 'enterprises.patch', 'enterprises.get', 'signupUrls.create'])
        once(method)
      once('policies.patch', { field })
      const [code] = await Promise.all([invitation(expected), command(expected), document(expected), setUp(expected)])
      google.mend()
      const { steps } = await ground.muster.api<{ steps: { qr?: string }[] }>('GET', `/enrolments/${code}`)
      assert.ok(
        steps.some((s) => s.qr),
        `${what}: the code is there at the next look`,
      )
      google.sync(phone.at)
      await until('all to be fetched', async () => google.pubsub.unacknowledged() === 0, patience)
      assert.equal((await ground.muster.api<{ lifecycle: string }>('GET', `/devices/${phone.id}`)).lifecycle, 'active')
      // What was refused is mended by the next version.
      if (expected.document !== 'verified') await document({ ...expected, document: 'verified' })
    })

  it('an account that was disabled is told of, and what waits is done with the next key', async () => {
    const { google, muster } = ground
    const before = await muster.api<{ items: { id: string; details: { title: string; value: string }[] }[] }>(
      'GET',
      '/platform-setup',
    )
    const email = /[\w.-]+@[\w.-]+\.iam\.gserviceaccount\.com/.exec(JSON.stringify(before))?.[0] ?? ''
    google.disableAccount(email)
    google.expireTokens()
    const { locks } = phone.at.phone
    const { activity } = await phone.seen.sent('device.lock', {}, ['deferred'])
    const alerts = async () => JSON.stringify(await muster.api('GET', '/alerts'))
    await until('the alert', async () => /google-access/.test(await alerts()), { ...patience, last: alerts })
    const key = Buffer.from(JSON.stringify(google.serviceAccount())).toString('base64')
    assert.equal((await setUpAct(muster, 'google-account', 'upload', { key })).status, 200)
    const state = async () => (await phone.seen.operations()).find((o) => o.activity === activity)?.state
    const done = async () => {
      await waits.rested()
      return (await state()) === 'completed'
    }
    await until('the command to be done', done, { ...patience, last: state })
    assert.equal(phone.at.phone.locks, locks + 1)
  })
})
