/** Runs a fleet of simulated devices against a server over the network, keeps the record, and reports what it measured. */
import { type Agenda, createAgenda, sleep } from './agenda.ts'
import { type Crowd, createCrowd } from './crowd.ts'
import { createCodes } from './invitations.ts'
import { type Meter, meter } from './meter.ts'
import type { FleetOptions, FleetReport } from './options.ts'
import type { FleetPlatform, Ground, OpenFleetPlatform, Times } from './platform.ts'
import { platforms } from './platforms/index.ts'
import { tellProgress } from './progress.ts'
import { createRecord, type FleetRecord } from './record.ts'
import { readState, writeState } from './state.ts'
import { createWire, type Send } from './wire.ts'

/** What a fleet runs on; a test may bring its own network and time. */
export interface Under {
  readonly send: Send
  readonly agenda: Agenda
}

const mostDevices = 1_000_000

/** Throws TypeError or RangeError for options that make no sense, Error when the server is none or no device could enrol. */
export async function runFleet(o: FleetOptions): Promise<FleetReport> {
  platformOf(o)
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

export async function runOn(
  { send, agenda }: Under,
  o: FleetOptions,
  simulated: FleetPlatform = platformOf(o),
): Promise<FleetReport> {
  const began = agenda.now()
  const cpu = process.cpuUsage()
  const metered = meter(send, agenda.now === Date.now ? () => performance.now() : agenda.now)
  const record = createRecord({ now: agenda.now, file: o.record, watch: o.watch })
  const times = timesOf(o)
  let platform: OpenFleetPlatform | undefined
  try {
    const { ownership = 'cope', seed } = o
    const ground = { send: metered.send, agenda, record, seed, ownership, times, google: o.google }
    platform = await patience(simulated, ground, o.signal)
    const kept = o.state === undefined ? [] : readState(o.state, o)
    // The devices of earlier runs need no code; asked ahead are as many as are missing.
    const wanted = o.devices - kept.slice(0, o.devices).length
    const nextCode = createCodes(o, { send: metered.send, agenda, platform: o.platform, ownership, wanted })
    const crowd = createCrowd({ o, platform, agenda, metered, record, times, kept, nextCode })
    const progress = tellProgress({ agenda, metered, record, devices: o.devices, living: crowd.living, tell: o.tell })
    const enrolS = await crowd.run().finally(progress.stop)
    if (o.state !== undefined) writeState(o.state, o, [...crowd.saved(), ...kept.slice(o.devices)])
    return reportOf(o, { crowd, enrolS, tookS: (agenda.now() - began) / 1000, metered, record, cpu })
  } finally {
    platform?.close?.()
    record.close()
  }
}

function platformOf(o: FleetOptions): FleetPlatform {
  const platform = platforms.get(o.platform)
  const known = [...platforms.keys()].join(', ')
  if (!platform) throw new RangeError(`No platform ${o.platform} can be simulated. There are: ${known}.`)
  if (!Number.isInteger(o.devices) || o.devices < 1 || o.devices > mostDevices)
    throw new RangeError(`${o.devices} is no number of devices.`)
  return platform
}

function timesOf(o: FleetOptions): Times {
  const { longPoll = true, pollS, deferS = 5, laterS = 2, silentS = 20 } = o
  return { longPoll, pollS, deferS, laterS, silentS }
}

/** A server that is just starting gets half a minute. */
async function patience(platform: FleetPlatform, ground: Ground, signal?: AbortSignal): Promise<OpenFleetPlatform> {
  const { agenda } = ground
  const until = agenda.now() + 30_000
  for (;;) {
    try {
      return await platform.open(ground)
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
  const standings = crowd.standings()
  const spent = process.cpuUsage(cpu)
  const refused = standings.filter((s) => s === 'new').length
  return {
    seed: o.seed,
    platform: o.platform,
    devices: {
      wanted: o.devices,
      enrolled: standings.length - refused,
      refused,
      left: standings.filter((s) => s === 'left').length,
      gone: standings.filter((s) => s === 'gone').length,
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
