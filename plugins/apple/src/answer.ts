/** What a device tells of itself, from its bytes to facts: the whole way of an inventory's answer through this plugin, without the core. */
import type { JsonObject } from '@muster/contract'
import { readFacts } from './commands/index.ts'
import { readMessage } from './mdm/index.ts'
import { toJson } from './wire/index.ts'

/** Undefined: it carries none. Throws for what is no message of the MDM protocol. */
export function factsIn(message: Uint8Array): JsonObject | undefined {
  return readFacts(toJson(readMessage(message).body) as JsonObject)
}
