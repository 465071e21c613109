/** Setting Google up in the console: each step from missing to ready, in order, with what goes wrong on the way. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isProblem, type JsonObject } from '@muster/contract'
import { type GoogleBench, openGoogle } from './bench.fixture.ts'

let bench: GoogleBench
before(async () => {
  bench = await openGoogle()
})
after(() => bench?.close())

const refusedBy = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'done'
  } catch (e) {
    assert.ok(isProblem(e), String(e))
    return e.code === 'setup-refused' ? (e.extra.reason as { code: string }).code : e.code
  }
}

test('nothing is offered while nothing is set up', async () => {
  for (const step of ['google-account', 'google-enterprise', 'google-notifications', 'google-zero-touch'])
    assert.equal((await bench.state(step)).state, 'missing', step)
  assert.equal((await bench.invite('cope')).qr, '')
  assert.equal(await refusedBy(bench.setup('google-enterprise', 'sign-up')), 'no-account')
})

test('account, sign-up on Google’s page, back, completed', async () => {
  const key = JSON.stringify(bench.google.serviceAccount())
  await bench.setup('google-account', 'upload', { key: Buffer.from(key).toString('base64') })
  assert.equal((await bench.state('google-account')).state, 'ready')
  const { text } = await bench.setup('google-enterprise', 'sign-up', {})
  assert.equal((await bench.state('google-enterprise')).state, 'waiting')
  assert.equal(await refusedBy(bench.setup('google-enterprise', 'complete', {})), 'not-back-yet')
  const page = /https?:\/\/\S+/.exec(text)?.[0] ?? ''
  const back = new URL(await bench.google.signUp(page))
  const visit = async (query: URLSearchParams) => {
    const open = bench.platforms.get('android')
    const route = open?.routes.find((r) => r.path === '/google/bound')
    const reply = await route?.handle({
      method: 'GET',
      path: '/google/bound',
      query: query.toString(),
      headers: {},
      body: new Uint8Array(),
      remote: '192.0.2.1',
      signal: AbortSignal.timeout(10_000),
    })
    return reply?.status
  }
  assert.equal(await visit(new URLSearchParams({ enterpriseToken: 'x', state: 'forged' })), 400)
  assert.equal(await visit(back.searchParams), 200)
  await bench.setup('google-enterprise', 'complete', {})
  assert.equal((await bench.state('google-enterprise')).state, 'ready')
  assert.equal(bench.google.enterprises.size, 1)
  assert.equal(await visit(back.searchParams), 400, 'it is over')
})

test('a topic that Google may not publish to is refused; a good one is waited for, and heard', async () => {
  const id = `projects/${bench.google.project}`
  const input: JsonObject = { topic: `${id}/topics/none`, subscription: `${id}/subscriptions/none` }
  assert.equal(await refusedBy(bench.setup('google-notifications', 'fetch', input)), 'google-refused')
  assert.equal((await bench.state('google-notifications')).state, 'missing')
  await bench.setup('google-notifications', 'fetch', bench.google.topic('android') as unknown as JsonObject)
  assert.equal((await bench.state('google-notifications')).state, 'waiting')
  await bench.phone('cope')
  assert.equal((await bench.state('google-notifications')).state, 'ready')
})

test('what waits where it was fetched from before is fetched, whatever was set up in between', async () => {
  const { google } = bench
  const left = () => google.pubsub.unacknowledged()
  const [a, b] = ['first', 'second'].map((name) => google.topic(name))
  await bench.setup('google-notifications', 'fetch', { ...a })
  await bench.setup('google-notifications', 'push', {
    topic: String(b?.topic),
    pusher: 'p@fleet.iam.gserviceaccount.com',
  })
  await bench.setup('google-notifications', 'fetch', { ...b })
  google.pubsub.publish(String(a?.topic), { notificationType: 'test' }, '')
  google.pubsub.publish(String(b?.topic), { notificationType: 'test' }, '')
  await bench.until(() => left() === 0, 'both places are empty')
  // One that was deleted meanwhile keeps nobody from the place of now, and is not asked for again.
  google.pubsub.unsubscribe(String(a?.subscription))
  google.pubsub.publish(String(b?.topic), { notificationType: 'test' }, '')
  await bench.until(() => left() === 0, 'the place of now is empty')
  const refused = () => google.seen.refused['pubsub.subscriptions.pull 404'] ?? 0
  const before = refused()
  await bench.pull()
  await bench.pull()
  assert.equal(refused(), before)
})

test('an invitation has one token, however often it is looked at, and no code of ours in it', async () => {
  const code = await bench.code('android', 'cope')
  const look = () =>
    bench.core.platforms.invite('android', {
      code,
      url: 'http://muster.test/e',
      server: 'http://muster.test',
      ownership: 'cope',
    })
  const [a, b] = [await look(), await look()]
  assert.deepEqual(a.steps, b.steps)
  const [enterprise] = bench.google.enterprises.values()
  const data = [...(enterprise?.tokens.values() ?? [])].map((t) => JSON.stringify(t.resource))
  assert.ok(data.length > 0 && data.every((d) => !d.includes(code)))
})

test('the licence is shown and accepted on the device', async () => {
  await bench.core.enrollment.licences.create({
    platform: 'android',
    language: 'en',
    version: '1',
    text: 'Be <kind>.\n\nTo phones.',
    actor: 'user:admin',
  })
  const { channel } = await bench.phone('cope')
  assert.equal(channel.lifecycle, 'active')
  const [enterprise] = bench.google.enterprises.values()
  const [terms] = (enterprise?.resource.termsAndConditions ?? []) as { content: { defaultMessage: string } }[]
  assert.equal(terms?.content.defaultMessage, '<p>Be &lt;kind&gt;.</p><p>To phones.</p>')
})

test('zero-touch text for a device of the company, and for no other', async () => {
  const text = async (code: string) => {
    const { files } = await bench.setup('google-zero-touch', 'text', { code })
    return Buffer.from(files?.[0]?.bytes ?? []).toString()
  }
  const extras = JSON.parse(await text(await bench.code('android', 'dedicated'))) as JsonObject
  const bundle = extras['android.app.extra.PROVISIONING_ADMIN_EXTRAS_BUNDLE'] as JsonObject
  const token = String(bundle['com.google.android.apps.work.clouddpc.EXTRA_ENROLLMENT_TOKEN'])
  const device = bench.google.enrol(token)
  await bench.until(async () => (await bench.channelOf(device)) !== undefined, 'it came')
  assert.equal(
    await refusedBy(bench.setup('google-zero-touch', 'text', { code: await bench.code('android', 'byod') })),
    'personal',
  )
  assert.equal(await refusedBy(bench.setup('google-zero-touch', 'text', { code: 'NONE' })), 'invitation-unknown')
})
