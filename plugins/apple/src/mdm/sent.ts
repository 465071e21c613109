/** What was handed to each device last, as this node remembers it: answers do not say to which command they belong. */

/** One command is under way on a connection, so one is remembered of each channel. */
export interface Sent {
  id: string
  /** RequestType. */
  type: string
}
const limit = 50_000

/** A memory, not a record: after a restart nothing is known, and whoever asks must do without. */
export function createSent() {
  const last = new Map<number, Sent>()
  const changed = new Set<number>()
  return {
    note: (channel: number, sent: Sent): void => {
      last.delete(channel)
      if (last.size >= limit) for (const old of [...last.keys()].slice(0, limit / 10)) last.delete(old)
      last.set(channel, sent)
    },
    /** The RequestType of the command that is answered. */
    typeOf: (channel: number, id: string): string | undefined => {
      const sent = last.get(channel)
      return sent?.id === id ? sent.type : undefined
    },
    /** False: another command is under way, so this answer is none that we wait for. After a restart nobody knows, and it is believed. */
    awaited: (channel: number, id: string): boolean => {
      const sent = last.get(channel)
      return sent === undefined || sent.id === id
    },
    /** Profiles were installed or removed: what is on the device should be asked before the connection ends. */
    profilesChanged: (channel: number): void => {
      if (changed.size < limit) changed.add(channel)
    },
    /** True once after each change. */
    takeChanged: (channel: number): boolean => changed.delete(channel),
  }
}
export type SentMemory = ReturnType<typeof createSent>
