/** Connections that are kept, and since when each is quiet: where no more fit, those that were quiet longest make room for newcomers. */
import { readFileSync } from 'node:fs'

/** A connection's own count, changed by whoever answers on it. */
export interface Use {
  /** Requests under way. */
  busy: number
  /** `performance.now()` of the last answer; 0: it has not asked yet. */
  since: number
}
interface Connection {
  once(event: 'close', listener: () => void): unknown
}
interface Kept {
  /** Follows it until it closes. `end` is called at most once. */
  put(connection: Connection, end: () => void): Use
  of(connection: object): Use | undefined
  /** Ends the longest quiet of those that were answered and ask nothing now; answers how many. */
  makeRoom(): number
}

/** Of all connections the part that goes at once: looking for the quietest costs a look at each. */
const part = 64
/** Files that are something else than connections: the database, logs, what is served and called. */
const otherFiles = 256

export function createKept(): Kept {
  const all = new Map<object, Use & { end(): void }>()
  return {
    put: (connection, end) => {
      const use = { busy: 0, since: 0, end }
      all.set(connection, use)
      connection.once('close', () => all.delete(connection))
      return use
    },
    of: (connection) => all.get(connection),
    makeRoom: () => {
      const quiet = [...all].filter(([, use]) => use.busy === 0 && use.since > 0)
      quiet.sort(([, a], [, b]) => a.since - b.since)
      const going = quiet.slice(0, Math.ceil(all.size / part))
      for (const [connection, { end }] of going) {
        all.delete(connection)
        end()
      }
      return going.length
    },
  }
}

/** Connections that this process may have at once. */
export function fileRoom(): number {
  let text: string
  try {
    text = readFileSync('/proc/self/limits', 'utf8')
  } catch (error) {
    // Elsewhere than on Linux nobody tells: then the number of connections alone is bounded.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Number.POSITIVE_INFINITY
    throw error
  }
  const files = Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? Number.POSITIVE_INFINITY)
  return Math.max(files - otherFiles, Math.floor(files / 2))
}
