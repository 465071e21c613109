/** Things that come up again after a while: many of them, kept by the tick they are due in. */

export interface Wheel<T> {
  /** `ms` from now, to the next tick. */
  put(item: T, ms: number): void
  readonly size: number
  stop(): void
}

/** `due` gets everything whose time has come. Runs no timer while it is empty, and keeps no process alive. */
export function createWheel<T>(o: { tickMs: number; now(): number; due(items: T[]): void }): Wheel<T> {
  const slots = new Map<number, T[]>()
  let size = 0
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  function turn(): void {
    const current = Math.floor(o.now() / o.tickMs)
    const come: T[] = []
    for (const [slot, items] of slots)
      if (slot <= current) {
        slots.delete(slot)
        for (const item of items) come.push(item)
      }
    size -= come.length
    if (come.length > 0) o.due(come)
    if (size === 0) halt()
  }
  function halt(): void {
    clearInterval(timer)
    timer = undefined
  }
  return {
    put: (item, ms) => {
      if (stopped) return
      const slot = Math.floor((o.now() + ms) / o.tickMs) + 1
      const items = slots.get(slot)
      if (items) items.push(item)
      else slots.set(slot, [item])
      size += 1
      timer ??= setInterval(turn, o.tickMs).unref()
    },
    get size() {
      return size
    },
    stop: () => {
      stopped = true
      slots.clear()
      size = 0
      halt()
    },
  }
}
