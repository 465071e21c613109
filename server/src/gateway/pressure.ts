/**
 * How hard the node is pressed, measured while anybody asks and not at all while nobody does: how late the event loop comes to its
 * own timers, how many exchanges with devices wait to be written, how many wait for a database connection, how many requests run.
 */
import type { Shed } from './shed.ts'

/** What is counted elsewhere, now. */
export interface Signals {
  /** Exchanges with devices that wait for a batch. */
  turns: number
  /** Work that waits for a database connection. */
  pool: number
  /** Requests of people and programs under way. */
  requests: number
}
export interface Pressure {
  /** Called with each request: measuring begins with the first after a silence. */
  note(): void
  /** 0: calm. 1: reports are shed; 2: inventory, too; 3: pages, too. */
  level(): number
  sheds(what: Shed): boolean
  stop(): void
}

/** From where on each signal asks for level 1, 2, 3. */
const limits: Readonly<Record<keyof Signals | 'delayMs', readonly [number, number, number]>> = {
  delayMs: [400, 800, 1_600],
  turns: [2_500, 3_750, 4_500],
  pool: [50, 100, 200],
  requests: [250, 500, 1_000],
}
const everyMs = 100
/** One late timer is chance: so many in a row are load. And it is over only when all of these were well below. */
const rising = 5
const falling = 20
const wellBelow = 0.6
const order: Readonly<Record<Shed, number>> = { report: 1, inventory: 2, page: 3 }

/** The level that one measurement asks for; `part` of each limit is enough. */
function asked(s: Signals & { delayMs: number }, part = 1): number {
  let level = 0
  for (const [name, steps] of Object.entries(limits) as [keyof typeof limits, readonly number[]][])
    for (const [i, limit] of steps.entries()) if (s[name] >= limit * part) level = Math.max(level, i + 1)
  return level
}

export function createPressure(o: {
  signals: () => Signals
  onChange?: (level: number, measured: Signals & { delayMs: number }) => void
  now?: () => number
  /** Calls `tick` each `ms` until it is told to stop. */
  repeat?: (tick: () => void, ms: number) => () => void
}): Pressure {
  const now = o.now ?? (() => performance.now())
  const repeat = o.repeat ?? repeatedly
  let level = 0
  let noted = false
  let stop: (() => void) | undefined
  let due = 0
  let ups: number[] = []
  let downs: number[] = []

  function measure(): void {
    const at = now()
    const measured = { ...o.signals(), delayMs: Math.max(0, at - due) }
    due = at + everyMs
    ups = [...ups, asked(measured)].slice(-rising)
    downs = [...downs, asked(measured, wellBelow)].slice(-falling)
    const before = level
    if (ups.length === rising) level = Math.max(level, Math.min(...ups))
    if (downs.length === falling) level = Math.min(level, Math.max(...downs))
    if (level !== before) o.onChange?.(level, measured)
    if (!noted && level === 0 && downs.length === falling && Math.max(...downs) === 0) sleep()
    noted = false
  }
  function sleep(): void {
    stop?.()
    stop = undefined
    ups = []
    downs = []
  }
  return {
    note: () => {
      noted = true
      if (stop) return
      due = now() + everyMs
      stop = repeat(measure, everyMs)
    },
    level: () => level,
    sheds: (what) => level >= order[what],
    stop: sleep,
  }
}

function repeatedly(tick: () => void, ms: number): () => void {
  const timer = setInterval(tick, ms).unref()
  return () => clearInterval(timer)
}
