/** All webhooks being served, on one node at a time: each has its own line, so that one that hangs keeps nobody waiting. */
import type { Db, Log } from '../db/index.ts'
import type { Events } from '../events/index.ts'
import type { Line } from './line.ts'
import { activeHooks, type HookRow } from './store.ts'

/** Changes are heard at once; this is the net under them. */
const lookEveryMs = 30_000

export function createDeliver(o: { db: Db; events: Events; log: Log; open(hook: HookRow): Line }) {
  /** Runs until the signal. */
  return async function deliver(signal: AbortSignal): Promise<void> {
    const lines = new Map<number, Line>()
    const bell = createBell()
    const follower = o.events.follow({ hears: ['webhook.changed'] }, bell.ring)
    signal.addEventListener('abort', bell.ring)
    try {
      await follower.ready
      while (!signal.aborted) {
        await agree(lines)
        await bell.wait(lookEveryMs)
      }
    } finally {
      signal.removeEventListener('abort', bell.ring)
      await follower.stop()
      await Promise.all([...lines.values()].map((l) => l.stop()))
    }
  }

  /** Lines become what the table says: those gone, paused or changed end, new ones begin. */
  async function agree(lines: Map<number, Line>): Promise<void> {
    const rows = new Map((await activeHooks(o.db)).map((r) => [r.no, r]))
    const ended = [...lines.values()].filter(({ hook }) => {
      const now = rows.get(hook.no)
      return now?.turn !== hook.turn || now.revision !== hook.revision
    })
    for (const l of ended) lines.delete(l.hook.no)
    await Promise.all(ended.map((l) => l.stop()))
    // Read again: the place that an ended line kept at its end counts for the next one.
    const fresh = ended.length > 0 ? await activeHooks(o.db) : [...rows.values()]
    for (const hook of fresh) {
      if (lines.has(hook.no)) continue
      try {
        lines.set(hook.no, o.open(hook))
      } catch (error) {
        o.log.error({ err: error, webhook: hook.no }, 'a webhook cannot be served')
      }
    }
  }
}

/** A wait that a ring ends; a ring before it makes it none. */
function createBell() {
  let rung = false
  let end: (() => void) | undefined
  return {
    ring: () => {
      rung = true
      end?.()
    },
    wait: async (ms: number) => {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms)
          end = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      end = undefined
      rung = false
    },
  }
}
