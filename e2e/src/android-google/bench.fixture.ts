/** Android's Google channel with a real core behind it and the true fake of Google before it. */
import assert from 'node:assert/strict'
import type { Channel, Json, JsonObject, Ownership } from '@muster/contract'
import { type CoreBench, createHarness } from '@muster/core/testing'
import {
  type EnrolOptions,
  type FakeGoogle,
  type FakeGoogleOptions,
  type GoogleDevice,
  startFakeGoogle,
} from '@muster/fleet'
import { installedPlatforms } from '@muster/server'

export interface GoogleBench extends CoreBench {
  readonly google: FakeGoogle
  setup(step: string, action: string, input?: JsonObject): ReturnType<CoreBench['core']['platforms']['setup']['act']>
  state(step: string): Promise<{ state: string; text: string; actions: string[] }>
  /** Account, enterprise and a subscription that is fetched from; answers the enterprise's name. */
  ready(): Promise<string>
  /** An invitation's code, and what the person sees of Google's way. */
  invite(ownership?: Ownership): Promise<{ code: string; qr: string }>
  /** A phone that is enrolled, and its channel. */
  phone(ownership?: Ownership, o?: EnrolOptions): Promise<{ device: GoogleDevice; channel: Channel }>
  /** The same where nothing is fetched: Google’s list is looked at. */
  phoneFetched(ownership?: Ownership): Promise<{ device: GoogleDevice; channel: Channel }>
  /** Looks at all devices at Google now. */
  sweep(): Promise<void>
  channelOf(device: GoogleDevice): Promise<Channel | undefined>
  /** Fetches what Google has told. */
  pull(): Promise<void>
  /** Hands over what waits. */
  deliver(): Promise<void>
  /** Fetches and hands over until it is so. */
  until(what: () => Promise<boolean> | boolean, why: string, everyMs?: number): Promise<void>
}

export async function openGoogle(o: { fake?: FakeGoogleOptions; settings?: JsonObject } = {}): Promise<GoogleBench> {
  const android = installedPlatforms.find((p) => p.id === 'android')
  assert.ok(android, 'Android is not installed')
  // Each look is waited for: that nothing is there is told soon.
  const google = await startFakeGoogle({ holdMs: 10, ...o.fake })
  const settings = {
    google: {
      apiUrl: google.url,
      tokenUrl: google.tokenUrl,
      pubsubUrl: google.url,
      keysUrl: google.keysUrl,
      requestsPerSecond: 1000,
      inFlight: 20,
      ...o.settings,
    },
  }
  const bench = await createHarness().open([android], { android: settings as Json })
  const act: GoogleBench['setup'] = (step, action, input = {}) =>
    bench.core.platforms.setup.act({ platform: 'android', step, action, input, actor: 'user:admin' })
  const host = () => bench.host('android')
  const pull = () => bench.job('android.google.pull')
  const deliver = () => bench.job('android.deliver')
  async function until(what: () => Promise<boolean> | boolean, why: string, everyMs?: number): Promise<void> {
    for (const end = Date.now() + 60_000; ; await new Promise((r) => setTimeout(r, everyMs))) {
      await pull()
      await deliver()
      if (await what()) return
      if (Date.now() > end) assert.fail(`it did not come to be: ${why}`)
    }
  }
  const invite: GoogleBench['invite'] = async (ownership = 'cope') => {
    const code = await bench.code('android', ownership)
    const { steps } = await bench.core.platforms.invite('android', {
      code,
      url: `http://muster.test/enrol/${code}`,
      server: 'http://muster.test',
      ownership,
    })
    const qr = steps.find((s) => s.qr?.includes(ownership === 'byod' ? 'enterprise.google.com' : 'clouddpc'))?.qr
    return { code, qr: qr ?? '' }
  }
  const sweep = async () => {
    await bench.db.query({ text: 'update plugin_android.sweep set at = now()' })
    await bench.job('android.google.devices')
  }
  const enrolled = async (
    ownership: Ownership | undefined,
    options: EnrolOptions | undefined,
    look: () => Promise<void>,
  ) => {
    const { qr } = await invite(ownership)
    const token = ownership === 'byod' ? (new URL(qr).searchParams.get('et') ?? '') : qr
    const how = ownership === 'byod' ? 'work-profile' : 'first-start'
    const device = google.enrol(token, { how, ...options })
    await until(async () => {
      await look()
      return (await channelOf(device))?.lifecycle === 'active'
    }, 'the phone came in')
    await bench.evaluate('android')
    return { device, channel: (await channelOf(device)) as Channel }
  }
  const channelOf: GoogleBench['channelOf'] = (d) => host().find({ fact: 'google.device', value: d.name })
  return {
    ...bench,
    google,
    setup: act,
    state: async (step) => {
      const list = await bench.core.platforms.setup.list()
      const found = list.flatMap((p) => p.steps).find((s) => s.id === step)
      assert.ok(found, `no step ${step}`)
      return { ...found, actions: found.actions.filter((a) => a.available).map((a) => a.id) }
    },
    ready: async () => {
      const key = Buffer.from(JSON.stringify(google.serviceAccount())).toString('base64')
      await act('google-account', 'upload', { key })
      const { name } = google.enterprise()
      await act('google-enterprise', 'bind', { name })
      await act('google-notifications', 'fetch', google.topic('android') as unknown as JsonObject)
      return name
    },
    invite,
    phone: (ownership, options) => enrolled(ownership, options, async () => undefined),
    phoneFetched: (ownership) => enrolled(ownership, undefined, sweep),
    sweep,
    channelOf,
    pull,
    deliver,
    until,
    close: async () => {
      await bench.close()
      await google.close()
    },
  }
}
