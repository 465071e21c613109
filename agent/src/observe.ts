/** What only programs can tell of a live machine (the firewall in the kernel, say): asked after changes and now and then, remembered in between. */
import type { JsonObject } from '@muster/contract'
import { features, type Machine } from './features/index.ts'

export interface Observer {
  /** By feature; nothing of those that were not asked yet or have nothing to tell. */
  seen(): Readonly<Record<string, JsonObject>>
  ask(feature: string): Promise<void>
  askAll(): Promise<void>
  start(): void
  stop(): void
}

const everyMs = 60_000

export function createObserver(m: Machine): Observer {
  const seen: Record<string, JsonObject> = {}
  let timer: NodeJS.Timeout | undefined

  /** Only what Muster put is asked about: programs are not run for others' things. */
  async function ask(id: string): Promise<void> {
    const feature = features.get(id)
    if (!feature?.observe) return
    try {
      if (m.tree.live && m.originals.placed(id)) seen[id] = await feature.observe(m)
      else delete seen[id]
    } catch {
      // Nothing is known then, and nothing old must be told for new.
      delete seen[id]
    }
  }
  async function askAll(): Promise<void> {
    for (const id of features.keys()) await ask(id)
  }
  return {
    seen: () => seen,
    ask,
    askAll,
    start() {
      timer = setInterval(() => askAll(), everyMs).unref()
      askAll()
    },
    stop: () => clearInterval(timer),
  }
}
