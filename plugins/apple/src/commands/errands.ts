/** Commands that the plugin sends by itself: the setup assistant's release, and what it must know of a device that came. */
import type { Json, JsonObject } from '@muster/contract'
import { deviceQueries } from './inventory.ts'

export function errandCommand(name: string, payload: Json): JsonObject {
  switch (name) {
    case 'configured':
      return { RequestType: 'DeviceConfigured' }
    case 'inventory':
      return { RequestType: 'DeviceInformation', Queries: [...deviceQueries] }
    case 'command':
      return payload as JsonObject
    default:
      throw new Error(`no errand ${name}`)
  }
}
