/** Waking many sleeping devices: one wake per channel, urgent ones first, at a pace that the server stands, tried again when a push service cannot take them now. */
import type { Pusher, PushPorts, Wake } from '@muster/contract'
import type { Adapter, PushLog, Sent } from './adapter.ts'
import { createCredentials } from './credentials.ts'
import { createLane, type Entry, type Lane, type Queue } from './lane.ts'
import { createPace } from './pace.ts'
import { createWheel } from './wheel.ts'

export interface PusherOptions {
  adapters: readonly Adapter[]
  log: PushLog
  /** At most so many a second, and at most so many on their way in one lane. */
  perSecond?: number
  inFlight?: number
  /** Channels that wait at most; more are not taken, and are woken when work is looked for again. */
  waiting?: number
  /** True while the devices that come are more than the server stands. */
  pressed?(): boolean
  /** Between two wakes of one channel: who was just woken fetches what came meanwhile too. */
  restMs?: number
  retry?: { firstMs: number; mostMs: number; forMs: number }
  now?(): number
  random?(): number
}
export interface PushCounts {
  sent: number
  dead: number
  refused: number
  /** Tries that failed and come again. */
  retried: number
  /** Given up: too many waited, or it took too long. */
  dropped: number
  waiting: number
  connections: number
  /** Wakes a second that may leave now. */
  rate: number
}
export interface PushRoom extends Pusher {
  connect(ports: PushPorts): void
  counts(): PushCounts
  close(): Promise<void>
}

const usual = {
  perSecond: 4_000,
  inFlight: 1_000,
  waiting: 500_000,
  restMs: 2_000,
  retry: { firstMs: 1_000, mostMs: 300_000, forMs: 3_600_000 },
}
/** Names come from devices: no more ways than this are opened. */
const mostLanes = 1_000
const tickMs = 10
const saidEveryMs = 60_000

export function createPusher(options: PusherOptions): PushRoom {
  const o = { ...usual, pressed: () => false, now: () => Date.now(), random: Math.random, ...options }
  const adapters = new Map(o.adapters.map((a) => [a.via, a]))
  const entries = new Map<number, Entry & { lane: Lane; hurried: boolean }>()
  type Waiting = NonNullable<ReturnType<typeof entries.get>>
  const lanes = new Map<string, Lane>()
  const counts = { sent: 0, dead: 0, refused: 0, retried: 0, dropped: 0 }
  const said = new Map<string, number>()
  const pace = createPace(o)
  const wheel = createWheel<Waiting>({ tickMs: 100, now: o.now, due: (items) => items.forEach(wakeUp) })
  let ports: PushPorts | undefined
  let credentials = createCredentials({ ask: async () => undefined, now: o.now })
  let timer: NodeJS.Timeout | undefined
  let pumpAt = 0
  let closed = false

  function push(channel: number, wake: Wake, platform: string): void {
    if (closed) return
    const lane = laneOf(wake, platform)
    if (!lane) {
      counts.refused += 1
      return tell(`${wake.via} address`, 'warn', { via: wake.via, channel }, 'a wake names no address that can be used')
    }
    const known = entries.get(channel)
    if (known) return again(known, wake, lane)
    if (entries.size >= o.waiting) {
      counts.dropped += 1
      return
    }
    const entry: Waiting = { channel, platform, wake, lane, hurried: false, state: 'queued', tries: 0, since: o.now() }
    entries.set(channel, entry)
    queue(entry)
  }
  /** The newer address counts; urgent stays urgent. */
  function again(entry: Waiting, wake: Wake, lane: Lane): void {
    if (entry.state === 'flying' || entry.state === 'resting') {
      entry.newer = { ...wake, urgent: wake.urgent || entry.newer?.urgent }
      return
    }
    const moved = entry.lane !== lane
    entry.wake = { ...wake, urgent: wake.urgent || entry.wake.urgent }
    entry.lane = lane
    if (entry.state === 'queued' && (moved || (entry.wake.urgent && !entry.hurried))) queue(entry)
  }
  function queue(entry: Waiting): void {
    entry.state = 'queued'
    entry.hurried = entry.wake.urgent === true
    lanes.set(entry.lane.key, entry.lane)
    entry.lane[entry.hurried ? 'urgent' : 'usual'].put(entry)
    schedule(0)
  }
  function laneOf(wake: Wake, platform: string): Lane | undefined {
    const name = adapters.get(wake.via)?.name(wake)
    if (name === undefined) return undefined
    const lane = createLane(wake.via, platform, name)
    return lanes.get(lane.key) ?? (lanes.size < mostLanes ? lane : undefined)
  }

  function schedule(ms: number): void {
    if (closed || !ports) return
    const at = performance.now() + ms
    if (timer !== undefined) {
      if (pumpAt <= at) return
      clearTimeout(timer)
    }
    pumpAt = at
    timer = setTimeout(pump, ms).unref()
  }
  /** Sends what may go now: the urgent ones of all lanes, then the others; lanes take turns at the rate. */
  function pump(): void {
    timer = undefined
    let ready = false
    let sleep = Number.POSITIVE_INFINITY
    for (const kind of ['urgent', 'usual'] as const)
      for (const lane of lanes.values()) {
        if (lane[kind].length === 0) continue
        const pausedMs = lane.pausedUntil - o.now()
        if (pausedMs > 0) sleep = Math.min(sleep, pausedMs)
        else if (leave(lane, lane[kind])) ready = true
      }
    rotate()
    if (ready) schedule(tickMs)
    else if (sleep < Number.POSITIVE_INFINITY) schedule(Math.max(tickMs, Math.min(sleep, 1_000)))
  }
  /** True: more waits here and could go. A lane with all its places taken is looked at when one comes free. */
  function leave(lane: Lane, from: Queue<Entry>): boolean {
    while (from.length > 0 && lane.flying < o.inFlight) {
      if (pace.take(1) === 0) return true
      const entry = next(lane, from)
      if (!entry) return false
      void fly(entry, lane)
    }
    return false
  }
  /** Skips what was queued again elsewhere. */
  function next(lane: Lane, from: Queue<Entry>): Waiting | undefined {
    for (let e = from.take(); e !== undefined; e = from.take()) {
      const entry = e as Waiting
      if (entry.state === 'queued' && entry.lane === lane && entry.hurried === (from === lane.urgent)) return entry
    }
    return undefined
  }
  /** The next lane goes first next time; one in which nothing happens is forgotten. */
  function rotate(): void {
    for (const [key, lane] of lanes) {
      lanes.delete(key)
      const idle = lane.urgent.length + lane.usual.length + lane.flying === 0 && lane.pausedUntil <= o.now()
      if (!idle) {
        lanes.set(key, lane)
        return
      }
    }
  }

  async function fly(entry: Waiting, lane: Lane): Promise<void> {
    entry.state = 'flying'
    lane.flying += 1
    const sent = await send(entry.wake, lane)
    lane.flying -= 1
    if (closed) return
    settle(entry, lane, sent)
    if (lane.urgent.length + lane.usual.length > 0) schedule(tickMs)
  }
  async function send(wake: Wake, lane: Lane): Promise<Sent> {
    try {
      const credential = await credentials(lane.platform, lane.name)
      // Nothing of ours goes by this name: who waits is looked for again when there is one.
      if (!credential) return { state: 'refused', reason: 'no credential is set up' }
      const adapter = adapters.get(lane.via) as Adapter
      return await adapter.send(wake, credential)
    } catch (err) {
      tell(`${lane.via} fault`, 'warn', { err, via: lane.via }, 'a wake could not be sent')
      return { state: 'later', reason: 'a fault on our side' }
    }
  }
  function settle(entry: Waiting, lane: Lane, sent: Sent): void {
    switch (sent.state) {
      case 'sent':
        counts.sent += 1
        lane.failures = 0
        entry.state = 'resting'
        return wheel.put(entry, o.restMs)
      case 'dead':
        counts.dead += 1
        ports
          ?.dead(entry.channel, entry.wake.to, sent.reason)
          .catch((err: unknown) =>
            o.log.warn({ err, channel: entry.channel }, 'a dead push address could not be noted'),
          )
        return end(entry)
      case 'refused':
        counts.refused += 1
        tell(
          `${lane.via} ${sent.reason}`,
          'warn',
          { via: lane.via, name: lane.name, reason: sent.reason },
          'a push service refused a wake',
        )
        return end(entry)
      case 'later':
        return later(entry, lane, sent)
    }
  }
  function later(entry: Waiting, lane: Lane, sent: Sent & { state: 'later' }): void {
    if (o.now() - entry.since > o.retry.forMs) {
      counts.dropped += 1
      return end(entry)
    }
    counts.retried += 1
    absorb(entry)
    if (sent.all) {
      pause(lane, sent)
      return queue(entry)
    }
    entry.tries += 1
    entry.state = 'putOff'
    wheel.put(entry, Math.max(sent.afterMs ?? 0, backOff(entry.tries)))
  }
  function pause(lane: Lane, sent: Sent & { state: 'later' }): void {
    if (lane.pausedUntil > o.now()) return
    lane.failures += 1
    lane.pausedUntil = o.now() + Math.max(sent.afterMs ?? 0, backOff(lane.failures))
    tell(
      `${lane.via} ${lane.name} ${sent.reason}`,
      'warn',
      { via: lane.via, name: lane.name, reason: sent.reason },
      'a push service takes nothing now; devices poll until it does',
    )
  }
  const backOff = (tries: number) =>
    Math.min(o.retry.mostMs, o.retry.firstMs * 2 ** Math.min(tries - 1, 20)) * (0.5 + o.random())

  /** What was to follow goes with the next try. */
  function absorb(entry: Waiting): void {
    if (!entry.newer) return
    entry.wake = { ...entry.newer, urgent: entry.newer.urgent || entry.wake.urgent }
    entry.lane = laneOf(entry.wake, entry.platform) ?? entry.lane
    entry.newer = undefined
  }
  /** Over, unless a newer one waits behind it. */
  function end(entry: Waiting): void {
    entries.delete(entry.channel)
    if (entry.newer && JSON.stringify(entry.newer.to) !== JSON.stringify(entry.wake.to))
      push(entry.channel, entry.newer, entry.platform)
  }
  function wakeUp(entry: Waiting): void {
    if (entry.state === 'putOff') return queue(entry)
    entries.delete(entry.channel)
    if (entry.newer) push(entry.channel, entry.newer, entry.platform)
  }
  /** The same thing is said once a minute. */
  function tell(what: string, how: 'info' | 'warn', about: object, text: string): void {
    const now = o.now()
    if ((said.get(what) ?? Number.NEGATIVE_INFINITY) > now - saidEveryMs) return
    if (said.size > 1_000) said.clear()
    said.set(what, now)
    o.log[how](about, text)
  }

  return {
    push,
    connect: (given) => {
      ports = given
      credentials = createCredentials({ ask: given.credential, now: o.now })
      schedule(0)
    },
    counts: () => ({
      ...counts,
      waiting: entries.size - restingOnly(),
      connections: o.adapters.reduce((sum, a) => sum + a.connections(), 0),
      rate: pace.rate(),
    }),
    close: async () => {
      closed = true
      clearTimeout(timer)
      wheel.stop()
      entries.clear()
      await Promise.all(o.adapters.map((a) => a.close()))
    },
  }

  /** Those that were sent and only keep their channel from being woken again at once. */
  function restingOnly(): number {
    let resting = 0
    for (const e of entries.values()) if (e.state === 'resting' && !e.newer) resting += 1
    return resting
  }
}
