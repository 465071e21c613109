/** Facts reported by devices, in batches: each setting that was delivered is judged by them. */
import type { Tx } from '../db/index.ts'
import { loadChannels } from './channel-state.ts'
import { type Judging, judge } from './judge.ts'
import type { ComplianceVerdict, Reported } from './model.ts'
import { finish } from './settle.ts'
import { type Parts, planningFor, setsOf } from './take.ts'

export async function verdicts(tx: Tx, rows: readonly Reported[], parts: Parts): Promise<number[]> {
  const telling = rows.filter((r) => r.facts !== undefined || (r.verdicts && Object.keys(r.verdicts).length > 0))
  const states = await loadChannels(
    tx,
    telling.map((r) => r.channel.no),
    'all',
  )
  if (states.size === 0) return []
  const heard = parts.heard.get(tx) ?? new Map<number, Reported>()
  parts.heard.set(tx, heard)
  const sets = await parts.sets.load(tx, setsOf(states))
  const found: ComplianceVerdict[] = []
  const judgings = new Map<number, Judging>()
  for (const said of telling) {
    const c = states.get(said.channel.no)
    if (!c) continue
    heard.set(said.channel.no, said)
    const j: Judging = { c, planning: planningFor(c, said.channel, sets, parts), parts, said, verdicts: found }
    judgings.set(said.channel.no, j)
    for (const w of j.planning.wanted.values()) judge(j, w)
  }
  return finish(tx, states, judgings.values(), found, parts)
}
