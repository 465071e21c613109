/** Chance that can be repeated: what is drawn follows from the seed and from what is decided, never from the order in which devices speak. */

/** xoshiro128** (Blackman, Vigna): a stream of numbers for what is made once, such as a device's identity. */
export interface Random {
  /** In [0, 1). */
  next(): number
  /** Whole, from `low` to `high`, both included. */
  int(low: number, high: number): number
  pick<T>(list: readonly [T, ...T[]]): T
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string
}

const golden = 0x9e3779b1
const two32 = 4_294_967_296

/** The finaliser of MurmurHash3: each bit of the input moves about half of the output's. */
function mix(h: number): number {
  let x = h | 0
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/** One number for a seed and a device: the root of all its draws. */
export function keyOf(seed: string, no: number): number {
  let h = 0x811c9dc5
  for (let i = 0; i < seed.length; i += 1) h = Math.imul(h ^ seed.charCodeAt(i), 0x01000193)
  return mix(mix(h) + Math.imul(no + 1, golden))
}

/** A single draw in [0, 1) for the n-th (and m-th) time that something is decided. */
export function draw(key: number, purpose: number, n: number, m = 0): number {
  let h = mix(key ^ Math.imul(purpose + 1, golden))
  h = mix(h ^ Math.imul(n + 1, 0x85ebca6b))
  h = mix(h + Math.imul(m + 1, 0xc2b2ae35))
  return h / two32
}

export function createRandom(key: number): Random {
  let state = key
  const word = () => {
    state = (state + golden) >>> 0
    return mix(state) | 0
  }
  let [a, b, c, d] = [word(), word(), word(), word() | 1]
  function next32(): number {
    const times5 = Math.imul(b, 5)
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9)
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = (d << 11) | (d >>> 21)
    return result >>> 0
  }
  const next = () => next32() / two32
  const int = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  return {
    next,
    int,
    pick: (list) => list[int(0, list.length - 1)] as (typeof list)[number],
    hex: (digits) => Array.from({ length: digits }, () => int(0, 15).toString(16)).join(''),
  }
}
