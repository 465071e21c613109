/** Whom the watch looks at next, kept in memory: who promised to be back by now, who is silent, and who was heard to have changed. */
import { greatest, numbers } from '../devices/index.ts'
import type { EventRecord, Events } from '../events/index.ts'

/** Changed devices that are remembered by name; when they are more, everybody is looked at. */
const namesAtMost = 20_000
/** Everybody is looked at so often, in milliseconds, and when the last watch is so long ago that another node may have watched meanwhile. */
const all = { everyMs: 600_000, afterMs: 60_000 } as const
/** Looked at each time. */
const always = 1

export interface WatchList {
  /** Follows events from now on. Resolves when none is missed any more. */
  begin(): Promise<void>
  /** Everybody is to be looked at. */
  everybody(): boolean
  /** Everybody was. */
  wasEverybody(): void
  /** Devices that were heard to have changed; they are forgotten here. */
  changed(): string[]
  /** Devices whose time has come, in their order. `now`: seconds since 1970. */
  due(now: number): number[]
  /** When the device is looked at again, in seconds since 1970; 'always': each time; undefined: it is not watched. */
  set(device: number, due: number | 'always' | undefined): void
  /** What was taken from here was not looked at to the end. */
  failed(): void
}

export function createWatchList(o: { events: Events; clock?: () => number }): WatchList {
  const clock = o.clock ?? performance.now.bind(performance)
  const dueAt = numbers()
  let names = new Set<string>()
  let following: Promise<void> | undefined
  let allAt = Number.NEGATIVE_INFINITY
  let lastAt = Number.NEGATIVE_INFINITY

  function hear(batch: readonly EventRecord<(typeof hears)[number]>[]): void {
    for (const e of batch) for (const device of devicesOf(e)) names.add(device)
    if (names.size > namesAtMost) allAt = Number.NEGATIVE_INFINITY
  }
  return {
    begin: () => {
      following ??= o.events.follow({ hears }, hear).ready
      return following
    },
    everybody: () => {
      const now = clock()
      const away = now - lastAt > all.afterMs
      lastAt = now
      return away || now - allAt > all.everyMs
    },
    wasEverybody: () => {
      allAt = clock()
    },
    changed: () => {
      const taken = [...names]
      names = new Set()
      return taken
    },
    due: (now) => {
      const found: number[] = []
      dueAt.each((device, due) => {
        if (due <= now) found.push(device)
      })
      return found
    },
    set: (device, due) => {
      const at = due === undefined ? 0 : due === 'always' ? always : Math.ceil(due)
      dueAt.set(device, Math.min(at, greatest))
    },
    failed: () => {
      allAt = Number.NEGATIVE_INFINITY
    },
  }
}

/** After these a device's words may be others, or nobody is to be told of it. */
const hears = ['device.reported', 'device.enrolled', 'device.changed', 'device.removed'] as const

const devicesOf = (e: EventRecord<(typeof hears)[number]>): readonly string[] =>
  e.type === 'device.reported' ? e.data.devices : [e.data.device]
