/** A policy feature as a part of the policy document at Google, and what a device's report says of it. */
import type {
  ChannelDetail,
  FeatureDescriptor,
  FeatureRow,
  Json,
  JsonObject,
  Reason,
  Secrets,
  Verdict,
} from '@muster/contract'
import { objectOf, objectsOf } from './json.ts'

export interface PartOptions<S> {
  /** What it adds to the document, in the words of Google's resource Policy. Secrets may be missing, when only the fields count. */
  part(settings: S, c: Pick<ChannelDetail, 'variables'>, secrets: Secrets): JsonObject
  when?(c: ChannelDetail): true | Reason
  /** Of the settings, those that Google has no word for: the rest is applied, and these are told of. */
  beyond?(settings: S): readonly string[]
  /** What the descriptor's examples add, in their order. */
  wires: readonly JsonObject[]
}

/** The fact in which a device's last report on its policy is kept: `{ current, details }`, the details as Google's NonComplianceDetail. */
export const complianceFact = 'google.compliance'

export function documentRow<S>(d: FeatureDescriptor<S>, o: PartOptions<S>): FeatureRow {
  return {
    channel: 'device',
    when: o.when,
    ...(d.secret ? { needs: d.secret } : {}),
    examples: d.examples.map((e, i) => ({ in: e as JsonObject, wire: o.wires[i] ?? {} })),
    to: (settings, c, secrets) => o.part(settings as S, c, secrets),
    check: (settings, reported) => check(settings as S, reported[complianceFact], o),
  }
}

/** Silence about a field is agreement, once the device has reported on this version of the document. */
function check<S>(settings: S, report: Json | undefined, o: PartOptions<S>): Verdict {
  const said = objectOf(report)
  if (!said) return unknown('no-evidence', 'The device has not reported on its policy.')
  if (said.current !== true) return unknown('not-applied-yet', 'The device has not reported on this policy yet.')
  const part = o.part(settings, { variables: {} }, {})
  const judged = objectsOf(said.details)
    .filter((detail) => concerns(detail, part))
    .map(judge)
  const worst = judged.toSorted((a, b) => gravity.indexOf(a.state) - gravity.indexOf(b.state))[0]
  return worst ?? beyond(o.beyond?.(settings) ?? [], Object.keys(part).length > 0)
}
function beyond(names: readonly string[], rest: boolean): Verdict {
  if (names.length === 0) return { state: 'verified' }
  const text = `${rest ? 'The rest is applied, but ' : ''}Google’s API has no setting for: ${names.join(', ')}.`
  return { state: 'not-applicable', reason: { code: 'google-cannot', text } }
}

/** Whether a report is about what these settings put into the document: by its path, and of apps by their package. */
function concerns(detail: JsonObject, part: JsonObject): boolean {
  const name = String(detail.settingName)
  if (!Object.hasOwn(part, name)) return false
  if (typeof detail.packageName === 'string' && detail.packageName !== '' && name === 'applications')
    return objectsOf(part.applications).some((app) => app.packageName === detail.packageName)
  const path = typeof detail.fieldPath === 'string' ? detail.fieldPath : ''
  const steps = path
    .replaceAll(/\[\d+\]/g, '')
    .split('.')
    .filter(Boolean)
  return steps[0] === name ? reaches(part, steps) : true
}
function reaches(value: Json | undefined, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined) return true
  const all = Array.isArray(value) ? objectsOf(value) : [objectOf(value)]
  return all.some((v) => v !== undefined && Object.hasOwn(v, first) && reaches(v[first], rest))
}
const gravity: readonly Verdict['state'][] = ['failed', 'drifted', 'unknown', 'not-applicable', 'verified']

/** Of Google's reasons: what cannot be had here, what is still to come, what its user must do, and what is wrong. */
const reasons: Readonly<Record<string, { state: Exclude<Verdict['state'], 'verified'>; text: string }>> = {
  API_LEVEL: { state: 'not-applicable', text: 'The Android version of the device does not know it' },
  MANAGEMENT_MODE: { state: 'not-applicable', text: 'It is not possible in the way this device is managed' },
  UNSUPPORTED: { state: 'not-applicable', text: 'The device does not support it' },
  DEVICE_INCOMPATIBLE: { state: 'not-applicable', text: 'The device cannot do it' },
  PENDING: { state: 'unknown', text: 'It has not been applied yet' },
  USER_ACTION: { state: 'drifted', text: 'The user of the device must do something' },
  APP_NOT_INSTALLED: { state: 'drifted', text: 'The app is not installed' },
  APP_INSTALLED: { state: 'drifted', text: 'The app is installed and must not be' },
  APP_NOT_UPDATED: { state: 'drifted', text: 'The app is older than demanded' },
  APP_INCOMPATIBLE: { state: 'failed', text: 'The app does not work with it' },
  APP_SIGNING_CERT_MISMATCH: { state: 'failed', text: 'The app is signed by somebody else' },
  INVALID_VALUE: { state: 'failed', text: 'The device takes the value for invalid' },
  PROJECT_NOT_PERMITTED: { state: 'failed', text: 'Google does not permit it to this project' },
}

function judge(detail: JsonObject): Verdict {
  const known = reasons[String(detail.nonComplianceReason)]
  const code = wordOf(detail.nonComplianceReason)
  const state = known?.state ?? 'drifted'
  return { state, reason: { code, text: `${known?.text ?? 'Google says'}: ${placeOf(detail)}.` }, evidence: detail }
}

function placeOf(detail: JsonObject): string {
  const parts = [detail.fieldPath ?? detail.settingName, detail.packageName, detail.installationFailureReason]
  const specific = detail.specificNonComplianceReason
  return [...parts, specific]
    .filter((p) => typeof p === 'string' && p !== '')
    .join(', ')
    .slice(0, 300)
}

/** As reasons are written: `user-action`. */
function wordOf(value: Json | undefined): string {
  const word = typeof value === 'string' ? value.toLowerCase().replaceAll('_', '-') : ''
  return /^[a-z][a-z0-9-]{0,60}$/.test(word) ? word : 'not-compliant'
}

function unknown(code: string, text: string): Verdict {
  return { state: 'unknown', reason: { code, text } }
}
