/** What is to be done when, for thousands of devices with one timer: a heap of due times. */

export interface Agenda {
  /** Milliseconds since 1970. */
  now(): number
  /** Equal times run in the order in which they were asked for. */
  at(due: number, run: () => void): void
  /** Forgets everything. */
  clear(): void
}

export interface Heap {
  push(due: number, run: () => void): void
  /** Of the earliest; Infinity when there is none. */
  due(): number
  pop(): (() => void) | undefined
  clear(): void
}

interface Entry {
  readonly due: number
  readonly order: number
  readonly run: () => void
}
const before = (a: Entry, b: Entry) => a.due < b.due || (a.due === b.due && a.order < b.order)

export function createHeap(): Heap {
  const entries: Entry[] = []
  let order = 0

  function up(from: number): void {
    const entry = entries[from] as Entry
    let i = from
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(entry, entries[parent] as Entry)) break
      entries[i] = entries[parent] as Entry
      i = parent
    }
    entries[i] = entry
  }
  function down(entry: Entry): void {
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= entries.length) break
      if (child + 1 < entries.length && before(entries[child + 1] as Entry, entries[child] as Entry)) child += 1
      if (!before(entries[child] as Entry, entry)) break
      entries[i] = entries[child] as Entry
      i = child
    }
    entries[i] = entry
  }
  return {
    push(due, run) {
      order += 1
      entries.push({ due, order, run })
      up(entries.length - 1)
    },
    due: () => entries[0]?.due ?? Number.POSITIVE_INFINITY,
    pop() {
      const first = entries[0]
      const last = entries.pop()
      if (last !== undefined && last !== first) down(last)
      return first?.run
    },
    clear: () => {
      entries.length = 0
    },
  }
}

/** Node's timers hold no longer than this. */
const longestMs = 2_000_000_000
/** After this many tasks in one go, what came over the network has its turn. */
const burst = 256

export function createAgenda(): Agenda {
  const heap = createHeap()
  let timer: NodeJS.Timeout | undefined
  let armedFor = Number.POSITIVE_INFINITY

  function arm(): void {
    const due = heap.due()
    if (due >= armedFor) return
    clearTimeout(timer)
    armedFor = due
    timer = setTimeout(run, Math.min(Math.max(0, due - Date.now()), longestMs))
  }
  function run(): void {
    armedFor = Number.POSITIVE_INFINITY
    const now = Date.now()
    for (let n = 0; n < burst && heap.due() <= now; n += 1) heap.pop()?.()
    arm()
  }
  return {
    now: Date.now,
    at(due, task) {
      heap.push(due, task)
      arm()
    },
    clear() {
      heap.clear()
      clearTimeout(timer)
      armedFor = Number.POSITIVE_INFINITY
    },
  }
}

export function sleep(agenda: Agenda, ms: number): Promise<void> {
  return new Promise((resolve) => agenda.at(agenda.now() + ms, resolve))
}
