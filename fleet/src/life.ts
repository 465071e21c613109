/** A device's life, whatever its protocol: it enrols, takes its turns, rests and is woken, backs off, misbehaves as its habits want, and leaves. */
import type { Agenda } from './agenda.ts'
import type { Behaviour } from './behaviour.ts'
import type { SimulatedDevice } from './platform.ts'
import type { FleetRecord } from './record.ts'
import { Refused } from './refused.ts'
import type { Stop } from './stop.ts'
import { WireFailed } from './wire.ts'

export interface Surroundings {
  readonly agenda: Agenda
  readonly record: FleetRecord
  readonly behaviour: Behaviour
  readonly stop: Stop
  /** Mean seconds of a silence, and the longest back-off. */
  readonly silentS: number
  readonly backoffMaxS: number
  /** Turns that were taken in earlier runs. */
  readonly turns: number
  nextCode(): Promise<string>
}
export interface Life {
  /** Throws the last refusal when the server does not take the device in. */
  enrol(): Promise<void>
  /** Until the run stops, or the device has left. */
  live(): Promise<void>
  farewell(): Promise<void>
  /** A push has reached it: it takes a turn now, or one more after the one that is under way. */
  wake(): void
  turns(): number
}

/** Of one enrolment. */
const enrolTries = 12
const soonMs = 20

export function createLife(d: SimulatedDevice, o: Surroundings): Life {
  const { record, agenda, behaviour, stop } = o
  let turns = o.turns
  let failures = 0
  let resting: (() => void) | undefined
  let woken = false

  async function enrol(): Promise<void> {
    if (d.standing() !== 'new') return
    let code = await o.nextCode()
    for (let attempt = 1; ; attempt += 1) {
      try {
        const detail = await d.enrol(code)
        record.write(d.name(), 'enrolled', { detail })
        return
      } catch (error) {
        const waitMs = attempt < enrolTries && !stop.signal.aborted ? passing(error) : undefined
        if (waitMs === undefined) throw error
        // An answer that was lost may have spent the code; the device then needs another one.
        if (error instanceof Refused && error.code.startsWith('invitation-')) code = await o.nextCode()
        await stop.pause(waitMs)
      }
    }
  }

  async function live(): Promise<void> {
    let gone = false
    while (!gone && d.standing() !== 'gone') {
      const ending = d.standing() === 'left' || stop.signal.aborted
      if (ending && (!d.unsaid() || agenda.now() > stop.drainUntil())) break
      try {
        const n = turns++
        if (!ending) await misbehave(n)
        const { forMs } = await d.turn({ n, ending })
        failures = 0
        await rest(forMs)
      } catch (error) {
        const forMs = failed(error)
        gone = forMs === undefined
        await rest(forMs ?? 0)
      }
    }
    const end = d.standing()
    if (end === 'left' || end === 'gone') record.write(d.name(), end)
  }

  async function misbehave(n: number): Promise<void> {
    if (behaviour.does('silent', n)) {
      const forS = o.silentS * (0.5 + behaviour.share('silentS', n))
      record.write(d.name(), 'silent', { detail: Math.round(forS * 1000) / 1000 })
      await stop.pause(forS * 1000)
    }
    if (behaviour.does('restart', n)) d.restart()
    if (behaviour.does('drift', n)) d.drift(n)
    if (behaviour.does('change', n)) d.change()
  }

  /** A silent device does not hear a push; one that rests does. */
  async function rest(forMs: number): Promise<void> {
    if (woken || forMs <= 0) {
      woken = false
      return
    }
    const slept = stop.nap(forMs)
    resting = slept.end
    await slept.over
    resting = undefined
  }

  function wake(): void {
    record.write(d.name(), 'woken')
    if (resting) resting()
    else woken = true
  }

  /** What went wrong with a turn, and how long (ms) to let the server be; undefined: the device is gone. */
  function failed(error: unknown): number | undefined {
    if (error instanceof WireFailed && error.code === 'aborted') return 0
    if (error instanceof WireFailed && error.code === 'answer-lost') record.write(d.name(), 'answer-lost', {})
    if (error instanceof Refused) record.write(d.name(), 'refused', { code: error.code })
    const meaning = error instanceof Refused ? d.refused(error) : undefined
    if (meaning === 'gone') return undefined
    const waitMs = passing(error, meaning === 'at-once') ?? 1000 * o.backoffMaxS
    return Math.min(waitMs, Math.max(soonMs, stop.signal.aborted ? 1000 : waitMs))
  }

  /** Milliseconds after which it is worth trying again; undefined for what will not pass by itself. `atOnce`: the first time without a pause. */
  function passing(error: unknown, atOnce = error instanceof Refused && d.refused(error) === 'at-once') {
    failures += 1
    const backoff =
      1000 *
      Math.min(o.backoffMaxS, 0.25 * 2 ** Math.min(failures, 12)) *
      (0.5 + behaviour.share('jitter', turns, failures))
    if (error instanceof WireFailed) return backoff
    if (!(error instanceof Refused)) throw error
    if (atOnce) return failures > 1 ? backoff : 0
    if (error.status === 429 || error.status >= 500) return Math.max(backoff, 1000 * (error.retryAfterS ?? 0))
    return error.code === 'invitation-used' && failures > 1 ? 0 : undefined
  }

  async function farewell(): Promise<void> {
    if (d.standing() !== 'enrolled') return
    await d.farewell()
    record.write(d.name(), 'left')
  }

  return { enrol, live, farewell, wake, turns: () => turns }
}
