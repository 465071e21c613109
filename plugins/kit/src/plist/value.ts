/** What a property list can hold, and the limits under which one is read. */

/** A number that is written as `<real>` though it may have no fraction. */
export class Real {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

/** Integers up to 2^53 are numbers, beyond that bigints; reals are read as numbers and written as numbers with a fraction or as `Real`. */
export type Plist = string | number | bigint | boolean | Date | Uint8Array | Real | Plist[] | PlistDict
export interface PlistDict {
  [key: string]: Plist
}

export interface PlistLimits {
  /** Size of the document in bytes. */
  bytes: number
  /** Levels of arrays and dictionaries. */
  depth: number
  /** Values and keys together; in a binary list a shared object counts wherever it is used. */
  values: number
}
export const plistLimits: PlistLimits = { bytes: 4 << 20, depth: 32, values: 200_000 }

export class PlistError extends Error {
  /** Byte or character offset where reading stopped. */
  readonly at: number
  constructor(message: string, at: number) {
    super(`not a property list: ${message} (at ${at})`)
    this.name = 'PlistError'
    this.at = at
  }
}

export function isDict(value: Plist | undefined): value is PlistDict {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Real)
  )
}
