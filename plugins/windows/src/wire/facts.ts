/** Names of facts that rows decide by, and how they are read: which configuration service providers a device has, and its build. */
import type { Json, JsonObject } from '@muster/contract'

/** `{ "BitLocker": "5.0" }`: version of each CSP by its name, as DeviceManageability tells. */
export const cspFact = 'windows.csp'
/** "10.0.22631.4317", of which the third number is the build. */
export const versionFact = 'os.version'
/** "Enterprise", "Pro"; the number of the SKU where it has no name here. */
export const editionFact = 'windows.edition'
/** When the last whole inventory came in (ISO 8601). */
export const inventoryFact = 'windows.inventoryAt'

type Facts = Readonly<Record<string, Json>>

function cspsOf(facts: Facts): JsonObject | undefined {
  const all = facts[cspFact]
  return typeof all === 'object' && all !== null && !Array.isArray(all) ? all : undefined
}

/** undefined: the device has it not, or has not told yet. */
export function cspVersion(facts: Facts, name: string): string | undefined {
  const all = cspsOf(facts)
  const version = all && Object.hasOwn(all, name) ? all[name] : undefined
  return typeof version === 'string' ? version : undefined
}

/** undefined: the device has not told yet. */
export function hasCsp(facts: Facts, name: string): boolean | undefined {
  return cspsOf(facts) && cspVersion(facts, name) !== undefined
}

/** 22631; undefined: not told. */
export function buildOf(facts: Facts): number | undefined {
  const version = facts[versionFact]
  const build = typeof version === 'string' ? /^\d+\.\d+\.(\d{1,6})/.exec(version)?.[1] : undefined
  return build === undefined ? undefined : Number(build)
}
