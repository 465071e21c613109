/** One simulated device by itself, for tests that lead it by the hand: it comes in with a code, lives, and is made to drift, restart or leave when the test wants it. */
import { createAgenda } from './agenda.ts'
import { createBehaviour, type Rates, readRates } from './behaviour.ts'
import { createLife } from './life.ts'
import type { SimulatedDevice } from './platform.ts'
import { platforms } from './platforms/index.ts'
import { createRecord, type RecordLine } from './record.ts'
import { createStop } from './stop.ts'
import { createWire } from './wire.ts'

export interface SingleOptions {
  readonly server: string
  readonly platform: string
  readonly seed: string
  /** Which device of the seed. Default 0. */
  readonly no?: number
  readonly code: string
  /** Of a calm device. */
  readonly rates?: Partial<Rates>
  readonly ca?: string
  /** Seconds between its turns when nobody wakes it, instead of what the protocol says. */
  readonly pollS?: number
  readonly deferS?: number
  /** It can be woken by this address (token, channel URI, topic) from now on. */
  onAddress?(address: string): void
}
export interface Single {
  readonly device: SimulatedDevice
  readonly lines: readonly RecordLine[]
  /** As by a push. */
  wake(): void
  /** Tells what is left, and ends. Throws what its life could not bear. */
  stop(): Promise<void>
}

/** Resolves when it is in. Throws Refused or WireFailed when the server does not take it, RangeError for an unknown platform. */
export async function startDevice(o: SingleOptions): Promise<Single> {
  const platform = platforms.get(o.platform)
  if (!platform) throw new RangeError(`No platform ${o.platform} can be simulated.`)
  const wire = createWire({ server: o.server, connections: 2, ca: o.ca })
  const agenda = createAgenda()
  const lines: RecordLine[] = []
  const record = createRecord({ now: agenda.now, watch: (l) => lines.push(l) })
  const stop = createStop(agenda, 15)
  const no = o.no ?? 0
  const behaviour = createBehaviour(o.seed, no, readRates('calm', o.rates))
  const times = { longPoll: true, pollS: o.pollS, deferS: o.deferS ?? 1, laterS: 1, silentS: 1 }
  const end = async () => {
    agenda.clear()
    await wire.close()
    record.close()
  }
  try {
    const open = await platform.open({ send: wire.send, agenda, record, seed: o.seed, ownership: 'cope', times })
    const member = { no, behaviour, stop: stop.signal, reachableAt: (address: string) => o.onAddress?.(address) }
    const device = open.device(member, undefined)
    const nextCode = async () => o.code
    const life = createLife(device, { agenda, record, behaviour, stop, silentS: 1, backoffMaxS: 2, turns: 0, nextCode })
    await life.enrol()
    const living = life.live()
    living.catch(stop.now)
    return {
      device,
      lines,
      wake: life.wake,
      async stop() {
        stop.now()
        await living.finally(end)
      },
    }
  } catch (error) {
    await end()
    throw error
  }
}
