/** What the agent has to tell: results first, evidence after the results it belongs to, the whole inventory once a day, nothing when nothing is new. */
import { createHash } from 'node:crypto'
import { agentChannel, canonical, type Json, type JsonObject } from '@muster/contract'
import type { Ledger } from './ledger.ts'

type Result = agentChannel.Result
export type Told = Pick<agentChannel.Sync, 'at' | 'results' | 'facts' | 'partial' | 'events'> & { sequence: number }
type Event = NonNullable<agentChannel.Sync['events']>[number]

export interface Reporter {
  /** The report under way, unchanged until it is accepted, or a new one; undefined: nothing to tell. */
  next(running: string | undefined): Told | undefined
  /** The server took it (it answered with its number), or is ahead of us (it answered with a higher one). */
  answered(told: Told, sequence: number): void
  /** The server cannot take it as it is: something of it is left out, so that the rest gets through. */
  refused(told: Told): void
  wholeDue(): void
  event(type: string, data: JsonObject): void
  /** Results that the server has not taken yet. */
  resultsWaiting(): boolean
  /** Something would be told now. */
  news(): boolean
}
export interface ReporterDeps {
  ledger: Ledger
  /** Everything; and only the evidence of policy features. */
  facts: { whole(): JsonObject; evidence(): JsonObject }
  now: () => number
  /** `next`: a number that no report before has borne. `passed`: the server is ahead. */
  sequence: { next(): number; passed(n: number): void }
  log: (text: string) => void
}

const wholeEveryMs = 86_400_000
const { agentLimits } = agentChannel
const resultBytes = 600_000
const factBytes = 1_200_000

export function createReporter(o: ReporterDeps): Reporter {
  let underWay: Told | undefined
  let wholeAt = 0
  let whole = true
  /** Digest of each fact of the evidence as the server has it. */
  const evidenceSeen = new Map<string, string>()
  const events: Event[] = []
  const acknowledged = new Set<string>()

  function results(running: string | undefined): { results: Result[]; settings: boolean } {
    const chosen: Result[] = []
    let settings = false
    let bytes = 0
    for (const { result, setting } of o.ledger.unreported()) {
      bytes += Buffer.byteLength(JSON.stringify(result))
      if (chosen.length >= agentLimits.results - 1 || (chosen.length > 0 && bytes > resultBytes)) break
      chosen.push(result)
      settings ||= setting
    }
    if (running !== undefined && !acknowledged.has(running)) chosen.push({ id: running, state: 'acknowledged' })
    return { results: chosen, settings }
  }

  function facts(): Pick<Told, 'facts' | 'partial'> {
    // A clock that was put right may be behind the last time.
    if (whole || Math.abs(o.now() - wholeAt) >= wholeEveryMs) return { facts: bounded(o.facts.whole()), partial: false }
    const changed = changedEvidence()
    return Object.keys(changed).length === 0 ? {} : { facts: changed, partial: true }
  }

  function changedEvidence(): JsonObject {
    const now = Object.entries(o.facts.evidence())
    return Object.fromEntries(now.filter(([name, value]) => evidenceSeen.get(name) !== digestOf(value)))
  }
  function remember(facts: Readonly<JsonObject>): void {
    for (const [name, value] of Object.entries(facts))
      if (name.startsWith('managed.')) evidenceSeen.set(name, digestOf(value))
  }

  function next(running: string | undefined): Told | undefined {
    if (underWay) return underWay
    const said = results(running)
    // A setting's evidence counts only once its result is known, so it goes with the report after.
    const told = {
      ...(said.results.length > 0 ? { results: said.results } : {}),
      ...(said.settings ? {} : facts()),
      ...(events.length > 0 ? { events: events.slice(0, agentLimits.events) } : {}),
    }
    if (Object.keys(told).length === 0) return undefined
    // On disk before it is sent: after a crash no other report may bear the same number.
    const sequence = o.sequence.next()
    underWay = { sequence, at: new Date(o.now()).toISOString(), ...told }
    return underWay
  }

  function close(told: Told): void {
    underWay = undefined
    const ended = (told.results ?? []).filter((r) => r.state !== 'acknowledged')
    for (const r of told.results ?? []) if (r.state === 'acknowledged') acknowledged.add(r.id)
    for (const r of ended) acknowledged.delete(r.id)
    // After a setting was told, its evidence is told even if it looks the same as before.
    const unreported = new Map(o.ledger.unreported().map((u) => [u.result.id, u.setting]))
    if (ended.some((r) => unreported.get(r.id))) evidenceSeen.clear()
    o.ledger.reported(ended.map((r) => r.id))
    events.splice(0, told.events?.length ?? 0)
  }

  return {
    next,
    answered(told, sequence) {
      close(told)
      if (sequence > told.sequence) {
        o.log(`the server has seen report ${sequence} of this device already; going on from there`)
        o.sequence.passed(sequence)
        whole = true
      } else if (told.facts) {
        remember(told.facts)
        if (!told.partial) {
          whole = false
          wholeAt = o.now()
        }
      }
    },
    refused(told) {
      underWay = undefined
      if (told.facts || told.events) {
        o.log('the server does not take these facts; they are left out until they change')
        remember(o.facts.evidence())
        whole = false
        wholeAt = o.now()
        events.length = 0
      } else {
        o.log('the server does not take these results; they are told without their contents')
        const bare = (told.results ?? []).every((r) => r.result === undefined && r.text === undefined)
        for (const r of told.results ?? []) if (!bare) o.ledger.done({ id: r.id, state: r.state, code: r.code })
        if (bare) close(told)
      }
    },
    wholeDue() {
      whole = true
    },
    event(type, data) {
      if (events.length < agentLimits.events) events.push({ type, at: new Date(o.now()).toISOString(), data })
    },
    resultsWaiting: () => o.ledger.unreported().length > 0,
    news: () => events.length > 0 || o.ledger.unreported().length > 0 || Object.keys(changedEvidence()).length > 0,
  }
}

function digestOf(evidence: Json): string {
  return createHash('sha256').update(canonical(evidence)).digest('base64')
}

/** The largest lists go first when a device tells too much at once. */
function bounded(facts: JsonObject): JsonObject {
  const sized = Object.entries(facts).map(([name, value]) => ({
    name,
    value,
    bytes: Buffer.byteLength(JSON.stringify(value)),
  }))
  let total = sized.reduce((sum, f) => sum + f.bytes + f.name.length + 4, 0)
  const left = new Set<string>()
  for (const f of [...sized].sort((a, b) => b.bytes - a.bytes)) {
    if (total <= factBytes) break
    left.add(f.name)
    total -= f.bytes
  }
  return Object.fromEntries(sized.filter((f) => !left.has(f.name)).map((f) => [f.name, f.value]))
}
