/**
 * Credentials that were proved lately, packed: 28 bytes each, found by 126 bits of their hash. Two generations: when the younger is full the
 * older goes, and what is asked for moves from the older into the younger; so those asked for lately stay, and memory is bounded.
 */

export const kinds = { certificate: 0, bearer: 1, key: 2 } as const
export type Kind = keyof typeof kinds

/** What stands behind a credential. */
export interface Proved {
  channel: number
  /** Of the channel's head, when the credential was proved. */
  version: number
  /** Seconds since 1970, rounded down: from then on the database is asked. */
  untilS: number
}
export interface Credentials {
  /** The answer is good until the next call. */
  get(kind: Kind, sha256: Buffer): Readonly<Proved> | undefined
  put(kind: Kind, sha256: Buffer, proved: Proved): void
  clear(): void
  size(): number
}

const fields = 7
const at = { hash: 0, channel: 4, version: 5, until: 6 } as const
/** Channel numbers and seconds that fit; others are not kept. */
const greatest = 0xffff_ffff
const smallest = 64
const fullness = 0.8

export function createCredentials(atMost = 1_000_000): Credentials {
  let young = createTable()
  let old = createTable()
  const found: Proved = { channel: 0, version: 0, untilS: 0 }
  const asked = new Uint32Array(4)

  function ask(kind: Kind, sha256: Buffer): void {
    for (let i = 0; i < 4; i += 1) asked[i] = sha256.readUInt32LE(i * 4)
    asked[0] = (((asked[0] as number) & ~3) | kinds[kind]) >>> 0
  }
  function put(proved: Readonly<Proved>): void {
    if (young.size() >= atMost / 2) {
      old = young
      young = createTable()
    }
    young.put(asked, proved)
  }
  return {
    get: (kind, sha256) => {
      ask(kind, sha256)
      if (young.read(asked, found)) return found
      if (!old.read(asked, found)) return undefined
      put(found)
      return found
    },
    put: (kind, sha256, proved) => {
      if (proved.channel > greatest) return
      ask(kind, sha256)
      put({ ...proved, untilS: Math.min(proved.untilS, greatest) })
    },
    clear: () => {
      young = createTable()
      old = createTable()
    },
    size: () => young.size() + old.size(),
  }
}

/** Open addressing, growing by half. A place whose channel is 0 is free. */
function createTable() {
  let places = smallest
  let rows = new Uint32Array(places * fields)
  let used = 0

  /** Where the hash stands, or would. */
  function find(hash: Uint32Array): number {
    // The second word, as the first carries the kind; scaled, so that any number of places will do.
    let place = Math.floor(((hash[1] as number) / 2 ** 32) * places)
    for (;;) {
      const row = place * fields
      if (rows[row + at.channel] === 0) return row
      if (rows[row] === hash[0] && rows[row + 1] === hash[1] && rows[row + 2] === hash[2] && rows[row + 3] === hash[3])
        return row
      place = place + 1 === places ? 0 : place + 1
    }
  }
  function grow(): void {
    const before = rows
    places = Math.ceil(places * 1.5)
    rows = new Uint32Array(places * fields)
    for (let row = 0; row < before.length; row += fields) {
      if (before[row + at.channel] === 0) continue
      const one = before.subarray(row, row + fields)
      rows.set(one, find(one))
    }
  }
  return {
    size: () => used,
    read: (hash: Uint32Array, into: Proved): boolean => {
      const row = find(hash)
      if (rows[row + at.channel] === 0) return false
      into.channel = rows[row + at.channel] as number
      into.version = rows[row + at.version] as number
      into.untilS = rows[row + at.until] as number
      return true
    },
    put: (hash: Uint32Array, proved: Readonly<Proved>): void => {
      if (used + 1 > places * fullness) grow()
      const row = find(hash)
      if (rows[row + at.channel] === 0) used += 1
      rows.set(hash, row + at.hash)
      rows[row + at.channel] = proved.channel
      rows[row + at.version] = proved.version
      rows[row + at.until] = proved.untilS
    },
  }
}
