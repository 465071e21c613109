/** Judges updates and packages. */
import type { JsonObject, linuxAutomaticUpdates, linuxPackages, Verdict } from '@muster/contract'
import { asList, asObject, differing, drifted, failed, verified } from './verdicts.ts'

type Updates = ReturnType<typeof linuxAutomaticUpdates.settings.parse>
type Packages = ReturnType<typeof linuxPackages.settings.parse>

/** `evidence`: { values: { enabled, scope, reboot, rebootTime, removeUnused }, installed }. When off, only that counts. */
export function checkAutomaticUpdates(settings: Updates, evidence: Readonly<JsonObject>): Verdict {
  const { enabled, scope, reboot, rebootTime, removeUnused } = settings
  const demanded: JsonObject = enabled
    ? { enabled, scope, reboot, removeUnused, ...(reboot ? { rebootTime } : {}) }
    : { enabled }
  const wrong = differing(demanded, asObject(evidence.values))
  const names = Object.keys(wrong)
  if (names.length > 0) return drifted('updates-differ', `In force is something else: ${names.join(', ')}.`, wrong)
  if (!enabled || evidence.installed !== false) return verified
  return failed(
    'unattended-upgrades-missing',
    'It is configured, but the package unattended-upgrades, which does the work, is not installed. Require it by a policy or install it.',
    { missing: ['unattended-upgrades'] },
  )
}

/** `evidence`: { installed: names of packages }. */
export function checkPackages(settings: Packages, evidence: Readonly<JsonObject>): Verdict {
  if (!Array.isArray(evidence.installed))
    return drifted('packages-unknown', 'The device does not tell its packages.', {})
  const installed = new Set(asList(evidence.installed))
  // dpkg's database names packages without their architecture.
  const isThere = (name: string) => installed.has(name.split(':', 1)[0] ?? '')
  const missing = settings.required.filter((name) => !isThere(name))
  const unwanted = settings.forbidden.filter(isThere)
  if (missing.length + unwanted.length === 0) return verified
  const parts = [
    ...(missing.length > 0 ? [`not installed: ${missing.join(', ')}`] : []),
    ...(unwanted.length > 0 ? [`installed though forbidden: ${unwanted.join(', ')}`] : []),
  ]
  return drifted('packages-differ', `Packages are ${parts.join('; ')}.`, { missing, unwanted })
}
