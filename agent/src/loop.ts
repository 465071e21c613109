/** The agent's day: tell what is new, take what waits, do it, tell again; hold a long poll when the server offers one, poll at its pace otherwise. */
import { setTimeout as sleep } from 'node:timers/promises'
import { agentChannel } from '@muster/contract'
import { pauseAfter } from './back-off.ts'
import type { Executor } from './execute.ts'
import { messageOf } from './failure.ts'
import { asRecord, type Http, ServerRefused } from './http.ts'
import type { Reporter, Told } from './report.ts'
import type { Tokens } from './token.ts'
import type { Watcher } from './watch.ts'

/** `gone`: the server no longer knows this device. `left`: it was told to leave and has. */
export type Ending = 'stopped' | 'gone' | 'left'
export interface LoopDeps {
  http: Http
  tokens: Tokens
  executor: Executor
  reporter: Reporter
  sequence: () => number
  /** The server answered, with its time in the answer; it could not be spoken with. */
  met(serverTime: string): Promise<void>
  missed(problem: string): void
  /** device.disenrol was carried out. */
  leaving: () => boolean
  watcher: Watcher
  log: (text: string) => void
  random?: () => number
}
export interface Loop {
  /** One conversation until neither side has anything more; throws when the server cannot be spoken with. */
  once(): Promise<Ending>
  /** Until the signal ends it, or the enrolment ends. */
  run(signal: AbortSignal): Promise<Ending>
}

const { SyncAnswer, agentLimits } = agentChannel
const path = 'linux/agent/sync'
/** How long a batch of work may take before the server hears that it is under way. */
const quickMs = 5_000
const busyMs = 20_000
const roundsLimit = 50
/** Rounds in a row that may follow one another without a pause. */
const livelyLimit = 100

class Gone extends Error {}

export function createLoop(o: LoopDeps): Loop {
  const random = o.random ?? Math.random
  let offered = 0
  /** An answer may have been lost, of this process or of the one before: what was handed over in it comes again when we say what we have. */
  let unheard = true

  async function sync(told: Told | undefined, waitS: number, signal?: AbortSignal): Promise<agentChannel.SyncAnswer> {
    const busy = o.executor.busy()
    const body = {
      sequence: o.sequence(),
      at: new Date().toISOString(),
      ...told,
      take: busy ? 0 : agentLimits.take,
      waitS: busy ? 0 : waitS,
      has: unheard ? o.executor.holding().slice(0, agentLimits.has) : undefined,
    } satisfies agentChannel.Sync
    unheard = true
    const answer = await ask(body, signal)
    if (answer.status === 410 && asRecord(answer.body).code === 'device-gone') throw new Gone()
    if (answer.status !== 200) throw new ServerRefused(answer)
    const read = SyncAnswer.parse(answer.body)
    if (told) o.reporter.answered(told, read.sequence)
    await o.met(read.time)
    return read
  }

  /** A token that is refused is renewed once. */
  async function ask(body: agentChannel.Sync, signal?: AbortSignal) {
    const send = async (fresh: boolean) =>
      o.http.ask({
        path,
        json: body,
        headers: { authorization: `Bearer ${await o.tokens.get(fresh)}` },
        timeoutS: (body.waitS ?? 0) + 30,
        signal,
      })
    const first = await send(false)
    return first.status === 401 ? send(true) : first
  }

  /** One exchange and the work it brought. `quiet`: neither side had anything to say. */
  async function round(
    waitS: number,
    signal?: AbortSignal,
  ): Promise<{ quiet: boolean; nextS: number; tookMs: number }> {
    const told = o.reporter.next(o.executor.current())
    const begun = performance.now()
    let answer: agentChannel.SyncAnswer | undefined
    try {
      answer = told || waitS === 0 ? await sync(told, 0, signal) : await held(waitS, signal)
    } catch (error) {
      // The report itself is at fault: sending it again would never end.
      if (told && error instanceof ServerRefused && [400, 413, 422].includes(error.status)) o.reporter.refused(told)
      throw error
    }
    if (!answer) return { quiet: false, nextS: 0, tookMs: 0 }
    offered = Math.min(answer.waitS, agentLimits.waitS)
    o.executor.add(answer.deliveries)
    unheard = false
    if (o.executor.busy()) await idleOr((told || answer.deliveries.length > 0 ? quickMs : busyMs) / 1000, signal)
    return {
      quiet: !told && answer.deliveries.length === 0 && !o.executor.busy(),
      nextS: answer.nextS,
      tookMs: performance.now() - begun,
    }
  }

  /** Until the work is done, or so long; no timer outlives it. */
  async function idleOr(seconds: number, signal?: AbortSignal): Promise<void> {
    const done = new AbortController()
    const limit = signal ? AbortSignal.any([signal, done.signal]) : done.signal
    try {
      await Promise.race([o.executor.idle(), pause(seconds, limit)])
    } finally {
      done.abort()
    }
  }

  /** A long poll; undefined when it was given up because there is something to tell (what was handed over just then comes again, as the next sync says what is here). */
  async function held(waitS: number, signal?: AbortSignal): Promise<agentChannel.SyncAnswer | undefined> {
    const news = new AbortController()
    const stop = watch(() => news.abort())
    try {
      return await sync(undefined, waitS, signal ? AbortSignal.any([signal, news.signal]) : news.signal)
    } catch (error) {
      if (news.signal.aborted && !signal?.aborted) return undefined
      throw error
    } finally {
      stop()
    }
  }

  /** Drift does not wait for the next poll. */
  function watch(onNews: () => void): () => void {
    return o.watcher.subscribe(() => o.reporter.news() && onNews())
  }

  async function pauseUnlessNews(seconds: number, signal: AbortSignal): Promise<void> {
    const news = new AbortController()
    const stop = watch(() => news.abort())
    await pause(seconds, AbortSignal.any([signal, news.signal])).finally(stop)
  }

  async function once(): Promise<Ending> {
    try {
      for (let rounds = 0; rounds < roundsLimit || o.executor.busy(); rounds += 1) {
        const { quiet } = await round(0)
        if (o.leaving() && !o.reporter.resultsWaiting()) return 'left'
        if (quiet) break
      }
      return 'stopped'
    } catch (error) {
      if (error instanceof Gone) return 'gone'
      o.missed(messageOf(error))
      throw error
    }
  }

  async function run(signal: AbortSignal): Promise<Ending> {
    let failures = 0
    let lively = 0
    while (!signal.aborted) {
      try {
        const waitS = offered
        const { quiet, nextS, tookMs } = await round(waitS, signal)
        failures = 0
        if (o.leaving() && !o.reporter.resultsWaiting()) return 'left'
        // A held poll replaces the pause, unless it came back at once with nothing: then the server's pace counts.
        const wasHeld = waitS > 0 && tookMs > waitS * 900
        lively = quiet ? 0 : lively + 1
        if (quiet ? !wasHeld && (offered === 0 || waitS > 0) : lively > livelyLimit)
          await pauseUnlessNews(Math.max(1, nextS), signal)
      } catch (error) {
        if (error instanceof Gone) return 'gone'
        if (signal.aborted) break
        failures += 1
        unheard = true
        const asked = error instanceof ServerRefused ? error.retryAfterS : undefined
        const waitS = pauseAfter(failures, random(), asked)
        o.missed(messageOf(error))
        o.log(`the server cannot be spoken with (${messageOf(error)}); trying again in ${Math.round(waitS)} s`)
        await pause(waitS, signal)
      }
    }
    return 'stopped'
  }

  return { once, run }
}

/** Ends early when the signal says so; keeps no process alive by itself. */
async function pause(seconds: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleep(Math.min(seconds, 86_400) * 1000, undefined, { signal, ref: signal !== undefined })
  } catch (error) {
    if (!signal?.aborted) throw error
  }
}
