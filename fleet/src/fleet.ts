/** Runs a fleet of simulated devices against a server over the network, keeps the record, and reports what it measured. */
import { setMaxListeners } from 'node:events'
import fs from 'node:fs'
import type { Ownership } from '@muster/contract'
import { type Agenda, createAgenda, sleep } from './agenda.ts'
import { createBehaviour, type Preset, type Rates, readRates } from './behaviour.ts'
import { type Channel, createChannel } from './channel.ts'
import { createDevice, type Device } from './device.ts'
import { type Disk, newDisk } from './disk.ts'
import type { Percentiles } from './histogram.ts'
import { type ApiClient, createCodes, type Invite } from './invitations.ts'
import { createLife, type Life } from './life.ts'
import { linux } from './linux/index.ts'
import { createRecord, type FleetRecord, type RecordLine } from './record.ts'
import type { Simulator } from './simulator.ts'
import { createWire, type Meter, meter, type Send } from './wire.ts'

export interface FleetOptions {
  /** Address of the server: `https://muster.example`. */
  readonly server: string
  readonly devices: number
  readonly platform: 'linux'
  /** The same seed makes the same devices with the same habits. */
  readonly seed: string
  /** Where enrolment codes come from: exactly one of the three. */
  readonly invite?: Invite
  readonly codes?: readonly string[]
  readonly client?: ApiClient
  /** Of invitations asked for by `client`. Default: cope. */
  readonly ownership?: Ownership
  /** Seconds to live once all are enrolled; without it until `signal` is aborted. */
  readonly durationS?: number
  readonly signal?: AbortSignal
  /** Habits. Default: usual. */
  readonly preset?: Preset
  readonly rates?: Partial<Rates>
  /** Default true: polls are held as long as the server offers. */
  readonly longPoll?: boolean
  /** Seconds between polls, instead of what the server says. */
  readonly pollS?: number
  /** Share of the devices that say farewell in the end. Default 0. */
  readonly leave?: number
  /** Mean seconds of a delay, of a late completion, of a silence. Defaults 5, 2, 20. */
  readonly deferS?: number
  readonly laterS?: number
  readonly silentS?: number
  /** Longest back-off. Default 30 s. */
  readonly backoffMaxS?: number
  /** Seconds in the end in which what is left is told. Default 15. */
  readonly drainS?: number
  /** Enrolments at a time. Default 16. */
  readonly enrolAtOnce?: number
  /** Connections at most. Default: one a device and some with long polls, else 128. */
  readonly connections?: number
  /** PEM of the authority that signed the server's certificate. */
  readonly ca?: string
  /** File that the record is appended to. */
  readonly record?: string
  readonly watch?: (line: RecordLine) => void
  /** File that keeps the devices from one run to the next, so that they need not enrol again. */
  readonly state?: string
  /** Gets a line of progress now and then. */
  readonly tell?: (line: string) => void
}

export interface FleetReport {
  readonly seed: string
  readonly platform: string
  readonly devices: {
    readonly wanted: number
    readonly enrolled: number
    readonly refused: number
    readonly left: number
    readonly gone: number
  }
  /** Seconds from the first request until the last enrolment ended, and of everything. */
  readonly enrolS: number
  readonly tookS: number
  /** Requests that were answered. */
  readonly exchanges: number
  /** Lines of the record by event. */
  readonly events: { readonly [event: string]: number }
  /** Refusals and failures by code. */
  readonly errors: { readonly [code: string]: number }
  /** Milliseconds, by kind of request. A `hold` is a poll that the server was allowed to keep waiting. */
  readonly latencies: { readonly [kind: string]: Percentiles }
  /** Of this process: CPU seconds meanwhile, memory at the end. */
  readonly cpuS: number
  readonly rssMb: number
}
/** What a fleet runs on; a test may bring its own network and time. */
export interface Ground {
  readonly send: Send
  readonly agenda: Agenda
}

const simulators: { readonly [platform: string]: Simulator } = { linux }
const progressS = 5

/** Throws TypeError or RangeError for options that make no sense, Error when the server is none or no device could enrol. */
export async function runFleet(o: FleetOptions): Promise<FleetReport> {
  const longPoll = o.longPoll ?? true
  const wire = createWire({
    server: o.server,
    connections: o.connections ?? (longPoll ? o.devices + 32 : 128),
    ...(o.ca === undefined ? {} : { ca: o.ca }),
  })
  const agenda = createAgenda()
  try {
    return await runOn({ send: wire.send, agenda }, o)
  } finally {
    agenda.clear()
    await wire.close()
  }
}

export async function runOn(ground: Ground, o: FleetOptions): Promise<FleetReport> {
  const simulator = simulators[o.platform]
  if (!simulator)
    throw new RangeError(
      `No platform ${o.platform} can be simulated. There are: ${Object.keys(simulators).join(', ')}.`,
    )
  if (!Number.isInteger(o.devices) || o.devices < 1 || o.devices > 1_000_000)
    throw new RangeError(`${o.devices} is no number of devices.`)
  const { agenda } = ground
  const began = agenda.now()
  const cpu = process.cpuUsage()
  const metered = meter(ground.send, ground.agenda.now === Date.now ? () => performance.now() : agenda.now)
  const record = createRecord({
    now: agenda.now,
    ...(o.record === undefined ? {} : { file: o.record }),
    ...(o.watch ? { watch: o.watch } : {}),
  })
  try {
    const fleet = await prepare({ o, simulator, agenda, metered, record })
    const enrolS = await fleet.run()
    if (o.state !== undefined) writeState(o.state, o, fleet.disks())
    const disks = fleet.disks()
    const spent = process.cpuUsage(cpu)
    return {
      seed: o.seed,
      platform: o.platform,
      devices: {
        wanted: o.devices,
        enrolled: disks.filter((d) => d.device !== undefined).length,
        refused: disks.filter((d) => d.device === undefined).length,
        left: disks.filter((d) => d.over === 'left').length,
        gone: disks.filter((d) => d.over === 'gone').length,
      },
      enrolS,
      tookS: (agenda.now() - began) / 1000,
      exchanges: metered.exchanges(),
      events: { ...record.counts },
      errors: { ...metered.errors },
      latencies: metered.latencies(),
      cpuS: Math.round((spent.user + spent.system) / 1e4) / 100,
      rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
    }
  } finally {
    record.close()
  }
}

interface Preparation {
  readonly o: FleetOptions
  readonly simulator: Simulator
  readonly agenda: Agenda
  readonly metered: Meter
  readonly record: FleetRecord
}

async function prepare(p: Preparation) {
  const { o, agenda, record, metered, simulator } = p
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  const pauses = new Set<() => void>()
  let drainUntil = Number.POSITIVE_INFINITY
  const channel = createChannel(metered.send, simulator)
  const about = await patience(agenda, channel, o.signal)
  const kept = o.state === undefined ? [] : readState(o.state, o)
  const wanted = o.devices - kept.filter((d) => d.device !== undefined).length
  const nextCode = createCodes(o, {
    send: metered.send,
    agenda,
    platform: o.platform,
    ownership: o.ownership ?? 'cope',
    wanted,
  })
  const rates = readRates(o.preset ?? 'usual', o.rates)

  /** Sleeping devices are woken when the run stops. */
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const wake = () => {
        if (pauses.delete(wake)) resolve()
      }
      pauses.add(wake)
      agenda.at(agenda.now() + (stop.signal.aborted ? Math.min(ms, 200) : ms), wake)
    })
  const lives = Array.from({ length: o.devices }, (_, no): { device: Device; life: Life } => {
    const behaviour = createBehaviour(o.seed, no, rates)
    const device = createDevice(
      { seed: o.seed, simulator, behaviour, record, now: agenda.now, deferS: o.deferS ?? 5, laterS: o.laterS ?? 2 },
      kept[no] ?? newDisk(no),
    )
    const life = createLife(device, {
      channel,
      agenda,
      record,
      about,
      pause,
      nextCode,
      stopping: stop.signal,
      drainUntil: () => drainUntil,
      longPoll: o.longPoll ?? true,
      silentS: o.silentS ?? 20,
      backoffMaxS: o.backoffMaxS ?? 30,
      ...(o.pollS === undefined ? {} : { pollS: o.pollS }),
    })
    return { device, life }
  })
  function stopAll(): void {
    drainUntil = agenda.now() + 1000 * (o.drainS ?? 15)
    stop.abort()
    for (const wake of [...pauses]) wake()
  }

  /** Enrols some at a time; each lives on from when it is in. Answers the seconds that took. */
  async function run(): Promise<number> {
    const began = agenda.now()
    const living: Promise<void>[] = []
    const queue = lives.values()
    let refusal: unknown
    async function enrolSome(): Promise<void> {
      for (const { device, life } of queue) {
        if (stop.signal.aborted) return
        try {
          await life.enrol()
          living.push(life.live())
        } catch (error) {
          refusal = error
          metered.error('enrolment-refused')
          record.write(device.name(), 'refused', {
            code: error instanceof Error && 'code' in error ? String(error.code) : 'unexpected',
          })
        }
      }
    }
    if (o.signal?.aborted) stopAll()
    o.signal?.addEventListener('abort', stopAll, { once: true })
    const progress = tellProgress(p, () => living.length)
    try {
      await Promise.all(Array.from({ length: o.enrolAtOnce ?? 16 }, enrolSome))
      if (living.length === 0 && !stop.signal.aborted) throw new Error('No device could enrol.', { cause: refusal })
      const enrolS = (agenda.now() - began) / 1000
      if (o.durationS !== undefined) agenda.at(agenda.now() + 1000 * o.durationS, stopAll)
      await Promise.all(living)
      await leaveSome()
      return enrolS
    } finally {
      progress.stop()
      o.signal?.removeEventListener('abort', stopAll)
      stop.abort()
    }
  }

  async function leaveSome(): Promise<void> {
    const leaving = lives.filter(({ device }) => device.behaviour.share('leave', 0) < (o.leave ?? 0))
    const queue = leaving.values()
    const some = async () => {
      for (const { life } of queue) await life.farewell()
    }
    await Promise.all(Array.from({ length: o.enrolAtOnce ?? 16 }, some))
  }
  return { run, disks: () => lives.map(({ device }) => device.disk) }
}

/** A server that is just starting gets half a minute. */
async function patience(agenda: Agenda, channel: Channel, signal: AbortSignal | undefined) {
  const until = agenda.now() + 30_000
  for (;;) {
    try {
      return await channel.about()
    } catch (error) {
      if (agenda.now() > until || signal?.aborted)
        throw new Error('The server does not answer as a Muster server does.', { cause: error })
      await sleep(agenda, 500)
    }
  }
}

function tellProgress({ o, agenda, metered, record }: Preparation, living: () => number): { stop(): void } {
  let stopped = false
  let before = 0
  const tick = () => {
    if (stopped) return
    record.flush()
    const { counts } = record
    const perS = Math.round((metered.exchanges() - before) / progressS)
    before = metered.exchanges()
    const failures = Object.values(metered.errors).reduce((sum, n) => sum + n, 0)
    o.tell?.(
      `${living()}/${o.devices} devices · ${perS} requests/s · received ${counts.received ?? 0} · executed ${counts.executed ?? 0} · acknowledged ${counts['acknowledged-by-server'] ?? 0} · errors ${failures}`,
    )
    agenda.at(agenda.now() + progressS * 1000, tick)
  }
  agenda.at(agenda.now() + progressS * 1000, tick)
  return {
    stop: () => {
      stopped = true
    },
  }
}

/** The first line says whose devices these are; each further line is one device. */
function writeState(file: string, o: FleetOptions, disks: readonly Disk[]): void {
  const lines = [{ seed: o.seed, platform: o.platform }, ...disks].map((d) => `${JSON.stringify(d)}\n`)
  fs.writeFileSync(`${file}.new`, lines.join(''), { mode: 0o600 })
  fs.renameSync(`${file}.new`, file)
}

function readState(file: string, o: FleetOptions): Disk[] {
  if (!fs.existsSync(file)) return []
  const [head, ...lines] = fs.readFileSync(file, 'utf8').trimEnd().split('\n')
  const { seed, platform } = JSON.parse(head ?? '{}') as { seed?: string; platform?: string }
  if (seed !== o.seed || platform !== o.platform)
    throw new Error(`${file} keeps devices of seed ${seed} on ${platform}. Use that seed or another file.`)
  return lines.map((line) => JSON.parse(line) as Disk)
}
