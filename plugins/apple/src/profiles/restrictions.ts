/** Restrictions: what devices are forbidden or made to do. What is not set stays as it is on the device. */
import { feature, type Json, type JsonObject, type Verdict } from '@muster/contract'
import { maybe } from '@muster/kit/words'
import { z } from 'zod'
import { type Availability, before, systemOf } from './availability.ts'
import { field, group, looseType, objectOf, written } from './fields.ts'
import { type Restriction, restrictionGroups } from './restrictions-table.ts'
import { profileFeature } from './row.ts'
import { systemsOf } from './systems.ts'
import { app, many } from './words.ts'

const everywhere: Availability = { iOS: {}, macOS: {}, tvOS: {}, visionOS: {}, watchOS: {} }

function hintOf(systems: Availability): string {
  return Object.entries(systems)
    .map(([name, s]) => `${name}${s?.version ? ` ${s.version}` : ''}${s?.supervised ? ' (supervised)' : ''}`)
    .join(', ')
}

function typeOf([title, systems, more]: Restriction): z.ZodType {
  const meta = { title, description: hintOf(systemsOf(systems)) }
  if (!more) return z.boolean().optional().meta(meta)
  const [first, second] = more
  return typeof first === 'number' && typeof second === 'number'
    ? z.number().int().min(first).max(second).optional().meta(meta)
    : z
        .enum(more as readonly [string, ...string[]])
        .optional()
        .meta(meta)
}

const groups = Object.fromEntries(
  Object.entries(restrictionGroups).map(([name, g]) => [
    name,
    group(
      '',
      g.title,
      Object.fromEntries(Object.entries(g.keys).map(([key, entry]) => [key, field(key, typeOf(entry))])),
    ),
  ]),
)
const cookies = { never: 0, 'current-site': 1, 'visited-sites': 1.5, always: 2 } as const
const lists = {
  allowedApps: field(
    'allowListedAppBundleIDs',
    many('Only these apps', app, 500, 'Supervised devices; others are hidden'),
  ),
  blockedApps: field('blockedAppBundleIDs', many('Apps that are hidden', app, 500, 'Supervised devices')),
  singleAppModeApps: field(
    'autonomousSingleAppModePermittedAppIDs',
    many('Apps that may lock the device to themselves', app, 100, 'Supervised iPhones and iPads'),
  ),
  onlyPolicyWifi: field(
    'forceWiFiToAllowedNetworksOnly',
    maybe('Only Wi-Fi networks of policies', 'Supervised devices. Without such a network they go offline.'),
  ),
  cookies: field(
    'safariAcceptCookies',
    z
      .enum(['never', 'current-site', 'visited-sites', 'always'])
      .optional()
      .meta({ title: 'Cookies that Safari accepts', description: 'iPhones and iPads' }),
    (v): Json => ({ $real: cookies[v] }),
  ),
}
/** Of the lists, under Apple's key. */
const listSystems: Readonly<Record<string, string>> = {
  allowListedAppBundleIDs: 'i! t!',
  blockedAppBundleIDs: 'i! t!',
  autonomousSingleAppModePermittedAppIDs: 'i!',
  forceWiFiToAllowedNetworksOnly: 'i! v!',
  safariAcceptCookies: 'i',
}
/** Names that systems before this version know. */
const former: readonly (readonly [key: string, before: string, older: string])[] = [
  ['allowListedAppBundleIDs', '15.0', 'whitelistedAppBundleIDs'],
  ['blockedAppBundleIDs', '15.0', 'blacklistedAppBundleIDs'],
  ['forceWiFiToAllowedNetworksOnly', '14.5', 'forceWiFiWhitelisting'],
]
const fields = { ...groups, ...lists }

const systems = new Map<string, { title: string; to: Availability }>([
  ...Object.values(restrictionGroups).flatMap((g) =>
    Object.entries(g.keys).map(([key, [title, to]]) => [key, { title, to: systemsOf(to) }] as const),
  ),
  ...Object.values(lists).map(
    (f) => [f.key, { title: f.type.meta()?.title ?? f.key, to: systemsOf(listSystems[f.key] ?? 'i') }] as const,
  ),
])

export const restrictions = profileFeature(
  feature({
    id: 'apple.restrictions',
    title: { en: 'Restrictions', de: 'Einschränkungen' },
    summary: {
      en: 'What devices may not do, or must do. Each restriction says which systems know it; others pass over it. What is not set stays as it is.',
      de: 'Was Geräte nicht dürfen oder müssen. Jede Einschränkung nennt die Systeme, die sie kennen; andere übergehen sie. Was nicht gesetzt ist, bleibt, wie es ist.',
    },
    settings: () =>
      looseType(
        objectOf(fields).refine((s) => Object.keys(written(fields, s as JsonObject)).length > 0, 'set at least one'),
      ),
    merge: { rule: 'priority' },
    examples: [
      {
        device: { allowCamera: false, allowScreenShot: false, allowAirDrop: false },
        apps: { allowAppInstallation: false, allowSafari: true },
        cloud: { allowCloudBackup: false },
        safari: { safariForceFraudWarning: true },
        security: { enforcedFingerprintTimeout: 86_400 },
        content: { ratingRegion: 'de', ratingApps: 600 },
        blockedApps: ['com.example.game'],
        cookies: 'visited-sites',
      },
    ],
  }),
  {
    to: everywhere,
    build: (settings, c) => {
      const keys = written(fields, settings)
      if (systemOf(c.facts) === 'iOS' || systemOf(c.facts) === 'tvOS')
        for (const [key, version, older] of former)
          if (key in keys && before(c.facts['os.version'], version)) {
            keys[older] = keys[key] as Json
            delete keys[key]
          }
      return [{ PayloadType: 'com.apple.applicationaccess', ...keys }]
    },
    holds: (settings, facts) => obeyed(written(fields, settings), facts),
  },
)

/** A device passes over what it does not know: what does not concern it is no violation, but what it would obey if it were supervised is. */
function obeyed(keys: Readonly<JsonObject>, facts: Readonly<JsonObject>): Verdict | undefined {
  const system = systemOf(facts)
  if (!system) return undefined
  const set = Object.keys(keys).flatMap((key) => systems.get(key) ?? [])
  const known = set.filter((r) => r.to[system] && !before(facts['os.version'], r.to[system]?.version ?? '0'))
  if (known.length === 0)
    return {
      state: 'not-applicable',
      reason: { code: 'other-system', text: 'This device’s system knows none of these restrictions.' },
    }
  const deaf = facts['apple.supervised'] === false ? known.filter((r) => r.to[system]?.supervised) : []
  if (deaf.length === 0) return undefined
  return {
    state: 'failed',
    reason: {
      code: 'not-supervised',
      text: `Only supervised devices obey: ${deaf.map((r) => r.title).join(', ')}.`.slice(0, 500),
    },
    evidence: { passedOver: deaf.map((r) => r.title) },
  }
}
