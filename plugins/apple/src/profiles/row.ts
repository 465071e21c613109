/** The row of a policy feature that is one configuration profile: what is installed, how the answer reads, and what proves it. */
import type { ChannelDetail, FeatureDescriptor, FeatureRow, Json, JsonObject, Outcome, Verdict } from '@muster/contract'
import { replyOutcome } from '../wire/index.ts'
import { type Availability, available } from './availability.ts'
import { type ProfileContent, settingsUuid, uuidOf } from './profile.ts'

/** Installed profiles as the facts tell of them. */
export const profilesFact = 'apple.profiles'

/** A feature with the row that speaks it. */
export interface ProfileFeature {
  readonly descriptor: FeatureDescriptor
  readonly row: FeatureRow
}
export interface ProfileRowOptions<S> {
  /** Devices that it is for. */
  to: Availability
  /** Its secrets are in the settings, where the policy has any. */
  build(settings: S, c: ChannelDetail, part: (name: string) => string): readonly Payload[]
  /** Judged once the right profile is on the device: what it demands may still not be so. */
  holds?(settings: S, facts: Readonly<JsonObject>): Verdict | undefined
}
export type Payload = ProfileContent['payloads'][number]

export function profileFeature<S>(d: FeatureDescriptor<S>, o: ProfileRowOptions<S>): ProfileFeature {
  return { descriptor: d as FeatureDescriptor, row: profileRow(d, o) }
}

function profileRow<S>(d: FeatureDescriptor<S>, o: ProfileRowOptions<S>): FeatureRow {
  const to: FeatureRow['to'] = (settings, c, secrets): Json => {
    const uuid = uuidFor(d, settings)
    const all = { ...readSettings(d, settings), ...secrets }
    const payloads = o.build(all as S, c, (name) => uuidOf(uuid, name))
    return { feature: d.id, uuid, title: d.title, payloads: payloads as readonly JsonObject[] as Json }
  }
  const sample = { facts: {} } as ChannelDetail
  return {
    channel: 'device',
    ...(d.secret ? { needs: d.secret } : {}),
    when: (c) => available(o.to, c),
    examples: d.examples.map((e) => {
      const settings = withoutSecrets(d, e as JsonObject)
      const secrets = Object.fromEntries((d.secret ?? []).map((name) => [name, `secret:${name}`]))
      return { in: settings, wire: to(settings, sample, secrets), replies: replies }
    }),
    to,
    from: (reply): Outcome => replyOutcome(reply, () => ({})),
    // What is installed is told by this report alone: what was kept is from before the last change. The rest comes piece by piece.
    check(settings, reported, known): Verdict {
      const found = checkInstalled(d.id, uuidFor(d, settings), reported)
      if (found.state !== 'verified') return found
      return o.holds?.(readSettings(d, settings) as S, { ...known, ...reported }) ?? found
    },
  }
}

const replies: FeatureRow['examples'][number]['replies'] = [
  { reply: { Status: 'Acknowledged' }, outcome: { state: 'completed', result: {} } },
  {
    reply: {
      Status: 'Error',
      ErrorChain: [{ ErrorDomain: 'MCInstallationErrorDomain', ErrorCode: 4001, USEnglishDescription: 'Refused.' }],
    },
    outcome: { state: 'failed', reason: { code: 'device-error', text: 'MCInstallationErrorDomain 4001: Refused.' } },
  },
]

/** With the defaults. What a variable's value made unfit goes to the device as it is: the device says what is wrong with it. */
function readSettings<S>(d: FeatureDescriptor<S>, settings: JsonObject): JsonObject {
  const read = d.settings.safeParse(settings)
  return read.success ? (read.data as JsonObject) : settings
}

/**
 * Of the settings with the device's own values in, without secrets: checking is not given any. A secret that was changed is delivered
 * anew by the core; that the device has the new one is known by its answer alone.
 */
function uuidFor<S>(d: FeatureDescriptor<S>, settings: JsonObject): string {
  return settingsUuid(d.id, withoutSecrets(d, settings))
}

function withoutSecrets<S>(d: FeatureDescriptor<S>, settings: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(settings).filter(([key]) => !d.secret?.includes(key)))
}

/** The UUID says which version of the settings is installed; the identifier ends with the feature's id. */
function checkInstalled(feature: string, uuid: string, reported: Readonly<JsonObject>): Verdict {
  const listed = reported[profilesFact]
  if (!Array.isArray(listed))
    return {
      state: 'unknown',
      reason: { code: 'no-report', text: 'The device has not told yet which profiles it has.' },
    }
  const installed = listed.flatMap((p) => {
    const { identifier, uuid: has } = typeof p === 'object' && p !== null && !Array.isArray(p) ? p : {}
    return typeof identifier === 'string' && typeof has === 'string' ? [{ identifier, uuid: has.toUpperCase() }] : []
  })
  if (installed.some((p) => p.uuid === uuid)) return { state: 'verified' }
  const other = installed.find((p) => p.identifier.endsWith(`.${feature}`))
  if (!other)
    return { state: 'drifted', reason: { code: 'profile-missing', text: 'The profile is not on the device.' } }
  return {
    state: 'drifted',
    reason: { code: 'profile-other', text: 'Another version of the profile is on the device.' },
    evidence: { uuid: other.uuid },
  }
}
