/** Channels' heads as identity needs them, packed: 32 bytes each instead of an object, found by channel number. */
import type { Ownership } from '@muster/contract'
import type { KnownChannel } from './channels.ts'

export interface Heads {
  /** What is known of the channel. */
  get(no: number): KnownChannel | undefined
  /** The same for who looks at a word or two of it: each is spelt when it is asked for, and a copy of it has none. */
  glance(no: number): KnownChannel | undefined
  /** Keeps it, as a newer version than any before. */
  put(head: KnownChannel): void
  /** The same version with other words: only what is known already changes. */
  renew(head: KnownChannel): void
  /** 0 when nothing is known of it; another number after each `put`. */
  version(no: number): number
  forget(no: number): void
  clear(): void
}

/** Each chunk holds the channels whose numbers stand together. When there are too many, the one that was put to longest ago goes. */
const chunkSize = 1024
const fields = 8
const at = { version: 0, device: 1, epoch: 2, words: 3, id: 4 } as const
/** Objects of channels that spoke just now, as one request asks several times. */
const lately = 1024
const most = { word: 0xffff, platform: 0xff, number: 0xffff_ffff } as const

const lifecycles = ['created', 'active', 'disenrolling', 'removed'] as const

interface Chunk {
  numbers: Uint32Array
  touched: number
}

/** `anew`: versions are counted from 1 again, so none that was given before means anything. `chunksAtMost`: of 32 KB each. */
export function createHeads(anew: () => void, chunksAtMost = 4096): Heads {
  const chunks = new Map<number, Chunk>()
  const recent: (KnownChannel | undefined)[] = new Array(lately).fill(undefined)
  const names = createWords(most.word)
  const platforms = createWords(most.platform)
  const ownerships = createWords(0xf)
  let versions = 0
  let touches = 0

  function chunkOf(no: number): Uint32Array | undefined {
    return chunks.get(Math.floor(no / chunkSize))?.numbers
  }
  const placeOf = (no: number) => (no % chunkSize) * fields

  function clear(): void {
    chunks.clear()
    recent.fill(undefined)
    for (const words of [names, platforms, ownerships]) words.clear()
  }
  function chunkFor(no: number): Uint32Array {
    const key = Math.floor(no / chunkSize)
    let chunk = chunks.get(key)
    if (!chunk) {
      if (chunks.size >= chunksAtMost) dropOne()
      chunk = { numbers: new Uint32Array(chunkSize * fields), touched: 0 }
      chunks.set(key, chunk)
    }
    chunk.touched = ++touches
    return chunk.numbers
  }
  function dropOne(): void {
    let oldest: [number, Chunk] | undefined
    for (const entry of chunks) if (!oldest || entry[1].touched < oldest[1].touched) oldest = entry
    if (oldest) chunks.delete(oldest[0])
  }
  /** All words of a head as one number; undefined when a table of words is full. */
  function packWords(c: KnownChannel): number | undefined {
    const [name, platform, ownership] = [
      names.number(c.name),
      platforms.number(c.platform),
      ownerships.number(c.ownership),
    ]
    if (name === undefined || platform === undefined || ownership === undefined) return undefined
    const flags = ownership | (lifecycles.indexOf(c.lifecycle) << 4) | (c.blocked ? 0x40 : 0)
    return ((name << 16) | (platform << 8) | flags) >>> 0
  }
  function put(head: KnownChannel): void {
    if (head.deviceNo > most.number || head.epoch > most.number) return
    let words = packWords(head)
    if (words === undefined || versions === most.number) {
      clear()
      versions = 0
      anew()
      words = packWords(head) as number
    }
    const chunk = chunkFor(head.no)
    const place = placeOf(head.no)
    chunk[place + at.version] = ++versions
    chunk[place + at.device] = head.deviceNo
    chunk[place + at.epoch] = head.epoch
    chunk[place + at.words] = words
    const hex = head.device.replaceAll('-', '')
    for (let i = 0; i < 4; i += 1) chunk[place + at.id + i] = Number.parseInt(hex.slice(i * 8, i * 8 + 8), 16)
    recent[head.no % lately] = head
  }
  const version = (no: number) => chunkOf(no)?.[placeOf(no) + at.version] ?? 0
  const tables: Tables = { names, platforms, ownerships }
  function glance(no: number): Glance | undefined {
    const chunk = chunkOf(no)
    const place = placeOf(no)
    return !chunk || chunk[place + at.version] === 0 ? undefined : new Glance(no, chunk, place, tables)
  }
  return {
    glance,
    get: (no) => {
      if (version(no) === 0) return undefined
      const spoke = recent[no % lately]
      if (spoke?.no === no) return spoke
      const seen = glance(no)
      if (!seen) return undefined
      const { device, deviceNo, platform, epoch, name, lifecycle, blocked, ownership } = seen
      const head: KnownChannel = { no, device, deviceNo, platform, epoch, name, lifecycle, blocked, ownership }
      recent[no % lately] = head
      return head
    },
    put,
    renew: (head) => {
      const before = version(head.no)
      if (before === 0) return
      put(head)
      const chunk = chunkOf(head.no)
      // Put among others' after everything was cleared, it is new.
      if (chunk && versions > before) chunk[placeOf(head.no) + at.version] = before
    },
    version,
    forget: (no) => {
      const chunk = chunkOf(no)
      if (chunk) chunk[placeOf(no) + at.version] = 0
      if (recent[no % lately]?.no === no) recent[no % lately] = undefined
    },
    clear,
  }
}

type Words = ReturnType<typeof createWords>
interface Tables {
  names: Words
  platforms: Words
  ownerships: Words
}

/** A head where it stands packed. What stands there changes with the head; its device never does. */
class Glance implements KnownChannel {
  readonly no: number
  readonly #chunk: Uint32Array
  readonly #place: number
  readonly #tables: Tables

  constructor(no: number, chunk: Uint32Array, place: number, tables: Tables) {
    this.no = no
    this.#chunk = chunk
    this.#place = place
    this.#tables = tables
  }
  get device(): string {
    return uuidAt(this.#chunk, this.#place + at.id)
  }
  get deviceNo(): number {
    return this.#chunk[this.#place + at.device] as number
  }
  get epoch(): number {
    return this.#chunk[this.#place + at.epoch] as number
  }
  get #words(): number {
    return this.#chunk[this.#place + at.words] as number
  }
  get platform(): string {
    return this.#tables.platforms.word((this.#words >>> 8) & 0xff)
  }
  get name(): string {
    return this.#tables.names.word(this.#words >>> 16)
  }
  get lifecycle(): KnownChannel['lifecycle'] {
    return lifecycles[(this.#words >>> 4) & 3] as KnownChannel['lifecycle']
  }
  get blocked(): boolean {
    return (this.#words & 0x40) !== 0
  }
  get ownership(): Ownership {
    return this.#tables.ownerships.word(this.#words & 0xf) as Ownership
  }
}

/** Words that many heads share, by number. */
function createWords(most: number) {
  let known = new Map<string, number>()
  let list: string[] = []
  return {
    number: (word: string): number | undefined => {
      const there = known.get(word)
      if (there !== undefined) return there
      if (list.length > most) return undefined
      known.set(word, list.length)
      list.push(word)
      return list.length - 1
    },
    word: (number: number) => list[number] as string,
    clear: () => {
      known = new Map()
      list = []
    },
  }
}

/** A UUID as it is spelt (RFC 9562, section 4), and where in it the 16 bytes stand. */
const spelt = Buffer.alloc(36, '-')
const digits = Buffer.from('0123456789abcdef')
const digitsAt = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34] as const

/** Four numbers of 32 bits as a UUID. */
function uuidAt(chunk: Uint32Array, place: number): string {
  for (let i = 0; i < 16; i += 1) {
    const byte = ((chunk[place + (i >> 2)] as number) >>> (24 - 8 * (i & 3))) & 0xff
    const at = digitsAt[i] as number
    spelt[at] = digits[byte >> 4] as number
    spelt[at + 1] = digits[byte & 15] as number
  }
  return spelt.toString('latin1')
}
