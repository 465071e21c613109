/** Which devices a payload is for, and the reason told where it is not. */
import type { ChannelDetail, Json, JsonObject, Reason } from '@muster/contract'

export type System = 'iOS' | 'macOS' | 'tvOS' | 'visionOS' | 'watchOS'
export interface Since {
  /** First version that knows it. */
  version?: string
  /** Only devices that the organisation owns and supervises obey it. */
  supervised?: true
  /** Not where a person enrolled an own device with an account (user enrolment). */
  personal?: false
}
export type Availability = Readonly<Partial<Record<System, Since>>>

/** iPadOS goes by iOS in all that concerns profiles. */
export function systemOf(facts: Readonly<JsonObject>): System | undefined {
  const name = facts['os.name']
  if (name === 'iPadOS') return 'iOS'
  return name === 'iOS' || name === 'macOS' || name === 'tvOS' || name === 'visionOS' || name === 'watchOS'
    ? name
    : undefined
}

/** A device that has not told its system is asked: its answer is the reason then. */
export function available(to: Availability, c: Pick<ChannelDetail, 'facts'>): true | Reason {
  const system = systemOf(c.facts)
  if (!system) return true
  const since = to[system]
  if (!since)
    return { code: 'other-system', text: `Only for ${Object.keys(to).join(', ')}; this device runs ${system}.` }
  if (since.version && before(c.facts['os.version'], since.version))
    return { code: 'system-too-old', text: `Needs ${system} ${since.version} or later.` }
  if (since.personal === false && isPersonal(c.facts))
    return { code: 'user-enrolment', text: 'Not possible on a device that its user enrolled with an account.' }
  if (since.supervised && c.facts['apple.supervised'] !== true)
    return c.facts['apple.supervised'] === false
      ? { code: 'not-supervised', text: 'Only supervised devices obey it.' }
      : { code: 'supervision-unknown', text: 'The device has not told yet whether it is supervised.' }
  return true
}

export function isPersonal(facts: Readonly<JsonObject>): boolean {
  return typeof facts['apple.enrollmentId'] === 'string' && facts['apple.enrollmentId'] !== ''
}

/** Dotted numbers compared number by number; a version that is none is taken as new enough. */
export function before(version: Json | undefined, wanted: string): boolean {
  if (typeof version !== 'string' || !/^\d+(\.\d+)*/.test(version)) return false
  const [mine, theirs] = [version, wanted].map((v) => v.split('.').map((n) => Number.parseInt(n, 10) || 0))
  for (const [i, n] of (theirs ?? []).entries()) {
    const m = mine?.[i] ?? 0
    if (m !== n) return m < n
  }
  return false
}
