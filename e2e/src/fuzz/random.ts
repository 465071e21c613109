/** Chance that can be repeated: every case is made from the seed, the name of what is tried, and its own number, so each can be made again alone. */
import { createHash } from 'node:crypto'

/** What a seed and a name begin with: a digest each, once. */
const beginnings = new Map<string, readonly number[]>()
function beginning(seed: number, name: string): readonly number[] {
  const key = `${seed} ${name}`
  const known = beginnings.get(key)
  if (known) return known
  const digest = createHash('sha256').update(key).digest()
  const words = [0, 4, 8].map((at) => digest.readInt32LE(at))
  beginnings.set(key, words)
  return words
}

export interface Random {
  /** 0 to n - 1. */
  below(n: number): number
  /** True once in n times. */
  once(n: number): boolean
  pick<T>(from: readonly [T, ...T[]] | readonly T[]): T
  bytes(n: number): Uint8Array
}

export function randomOf(seed: number, name: string, index: number): Random {
  let [a, b, c] = beginning(seed, name) as [number, number, number]
  let d = index | 0
  // sfc32: small, fast, and good enough to choose by.
  function next(): number {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + t) | 0
    return t >>> 0
  }
  // Neighbours differ in one word alone: that must have spread before anything is drawn.
  for (let i = 0; i < 15; i++) next()
  const below = (n: number) => (n <= 1 ? 0 : next() % n)
  return {
    below,
    once: (n) => below(n) === 0,
    pick: <T>(from: readonly T[]) => {
      if (from.length === 0) throw new Error('nothing to pick from')
      return from[below(from.length)] as T
    },
    bytes: (n) => Uint8Array.from({ length: n }, () => next() & 0xff),
  }
}
