/** What a journey of Android devices stands on: an installation that knows Google's services at other addresses, those services, an enterprise bound to it, and phones. */
import assert from 'node:assert/strict'
import type { Step } from '@muster/contract'
import {
  type EnrolOptions,
  type FakeGoogle,
  type FakeGoogleOptions,
  type GoogleDevice,
  startFakeGoogle,
} from '@muster/fleet'
import { type Installation, install } from './installation.ts'
import { type DeviceUnderTest, deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'

export interface AndroidOptions {
  readonly google?: FakeGoogleOptions
  /** Of the platform's part that speaks with Google. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** How Google's notifications come. Default: pushed. */
  readonly notifications?: 'push' | 'fetch'
  readonly env?: Record<string, string>
}
export interface AndroidGround {
  readonly muster: Installation
  readonly google: FakeGoogle
  /** The bound enterprise's name at Google. */
  readonly enterprise: string
  readonly topic: string
  /** Where Google pushes to, and as whom. */
  readonly push: { readonly pushEndpoint: string; readonly oidcToken: { readonly serviceAccountEmail: string } }
  invite(ownership?: string): Promise<Invitation>
  /** A phone reads the QR code of a new invitation. */
  enrol(ownership?: string, o?: EnrolOptions): Promise<GoogleDevice>
  /** The same, until the server knows it. */
  phone(ownership?: string, o?: EnrolOptions): Promise<Phone>
  /** Throws when Google was asked what its documentation does not know. */
  close(): Promise<void>
}
export interface Invitation {
  readonly code: string
  readonly steps: readonly Step[]
  /** What a phone with Google's services reads; '' when the server offers none. */
  readonly qr: string
}
export interface Phone {
  /** The server's. */
  readonly id: string
  readonly at: GoogleDevice
  readonly seen: DeviceUnderTest
}

export const patience = { withinMs: 90_000 }
const pusher = 'pubsub@fleet.iam.gserviceaccount.com'
const googles = /com\.google\.android\.apps\.work\.clouddpc\/|^https:\/\/enterprise\.google\.com\//

export function setUpAct(muster: Installation, step: string, action: string, input: object = {}) {
  return muster.ask<{ text: string; reason?: { code: string } }>('POST', `/platform-setup/android/${step}/${action}`, {
    input,
  })
}

/** What a phone is told on the enrolment page of this code. */
async function invitationOf(muster: Installation, code: string): Promise<Invitation> {
  const { steps } = await muster.api<{ steps: Step[] }>('GET', `/enrolments/${encodeURIComponent(code)}`)
  return { code, steps, qr: steps.find((s) => googles.test(s.qr ?? ''))?.qr ?? '' }
}

export async function androidGround(o: AndroidOptions = {}): Promise<AndroidGround> {
  const google = await startFakeGoogle({ seed: 'journey', ...o.google })
  const own = {
    apiUrl: google.url,
    tokenUrl: google.tokenUrl,
    pubsubUrl: google.url,
    keysUrl: google.keysUrl,
    requestsPerSecond: 200,
    pullS: 1,
    ...o.settings,
  }
  let muster: Installation | undefined
  try {
    muster = await install({ MUSTER_PLATFORM_SETTINGS: JSON.stringify({ android: { google: own } }), ...o.env })
    const bound = await bind(muster, google, o.notifications ?? 'push')
    return ground(muster, google, bound)
  } catch (error) {
    await muster?.close()
    await google.close()
    throw error
  }
}

interface Bound {
  readonly enterprise: string
  readonly topic: string
  readonly push: AndroidGround['push']
}

/** As an administrator does it: the account's key, the sign-up at Google, the notifications. */
async function bind(muster: Installation, google: FakeGoogle, notifications: 'push' | 'fetch'): Promise<Bound> {
  async function act(step: string, action: string, input: object = {}): Promise<string> {
    const { status, body } = await setUpAct(muster, step, action, input)
    if (status !== 200) throw new Error(`${step} ${action}: ${status} ${JSON.stringify(body)}`)
    return body.text
  }
  const key = Buffer.from(JSON.stringify(google.serviceAccount())).toString('base64')
  await act('google-account', 'upload', { key })
  const page = /http\S+/.exec(await act('google-enterprise', 'sign-up'))?.[0] ?? ''
  const back = await fetch(await google.signUp(page))
  if (back.status !== 200) throw new Error(`Coming back from Google was answered with ${back.status}.`)
  await act('google-enterprise', 'complete')
  const [enterprise = ''] = google.enterprises.keys()

  const push = {
    pushEndpoint: `${muster.url}/android/google/notifications`,
    oidcToken: { serviceAccountEmail: pusher },
  }
  const { topic, subscription } = google.topic('muster', notifications === 'push' ? push : undefined)
  const told = notifications === 'push' ? { topic, pusher } : { topic, subscription }
  await act('google-notifications', notifications, told)
  return { enterprise, topic, push }
}

function ground(muster: Installation, google: FakeGoogle, bound: Bound): AndroidGround {
  async function invite(ownership = 'cope'): Promise<Invitation> {
    const asked = { platform: 'android', ownership }
    return invitationOf(muster, (await muster.api<{ code: string }>('POST', '/invitations', asked)).code)
  }
  async function enrol(ownership = 'cope', o: EnrolOptions = {}): Promise<GoogleDevice> {
    const { qr, steps } = await invite(ownership)
    if (qr === '') throw new Error(`No QR code for Google's devices is offered: ${JSON.stringify(steps)}`)
    return google.enrol(qr, { how: ownership === 'byod' ? 'work-profile' : 'first-start', ...o })
  }
  return {
    ...bound,
    muster,
    google,
    invite,
    enrol,
    async phone(ownership, o) {
      const at = await enrol(ownership, o)
      const { hardwareInfo } = at.resource as { hardwareInfo: { serialNumber: string } }
      const { serialNumber } = hardwareInfo
      type Items = { items: { id: string; serial?: string; lifecycle: string }[] }
      const found = async () =>
        (await muster.api<Items>('GET', `/devices?q=${serialNumber}`)).items.find((d) => d.lifecycle === 'active')
      const { id } = await until(`${serialNumber} to be known`, found, patience)
      return { id, at, seen: deviceUnderTest(muster, id, () => undefined) }
    },
    async close() {
      await muster.close()
      await google.close()
      assert.deepEqual(google.seen.discrepancies, [])
    },
  }
}
