/** Which extensions of the system Macs load, and which helpers start by themselves. */
import { feature, type Json, type JsonObject } from '@muster/contract'
import { line, lineOr, no, yes } from '@muster/kit/words'
import { z } from 'zod'
import type { Availability } from './availability.ts'
import { field, list, objectOf, written } from './fields.ts'
import { profileFeature } from './row.ts'
import { app, many, team } from './words.ts'

const macs = (version: string): Availability => ({ macOS: { version, personal: false } })
const ofTeam = z.strictObject({
  team: team.meta({ title: 'Team', description: 'Ten capital letters and digits' }),
  bundles: z.array(app).min(1).max(100).meta({ title: 'Bundle identifiers' }),
})
type OfTeam = z.output<typeof ofTeam>
/** A dictionary by team; of several entries for one team all bundles count. */
function byTeam(all: readonly OfTeam[]): Json {
  const found: Record<string, string[]> = {}
  for (const { team: id, bundles } of all) found[id] = [...new Set([...(found[id] ?? []), ...bundles])]
  return found
}
const perTeam = (title: string) => z.array(ofTeam).max(100).optional().meta({ title })

const kinds = {
  driver: 'DriverExtension',
  network: 'NetworkExtension',
  'endpoint-security': 'EndpointSecurityExtension',
} as const
const system = {
  userChoice: field('AllowUserOverrides', yes('Users may allow others')),
  teams: field('AllowedTeamIdentifiers', many('All of these teams', team, 100)),
  allowed: field('AllowedSystemExtensions', perTeam('These extensions'), byTeam),
  kinds: field(
    'AllowedSystemExtensionTypes',
    z
      .array(
        z.strictObject({
          team: team.meta({ title: 'Team' }),
          kinds: z
            .array(z.enum(['driver', 'network', 'endpoint-security']))
            .min(1)
            .max(3)
            .meta({ title: 'Kinds' }),
        }),
      )
      .max(100)
      .optional()
      .meta({ title: 'Kinds that a team’s extensions may be of' }),
    (v): Json => Object.fromEntries(v.map((x) => [x.team, x.kinds.map((k) => kinds[k])])),
  ),
  removable: field('RemovableSystemExtensions', perTeam('Extensions that may remove themselves (macOS 12)'), byTeam),
  fixed: field('NonRemovableSystemExtensions', perTeam('Extensions that nobody may remove (macOS 15)'), byTeam),
  fixedForUsers: field(
    'NonRemovableFromUISystemExtensions',
    perTeam('Extensions that users may not remove (macOS 15)'),
    byTeam,
  ),
}
const oneTeam = [{ team: 'ABCDE12345', bundles: ['com.example.driver'] }]
export const systemExtensions = profileFeature(
  feature({
    id: 'apple.systemExtensions',
    title: { en: 'System extensions', de: 'Systemerweiterungen' },
    summary: {
      en: 'Drivers, network and security extensions that Macs load without asking.',
      de: 'Treiber-, Netzwerk- und Sicherheitserweiterungen, die Macs ohne Rückfrage laden.',
    },
    settings: () => objectOf(system),
    merge: { rule: 'union', lists: ['teams', 'allowed', 'kinds', 'removable', 'fixed', 'fixedForUsers'] },
    examples: [
      {
        userChoice: false,
        teams: ['ABCDE12345'],
        allowed: oneTeam,
        kinds: [{ team: 'ABCDE12345', kinds: ['driver', 'network'] }],
        removable: oneTeam,
        fixed: oneTeam,
        fixedForUsers: oneTeam,
      },
    ],
  }),
  {
    to: macs('10.15'),
    build: (s) => [{ PayloadType: 'com.apple.system-extension-policy', ...written(system, s as JsonObject) }],
  },
)

const kernel = {
  userChoice: field('AllowUserOverrides', no('Users may allow others')),
  standardUsers: field('AllowNonAdminUserApprovals', no('Users who are no administrators too (macOS 11)')),
  teams: field('AllowedTeamIdentifiers', many('All of these teams', team, 100)),
  allowed: field('AllowedKernelExtensions', perTeam('These extensions'), byTeam),
}
export const kernelExtensions = profileFeature(
  feature({
    id: 'apple.kernelExtensions',
    title: { en: 'Kernel extensions', de: 'Kernel-Erweiterungen' },
    summary: { en: 'Kernel extensions that Macs may load.', de: 'Kernel-Erweiterungen, die Macs laden dürfen.' },
    settings: () => objectOf(kernel),
    merge: { rule: 'union', lists: ['teams', 'allowed'] },
    examples: [{ userChoice: false, standardUsers: true, teams: ['ABCDE12345'], allowed: oneTeam }],
  }),
  {
    to: macs('10.13.2'),
    build: (s) => [{ PayloadType: 'com.apple.syspolicy.kernel-extension-policy', ...written(kernel, s as JsonObject) }],
  },
)

const point = line('Extension point', 'Such as com.apple.share-services', 255)
const appExtensionFields = {
  allowed: field('AllowedExtensions', many('Only these', line('Extension', undefined, 255), 500)),
  denied: field('DeniedExtensions', many('Not these', line('Extension', undefined, 255), 500)),
  deniedPoints: field('DeniedExtensionPoints', many('None of these kinds', point, 200)),
}
export const appExtensions = profileFeature(
  feature({
    id: 'apple.appExtensions',
    title: { en: 'App extensions', de: 'App-Erweiterungen' },
    summary: {
      en: 'Extensions that apps bring to other apps of Macs.',
      de: 'Erweiterungen, die Apps anderen Apps auf Macs bringen.',
    },
    settings: () => objectOf(appExtensionFields),
    merge: { rule: 'union', lists: ['allowed', 'denied', 'deniedPoints'] },
    examples: [
      {
        allowed: ['com.example.app.share'],
        denied: ['com.example.game.share'],
        deniedPoints: ['com.apple.share-services'],
      },
    ],
  }),
  {
    to: macs('10.13'),
    build: (s) => [{ PayloadType: 'com.apple.NSExtension', ...written(appExtensionFields, s as JsonObject) }],
  },
)

const rules = {
  bundle: 'BundleIdentifier',
  'bundle-prefix': 'BundleIdentifierPrefix',
  label: 'Label',
  'label-prefix': 'LabelPrefix',
  team: 'TeamIdentifier',
} as const
const helperFields = {
  rules: list('Rules', 'Helpers', 200, {
    by: field(
      'RuleType',
      z.enum(['bundle', 'bundle-prefix', 'label', 'label-prefix', 'team']).default('team').meta({ title: 'Known by' }),
      (v) => rules[v],
    ),
    value: field('RuleValue', line('Value', undefined, 255)),
    team: field('TeamIdentifier', team.optional().meta({ title: 'And of this team' })),
    comment: field('Comment', lineOr('Comment')),
  }),
}
export const loginItems = profileFeature(
  feature({
    id: 'apple.loginItems',
    title: { en: 'Helpers that start by themselves', de: 'Helfer, die von selbst starten' },
    summary: {
      en: 'Login items and background helpers of Macs that users cannot turn off.',
      de: 'Anmeldeobjekte und Hintergrundhelfer von Macs, die Benutzer nicht ausschalten können.',
    },
    settings: () => objectOf(helperFields),
    merge: { rule: 'union', lists: ['rules'] },
    examples: [{ rules: [{ by: 'label-prefix', value: 'com.example.', team: 'ABCDE12345', comment: 'Our helpers' }] }],
  }),
  {
    to: macs('13.0'),
    build: (s) => [{ PayloadType: 'com.apple.servicemanagement', ...written(helperFields, s as JsonObject) }],
  },
)
