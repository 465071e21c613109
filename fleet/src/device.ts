/** One simulated device between exchanges: what it does with deliveries, what it has to tell, how it forgets, drifts and restarts. No network here. */
import { agentChannel, type JsonObject } from '@muster/contract'
import type { Behaviour } from './behaviour.ts'
import { type Delivery, type Disk, forgetOldest, type Remembered, type Report, type Result } from './disk.ts'
import { faultOf } from './envelope.ts'
import { createRandom, keyOf } from './random.ts'
import type { FleetRecord } from './record.ts'
import type { Identity, Simulator } from './simulator.ts'

export interface Device {
  readonly identity: Identity
  readonly behaviour: Behaviour
  readonly disk: Disk
  /** By the server's id; by its own name before it has one. */
  name(): string
  /** `asked`: the record's last line when the exchange began. */
  receive(deliveries: readonly Delivery[], asked: number): void
  /** The report under way, or a new one when there is something to tell. */
  report(): Report | undefined
  /** There is something for a new report. */
  hasNews(): boolean
  /** The server has taken reports up to this number. `time`: its clock. */
  taken(sequence: number, time: string): void
  /** Completes what is due. */
  work(): void
  /** When the next work is due (ms). */
  due(): number | undefined
  facts(): JsonObject
  drift(n: number): void
  change(): void
  restart(): void
}
export interface DeviceDeps {
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
/** Seconds, around a mean. */
const spread = (mean: number, share: number) => mean * (0.5 + share)

export function createDevice(o: DeviceDeps, from: Disk): Device {
  const { simulator, behaviour, record } = o
  let disk = from
  const identity = simulator.identity(createRandom(keyOf(o.seed, disk.no)), disk.no)
  /** Ids being worked on: the only thing of a delivery that lives in memory alone. */
  const working = new Set<string>()
  let lastDone: Result | undefined
  const name = () => disk.device ?? identity.name

  function facts(): JsonObject {
    const managed = Object.fromEntries([...simulator.features.keys()].map((f) => [`managed.${f}`, evidence(f)]))
    return { ...identity.facts, ...simulator.moving(identity, disk.changes, o.now()), ...managed }
  }
  function evidence(feature: string): JsonObject {
    const simulated = simulator.features.get(feature)
    const inForce = disk.settings[feature]
    return { placed: inForce !== undefined, ...simulated?.evidence(inForce, identity) }
  }
  function tell(what: string): void {
    if (!disk.tell.includes(what)) disk.tell.push(what)
  }

  function receive(deliveries: readonly Delivery[], asked: number): void {
    const before = disk
    for (const d of deliveries) {
      record.write(name(), 'received', { id: d.id, kind: d.kind, name: d.name, attempt: d.attempt, asked })
      const known = disk.ledger[d.id]
      if (known?.state === 'done') again(known)
      else if (!known || known.state === 'deferred')
        begin(d, known ?? { state: 'begun', ordinal: disk.ordinals++, tries: 0 })
      // What else the answer held was in memory alone when the device went down or left.
      if (disk !== before || disk.over) return
    }
    forgetOldest(disk)
  }

  /** A repeat of what is done is never done again; its result is told again. */
  function again(known: Remembered): void {
    if (!known.result || !known.reported) return
    known.reported = false
    disk.outbox.push(known.result)
  }

  function begin(d: Delivery, entry: Remembered): void {
    entry.tries += 1
    disk.ledger[d.id] = entry
    const fault = refusal(d)
    if (fault !== undefined)
      return conclude(d, { id: d.id, state: 'failed', code: fault, text: `The simulated device refuses it: ${fault}.` })
    const { ordinal, tries } = entry
    if (behaviour.does('defer', ordinal, tries)) return defer(d, entry)
    entry.state = 'begun'
    entry.delivery = d
    if (behaviour.does('interrupt', ordinal, tries)) {
      if (!behaviour.does('fail', ordinal) && behaviour.share('crashAfter', ordinal, tries) < 0.5) effect(d)
      return restart()
    }
    if (!behaviour.does('later', ordinal, tries)) return finish(d, entry)
    entry.due = o.now() + 1000 * spread(o.laterS, behaviour.share('laterS', ordinal, tries))
    working.add(d.id)
    disk.outbox.push({ id: d.id, state: 'acknowledged', text: 'working' })
  }

  /** Why it is refused before it begins. */
  function refusal(d: Delivery): string | undefined {
    if (d.kind === 'errand') return 'unsupported'
    if (d.kind === 'operation') {
      const words = simulator.operations.get(d.name)
      if (!words) return 'unsupported'
      if (Date.parse(d.deadline) < o.now()) return 'expired'
      const fault = words.signed
        ? faultOf(
            d,
            { device: disk.device ?? '', epoch: disk.epoch ?? 0, signingKeys: disk.signingKeys ?? [] },
            o.now(),
          )
        : undefined
      return fault ?? (words.params.safeParse(d.payload).success ? undefined : 'invalid-params')
    }
    const feature = simulator.features.get(d.name)
    if (!feature) return 'unsupported'
    if (d.kind === 'drop') return undefined
    if (feature.refuses?.(identity) !== undefined) return 'not-applicable'
    return feature.settings.safeParse(d.payload).success ? undefined : 'invalid-settings'
  }

  function defer(d: Delivery, entry: Remembered): void {
    entry.state = 'deferred'
    const retryAfterS = spread(o.deferS, behaviour.share('deferS', entry.ordinal, entry.tries))
    disk.outbox.push({ id: d.id, state: 'deferred', code: 'busy', text: 'Not now.', retryAfterS })
  }

  function finish(d: Delivery, entry: Remembered, redo = false): void {
    working.delete(d.id)
    if (behaviour.does('fail', entry.ordinal))
      return conclude(d, {
        id: d.id,
        state: 'failed',
        code: 'simulated-failure',
        text: 'It did not work, as the seed wanted.',
      })
    effect(d, redo)
    conclude(d, { id: d.id, state: 'completed', result: resultOf(d) })
  }

  function resultOf(d: Delivery): Result['result'] {
    if (d.kind !== 'operation') return { files: [] }
    if (d.name === 'device.inventory') return { facts: Object.keys(facts()).length }
    return (simulator.operations.get(d.name)?.examples[0]?.result ?? {}) as Result['result']
  }

  /** What the delivery changes in the device. */
  function effect(d: Delivery, redo = false): void {
    record.write(name(), 'executed', {
      id: d.id,
      kind: d.kind,
      name: d.name,
      ...(isRepeatable(d) ? { repeatable: true } : {}),
      ...(redo ? { redo: true } : {}),
    })
    if (d.kind === 'put')
      disk.settings[d.name] = simulator.features.get(d.name)?.settings.parse(d.payload) as JsonObject
    if (d.kind === 'drop') delete disk.settings[d.name]
    if (d.kind !== 'operation') tell(d.name)
    if (d.name === 'device.inventory') disk.tellAll = true
    if (d.name === 'device.disenrol') disk.settings = {}
  }

  function isRepeatable(d: Delivery): boolean {
    return d.kind !== 'operation' || simulator.operations.get(d.name)?.repeatable === true
  }

  function conclude(d: Delivery, result: Result): void {
    record.write(name(), 'concluded', {
      id: d.id,
      kind: d.kind,
      name: d.name,
      outcome: result.state,
      ...(result.code === undefined ? {} : { code: result.code }),
    })
    const entry = disk.ledger[d.id]
    if (!entry) return
    Object.assign(entry, { state: 'done', result, reported: false })
    delete entry.delivery
    delete entry.due
    disk.outbox.push(result)
    if (d.name === 'device.disenrol' && result.state === 'completed') disk.over = 'left'
  }

  const hasNews = () => disk.outbox.length > 0 || disk.tell.length > 0 || disk.tellAll

  function report(): Report | undefined {
    if (disk.report) return disk.report
    if (!hasNews()) return undefined
    disk.sequence += 1
    const { sequence } = disk
    const results = disk.outbox.splice(0, agentLimits.results - 1)
    if (results.length > 0 && behaviour.does('duplicateResult', sequence))
      results.push(lastDone ?? (results[0] as Result))
    disk.report = {
      sequence,
      at: new Date(o.now()).toISOString(),
      ...(results.length > 0 ? { results } : {}),
      ...factsToTell(),
    }
    return disk.report
  }

  function factsToTell(): Pick<Report, 'facts' | 'partial'> {
    const { tell: names, tellAll } = disk
    disk.tell = []
    disk.tellAll = false
    if (tellAll) return { facts: facts(), partial: false }
    if (names.length === 0) return {}
    const told: JsonObject = {}
    for (const n of names) {
      if (n === 'moving') Object.assign(told, simulator.moving(identity, disk.changes, o.now()))
      else told[`managed.${n}`] = evidence(n)
    }
    return { facts: told, partial: true }
  }

  function taken(sequence: number, time: string): void {
    const { report: sent } = disk
    if (sent && sequence >= sent.sequence) {
      for (const r of sent.results ?? []) {
        record.write(name(), 'acknowledged-by-server', {
          id: r.id,
          outcome: r.state,
          ...(r.code === undefined ? {} : { code: r.code }),
          sequence: sent.sequence,
          time,
        })
        const entry = disk.ledger[r.id]
        if (entry?.state !== 'done' || (r.state !== 'completed' && r.state !== 'failed')) continue
        entry.reported = true
        lastDone = r
      }
      disk.previous = sent
      disk.report = undefined
    }
    // A server that has heard of later reports than the device remembers would ignore what comes with lower numbers.
    if (!disk.report && sequence > disk.sequence) disk.sequence = sequence
  }

  function work(): void {
    for (const id of working) {
      const entry = disk.ledger[id]
      if (!entry?.delivery) working.delete(id)
      else if ((entry.due ?? 0) <= o.now()) finish(entry.delivery, entry)
    }
  }

  /** Only what was on disk is left. Begun and without an end: done once more if that is safe, else nobody knows. */
  function restart(): void {
    record.write(name(), 'restarted')
    disk = JSON.parse(JSON.stringify(disk)) as Disk
    working.clear()
    lastDone = undefined
    for (const [id, entry] of Object.entries(disk.ledger)) {
      const { delivery } = entry
      if (entry.state !== 'begun' || !delivery) continue
      if (isRepeatable(delivery)) finish(delivery, entry, true)
      else
        conclude(delivery, {
          id,
          state: 'failed',
          code: 'outcome-unknown',
          text: 'Interrupted while doing it; whether it took effect is not known.',
        })
    }
  }

  return {
    identity,
    behaviour,
    get disk() {
      return disk
    },
    name,
    receive,
    report,
    hasNews,
    taken,
    work,
    facts,
    restart,
    due() {
      let first: number | undefined
      for (const id of working) first = Math.min(first ?? Number.POSITIVE_INFINITY, disk.ledger[id]?.due ?? 0)
      return first
    },
    drift(n) {
      const names = Object.keys(disk.settings)
      const feature = names[Math.floor(behaviour.share('which', n) * names.length)]
      const inForce = feature === undefined ? undefined : disk.settings[feature]
      if (feature === undefined || !inForce) return
      disk.settings[feature] =
        simulator.features.get(feature)?.drift(inForce, behaviour.share('which', n, 1)) ?? inForce
      record.write(name(), 'drifted', { name: feature })
      tell(feature)
    },
    change() {
      disk.changes += 1
      tell('moving')
    },
  }
}
