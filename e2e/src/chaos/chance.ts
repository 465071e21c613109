/** Chance from a seed: the same seed draws the same plan. What happens at which moment still depends on the machine. */
import { createHash } from 'node:crypto'

export interface Chance {
  /** In [0, 1). */
  next(): number
  /** A whole number from `from` to `to`. */
  between(from: number, to: number): number
  does(chance: number): boolean
  pick<T>(list: readonly T[]): T
  /** Up to `n` different ones. */
  some<T>(list: readonly T[], n: number): T[]
}

/** `name`: each actor draws from a stream of its own, so that one that draws more does not change the others. */
export function createChance(seed: string, name: string): Chance {
  let state = createHash('sha256').update(`${seed}\n${name}`).digest().readUInt32LE(0)
  /** Mulberry32. */
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const pick = <T>(list: readonly T[]): T => {
    if (list.length === 0) throw new RangeError('there is nothing to pick from')
    return list[Math.floor(next() * list.length)] as T
  }
  return {
    next,
    between: (from, to) => from + Math.floor(next() * (to - from + 1)),
    does: (chance) => next() < chance,
    pick,
    some: (list, n) => {
      const left = [...list]
      const taken = []
      while (taken.length < n && left.length > 0) taken.push(...left.splice(Math.floor(next() * left.length), 1))
      return taken
    },
  }
}
