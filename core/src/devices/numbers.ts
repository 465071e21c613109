/** One number per channel without an object for each: chunks of plain numbers, so that sparse channel numbers cost little. */

const chunkSize = 4096

export interface Numbers {
  /** 0 until it is set. */
  get(no: number): number
  set(no: number, value: number): void
}

export function numbers(): Numbers {
  const chunks: (Float64Array | undefined)[] = []
  return {
    get: (no) => chunks[Math.floor(no / chunkSize)]?.[no % chunkSize] ?? 0,
    set: (no, value) => {
      const at = Math.floor(no / chunkSize)
      let chunk = chunks[at]
      if (!chunk) {
        chunk = new Float64Array(chunkSize)
        chunks[at] = chunk
      }
      chunk[no % chunkSize] = value
    },
  }
}
