/** Words of judging that every check uses. Pure. */
import { canonical, type Json, type JsonObject, type Verdict } from '@muster/contract'

export const verified: Verdict = { state: 'verified' }

export function drifted(code: string, text: string, evidence: Json): Verdict {
  return { state: 'drifted', reason: { code, text }, evidence }
}
export function failed(code: string, text: string, evidence: Json): Verdict {
  return { state: 'failed', reason: { code, text }, evidence }
}

/** Settings whose value in force is another: what was demanded and what was found. */
export function differing(demanded: Readonly<JsonObject>, found: Readonly<JsonObject>): JsonObject {
  const wrong = Object.entries(demanded).filter(([name, value]) => value !== undefined && !same(value, found[name]))
  return Object.fromEntries(wrong.map(([name, value]) => [name, { demanded: value, found: found[name] ?? null }]))
}

/** Whatever the order of members: a database keeps its own. */
export function same(a: Json | undefined, b: Json | undefined): boolean {
  return canonical(a ?? null) === canonical(b ?? null)
}
export function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
export function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}
export function asText(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
export function asNumber(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0
}
