/** One small number per channel without an object for each: chunks of plain numbers, so that sparse channel numbers cost little. */

const chunkSize = 1024
/** The greatest number that is kept. */
export const greatest = 0xffff_ffff

export interface Numbers {
  /** 0 until it is set. */
  get(no: number): number
  /** A whole number from 0 to `greatest`. */
  set(no: number, value: number): void
  /** Those that are not 0, in the order of their numbers. */
  each(on: (no: number, value: number) => void): void
  clear(): void
}

export function numbers(): Numbers {
  let chunks: (Uint32Array | undefined)[] = []
  return {
    get: (no) => chunks[Math.floor(no / chunkSize)]?.[no % chunkSize] ?? 0,
    set: (no, value) => {
      const at = Math.floor(no / chunkSize)
      let chunk = chunks[at]
      if (!chunk) {
        chunk = new Uint32Array(chunkSize)
        chunks[at] = chunk
      }
      chunk[no % chunkSize] = value
    },
    each: (on) => {
      for (const [at, chunk] of chunks.entries())
        for (let i = 0; chunk && i < chunkSize; i += 1) if (chunk[i] !== 0) on(at * chunkSize + i, chunk[i] as number)
    },
    clear: () => {
      chunks = []
    },
  }
}
