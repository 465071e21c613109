/** Parts of a policy document put together: lists one after the other, objects member by member, apps by their package; of two words for one setting the stricter. */
import { canonical, type Json, type JsonObject } from '@muster/contract'
import { objectOf, objectsOf } from './json.ts'

/** Words of one setting, the stricter behind. */
const ladders: readonly (readonly string[])[] = [
  ['DISALLOW_ADD_WIFI_CONFIG', 'DISALLOW_CONFIGURING_WIFI'],
  ['DISALLOW_WIFI_TETHERING', 'DISALLOW_ALL_TETHERING'],
  ['DISALLOW_USB_FILE_TRANSFER', 'DISALLOW_USB_DATA_TRANSFER'],
  ['CAMERA_ACCESS_ENFORCED', 'CAMERA_ACCESS_DISABLED'],
  ['MICROPHONE_ACCESS_ENFORCED', 'MICROPHONE_ACCESS_DISABLED'],
  ['AUTO_DATE_AND_TIME_ZONE_USER_CHOICE', 'AUTO_DATE_AND_TIME_ZONE_ENFORCED'],
  ['AVAILABLE', 'FORCE_INSTALLED', 'KIOSK', 'BLOCKED'],
]

export function joined(parts: readonly JsonObject[]): JsonObject {
  const all = parts.reduce<JsonObject>((sum, part) => merge(sum, part) as JsonObject, {})
  const { applications } = all
  return Array.isArray(applications) ? { ...all, applications: byPackage(applications) } : all
}

function merge(a: Json | undefined, b: Json): Json {
  if (a === undefined) return b
  if (Array.isArray(a) && Array.isArray(b)) {
    // Two features may bring the same, as the certificate of one authority.
    const there = new Set(a.map(canonical))
    return [...a, ...b.filter((item) => !there.has(canonical(item)))]
  }
  const [x, y] = [objectOf(a), objectOf(b)]
  if (!x || !y) return stricter(a, b)
  return { ...x, ...Object.fromEntries(Object.entries(y).map(([k, v]) => [k, merge(x[k], v)])) }
}

/** Of values that no ladder knows the first stands. */
function stricter(a: Json, b: Json): Json {
  const ladder = ladders.find((l) => l.includes(String(a)) && l.includes(String(b)))
  return ladder && ladder.indexOf(String(b)) > ladder.indexOf(String(a)) ? b : a
}

function byPackage(applications: Json[]): Json[] {
  const found = new Map<string, JsonObject>()
  for (const app of objectsOf(applications)) {
    const name = String(app.packageName)
    found.set(name, merge(found.get(name), app) as JsonObject)
  }
  return [...found.values()]
}
