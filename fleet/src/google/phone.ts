/** One Android phone with Google's services: what it is, how it was set up, and what was done to it. Its own memory is what a test believes. */
import { createRandom, keyOf } from '../random.ts'

/** How it came in: as the company's at its first start, as the company's with room for private use, or by a work profile on somebody's own phone. */
export type SetUp = 'fully-managed' | 'company-profile' | 'personal-profile'
export interface Model {
  readonly no: number
  readonly brand: string
  readonly manufacturer: string
  readonly model: string
  readonly serial: string
  readonly imei: string
  readonly apiLevel: number
  readonly androidVersion: string
  readonly patch: string
  readonly tablet: boolean
  readonly esim: boolean
  readonly memoryBytes: number
  readonly storageBytes: number
  readonly esid: string
}

/** Habits and what a test tells it to do. Chances in [0, 1]. */
export interface Habits {
  /** Milliseconds until it fetches what waits, and until it has carried out a command. Means. */
  readonly syncMs: number
  readonly commandMs: number
  /** Of a command: fails by itself; is never answered. */
  readonly fail: number
  readonly silent: number
  /** Says more than once that a command is done, as far as notifications go. */
  readonly repeat: number
}
export const standardHabits: Habits = { syncMs: 40, commandMs: 30, fail: 0, silent: 0, repeat: 0 }

export interface Phone {
  readonly model: Model
  readonly setUp: SetUp
  habits: Habits
  online: boolean
  /** wiped: reset, or its work profile deleted because it was told. removed: the user deleted the profile and nobody was told. released: relinquished. */
  fate?: 'wiped' | 'removed' | 'released'
  /** The policy as it lives by it. */
  applied?: { readonly name: string; readonly version: string; readonly policy: Readonly<Record<string, unknown>> }
  /** What the user did: a password that is too weak or none, an app removed or brought along. */
  password: 'none' | 'weak' | 'good'
  readonly apps: Map<string, { readonly version: number; readonly by: 'policy' | 'user' | 'system' }>
  lost: boolean
  locks: number
  reboots: number
  newPassword?: string
  passwordSetAt?: number
  cleared: string[]
  /** Of the last sync. */
  seenAt: number
  /** Names of operations that took effect, in order. */
  readonly done: string[]
}

const models = [
  ['Google', 'Google', 'Pixel 8', 34, false, true, 8, 128],
  ['samsung', 'Samsung', 'SM-A546B', 34, false, true, 6, 128],
  ['samsung', 'Samsung', 'SM-X216B', 33, true, false, 4, 64],
  ['Zebra', 'Zebra Technologies', 'TC52', 30, false, false, 4, 32],
  ['Google', 'Google', 'Pixel 9', 35, false, true, 12, 256],
  ['Nokia', 'HMD Global', 'TA-1053', 28, false, false, 3, 32],
  ['Fairphone', 'Fairphone', 'FP5', 33, false, true, 8, 256],
  ['Google', 'Google', 'Pixel 10', 36, false, true, 12, 256],
] as const
const versions: Readonly<Record<number, string>> = { 28: '9', 30: '11', 33: '13', 34: '14', 35: '15', 36: '16' }
const gib = 2 ** 30

/** Of its eSIM chip. */
export const eidOf = (m: Model): string => `890490320${m.imei}00000000`

/** The same seed and number give the same phone. */
export function modelOf(seed: string, no: number): Model {
  const random = createRandom(keyOf(`${seed}/android`, no))
  const [brand, manufacturer, model, apiLevel, tablet, esim, memory, storage] = models[no % models.length] ?? models[0]
  return {
    no,
    brand,
    manufacturer,
    model,
    serial: `${random.hex(4)}${no.toString(16).padStart(6, '0')}`.toUpperCase(),
    imei: `35${String(random.int(0, 999_999)).padStart(6, '0')}${String(no).padStart(7, '0')}`,
    apiLevel,
    androidVersion: versions[apiLevel] ?? '14',
    patch: `2026-0${random.int(1, 9)}-05`,
    tablet,
    esim,
    memoryBytes: memory * gib,
    storageBytes: storage * gib,
    esid: random.hex(8).toUpperCase(),
  }
}

export const isCompanys = (p: Phone): boolean => p.setUp !== 'personal-profile'
export const isOwner = (p: Phone): boolean => p.setUp === 'fully-managed'

export function newPhone(model: Model, setUp: SetUp, habits: Habits): Phone {
  return {
    model,
    setUp,
    habits,
    online: true,
    password: 'good',
    apps: new Map([
      ['com.google.android.apps.work.clouddpc', { version: 28_240_000, by: 'system' }],
      ['com.android.vending', { version: 84_000_000, by: 'system' }],
      ['com.android.chrome', { version: 660_000_000, by: 'system' }],
      ['com.android.settings', { version: model.apiLevel, by: 'system' }],
    ]),
    lost: false,
    locks: 0,
    reboots: 0,
    cleared: [],
    seenAt: 0,
    done: [],
  }
}
