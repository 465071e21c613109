/** All devices of a run together: enrolled some at a time, living side by side, stopped as one. */
import type { Agenda } from './agenda.ts'
import { createBehaviour, readRates } from './behaviour.ts'
import { createLife, type Life } from './life.ts'
import type { Meter } from './meter.ts'
import type { FleetOptions } from './options.ts'
import type { OpenFleetPlatform, SimulatedDevice, Standing, Times } from './platform.ts'
import type { FleetRecord } from './record.ts'
import type { Saved } from './state.ts'
import { createStop } from './stop.ts'

export interface CrowdDeps {
  readonly o: FleetOptions
  readonly platform: OpenFleetPlatform
  readonly agenda: Agenda
  readonly metered: Meter
  readonly record: FleetRecord
  readonly times: Times
  /** Of an earlier run, by number. */
  readonly kept: readonly Saved[]
  nextCode(): Promise<string>
}
export interface Crowd {
  /** Until the time is over or the signal comes. Answers the seconds that enrolling took. Throws Error when no device could enrol. */
  run(): Promise<number>
  living(): number
  standings(): Standing[]
  /** All that the devices keep for the next run. */
  saved(): Saved[]
}

interface Place {
  readonly no: number
  readonly device: SimulatedDevice
  readonly life: Life
}

export function createCrowd(deps: CrowdDeps): Crowd {
  const { o, agenda, record, metered } = deps
  const stop = createStop(agenda, o.drainS ?? 15)
  const rates = readRates(o.preset ?? 'usual', o.rates)
  const wakes = new Map<string, () => void>()
  const places = Array.from({ length: o.devices }, (_, no) => place(no))
  const living: Promise<void>[] = []
  let refusal: unknown

  function place(no: number): Place {
    const behaviour = createBehaviour(o.seed, no, rates)
    const kept = deps.kept[no]
    const reachableAt = (address: string) => void wakes.set(address, () => made.life.wake())
    const device = deps.platform.device({ no, behaviour, stop: stop.signal, reachableAt }, kept?.device)
    const { nextCode } = deps
    const surroundings = { agenda, record, behaviour, stop, nextCode, silentS: deps.times.silentS }
    const life = createLife(device, {
      ...surroundings,
      backoffMaxS: o.backoffMaxS ?? 30,
      turns: kept?.turns ?? 0,
    })
    const made = { no, device, life }
    return made
  }

  /** Some at a time. */
  async function each(of: Iterable<Place>, work: (p: Place) => Promise<void>): Promise<void> {
    const queue = of[Symbol.iterator]()
    const worker = async () => {
      for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value)
    }
    await Promise.all(Array.from({ length: o.enrolAtOnce ?? 16 }, worker))
  }

  /** A device lives on from when it is in, while others still enrol. */
  async function enrol(p: Place): Promise<void> {
    if (stop.signal.aborted) return
    try {
      await p.life.enrol()
    } catch (error) {
      refusal = error
      metered.error('enrolment-refused')
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected'
      record.write(p.device.name(), 'refused', { code })
      return
    }
    const lived = p.life.live()
    // What no life should meet ends the run, which then throws it.
    lived.catch(stop.now)
    living.push(lived)
  }

  async function leave({ life }: Place): Promise<void> {
    try {
      await life.farewell()
    } catch {
      metered.error('farewell-refused')
    }
  }

  function wake(address: string): boolean {
    const known = wakes.get(address)
    known?.()
    return known !== undefined
  }

  return {
    living: () => living.length,
    standings: () => places.map(({ device }) => device.standing()),
    saved: () => places.map(({ no, device, life }) => ({ no, turns: life.turns(), device: device.kept() })),
    async run() {
      const began = agenda.now()
      if (o.signal?.aborted) stop.now()
      o.signal?.addEventListener('abort', stop.now, { once: true })
      const unplug = o.pushes?.(wake)
      try {
        await each(places, enrol)
        if (living.length === 0 && !stop.signal.aborted) throw new Error('No device could enrol.', { cause: refusal })
        const enrolS = (agenda.now() - began) / 1000
        if (o.durationS !== undefined) agenda.at(agenda.now() + 1000 * o.durationS, stop.now)
        await Promise.all(living)
        const share = o.leave ?? 0
        await each(
          places.filter(({ no }) => createBehaviour(o.seed, no, rates).share('leave', 0) < share),
          leave,
        )
        return enrolS
      } finally {
        unplug?.()
        o.signal?.removeEventListener('abort', stop.now)
        stop.now()
      }
    },
  }
}
