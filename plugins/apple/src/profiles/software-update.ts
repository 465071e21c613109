/** Updates of the system: whether they come by themselves, and how long they are held back. */
import { feature, type JsonObject } from '@muster/contract'
import { systemOf } from './availability.ts'
import { field, group, objectOf, written } from './fields.ts'
import { profileFeature } from './row.ts'
import { maybe, whole } from './words.ts'

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
const fields = {
  delay: group('', 'Hold back', delays),
  responses: group('', 'Rapid security responses', responses),
  mac: group('', 'By themselves, on Macs', mac),
}

export const softwareUpdate = profileFeature(
  feature({
    id: 'apple.softwareUpdate',
    title: 'Software update',
    summary: 'Whether updates of the system come by themselves, and for how long they are held back.',
    settings: objectOf(fields).refine(
      (s) => Object.keys(written(fields, s as JsonObject)).length > 0,
      'set at least one',
    ),
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
      },
    ],
  }),
  {
    to: { iOS: { version: '11.3' }, macOS: {}, tvOS: { version: '12.2' } },
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
    holds: (_, facts) =>
      systemOf(facts) !== 'macOS' && facts['apple.supervised'] === false
        ? { state: 'failed', reason: { code: 'not-supervised', text: 'Only supervised devices hold updates back.' } }
        : undefined,
  },
)
