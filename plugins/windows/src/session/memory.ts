/** What this node remembers of sessions: their last message and our answer to it. A memory, not a record. */
import { crc32 } from 'node:zlib'
import type { SyncMessage } from '../syncml/index.ts'
import type { Talk } from './talk.ts'

/** The last message of a session on this node, and our answer to it. */
export interface Remembered {
  readonly session: string
  readonly message: string
  /** What was said, by `heardAs`. */
  readonly heard: number
  readonly talk: Talk
  /** `messageMark` of our answer, where commands went out in it. */
  readonly mark?: string
  /** What it takes, about. */
  readonly bytes: number
  /** Our answer, to who says it again: `m` is the same message once more. */
  replyTo(m: SyncMessage): Uint8Array | string
}
/** `talks`: in each of two generations (when the younger is full, the older goes); of one, bytes. */
const limits = { talks: 4_000, known: 50_000, bytes: 64 * 1024 } as const

/** Of a message what tells its repeat from any other that bears its number: a device that changes its words under one number mistakes itself alone. */
export const heardAs = (raw: Uint8Array): number => raw.length * 2 ** 32 + crc32(raw)

export function remembered(talk: Talk, m: SyncMessage, raw: Uint8Array, reply: Uint8Array): Remembered {
  const bytes = Math.max(reply.length, weightOf(talk))
  return { session: talk.session, message: m.message, heard: heardAs(raw), talk, bytes, replyTo: () => reply }
}

export function createMemory() {
  let young = new Map<number, Remembered>()
  let old = new Map<number, Remembered>()
  const known = new Map<number, string>()
  function drop(channel: number): void {
    young.delete(channel)
    old.delete(channel)
  }
  return {
    last: (channel: number): Remembered | undefined => young.get(channel) ?? old.get(channel),
    /** What is large is kept in the database alone. */
    keep: (channel: number, r: Remembered): void => {
      if (r.bytes > limits.bytes) return drop(channel)
      if (young.size >= limits.talks) {
        old = young
        young = new Map()
      }
      young.set(channel, r)
    },
    forget: (channel: number): void => {
      drop(channel)
      known.delete(channel)
    },
    /** What the device last said of itself. */
    told: (channel: number): string | undefined => known.get(channel),
    tell: (channel: number, text: string): void => {
      known.delete(channel)
      if (known.size >= limits.known) for (const no of [...known.keys()].slice(0, limits.known / 10)) known.delete(no)
      known.set(channel, text)
    },
  }
}

function weightOf(t: Talk): number {
  if (t.later.length === 0 && !t.partial && !Object.values(t.open).some((o) => o.results.length > 0)) return 0
  const results = Object.values(t.open).flatMap((o) => o.results.map((r) => r.data.length + r.uri.length))
  const later = t.later.map((p) => (p.data?.length ?? 0) + p.uri.length)
  return [...results, ...later].reduce((sum, n) => sum + n, t.partial?.data.length ?? 0)
}
