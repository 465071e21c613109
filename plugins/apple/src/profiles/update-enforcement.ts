/** Updates that must be in place at a time: declared where devices enforce it by themselves, ordered by a command on older ones, proven by the version that they report. */
import { feature, type JsonObject, type Verdict } from '@muster/contract'
import { choiceOr } from '@muster/kit/words'
import { z } from 'zod'
import { available, before, systemOf } from './availability.ts'
import { field, objectOf, written } from './fields.ts'
import { knowsNative, onFamilies } from './native.ts'
import { declaredFact, declaredOf, profilesFact } from './proof.ts'
import { profileFeature } from './row.ts'
import { systemsOf } from './systems.ts'
import { webOr } from './words.ts'

const id = 'apple.updateEnforcement'
const type = 'softwareupdate.enforcement.specific'
/** Apple, ScheduleOSUpdate. */
const byCommand = systemsOf('i9.0!x m10.11!x')
const target = {
  version: field(
    'TargetOSVersion',
    z
      .string()
      .regex(/^\d{1,3}(\.\d{1,3}){0,3}$/, 'is no version, such as 18.1')
      .meta({ title: 'Version', description: 'Such as 18.1; later ones are as good' }),
  ),
  build: field(
    'TargetBuildVersion',
    z
      .string()
      .regex(/^[0-9]{2}[A-Z][0-9]{1,5}[a-z]?$/, 'is no build, such as 22B82')
      .optional()
      .meta({ title: 'Build' }),
  ),
  deadline: field(
    'TargetLocalDateTime',
    z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/, 'is no time, such as 2026-12-01T18:00:00')
      .refine((t) => !Number.isNaN(Date.parse(`${t}Z`)), 'is no time that there is')
      .meta({ title: 'At the latest', description: 'By the clock of the device: 2026-12-01T18:00:00' }),
  ),
  details: field('DetailsURL', webOr('Page that tells users more')),
}
const older = choiceOr(
  'Devices that do not enforce it themselves',
  ['install', 'download', 'notify', 'later', 'force-restart'],
  'install',
  'What they are ordered to do: before iOS 17 and macOS 14',
)
const actions = {
  install: 'InstallASAP',
  download: 'DownloadOnly',
  notify: 'NotifyOnly',
  later: 'InstallLater',
  'force-restart': 'InstallForceRestart',
} as const
const settings = z
  .strictObject({
    mobile: objectOf(target).optional().meta({ title: 'iPhones and iPads' }),
    mac: objectOf(target).optional().meta({ title: 'Macs' }),
    older,
  })
  .refine((s) => s.mobile !== undefined || s.mac !== undefined, 'name a version for iPhones and iPads or for Macs')
type Settings = z.output<typeof settings>
const targetFor = (s: Settings, facts: Readonly<JsonObject>) => (systemOf(facts) === 'macOS' ? s.mac : s.mobile)

export const updateEnforcement = profileFeature(
  feature({
    id,
    title: { en: 'Software update at a deadline', de: 'Softwareupdate mit Frist' },
    summary: {
      en: 'The version that devices must have at a time: they say so to their users, and install it by themselves when it comes.',
      de: 'Die Version, die Geräte zu einem Zeitpunkt haben müssen: Sie sagen es ihren Benutzern und installieren sie dann von selbst.',
    },
    settings,
    merge: { rule: 'priority' },
    examples: [
      {
        mobile: {
          version: '18.1',
          build: '22B83',
          deadline: '2026-12-01T18:00:00',
          details: 'https://help.example.com/updates',
        },
        mac: { version: '15.1', deadline: '2026-12-08T12:00:00' },
        older: 'install',
      },
    ],
  }),
  {
    to: { iOS: { version: '9.0', personal: false }, macOS: { version: '10.11', personal: false } },
    when: (c) => (knowsNative(c, type) ? true : available(byCommand, c)),
    build: () => [],
    native: (s, c) => {
      const t = targetFor(s, c.facts)
      if (!t || !knowsNative(c, type)) return undefined
      const predicate = systemOf(c.facts) === 'macOS' ? onFamilies('macOS') : onFamilies('iOS', 'iPadOS')
      return [{ type, payload: written(target, t as JsonObject), predicate }]
    },
    command: (s, c) => {
      const t = targetFor(s, c.facts)
      if (!t || available(byCommand, c) !== true) return undefined
      const Updates = [{ ProductVersion: t.version, InstallAction: actions[s.older] }]
      return { RequestType: 'ScheduleOSUpdate', Updates }
    },
    refused: (s, c) => (targetFor(s, c.facts) ? undefined : 'The policy names no version for this kind of device.'),
    reached: (s, reported, known) => verdictOf(s, reported, known),
    // It is in force, which is not yet that it is done.
    holds: (s, facts) => pending(s, facts),
  },
)

function verdictOf(s: Settings, reported: Readonly<JsonObject>, known: Readonly<JsonObject>): Verdict | undefined {
  const t = targetFor(s, known)
  if (!t) return undefined
  const version = known['os.version']
  if (typeof version !== 'string' || !/^\d/.test(version)) return undefined
  if (!before(version, t.version)) return 'os.version' in reported ? { state: 'verified' } : undefined
  const at = reported['apple.declarationsAt']
  // Nowhere is it more than twelve hours earlier.
  if (typeof at === 'string' && Date.parse(at) > Date.parse(`${t.deadline}Z`) + 12 * 3_600_000)
    return {
      state: 'failed',
      reason: { code: 'update-overdue', text: `${t.version} was due at ${t.deadline}; the device has ${version}.` },
      evidence: { version, ...failureOf(known) },
    }
  // By command there is nothing to list: what is not there yet is ordered again as all that drifted is.
  if (!(profilesFact in reported) || declaredOf(id, known[declaredFact]).length > 0) return undefined
  return {
    state: 'drifted',
    reason: { code: 'update-pending', text: `The device was told to install ${t.version}, and has ${version}.` },
  }
}

function pending(s: Settings, facts: Readonly<JsonObject>): Verdict | undefined {
  const t = targetFor(s, facts)
  const version = facts['os.version']
  if (!t || (typeof version === 'string' && !before(version, t.version))) return undefined
  const { failure } = failureOf(facts)
  const text = `The device has ${String(version ?? 'an unknown version')} and installs ${t.version} by ${t.deadline}.`
  if (failure) return { state: 'failed', reason: { code: 'update-failed', text: `${text} It failed: ${failure}` } }
  return { state: 'unknown', reason: { code: 'update-pending', text } }
}

function failureOf(facts: Readonly<JsonObject>): { failure?: string } {
  const failed = facts['apple.update.failure']
  if (typeof failed !== 'object' || failed === null || Array.isArray(failed)) return {}
  return typeof failed.count === 'number' && failed.count > 0 && facts['apple.update.state'] === 'failed'
    ? { failure: String(failed.reason ?? '').slice(0, 300) || 'no reason told' }
    : {}
}
