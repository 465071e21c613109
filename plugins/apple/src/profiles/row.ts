/** The row of a policy feature that is one configuration profile: what is installed, how the answer reads, and what proves it. */
import type {
  ChannelDetail,
  FeatureDescriptor,
  FeatureRow,
  Json,
  JsonObject,
  Outcome,
  Reason,
  Verdict,
} from '@muster/contract'
import { replyOutcome } from '../wire/index.ts'
import { type ProfileContent, settingsUuid } from './profile.ts'

/** Installed profiles as the facts tell of them. */
export const profilesFact = 'apple.profiles'
interface Installed {
  identifier: string
  uuid: string
}

export interface ProfileRowOptions {
  channel?: 'device' | 'user'
  needs?: readonly string[]
  when?(c: ChannelDetail): true | Reason
  secrets?: boolean
}

/** `build` gets the settings parsed by the descriptor, and the secrets that the row needs. */
export function profileRow<S>(
  d: FeatureDescriptor<S>,
  build: (settings: S, c: ChannelDetail, secrets: Readonly<Record<string, string>>) => ProfileContent,
  o: ProfileRowOptions = {},
): FeatureRow {
  const to: FeatureRow['to'] = (settings, c, secrets) => {
    const content = build(d.settings.parse(settings), c, secrets)
    return {
      feature: d.id,
      uuid: settingsUuid(d.id, settings),
      title: content.title,
      payloads: content.payloads as readonly JsonObject[] as Json,
    }
  }
  return {
    channel: o.channel ?? 'device',
    needs: o.needs,
    when: o.when,
    examples: [],
    to,
    from: (reply): Outcome => replyOutcome(reply, () => ({})),
    check: (settings, reported): Verdict => checkInstalled(d.id, settings, reported),
  }
}

/** The identifier ends with the feature's id, the UUID says which version of its settings is installed. */
export function checkInstalled(feature: string, settings: JsonObject, reported: Readonly<JsonObject>): Verdict {
  const listed = reported[profilesFact]
  if (!Array.isArray(listed))
    return {
      state: 'unknown',
      reason: { code: 'no-report', text: 'The device has not told yet which profiles it has.' },
    }
  const mine = (listed as unknown as Installed[]).find((p) => p.identifier.endsWith(`.${feature}`))
  if (!mine)
    return { state: 'drifted', reason: { code: 'profile-missing', text: 'The profile is not on the device any more.' } }
  if (mine.uuid.toUpperCase() === settingsUuid(feature, settings)) return { state: 'verified' }
  return {
    state: 'drifted',
    reason: { code: 'profile-other', text: 'Another version of the profile is on the device.' },
    evidence: { uuid: mine.uuid },
  }
}
