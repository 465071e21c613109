/** What agents report, before it counts: no text that steers a screen or goes on for ever, and whether the agent itself is too old. A device may be hostile, its agent another. */
import type { Json, JsonObject, PlatformHost, Turn } from '@muster/contract'
import { olderThan } from './versions.ts'

/** Controls, marks that turn the direction of writing, separators of lines and paragraphs. */
const odd = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u
const every = new RegExp(odd, 'gu')
/** Evidence of settings is compared with what is demanded: its lines stay. */
const oddInEvidence = /[^\P{Cc}\n\r\t]/u
const everyInEvidence = new RegExp(oddInEvidence, 'gu')
type DeviceEvent = NonNullable<Turn['events']>[number]
const limits = { text: 1000, evidence: 65_536, name: 128 } as const

/** What an agent says in a sentence of its own: why not, or how far it is. Its lines stay. */
const oddInWords = /[^\P{Cc}\n\r\t]|[\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu
export const cleanWords = (said: string): string => said.toWellFormed().replaceAll(oddInWords, '\u{fffd}')

/** The host as agents see it: their facts and events are cleaned on the way in. Whatever says nothing passes untouched. */
export function judged(host: PlatformHost, minimumAgent: string): PlatformHost {
  const facts = (said: Readonly<JsonObject>) => withAge(cleanFacts(said), minimumAgent)
  return {
    ...host,
    activate: (c, said, accepted) => host.activate(c, facts(said), accepted),
    turn: (c, t) =>
      host.turn(
        c,
        t.facts || t.events
          ? { ...t, ...(t.facts && { facts: facts(t.facts) }), ...(t.events && { events: t.events.map(cleanEvent) }) }
          : t,
      ),
  }
}

export function cleanFacts(facts: Readonly<JsonObject>): JsonObject {
  return Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [text(name, false), clean(value, name.startsWith('managed.'))]),
  )
}

function cleanEvent(e: DeviceEvent): DeviceEvent {
  return { ...e, type: text(e.type, false), data: clean(e.data, false) }
}

/** `agent.outdated` is the server's word: an agent that is too old would not know. */
function withAge(facts: JsonObject, minimumAgent: string): JsonObject {
  const version = facts['agent.version']
  return typeof version === 'string' ? { ...facts, 'agent.outdated': olderThan(version, minimumAgent) } : facts
}

function clean(value: Json, evidence: boolean): Json {
  if (typeof value === 'string') return text(value, evidence)
  if (Array.isArray(value)) return value.map((v) => clean(v, evidence))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [text(k, false).slice(0, limits.name), clean(v, evidence)]),
  )
}

/** Most need nothing, and looking is cheap. */
function text(value: string, evidence: boolean): string {
  const bounded = value.slice(0, evidence ? limits.evidence : limits.text).toWellFormed()
  if (!(evidence ? oddInEvidence : odd).test(bounded)) return bounded
  return bounded.replaceAll(evidence ? everyInEvidence : every, '\u{fffd}')
}
