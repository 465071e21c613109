/**
 * Saying NOTIFY once a transaction is committed, outside of it: inside, PostgreSQL holds a database-wide lock from there until the commit is
 * on disk, so that all commits that notify follow one another. The first word goes at once, those that follow it together.
 */
import type { Log } from './log.ts'

/** What a notification names: numbers, everybody, or nothing but its channel. */
export type About = readonly number[] | '*'

export interface Notifier {
  /** Heard here at once, by other processes in a moment. Whoever must not miss it also looks by itself: a crash swallows it. */
  tell(channel: string, about: About): void
  /** Says what was not said yet. */
  close(): Promise<void>
}

/** Other processes hear of something a few times a second at most. */
const everyMs = 200
/** Numbers that one notification names; more are everybody. A payload has 8,000 bytes. */
export const namedAtMost = 500

function payloadOf(about: About): string {
  return about === '*' || about.length > namedAtMost ? '*' : about.join(',')
}

export function createNotifier(o: {
  log: Log
  /** Calls the listeners of this process. */
  local(channel: string, payload: string): void
  /** One statement for all of them. */
  send(channels: string[], payloads: string[]): Promise<void>
}): Notifier {
  let waiting = new Map<string, Set<number> | '*'>()
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> = Promise.resolve()

  function merge(channel: string, about: About): void {
    const known = waiting.get(channel) ?? new Set<number>()
    if (known === '*' || about === '*') {
      waiting.set(channel, '*')
      return
    }
    for (const no of about) known.add(no)
    waiting.set(channel, known.size > namedAtMost ? '*' : known)
  }
  function flush(): Promise<void> {
    const all = [...waiting]
    waiting = new Map()
    if (all.length === 0) return sending
    sending = o
      .send(
        all.map(([channel]) => channel),
        all.map(([, about]) => payloadOf(about === '*' ? '*' : [...about])),
      )
      .catch((err: unknown) => o.log.warn({ err }, 'other nodes were not notified; they look by themselves'))
    return sending
  }
  /** Armed while something was said lately: what comes in the meantime goes at its end. */
  function rest(): void {
    timer = setTimeout(() => {
      timer = undefined
      if (waiting.size === 0) return
      void flush()
      rest()
    }, everyMs).unref()
  }
  return {
    tell: (channel, about) => {
      o.local(channel, payloadOf(about))
      merge(channel, about)
      if (timer) return
      void flush()
      rest()
    },
    close: async () => {
      clearTimeout(timer)
      await sending
      await flush()
    },
  }
}
