/** All devices of a run together: enrolled some at a time, living side by side, stopped as one. */
import type { agentChannel } from '@muster/contract'
import type { Agenda } from './agenda.ts'
import { createBehaviour, readRates } from './behaviour.ts'
import type { Channel } from './channel.ts'
import { createDevice, type Device } from './device.ts'
import { type Disk, newDisk } from './disk.ts'
import { createLife, type Life } from './life.ts'
import type { FleetOptions } from './options.ts'
import type { FleetRecord } from './record.ts'
import type { Simulator } from './simulator.ts'
import { createStop } from './stop.ts'
import type { Meter } from './wire.ts'

export interface CrowdDeps {
  readonly o: FleetOptions
  readonly simulator: Simulator
  readonly agenda: Agenda
  readonly metered: Meter
  readonly record: FleetRecord
  readonly channel: Channel
  readonly about: agentChannel.About
  /** Of an earlier run, by number. */
  readonly kept: readonly Disk[]
  nextCode(): Promise<string>
}
export interface Crowd {
  /** Until the time is over or the signal comes. Answers the seconds that enrolling took. Throws Error when no device could enrol. */
  run(): Promise<number>
  living(): number
  disks(): Disk[]
}

interface Member {
  readonly device: Device
  readonly life: Life
}

export function createCrowd(deps: CrowdDeps): Crowd {
  const { o, agenda, record, metered } = deps
  const stop = createStop(agenda, o.drainS ?? 15)
  const rates = readRates(o.preset ?? 'usual', o.rates)
  const members = Array.from({ length: o.devices }, (_, no) => member(no))
  const living: Promise<void>[] = []
  let refusal: unknown

  function member(no: number): Member {
    const behaviour = createBehaviour(o.seed, no, rates)
    const { simulator, channel, about, nextCode } = deps
    const times = { deferS: o.deferS ?? 5, laterS: o.laterS ?? 2 }
    const disk = deps.kept[no] ?? newDisk(no)
    const device = createDevice({ seed: o.seed, simulator, behaviour, record, now: agenda.now, ...times }, disk)
    const pace = { longPoll: o.longPoll ?? true, pollS: o.pollS, silentS: o.silentS ?? 20 }
    const backoffMaxS = o.backoffMaxS ?? 30
    return {
      device,
      life: createLife(device, { channel, agenda, record, about, nextCode, stop, ...pace, backoffMaxS }),
    }
  }

  /** Some at a time. */
  async function each(of: Iterable<Member>, work: (m: Member) => Promise<void>): Promise<void> {
    const queue = of[Symbol.iterator]()
    const worker = async () => {
      for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value)
    }
    await Promise.all(Array.from({ length: o.enrolAtOnce ?? 16 }, worker))
  }

  /** A device lives on from when it is in, while others still enrol. */
  async function enrol({ device, life }: Member): Promise<void> {
    if (stop.signal.aborted) return
    try {
      await life.enrol()
    } catch (error) {
      refusal = error
      metered.error('enrolment-refused')
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected'
      record.write(device.name(), 'refused', { code })
      return
    }
    const lived = life.live()
    // What no life should meet ends the run, which then throws it.
    lived.catch(stop.now)
    living.push(lived)
  }

  async function leave({ life }: Member): Promise<void> {
    try {
      await life.farewell()
    } catch {
      metered.error('farewell-refused')
    }
  }

  return {
    living: () => living.length,
    disks: () => members.map(({ device }) => device.disk),
    async run() {
      const began = agenda.now()
      if (o.signal?.aborted) stop.now()
      o.signal?.addEventListener('abort', stop.now, { once: true })
      try {
        await each(members, enrol)
        if (living.length === 0 && !stop.signal.aborted) throw new Error('No device could enrol.', { cause: refusal })
        const enrolS = (agenda.now() - began) / 1000
        if (o.durationS !== undefined) agenda.at(agenda.now() + 1000 * o.durationS, stop.now)
        await Promise.all(living)
        const share = o.leave ?? 0
        await each(
          members.filter(({ device }) => device.behaviour.share('leave', 0) < share),
          leave,
        )
        return enrolS
      } finally {
        o.signal?.removeEventListener('abort', stop.now)
        stop.now()
      }
    },
  }
}
