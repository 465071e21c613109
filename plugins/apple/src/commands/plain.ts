/** Commands that come of nothing but the operation and the few facts that its row looks at: written once for all devices that are alike, but for their name. */
import type { Delivery, JsonObject, OperationRow } from '@muster/contract'
import { writeXmlPlist } from '@muster/kit/plist'
import { type PlainCommand, setsPassword } from '../mdm/index.ts'
import { toDict } from '../wire/index.ts'
import { hasMarks } from './marks.ts'
import { replyReader } from './row.ts'

interface Known {
  row: OperationRow
  facts: unknown
  made: PlainCommand | undefined
}
/** More follows from their answers than the operation's end. */
const weighty = new Set(['InstallProfile', 'RemoveProfile'])
/** Stands for the command's name, which is letters, digits and a hyphen. */
const name = 'o1-1'

/** undefined: it takes more than that. */
export function createPlainCommands(): (d: Delivery) => PlainCommand | undefined {
  /** By the parameters, which are the same object for all that an activity is handed to. */
  const known = new WeakMap<JsonObject, Known>()
  return (d) => {
    if (d.kind !== 'operation' || !d.row.looks || (d.kept !== undefined && d.kept !== null)) return undefined
    const { facts } = d.channel
    const there = known.get(d.params)
    if (there?.row === d.row && there.facts === facts) return there.made
    const made = make(d)
    // Those that are shared by all that are alike; a device's own would be kept for nobody.
    if (Object.isFrozen(facts)) known.set(d.params, { row: d.row, facts, made })
    return made
  }
}

function make(d: Extract<Delivery, { kind: 'operation' }>): PlainCommand | undefined {
  const read = replyReader(d.row)
  if (!read || d.row.needs?.length || setsPassword(d.operation)) return undefined
  const command = written(d)
  if (!command) return undefined
  const type = String(command.RequestType)
  if (hasMarks(command) || weighty.has(type)) return undefined
  const text = writeXmlPlist({ CommandUUID: name, Command: toDict(command) })
  const at = text.indexOf(`<string>${name}</string>`) + '<string>'.length
  return { type, read, before: text.slice(0, at), after: text.slice(at + name.length) }
}

function written({ row, params, channel }: Extract<Delivery, { kind: 'operation' }>): JsonObject | undefined {
  try {
    return row.to(params, channel, {}) as JsonObject
  } catch {
    // What cannot be written is told of by who writes all others.
    return undefined
  }
}
