/** Throttling of devices, in memory and per node: by their own credential as it was sent, and strangers by address. No library, as each exchange passes here. */
import { randomInt } from 'node:crypto'
import { Problem } from '@muster/contract'
import type { Limits } from './limits.ts'
import { placeOf } from './remote.ts'

export interface DeviceThrottle {
  /** Counts one request, and says why it is refused now. */
  refusal(key: string, ip: string): Problem | undefined
  /** Counts one refused credential. */
  refused(ip: string): void
}

/**
 * Counts of a 10 s window, by a salted hash of the credential: a request costs one look-up, nothing is kept of it, and no flood of made-up
 * credentials fills the memory. Two devices in one place of the table share their limit, which is far above what both need.
 */
export function createDeviceThrottle(limits: Pick<Limits, 'device' | 'deviceRefused'>): DeviceThrottle {
  const windowMs = 10_000
  const counts = new Uint32Array(1 << 17)
  const salt = randomInt(2 ** 32)
  let refused = new Map<string, number>()
  let until = 0

  function turn(): number {
    const now = performance.now()
    if (now >= until) {
      counts.fill(0)
      refused = new Map()
      until = now + windowMs
    }
    return now
  }
  return {
    refusal: (key, ip) => {
      const now = turn()
      const place = placeIn(key, salt) & (counts.length - 1)
      const n = (counts[place] as number) + 1
      counts[place] = n
      const over = n > limits.device || (refused.size > 0 && (refused.get(placeOf(ip)) ?? 0) >= limits.deviceRefused)
      return over ? new Problem('throttled', { retryAfterS: Math.ceil((until - now) / 1000) }) : undefined
    },
    refused: (ip) => {
      turn()
      const place = placeOf(ip)
      refused.set(place, (refused.get(place) ?? 0) + 1)
    },
  }
}

/** FNV-1a over the end of the key, where credentials differ. */
function placeIn(key: string, salt: number): number {
  let hash = salt
  for (let i = Math.max(0, key.length - 24); i < key.length; i += 1)
    hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}
