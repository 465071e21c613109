/** Commands that the plugin sends by itself: the setup assistant's release, and what it must know of a device. */
import type { ChannelDetail, Json, JsonObject } from '@muster/contract'
import { inventoryCommand, inventoryStep } from './inventory.ts'
import { objectOf } from './row.ts'

export interface Errand {
  command: JsonObject
  /** Queued behind it: one part of an inventory after the other. */
  next?: { name: string; payload: JsonObject }
}

export function errandOf(name: string, payload: Json, c: Pick<ChannelDetail, 'facts'>): Errand {
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
      const next = inventoryStep(at + 1, c)
      return {
        command: inventoryCommand(at, c),
        ...(next !== undefined && { next: { name, payload: { step: next } } }),
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
