/** Commands that the plugin sends by itself: the setup assistant's release, and what it must know of a device. */
import type { Json, JsonObject } from '@muster/contract'
import { inventoryCommand, inventorySteps } from './inventory.ts'
import { objectOf } from './row.ts'

export interface Errand {
  command: JsonObject
  /** Queued behind it: one part of an inventory after the other. */
  next?: { name: string; payload: JsonObject }
}

export function errandOf(name: string, payload: Json): Errand {
  switch (name) {
    case 'configured':
      return { command: { RequestType: 'DeviceConfigured' } }
    case 'user-configured':
      return { command: { RequestType: 'UserConfigured' } }
    case 'profiles':
      return { command: { RequestType: 'ProfileList' } }
    case 'inventory': {
      const step = objectOf(payload)?.step
      const at = typeof step === 'number' ? step : 0
      return {
        command: inventoryCommand(at),
        ...(at + 1 < inventorySteps && { next: { name, payload: { step: at + 1 } } }),
      }
    }
    case 'command': {
      const given = objectOf(payload)
      if (typeof given?.RequestType !== 'string') throw new Error('no command')
      return { command: given }
    }
    default:
      throw new Error(`no errand ${name}`)
  }
}
