/**
 * Per-device variables in settings: `{{name}}` within any string, filled in when a setting is delivered, never in a shared set.
 * The core fills them in for platforms that take settings one by one; one that takes whole documents does so itself.
 */
import type { Json, JsonObject } from './json.ts'

const place = /\{\{\s*([A-Za-z][\w.-]{0,63})\s*\}\}/g

/** The names that settings use, sorted. */
export function variablesOf(settings: Json): string[] {
  const names = new Set<string>()
  walk(settings, (text) => {
    for (const found of text.matchAll(place)) if (found[1]) names.add(found[1])
    return text
  })
  return [...names].sort()
}

/** Settings with every variable filled in, or the names that the device has no value for. */
export function fillVariables(
  settings: JsonObject,
  values: Readonly<Record<string, string>>,
): { settings: JsonObject } | { missing: string[] } {
  const missing = new Set<string>()
  const filled = walk(settings, (text) =>
    text.replace(place, (_, name: string) => {
      if (Object.hasOwn(values, name)) return values[name] ?? ''
      missing.add(name)
      return ''
    }),
  )
  return missing.size > 0 ? { missing: [...missing].sort() } : { settings: filled as JsonObject }
}

function walk(value: Json, text: (s: string) => string): Json {
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return value.map((v) => walk(v, text))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, walk(v, text)]))
}
