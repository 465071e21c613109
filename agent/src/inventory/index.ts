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
        if (value !== null && value !== undefined) facts[name] = storable(value)
    } catch {
      // A part that cannot be read must not hide the others.
    }
  }
  return facts
}

/** NUL characters are legal in files, yet no server keeps them. */
export function storable(value: Json): Json {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\u{fffd}')
  if (Array.isArray(value)) return value.map(storable)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, storable(v)]))
}
