/** Time and network that exist in memory alone: a run of minutes takes a moment, and the same seed gives the same run to the letter. */
import { setImmediate as turn } from 'node:timers/promises'
import { type Agenda, createHeap } from './agenda.ts'
import type { FakeChannel } from './channel.fixture.ts'
import { draw } from './random.ts'
import { type Asked, type Send, WireFailed } from './wire.ts'

export interface VirtualTime {
  readonly agenda: Agenda
  /** Lets time pass until the work is done. */
  until<T>(work: Promise<T>): Promise<T>
}

export function createVirtualTime(): VirtualTime {
  const heap = createHeap()
  let now = Date.UTC(2026, 0, 1)
  return {
    agenda: { now: () => now, at: (due, run) => heap.push(Math.max(due, now), run), clear: () => heap.clear() },
    async until(work) {
      let over = false
      const watched = work.finally(() => {
        over = true
      })
      watched.catch(() => undefined)
      for (;;) {
        await turn()
        if (over) return watched
        const due = heap.due()
        const run = heap.pop()
        if (!run) throw new Error('Everything waits, and nothing is left to happen.')
        now = Math.max(now, due)
        run()
      }
    },
  }
}

/** Requests take their time; some answers overtake others. */
export function virtualSend(channel: FakeChannel, agenda: Agenda, seed = 1): Send {
  let n = 0
  const pass = (ms: number) => new Promise<void>((resolve) => agenda.at(agenda.now() + ms, resolve))
  return async (a: Asked) => {
    n += 1
    const [there, back] = [1 + Math.floor(20 * draw(seed, 0, n)), 1 + Math.floor(20 * draw(seed, 1, n))]
    await pass(there)
    const gone = new Promise<never>((_, reject) => {
      a.signal?.addEventListener('abort', () => reject(new WireFailed('aborted')), { once: true })
      if (a.signal?.aborted) reject(new WireFailed('aborted'))
    })
    gone.catch(() => undefined)
    const answer = await Promise.race([
      channel.handle({
        method: a.method,
        path: `/${a.path}`,
        authorization: headerOf(a, 'authorization'),
        body: String(a.body ?? ''),
      }),
      gone,
    ])
    await pass(back)
    if (a.lose) throw new WireFailed('answer-lost')
    return { status: answer.status, headers: {}, bytes: Buffer.from(JSON.stringify(answer.body ?? null)) }
  }
}

function headerOf({ headers = [] }: Asked, name: string): string | undefined {
  const at = headers.indexOf(name)
  return at < 0 ? undefined : headers[at + 1]
}
