/** One webhook being served: it follows the outbox from its own place, one event after the other, for as long as it takes. */
import type { Principal } from '../access/index.ts'
import type { Db, Log } from '../db/index.ts'
import type { EventRecord, Events } from '../events/index.ts'
import type { PostAnswer, Poster } from './poster.ts'
import { messageId, signature } from './signature.ts'
import { type Attempt, delivered, failed, type HookRow, passed } from './store.ts'

export interface LineDeps {
  db: Db
  events: Events
  log: Log
  poster: Poster
  /** Whose eyes the webhook sees with; undefined when they are gone or may not follow events. */
  reader(name: string): Promise<Principal | undefined>
  visible(batch: readonly EventRecord[], reader: Principal): Promise<EventRecord[]>
  pause(hook: HookRow, reason: { code: string; text: string }): Promise<void>
  times: Times
}
export interface Times {
  /** Wait after the first failure; it doubles up to `longestWaitMs`. */
  firstWaitMs: number
  longestWaitMs: number
  /** Failing for so long pauses the webhook. */
  patienceS: number
  /** One try may take so long. */
  limitMs: number
}
export interface Line {
  readonly hook: HookRow
  stop(): Promise<void>
}

const passEveryMs = 5_000
/** The other side may ask for patience, but not for longer than this. */
const longestAskedS = 3_600

export function openLine(o: LineDeps, hook: HookRow, secrets: readonly string[]): Line {
  const over = new AbortController()
  const { signal } = over
  let reached = hook.position
  let kept = hook.position
  /** Places are written one after the other, so that an older one never comes last. */
  let writing: Promise<unknown> = Promise.resolve()
  const write = <T>(work: () => Promise<T>): Promise<T> => {
    const done = writing.then(work)
    writing = done.catch(() => undefined)
    return done
  }

  const wanted = (e: EventRecord) => hook.events.length === 0 || hook.events.includes(e.type)

  /** What is not served when the line ends is read again by the next one: only `reached` counts. */
  async function serveAll(batch: readonly EventRecord[]): Promise<void> {
    for (const e of batch) {
      if (signal.aborted) return
      if (wanted(e) && !(await serve(e))) return
      reached = e.id
    }
  }

  /** True when the event is done with: taken, or not for these eyes. */
  async function serve(e: EventRecord): Promise<boolean> {
    for (let tries = 0; !signal.aborted; tries++) {
      const reader = await o.reader(hook.reader)
      if (!reader)
        return end({
          code: 'reader-gone',
          text: 'Whoever made this webhook is gone, disabled, or may not follow events any more.',
        })
      const [shown] = await o.visible([e], reader)
      if (!shown) return true
      const { attempt, answer } = await send(shown)
      if (signal.aborted) return false
      if (answer && answer.status >= 200 && answer.status < 300) {
        return (await write(() => take(e, attempt))) || stopped()
      }
      const failingS = await failed(o.db, hook, attempt)
      if (failingS === undefined) return stopped()
      if (answer?.status === 410) return end({ code: 'gone', text: 'The address answered 410: it wants no more.' })
      if (failingS > o.times.patienceS)
        return end({
          code: 'failing',
          text: `No event was taken for ${Math.round(failingS / 60)} minutes. The last try: ${attempt.error}`,
        })
      await sleep(waitMs(o.times, tries, answer), signal)
    }
    return false
  }

  async function take(e: EventRecord, attempt: Attempt): Promise<boolean> {
    const done = await delivered(o.db, hook, attempt)
    if (done) reached = kept = e.id
    return done
  }

  async function send(e: EventRecord): Promise<{ attempt: Attempt; answer?: PostAnswer }> {
    const began = performance.now()
    const attempt = (more: Partial<Attempt>) => ({
      event: e.id,
      type: e.type,
      ms: Math.round(performance.now() - began),
      ...more,
    })
    try {
      const body = JSON.stringify({ type: e.type, timestamp: e.at.toISOString(), data: e.data })
      const answer = await post(o, hook.url, secrets, messageId(e.id), body, signal)
      const { status } = answer
      return {
        attempt: attempt({ status, ...(status >= 300 || status < 200 ? { error: `it answered ${status}` } : {}) }),
        answer,
      }
    } catch (e) {
      return { attempt: attempt({ error: e instanceof Error ? e.message : String(e) }) }
    }
  }

  function stopped(): false {
    over.abort()
    return false
  }
  async function end(reason: { code: string; text: string }): Promise<false> {
    await o.pause(hook, reason)
    return stopped()
  }
  const keep = () =>
    write(async () => {
      if (reached === kept) return
      const place = reached
      await passed(o.db, hook, place)
      kept = place
    })

  const follower = o.events.follow(
    {
      after: hook.position,
      gone: () =>
        void o
          .pause(hook, {
            code: 'events-gone',
            text: 'Events after the last delivered one are no longer kept: some were missed. Read what you need from the API, then resume from now.',
          })
          .catch((error: unknown) => o.log.error({ err: error, webhook: hook.no }, 'a webhook could not be paused')),
    },
    serveAll,
  )
  const keeping = setInterval(
    () =>
      void keep().catch((error: unknown) =>
        o.log.warn({ err: error, webhook: hook.no }, 'the place of a webhook was not written'),
      ),
    passEveryMs,
  ).unref()

  return {
    hook,
    stop: async () => {
      clearInterval(keeping)
      over.abort()
      await follower.stop()
      await keep()
    },
  }
}

/** One signed message. `id` is the same at each try, the time and the signatures are of this one. */
export function post(
  o: Pick<LineDeps, 'poster' | 'times'>,
  url: string,
  secrets: readonly string[],
  id: string,
  body: string,
  signal: AbortSignal,
): Promise<PostAnswer> {
  const at = Math.floor(Date.now() / 1000)
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': secrets.map((s) => signature(s, id, at, body)).join(' '),
  }
  return o.poster.post({ url, headers, body, signal: AbortSignal.any([signal, AbortSignal.timeout(o.times.limitMs)]) })
}

/** Doubling, moved at random by a quarter, so that many who wait for one server do not come at once. */
function waitMs(t: Times, tries: number, answer: PostAnswer | undefined): number {
  const own = Math.min(t.firstWaitMs * 2 ** Math.min(tries, 20), t.longestWaitMs) * (0.75 + Math.random() / 2)
  return Math.max(own, Math.min(answer?.retryAfterS ?? 0, longestAskedS) * 1000)
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
