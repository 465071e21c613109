/** Which nodes each feature has written: so that what a policy no longer has can be taken away, and nothing else. Pure. */
import type { Json, JsonObject } from '@muster/contract'
import type { Answer, Work } from '../wire/index.ts'
import { isAbsent, isDone } from './codes.ts'

/** `{ "<feature>": ["<uri>", ...] }`: written by the session beside `windows.nodes`. */
export const ownedFact = 'windows.owned'
/** Of one feature; a fleet's longest lists are far below. */
const most = 2_000

export function ownedBy(facts: Readonly<JsonObject>, feature: string): string[] {
  const all = facts[ownedFact]
  if (typeof all !== 'object' || all === null || Array.isArray(all) || !Object.hasOwn(all, feature)) return []
  const mine = all[feature]
  return Array.isArray(mine) ? mine.filter((u): u is string => typeof u === 'string') : []
}

/** Nodes that other features have written. */
export function ownedByOthers(facts: Readonly<JsonObject>, feature: string): Set<string> {
  const all = facts[ownedFact]
  if (typeof all !== 'object' || all === null || Array.isArray(all)) return new Set()
  return new Set(Object.keys(all).flatMap((id) => (id === feature ? [] : ownedBy(facts, id))))
}

/** The fact after an answer to a setting. What was written joins, what was deleted leaves; a node that was refused stays as it was. Of what is taken away what could not be deleted is left. */
export function ownedAfter(
  before: Json | undefined,
  d: { feature: string; verb: 'put' | 'drop' },
  work: Work,
  answer: Answer,
): JsonObject {
  const all = typeof before === 'object' && before !== null && !Array.isArray(before) ? before : {}
  const mine = new Set(ownedBy({ [ownedFact]: all }, d.feature))
  const there = new Set<string>()
  for (const [i, c] of work.commands.entries()) {
    const s = answer.statuses[i] ?? { verb: c.verb, uri: c.uri, code: 0 }
    if (c.verb === 'Delete')
      for (const uri of mine) {
        if (uri !== c.uri && !uri.startsWith(`${c.uri}/`)) continue
        if (isDone(s) || isAbsent(s)) mine.delete(uri)
        else there.add(uri)
      }
    if ((c.verb === 'Add' || c.verb === 'Replace') && (isDone(s) || s.code === 418)) mine.add(c.uri)
  }
  const { [d.feature]: _, ...others } = all
  const kept = [...(d.verb === 'drop' ? there : mine)].sort().slice(0, most)
  return kept.length === 0 ? others : { ...others, [d.feature]: kept }
}
