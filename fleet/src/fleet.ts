/** Runs a fleet of simulated devices against a server over the network, keeps the record, and reports what it measured. */
import type { agentChannel } from '@muster/contract'
import { type Agenda, createAgenda, sleep } from './agenda.ts'
import { type Channel, createChannel } from './channel.ts'
import { type Crowd, createCrowd } from './crowd.ts'
import type { Disk } from './disk.ts'
import { createCodes } from './invitations.ts'
import { linux } from './linux/index.ts'
import type { FleetOptions, FleetReport } from './options.ts'
import { tellProgress } from './progress.ts'
import { createRecord, type FleetRecord } from './record.ts'
import type { Simulator } from './simulator.ts'
import { readState, writeState } from './state.ts'
import { createWire, type Meter, meter, type Send } from './wire.ts'

/** What a fleet runs on; a test may bring its own network and time. */
export interface Ground {
  readonly send: Send
  readonly agenda: Agenda
}

const simulators: { readonly [platform: string]: Simulator } = { linux }
const mostDevices = 1_000_000

/** Throws TypeError or RangeError for options that make no sense, Error when the server is none or no device could enrol. */
export async function runFleet(o: FleetOptions): Promise<FleetReport> {
  const connections = o.connections ?? ((o.longPoll ?? true) ? o.devices + 32 : 128)
  const wire = createWire({ server: o.server, connections, ca: o.ca })
  const agenda = createAgenda()
  try {
    return await runOn({ send: wire.send, agenda }, o)
  } finally {
    agenda.clear()
    await wire.close()
  }
}

export async function runOn({ send, agenda }: Ground, o: FleetOptions): Promise<FleetReport> {
  const simulator = simulatorOf(o)
  const began = agenda.now()
  const cpu = process.cpuUsage()
  const metered = meter(send, agenda.now === Date.now ? () => performance.now() : agenda.now)
  const record = createRecord({ now: agenda.now, file: o.record, watch: o.watch })
  try {
    const channel = createChannel(metered.send, simulator)
    const about = await patience(agenda, channel, o.signal)
    const kept = o.state === undefined ? [] : readState(o.state, o)
    const nextCode = codes(o, metered, agenda, kept)
    const crowd = createCrowd({ o, simulator, agenda, metered, record, channel, about, kept, nextCode })
    const progress = tellProgress({ agenda, metered, record, devices: o.devices, living: crowd.living, tell: o.tell })
    const enrolS = await crowd.run().finally(progress.stop)
    if (o.state !== undefined) writeState(o.state, o, [...crowd.disks(), ...kept.slice(o.devices)])
    return reportOf(o, { crowd, enrolS, tookS: (agenda.now() - began) / 1000, metered, record, cpu })
  } finally {
    record.close()
  }
}

function simulatorOf(o: FleetOptions): Simulator {
  const simulator = simulators[o.platform]
  const known = Object.keys(simulators).join(', ')
  if (!simulator) throw new RangeError(`No platform ${o.platform} can be simulated. There are: ${known}.`)
  if (!Number.isInteger(o.devices) || o.devices < 1 || o.devices > mostDevices)
    throw new RangeError(`${o.devices} is no number of devices.`)
  return simulator
}

function codes(o: FleetOptions, metered: Meter, agenda: Agenda, kept: readonly Disk[]): () => Promise<string> {
  const wanted = o.devices - kept.slice(0, o.devices).filter((d) => d.device !== undefined).length
  const { platform, ownership = 'cope' } = o
  return createCodes(o, { send: metered.send, agenda, platform, ownership, wanted })
}

/** A server that is just starting gets half a minute. */
async function patience(agenda: Agenda, channel: Channel, signal?: AbortSignal): Promise<agentChannel.About> {
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

interface Ran {
  readonly crowd: Crowd
  readonly enrolS: number
  readonly tookS: number
  readonly metered: Meter
  readonly record: FleetRecord
  /** Of the process, when the run began. */
  readonly cpu: NodeJS.CpuUsage
}

function reportOf(o: FleetOptions, { crowd, enrolS, tookS, metered, record, cpu }: Ran): FleetReport {
  const disks = crowd.disks()
  const spent = process.cpuUsage(cpu)
  const enrolled = disks.filter((d) => d.device !== undefined).length
  return {
    seed: o.seed,
    platform: o.platform,
    devices: {
      wanted: o.devices,
      enrolled,
      refused: disks.length - enrolled,
      left: disks.filter((d) => d.over === 'left').length,
      gone: disks.filter((d) => d.over === 'gone').length,
    },
    enrolS,
    tookS,
    exchanges: metered.exchanges(),
    events: { ...record.counts },
    errors: { ...metered.errors },
    latencies: metered.latencies(),
    cpuS: Math.round((spent.user + spent.system) / 1e4) / 100,
    rssMb: Math.round(process.memoryUsage.rss() / 2 ** 20),
  }
}
