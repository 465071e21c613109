/** Updates of the system: whether they come by themselves, and how long they are held back. */
import { feature, type JsonObject } from '@muster/contract'
import { choice, maybe, whole } from '@muster/kit/words'
import type { z } from 'zod'
import { systemOf } from './availability.ts'
import { field, group, objectOf, written } from './fields.ts'
import { knowsNative } from './native.ts'
import { profileFeature } from './row.ts'

const delays = {
  days: field(
    'enforcedSoftwareUpdateDelay',
    whole('Days that updates are held back', 1, 90, 'iOS 11.3 (supervised), macOS 10.13'),
  ),
  majorDays: field('enforcedSoftwareUpdateMajorOSDeferredInstallDelay', whole('Of major versions, on Macs', 1, 90)),
  minorDays: field('enforcedSoftwareUpdateMinorOSDeferredInstallDelay', whole('Of minor versions, on Macs', 1, 90)),
  appDays: field('enforcedSoftwareUpdateNonOSDeferredInstallDelay', whole('Of what is no system, on Macs', 1, 90)),
}
const responses = {
  install: field('allowRapidSecurityResponseInstallation', maybe('Install rapid security responses')),
  remove: field('allowRapidSecurityResponseRemoval', maybe('Users may remove them')),
}
const mac = {
  check: field('AutomaticCheckEnabled', maybe('Look for updates')),
  download: field('AutomaticDownload', maybe('Download them')),
  install: field('AutomaticallyInstallMacOSUpdates', maybe('Install updates of macOS')),
  installApps: field('AutomaticallyInstallAppUpdates', maybe('Install updates of apps')),
  critical: field('CriticalUpdateInstall', maybe('Install critical updates')),
  data: field('ConfigDataInstall', maybe('Install data of protection')),
  previews: field('AllowPreReleaseInstallation', maybe('Previews of coming versions')),
  administrators: field(
    'restrict-software-update-require-admin-to-install',
    maybe('Only administrators install updates'),
  ),
}
const actions = { allowed: 'Allowed', always: 'AlwaysOn', never: 'AlwaysOff' } as const
const will = ['allowed', 'always', 'never'] as const
const cadences = { all: 'All', oldest: 'Oldest', newest: 'Newest' } as const
const newer = {
  notifications: field('Notifications', maybe('All notices of updates that are due', 'Off: only the last ones')),
  cadence: field(
    'RecommendedCadence',
    choice('Which versions users see, where there are several', ['all', 'oldest', 'newest'], 'iPhones and iPads'),
    (v) => cadences[v],
  ),
  download: field(
    'AutomaticActions/Download',
    choice('Download by themselves', will, 'allowed: users decide'),
    (v) => actions[v],
  ),
  install: field('AutomaticActions/InstallOSUpdates', choice('Install by themselves', will), (v) => actions[v]),
  security: field(
    'AutomaticActions/InstallSecurityUpdate',
    choice('Install security updates by themselves, on Macs', will),
    (v) => actions[v],
  ),
  beta: field(
    'Beta/ProgramEnrollment',
    choice('Beta versions', ['allowed', 'never'], 'iPhones and iPads'),
    (v) => actions[v],
  ),
}
const fields = {
  delay: group('', 'Hold back', delays),
  responses: group('', 'Rapid security responses', responses),
  mac: group('', 'By themselves, on Macs', mac),
  newer: group('', 'Since iOS 18 and macOS 15', newer),
}
type Settings = z.output<typeof settings>
const settings = objectOf(fields).refine(
  (s) => Object.keys(written(fields, s as JsonObject)).length > 0,
  'set at least one',
)
const type = 'softwareupdate.settings'
/** What the declaration has no words for. */
const inProfileAlone = ['check', 'installApps', 'data', 'previews'] as const

/** The same by declaration: what is newer in its own words goes before. */
function declared(s: Settings, onMac: boolean): JsonObject {
  const d = s.delay ?? {}
  const deferrals = onMac
    ? {
        MajorPeriodInDays: d.majorDays ?? d.days,
        MinorPeriodInDays: d.minorDays ?? d.days,
        SystemPeriodInDays: d.appDays,
      }
    : { CombinedPeriodInDays: d.days }
  const always = (v: boolean | undefined) => (v === undefined ? undefined : v ? actions.always : actions.never)
  const mine = onMac ? (s.mac ?? {}) : {}
  const own = written(newer, (s.newer ?? {}) as JsonObject)
  const { RecommendedCadence, Beta, ...rest } = own
  const all = {
    Deferrals: present(deferrals),
    RapidSecurityResponse: present({ Enable: s.responses?.install, EnableRollback: s.responses?.remove }),
    AllowStandardUserOSUpdates: mine.administrators === undefined ? undefined : !mine.administrators,
    ...rest,
    ...(!onMac && { RecommendedCadence, Beta }),
    AutomaticActions: present({
      Download: always(mine.download),
      InstallOSUpdates: always(mine.install),
      InstallSecurityUpdate: always(mine.critical),
      ...(onMac ? (rest.AutomaticActions as object) : withoutSecurity(rest.AutomaticActions as JsonObject | undefined)),
    }),
  }
  return present(all) ?? {}
}
const withoutSecurity = ({ InstallSecurityUpdate: _, ...others }: JsonObject = {}): JsonObject => others
/** What is set; undefined when nothing is. */
function present(of: Readonly<Record<string, unknown>>): JsonObject | undefined {
  const found = Object.entries(of).filter(([, v]) => v !== undefined)
  return found.length > 0 ? (Object.fromEntries(found) as JsonObject) : undefined
}

export const softwareUpdate = profileFeature(
  feature({
    id: 'apple.softwareUpdate',
    title: { en: 'Software update', de: 'Softwareupdate' },
    summary: {
      en: 'Whether updates of the system come by themselves, and for how long they are held back.',
      de: 'Ob Systemupdates von selbst kommen und wie lange sie zurückgehalten werden.',
    },
    settings,
    merge: { rule: 'priority' },
    examples: [
      {
        delay: { days: 14, majorDays: 90, minorDays: 7, appDays: 7 },
        responses: { install: true, remove: false },
        mac: {
          check: true,
          download: true,
          install: true,
          installApps: true,
          critical: true,
          data: true,
          previews: false,
          administrators: false,
        },
        newer: {
          notifications: true,
          cadence: 'newest',
          download: 'always',
          install: 'allowed',
          security: 'always',
          beta: 'never',
        },
      },
    ],
  }),
  {
    to: { iOS: { version: '11.3' }, macOS: { personal: false }, tvOS: { version: '12.2' } },
    build: (s, c) => {
      const held = written(delays, (s.delay ?? {}) as JsonObject)
      const system = systemOf(c.facts)
      const onMac = system === undefined || system === 'macOS'
      const access = {
        ...held,
        ...(s.delay?.days !== undefined && { forceDelayedSoftwareUpdates: true }),
        ...(s.delay?.majorDays !== undefined && { forceDelayedMajorSoftwareUpdates: true }),
        ...(s.delay?.appDays !== undefined && { forceDelayedAppSoftwareUpdates: true }),
        ...written(responses, (s.responses ?? {}) as JsonObject),
      }
      return [
        { PayloadType: 'com.apple.applicationaccess', ...access },
        ...(onMac && s.mac ? [{ PayloadType: 'com.apple.SoftwareUpdate', ...written(mac, s.mac as JsonObject) }] : []),
      ]
    },
    native: (s, c) => {
      const onMac = systemOf(c.facts) === 'macOS'
      if (!knowsNative(c, type) || (onMac && inProfileAlone.some((name) => s.mac?.[name] !== undefined)))
        return undefined
      return [{ type, payload: declared(s, onMac) }]
    },
    holds: (_, facts) =>
      systemOf(facts) !== 'macOS' && facts['apple.supervised'] === false
        ? { state: 'failed', reason: { code: 'not-supervised', text: 'Only supervised devices hold updates back.' } }
        : undefined,
  },
)
