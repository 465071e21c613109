/** One device of the agent channel between exchanges: what it does with deliveries, what it has to tell, how it drifts and restarts. No network here. */
import { agentChannel, type JsonObject } from '@muster/contract'
import type { Behaviour } from '../behaviour.ts'
import { createDeeds, type Doing, type Fault } from '../deeds.ts'
import { createRandom, keyOf } from '../random.ts'
import type { FleetRecord } from '../record.ts'
import { type Delivery, type Disk, newDisk, type Report } from './disk.ts'
import { faultOf } from './envelope.ts'
import type { Effect, Identity, Machine, Simulator } from './simulator.ts'

export interface Device {
  readonly identity: Identity
  readonly disk: Disk
  /** By the server's id; by its own name before it has one. */
  name(): string
  /** `asked`: the record's last line when the exchange began. */
  receive(deliveries: readonly Delivery[], asked: number): void
  /** The report under way, or a new one when there is something to tell. */
  report(): Report | undefined
  /** It goes out now. */
  telling(report: Report): void
  /** There is something for a new report. */
  hasNews(): boolean
  /** The server has taken reports up to this number. `time`: its clock. */
  taken(sequence: number, time: string): void
  /** Completes what is due. Answers that the device is turned off. */
  work(): 'on' | 'off'
  /** When the next work is due (ms). */
  due(): number | undefined
  facts(): JsonObject
  drift(n: number): void
  change(): void
  restart(): void
}
export interface DeviceDeps {
  readonly no: number
  readonly seed: string
  readonly simulator: Simulator
  readonly behaviour: Behaviour
  readonly record: FleetRecord
  readonly now: () => number
  /** Mean seconds that a delivery is put off, and until what was acknowledged is completed. */
  readonly deferS: number
  readonly laterS: number
}

const { agentLimits } = agentChannel
const fault = (code: string, text = `The simulated device refuses it: ${code}.`): Fault => ({ code, text })

export function createDevice(o: DeviceDeps, kept?: Disk): Device {
  const { simulator, behaviour, record } = o
  const identity = simulator.identity(createRandom(keyOf(o.seed, o.no)), o.no)
  let disk = kept ?? newDisk(o.no, simulator.world(identity, o.now()))
  const name = () => disk.device ?? identity.name
  const doing: Doing<Delivery> = { refusal, isRepeatable, act, acknowledges: true }
  const deeds = createDeeds({ ...o, doing, name, restart }, disk.memory)

  const machine = (): Machine => ({
    identity,
    world: disk.world,
    settings: disk.settings,
    ownership: disk.ownership ?? 'cope',
    changes: disk.changes,
    now: o.now(),
  })
  function facts(): JsonObject {
    const m = machine()
    const told: JsonObject = { ...identity.facts }
    for (const group of Object.values(simulator.groups)) Object.assign(told, group(m))
    for (const feature of simulator.features.keys()) told[`managed.${feature}`] = evidence(feature, m)
    return told
  }
  function evidence(feature: string, m: Machine): JsonObject {
    const simulated = simulator.features.get(feature)
    const why = simulated?.refuses?.(identity, m)
    if (why !== undefined) return { placed: false, applicable: false, why }
    const inForce = disk.settings[feature]
    return { placed: inForce !== undefined, ...simulated?.evidence(inForce, m) }
  }
  function tell(names: readonly string[]): void {
    for (const what of names) if (!disk.tell.includes(what)) disk.tell.push(what)
  }

  /** Why it is refused before it begins. */
  function refusal(d: Delivery): Fault | undefined {
    if (d.kind === 'errand') return fault('unsupported')
    if (d.kind === 'operation') return refusalOfOperation(d)
    const feature = simulator.features.get(d.name)
    if (!feature) return fault('unsupported')
    if (d.kind === 'drop') return undefined
    const why = feature.refuses?.(identity, machine())
    if (why !== undefined) return fault('not-applicable', why)
    return feature.settings.safeParse(d.payload).success ? undefined : fault('invalid-settings')
  }
  function refusalOfOperation(d: Delivery): Fault | undefined {
    const operation = simulator.operations.get(d.name)
    if (!operation) return fault('unsupported')
    if (Date.parse(d.deadline) < o.now()) return fault('expired')
    if (operation.words.signed) {
      const { device = '', epoch = 0, signingKeys = [] } = disk
      const wrong = faultOf(d, { device, epoch, signingKeys }, o.now())
      if (wrong !== undefined) return fault(wrong)
    }
    const params = operation.words.params.safeParse(d.payload)
    return params.success ? operation.refusal?.(params.data as JsonObject, machine()) : fault('invalid-params')
  }

  function isRepeatable(d: Delivery): boolean {
    return d.kind !== 'operation' || simulator.operations.get(d.name)?.words.repeatable === true
  }

  /** What the delivery changes in the device. */
  function act(d: Delivery): ReturnType<Doing<Delivery>['act']> {
    if (d.kind !== 'operation') return setting(d)
    const operation = simulator.operations.get(d.name)
    const effect: Effect = operation?.act(operation.words.params.parse(d.payload) as JsonObject, machine()) ?? {}
    if (effect.tell === 'all') disk.tellAll = true
    else tell(effect.tell ?? [])
    if (effect.power) disk.power = effect.power
    if (effect.failed) return { failed: effect.failed }
    if (effect.leaves !== undefined) {
      disk.settings = {}
      disk.over = 'left'
      if (effect.leaves !== true) disk.farewell = effect.leaves
    }
    // What a device answers must be what the descriptor promises.
    return { result: operation?.words.result.parse(effect.result ?? {}) as JsonObject }
  }
  function setting(d: Delivery): { result: JsonObject } {
    const feature = simulator.features.get(d.name)
    if (d.kind === 'drop') delete disk.settings[d.name]
    else {
      const settings = feature?.settings.parse(d.payload) as JsonObject
      disk.settings[d.name] = settings
      tell(feature?.put?.(settings, machine()) ?? [])
    }
    tell([d.name])
    return { result: { files: [] } }
  }

  const hasNews = () => disk.memory.outbox.length > 0 || disk.tell.length > 0 || disk.tellAll

  function report(): Report | undefined {
    if (disk.report) return disk.report
    if (!hasNews()) return undefined
    disk.sequence += 1
    const { sequence } = disk
    const results = disk.memory.outbox.splice(0, agentLimits.results - 1)
    const [first] = results
    if (first && behaviour.does('duplicateResult', sequence)) results.push(deeds.lastHeard ?? first)
    const at = new Date(o.now()).toISOString()
    disk.report = { sequence, at, ...(results.length > 0 ? { results } : {}), ...factsToTell() }
    return disk.report
  }

  function factsToTell(): Pick<Report, 'facts' | 'partial'> {
    const { tell: names, tellAll } = disk
    disk.tell = []
    disk.tellAll = false
    if (tellAll) return { facts: facts(), partial: false }
    if (names.length === 0) return {}
    const m = machine()
    const told: JsonObject = {}
    for (const n of names) {
      const group = simulator.groups[n]
      if (group) Object.assign(told, group(m))
      else told[`managed.${n}`] = evidence(n, m)
    }
    return { facts: told, partial: true }
  }

  function taken(sequence: number, time: string): void {
    const { report: sent } = disk
    if (sent && sequence >= sent.sequence) {
      deeds.heard(sent.results ?? [], sent.sequence, time)
      // Kept only where it will arrive once more: the inventories of thousands of devices would fill the memory.
      disk.previous = behaviour.does('reorder', sent.sequence + 1) ? sent : undefined
      disk.report = undefined
    }
    // A server that has heard of later reports than the device remembers would ignore what comes with lower numbers.
    if (!disk.report && sequence > disk.sequence) disk.sequence = sequence
  }

  function work(): 'on' | 'off' {
    deeds.work()
    const { power } = disk
    if (!power || power.at > o.now()) return 'on'
    delete disk.power
    restart()
    return power.to === 'off' ? 'off' : 'on'
  }

  /** Only what was on disk is left. */
  function restart(): void {
    record.write(name(), 'restarted')
    disk = JSON.parse(JSON.stringify(disk)) as Disk
    simulator.started(machine())
    deeds.restarted(disk.memory)
  }

  return {
    identity,
    get disk() {
      return disk
    },
    name,
    receive(deliveries, asked) {
      for (const d of deliveries) if (!deeds.receive(d, asked) || disk.over) return
    },
    report,
    telling: (r) => deeds.telling(r.results ?? [], r.sequence),
    hasNews,
    taken,
    work,
    facts,
    restart,
    due() {
      const first = Math.min(deeds.due() ?? Number.POSITIVE_INFINITY, disk.power?.at ?? Number.POSITIVE_INFINITY)
      return first === Number.POSITIVE_INFINITY ? undefined : first
    },
    drift(n) {
      const names = Object.keys(disk.settings)
      const feature = names[Math.floor(behaviour.share('which', n) * names.length)]
      const inForce = feature === undefined ? undefined : disk.settings[feature]
      if (feature === undefined || !inForce) return
      disk.settings[feature] =
        simulator.features.get(feature)?.drift(inForce, behaviour.share('which', n, 1), machine()) ?? inForce
      record.write(name(), 'drifted', { name: feature })
      tell([feature])
    },
    change() {
      disk.changes += 1
      tell(['moving'])
    },
  }
}
