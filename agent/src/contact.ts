/** What became of the last conversation with the server, kept for `status` and told as facts: the connection, the clock, the agent's age. */
import type { JsonObject } from '@muster/contract'
import type { StateFolder } from './state.ts'
import { diskFull } from './tree.ts'
import { agentVersion, olderThan } from './version.ts'

export interface Met {
  /** Seconds that this device's clock is ahead of the server's. */
  readonly aheadS: number
  /** The oldest agent that the server wants to speak with. */
  readonly minimumAgent?: string
}
export interface Kept {
  readonly reached: boolean
  /** Since when it is so. */
  readonly since: string
  readonly problem?: string
  /** Absent: the clocks agree. */
  readonly clockAheadS?: number
  /** Absent: this agent is new enough. */
  readonly minimumAgent?: string
}
export interface Contact {
  /** The server answered. What is new in it: for the log, and as an event for the server. */
  met(m: Met): { log: string[]; event?: { type: string; data: JsonObject } }
  missed(problem: string): void
  facts(): JsonObject
}

const file = 'contact.json'
/** Clocks may differ by so much; signatures bear half of it. */
const toleranceS = 240

export function readContact(folder: StateFolder): Kept | undefined {
  return folder.readJson(file) as Kept | undefined
}

export function createContact(folder: StateFolder, now: () => number): Contact {
  let kept: Kept | undefined

  function keep(next: Omit<Kept, 'since'>): void {
    const since = kept?.reached === next.reached ? kept.since : new Date(now()).toISOString()
    kept = { ...next, since }
    try {
      folder.writeJson(file, kept)
    } catch (error) {
      // It is only for people to read.
      if (!diskFull(error)) throw error
    }
  }

  return {
    met({ aheadS, minimumAgent }) {
      const before = kept
      const off = Math.abs(aheadS) > toleranceS
      const old = minimumAgent !== undefined && olderThan(agentVersion, minimumAgent)
      const wasOff = before?.clockAheadS !== undefined
      const isOld = old ? minimumAgent : undefined
      if (before?.reached && wasOff === off && before.minimumAgent === isOld) return { log: [] }
      keep({ reached: true, clockAheadS: off ? aheadS : undefined, minimumAgent: isOld })
      const log: string[] = []
      if (off && !wasOff) log.push(clockWords(aheadS))
      if (wasOff && !off) log.push('the clock is right again')
      if (isOld !== undefined && before?.minimumAgent !== isOld) log.push(ageWords(isOld))
      return { log, event: off && !wasOff ? { type: 'agent.clock-off', data: { aheadS } } : undefined }
    },
    missed(problem) {
      if (kept && !kept.reached && kept.problem === problem) return
      keep({ ...kept, reached: false, problem })
    },
    facts: () => ({ 'agent.clockAheadS': kept?.clockAheadS ?? 0, 'agent.outdated': kept?.minimumAgent !== undefined }),
  }
}

export function clockWords(aheadS: number): string {
  return `the clock of this device is ${Math.abs(aheadS)} s ${aheadS > 0 ? 'ahead of' : 'behind'} the server's: set it, or signed commands are refused`
}

export function ageWords(minimum: string): string {
  return `this agent is version ${agentVersion}, and the server asks for ${minimum} or later: install the version that its enrolment page offers`
}
