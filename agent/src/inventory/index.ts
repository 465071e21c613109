/** Everything the device tells of itself, as facts. Whatever is absent or unreadable is left out; nothing hostile grows beyond bounds. */
import type { IdentifierKind, Json, JsonObject } from '@muster/contract'
import type { Tree } from '../tree.ts'
import { dmiValue, hardwareFacts } from './hardware.ts'
import { interfacesOf, networkFacts } from './network.ts'
import { osFacts } from './os.ts'
import { packageFacts } from './packages.ts'
import { portFacts } from './ports.ts'
import { line } from './read.ts'
import { storageFacts } from './storage.ts'
import { userFacts } from './users.ts'

const parts = [osFacts, hardwareFacts, storageFacts, networkFacts, portFacts, userFacts, packageFacts]
const identifiersLimit = 32

export interface Identifier {
  kind: IdentifierKind
  value: string
}

/** What stays the same over a reinstallation of the agent; the address of a card that can be pulled out is no identifier. */
export function identifiers(tree: Tree): Identifier[] {
  const serial = dmiValue(tree, 'product_serial')
  const machine = line(tree, '/etc/machine-id')
  const macs = interfacesOf(tree).flatMap((i) => (i.mac !== undefined && !i.virtual ? [i.mac] : []))
  return [
    ...(serial === undefined ? [] : [{ kind: 'serial' as const, value: serial.slice(0, 128) }]),
    ...(machine !== undefined && /^[0-9a-f]{32}$/.test(machine)
      ? [{ kind: 'machine-id' as const, value: machine }]
      : []),
    ...macs.map((value) => ({ kind: 'mac' as const, value })),
  ].slice(0, identifiersLimit)
}

/** A part that fails leaves its facts out. */
export function inventory(tree: Tree): JsonObject {
  const facts: JsonObject = { 'device.identifiers': identifiers(tree).map((i) => ({ ...i })) }
  for (const part of parts) {
    try {
      for (const [name, value] of Object.entries(part(tree)))
        if (value !== null && value !== undefined) facts[name] = plain(value)
    } catch {
      // A part that cannot be read must not hide the others.
    }
  }
  return facts
}

/** Of whatever a device tells of itself: one line each, nothing that steers a terminal or turns the direction of writing, nothing endless. */
const odd = /[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu
const plainLimit = 1000

function plain(value: Json): Json {
  return map(value, (text) => text.slice(0, plainLimit).toWellFormed().replaceAll(odd, '\u{fffd}'))
}

/** Evidence of settings keeps its lines, as they are compared with what is demanded; what else is odd becomes a mark that no demand equals. */
const oddInText = /[^\P{Cc}\n\r\t]/gu
const textLimit = 65_536

export function storable(value: Json): Json {
  return map(value, (text) => text.slice(0, textLimit).toWellFormed().replaceAll(oddInText, '\u{fffd}'))
}

/** Names in it as well as values. */
function map(value: Json, change: (text: string) => string): Json {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((v) => map(v, change))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [change(k).slice(0, 128), map(v, change)]))
}
