/** Chance from a seed: the same numbers, tokens and orders in every process of a run. */
import { createHash } from 'node:crypto'

/** Numbers in [0, 1). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The numbers 0 to n - 1 in an order that the seed decides. */
export function shuffled(n: number, seed: number): Uint32Array {
  const random = randomOf(seed)
  const order = Uint32Array.from({ length: n }, (_, i) => i)
  for (let i = n - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1))
    const kept = order[i] as number
    order[i] = order[j] as number
    order[j] = kept
  }
  return order
}

/** The access token of the device with this number, 43 letters. */
export function tokenOf(seed: number, device: number): string {
  return createHash('sha256').update(`token ${seed} ${device}`).digest('base64url')
}

/** The uuid of the device with this number. */
export function uuidOf(seed: number, device: number): string {
  const hex = createHash('sha256').update(`device ${seed} ${device}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
