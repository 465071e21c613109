/** Looking into JSON that may hold anything. */
import type { Json, JsonObject } from '@muster/contract'

export function objectOf(value: Json | undefined): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
}

/** Of a list, what is an object. */
export function objectsOf(value: Json | undefined): JsonObject[] {
  return (Array.isArray(value) ? value : []).map(objectOf).filter((o) => o !== undefined)
}
