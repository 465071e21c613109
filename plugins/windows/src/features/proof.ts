/** What proves a feature: the device's own words for its nodes (`windows.nodes`). A value that nobody can read proves nothing. Pure. */
import type { Json, JsonObject, Verdict } from '@muster/contract'
import { nodesFact } from '../wire/index.ts'
import { isContent, otherPart } from './content.ts'
import { isValue, sameValue, type WantedNode } from './node.ts'

export type Holds<S> = (settings: S, facts: Readonly<JsonObject>) => Verdict | undefined
/** A node that is read beside those that are written. `judge` gets what it says; null: it is not there. Undefined: it is as it should be. */
export interface Watch {
  readonly uri: string
  judge(value: Json): Verdict | undefined
}

export function checkNodes(
  nodes: readonly WantedNode[],
  watch: readonly Watch[],
  reported: Readonly<JsonObject>,
  holds: () => Verdict | undefined,
): Verdict {
  const said = reported[nodesFact]
  if (typeof said !== 'object' || said === null || Array.isArray(said)) return silent
  const written = nodes.filter(isValue)
  if (written.length === 0)
    return {
      state: 'not-applicable',
      reason: { code: 'os-version', text: 'This version of Windows knows none of these settings.' },
    }
  const readable = written.filter((n) => n.read !== 'none')
  const found = compare(readable, said)
  if (found) return found
  for (const w of watch) {
    if (!Object.hasOwn(said, w.uri)) continue
    const verdict = w.judge(said[w.uri] as Json)
    if (verdict) return verdict
  }
  if (readable.length === 0 && watch.every((w) => !Object.hasOwn(said, w.uri))) return notReadable
  return holds() ?? { state: 'verified' }
}

function compare(readable: readonly WantedNode[], said: Readonly<JsonObject>): Verdict | undefined {
  const other: JsonObject[] = []
  let silence = 0
  for (const n of readable) {
    if (!Object.hasOwn(said, n.uri)) silence++
    else {
      const value = said[n.uri] as Json
      if (value === null) other.push({ node: n.uri, missing: true })
      else if (n.read === 'content' || n.read === 'whole') other.push(...otherContent(n, value))
      else if (n.read !== 'presence' && !sameValue(n, value))
        other.push({ node: n.uri, wanted: shown(n.data ?? ''), found: shown(value) })
    }
  }
  if (other.length > 0)
    return {
      state: 'drifted',
      reason: { code: 'node-other', text: text(other) },
      evidence: { nodes: other.slice(0, 20) },
    }
  return silence > 0 ? silent : undefined
}

/** What is remembered in another way was read before documents were compared, or is none: it is there. */
function otherContent(n: WantedNode, value: Json): JsonObject[] {
  if (typeof value !== 'string' || !isContent(value)) return []
  const part = otherPart(n.data ?? '', value, n.read === 'whole')
  return part === undefined ? [] : [{ node: n.uri, part }]
}

const text = (other: readonly JsonObject[]): string => {
  const missing = other.filter((o) => o.missing === true).length
  const first = `${other[0]?.node}`
  const part = other[0]?.part
  if (other.length === 1 && typeof part === 'string') return `${first} has another value at ${part}.`
  if (other.length === 1) return missing ? `${first} is not set on the device.` : `${first} has another value.`
  return `${other.length} nodes are not as they should be, such as ${first}.`
}
const shown = (value: Json): Json =>
  typeof value === 'string' && value.length > 200 ? `${value.slice(0, 200)}…` : value

const silent: Verdict = {
  state: 'unknown',
  reason: { code: 'no-report', text: 'The device has not told its values yet.' },
}
const notReadable: Verdict = {
  state: 'unknown',
  reason: { code: 'not-readable', text: 'The device took it, and tells nobody what it has: it cannot be verified.' },
}
