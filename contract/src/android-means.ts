/** By which of Android's own means an agent does a thing, and on which devices it can: the table behind `when`, the specification and simulated devices. */
import { androidRelease } from './android-words.ts'
import type { Json } from './json.ts'

/** Licences of Samsung, as the agent names them when they are active on a device. */
export const knoxLicences = { KPE: 'Knox Platform for Enterprise', EFOTA: 'Knox E-FOTA' } as const
export type KnoxLicence = keyof typeof knoxLicences

export interface AndroidMeans {
  /**
   * Who can, and since which API level, in words such as `D21 O30 P21 A21`: `D` the device owner (a fully managed device), `O` the owner of
   * a work profile on a company's device, `P` of one on a personal device, `A` an app with ordinary rights (a plain device).
   */
  readonly on: string
  /** Android's calls; of DevicePolicyManager where no class is named. */
  readonly apis: readonly string[]
  /** Members of the settings or params that need more than the rest. */
  readonly members?: Readonly<Record<string, string>>
  readonly licence?: KnoxLicence
  /** What the agent must take care of. */
  readonly note?: string
  /** Of the evidence: what `values` holds beside or instead of the settings. */
  readonly evidence?: string
}

/** The lowest API level that the agent runs on (Android 6). */
export const androidLowest = 23

const owners = {
  D: 'a fully managed device',
  O: 'a work profile on a company’s device',
  P: 'a work profile on a personal device',
  A: 'a device without management',
} as const
export type AndroidOwner = keyof typeof owners

/** What of a device's facts decides; undefined where it has not said. */
export interface AndroidStand {
  readonly owner?: AndroidOwner
  readonly apiLevel?: number
  readonly knox?: { readonly samsung: boolean; readonly licences: readonly string[] }
}

/** Any facts, also those of a hostile device. */
export function androidStand(facts: Readonly<Record<string, Json>>): AndroidStand {
  const of = (name: string) => (Object.hasOwn(facts, name) ? facts[name] : undefined)
  const level = of('android.apiLevel')
  const licences = of('android.knox.licences')
  return {
    owner: ownerOf(of('android.mode'), of('android.companyOwned')),
    apiLevel: typeof level === 'number' && Number.isInteger(level) && level > 0 ? level : undefined,
    knox: {
      samsung: typeof of('android.knox.version') === 'string',
      licences: Array.isArray(licences) ? licences.filter((l) => typeof l === 'string') : [],
    },
  }
}
function ownerOf(mode: Json | undefined, company: Json | undefined): AndroidOwner | undefined {
  if (mode === 'device-owner') return 'D'
  if (mode === 'profile-owner') return company === true ? 'O' : 'P'
  return mode === 'plain' ? 'A' : undefined
}

const read = new Map<string, ReadonlyMap<string, number>>()
/** Each owner with the API level since which it can. */
export function androidSince(on: string): ReadonlyMap<string, number> {
  const known = read.get(on)
  if (known) return known
  const since = new Map<string, number>()
  for (const word of on.split(' ')) {
    const [, owner, level] = /^([DOPA])(\d\d)$/.exec(word) ?? []
    if (owner === undefined) throw new Error(`no owner and level: ${word}`)
    since.set(owner, Number(level))
  }
  read.set(on, since)
  return since
}

/** Every device that runs the agent can do it. */
export function androidAlways(means: Pick<AndroidMeans, 'on' | 'licence'>): boolean {
  const since = androidSince(means.on)
  return means.licence === undefined && Object.keys(owners).every((o) => (since.get(o) ?? 99) <= androidLowest)
}

/** Why this device cannot; undefined: it can, or has not said enough to know. */
export function androidRefusal(
  means: Pick<AndroidMeans, 'on' | 'licence'>,
  device: AndroidStand,
): { code: string; text: string } | undefined {
  const since = androidSince(means.on)
  const { owner, apiLevel, knox } = device
  const least = owner === undefined ? Math.min(...since.values()) : since.get(owner)
  if (least === undefined)
    return {
      code: 'management-mode',
      text: `Only on ${listed([...since.keys()].map((o) => owners[o as AndroidOwner]))}.`,
    }
  if (apiLevel !== undefined && apiLevel < least)
    return {
      code: 'android-too-old',
      text: `It needs Android ${androidRelease(least)} or later; this device has Android ${androidRelease(apiLevel)}.`,
    }
  if (means.licence === undefined || !knox) return undefined
  const licence = knoxLicences[means.licence]
  if (!knox.samsung && owner !== undefined)
    return { code: 'not-samsung', text: `Only Samsung devices can, with the licence ${licence}.` }
  if (knox.samsung && !knox.licences.includes(means.licence))
    return { code: 'licence-missing', text: `It needs the licence ${licence}, which is not active on this device.` }
  return undefined
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? (parts[0] ?? '') : `${parts.slice(0, -1).join(', ')} or ${parts.at(-1)}`
}
