/** What two versions of a policy set differently, value by value. Pure. */
import type { Assignment, Json } from '../../api/index.ts'

export interface Said {
  assignment: Assignment
  features: readonly { feature: string; settings: Readonly<Record<string, Json>>; action?: string; graceS?: number }[]
}
export interface Change {
  /** Feature id, or `assignment`. */
  part: string
  /** Name of the value within; empty: the whole. */
  name: string
  before: Json | undefined
  after: Json | undefined
}

export function changesOf(before: Said, after: Said): Change[] {
  const parts = new Set([...before.features, ...after.features].map((one) => one.feature))
  return [
    ...differing('assignment', { ...before.assignment }, { ...after.assignment }),
    ...[...parts].flatMap((part) => featureChanges(part, before, after)),
  ]
}

function featureChanges(part: string, before: Said, after: Said): Change[] {
  const [was, is] = [before, after].map((said) => said.features.find((one) => one.feature === part))
  if (was === undefined || is === undefined)
    return [{ part, name: '', before: was && flat(was), after: is && flat(is) }]
  return differing(part, flat(was), flat(is))
}

function flat(feature: Said['features'][number]): Record<string, Json> {
  return { ...feature.settings, action: feature.action ?? 'enforce', graceS: feature.graceS ?? 0 }
}

function differing(part: string, was: Record<string, Json>, is: Record<string, Json>): Change[] {
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])]
  return names
    .filter((name) => canonical(was[name]) !== canonical(is[name]))
    .map((name) => ({ part, name, before: was[name], after: is[name] }))
}

/** The same for the same value, whatever the order of its members. An empty list says as much as none. */
function canonical(value: Json | undefined): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return ''
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  return `{${Object.entries(value as Record<string, Json>)
    .map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`)
    .sort()
    .join()}}`
}

/** The order with one moved by one place up (-1) or down (1); undefined where it cannot go. */
export function moved(ids: readonly string[], id: string, by: -1 | 1): string[] | undefined {
  const from = ids.indexOf(id)
  const to = from + by
  if (from < 0 || to < 0 || to >= ids.length) return undefined
  const next = [...ids]
  next.splice(from, 1)
  next.splice(to, 0, id)
  return next
}
