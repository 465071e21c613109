/** What was handed to each device last, as this node remembers it: answers do not say to which command they belong. */
import type { Json, Outcome } from '@muster/contract'
import type { More } from './more.ts'

/** One command is under way on a connection, so one is remembered of each channel. */
export interface Sent {
  id: string
  /** RequestType. */
  type: string
  /** It may be handed over again when it was not answered: encoded with this. */
  again?: { kept: Json }
  more?: More
  /** How the answer is read, when that takes nothing but the answer. */
  read?: (reply: Json) => Outcome
  /** That it was done says all: nothing else follows from the answer. */
  plain?: true
}
const limit = 50_000
/** Handed over, and no answer came; it does no harm to hand it over again as it was. */
export interface Lost {
  id: string
  kept: Json
}

/** A memory, not a record: after a restart nothing is known, and whoever asks must do without. */
export function createSent() {
  const last = new Map<number, Sent>()
  const changed = new Set<number>()
  const answered = new Set<number>()
  const forget = (channel: number) => {
    last.delete(channel)
    answered.delete(channel)
  }
  return {
    note: (channel: number, sent: Sent): void => {
      last.delete(channel)
      answered.delete(channel)
      if (last.size >= limit) for (const old of [...last.keys()].slice(0, limit / 10)) forget(old)
      last.set(channel, sent)
    },
    /** The RequestType of the command that is answered. */
    typeOf: (channel: number, id: string): string | undefined => {
      const sent = last.get(channel)
      return sent?.id === id ? sent.type : undefined
    },
    /** What follows the command that is answered. */
    moreOf: (channel: number, id: string): More | undefined => {
      const sent = last.get(channel)
      return sent?.id === id ? sent.more : undefined
    },
    /** What the answer means; undefined: the core reads it. */
    readOf: (channel: number, id: string): Sent['read'] => {
      const sent = last.get(channel)
      return sent?.id === id ? sent.read : undefined
    },
    /** False: another command is under way, so this answer is none that we wait for. After a restart nobody knows, and it is believed. */
    awaited: (channel: number, id: string): boolean => {
      const sent = last.get(channel)
      return sent === undefined || sent.id === id
    },
    /**
     * The device says something, and one command is under way at most: what it was handed and does not answer now never reached it, or the answer
     * did not reach us. Told once. `id`: of the command that it answers; none: it is idle.
     */
    lost: (channel: number, id?: string): Lost | undefined => {
      const sent = last.get(channel)
      if (!sent || answered.has(channel)) return undefined
      if (sent.id === id) {
        answered.add(channel)
        return undefined
      }
      if (!sent.again) return undefined
      forget(channel)
      return { id: sent.id, kept: sent.again.kept }
    },
    /** The plain command that is under way, when it is this one; its answer is heard then. */
    answer: (channel: number, id: string): Sent | undefined => {
      const sent = last.get(channel)
      if (sent?.id !== id || !sent.plain || answered.has(channel) || changed.has(channel)) return undefined
      answered.add(channel)
      return sent
    },
    /** It was handed nothing that it has not answered, and nothing is to be asked of it. */
    rests: (channel: number): boolean => (!last.has(channel) || answered.has(channel)) && !changed.has(channel),
    /** Profiles were installed or removed: what is on the device should be asked before the connection ends. */
    profilesChanged: (channel: number): void => {
      if (changed.size < limit) changed.add(channel)
    },
    /** True once after each change. */
    takeChanged: (channel: number): boolean => changed.delete(channel),
  }
}
export type SentMemory = ReturnType<typeof createSent>
