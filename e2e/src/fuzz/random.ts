/** Chance that can be repeated: every case is made from the seed, the name of what is tried, and its own number, so each can be made again alone. */
import { createHash } from 'node:crypto'

export interface Random {
  /** 0 to n - 1. */
  below(n: number): number
  /** True once in n times. */
  once(n: number): boolean
  pick<T>(from: readonly [T, ...T[]] | readonly T[]): T
  bytes(n: number): Uint8Array
}

export function randomOf(seed: number, name: string, index: number): Random {
  const digest = createHash('sha256').update(`${seed} ${name} ${index}`).digest()
  let [a, b, c, d] = [0, 4, 8, 12].map((at) => digest.readInt32LE(at)) as [number, number, number, number]
  // sfc32: small, fast, and good enough to choose by.
  function next(): number {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + t) | 0
    return t >>> 0
  }
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
