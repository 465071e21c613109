/** op-trip-android: the round trip of an operation with Android devices that have our agent, beside Linux devices on the same server: the same road, at the same cost. */
import { makeAgents } from '../bed/index.ts'
import { startLoad, type Trips } from '../load/index.ts'
import { inTurns, type Measured, mustBeRight, type Subject } from '../measure.ts'
import { type Result, round, sayTable } from '../report.ts'
import { bedOf, rated, type Size } from './benchmark.ts'
import { send } from './op-trip.ts'

const paths = { linux: '/linux/agent/sync', android: '/android/agent/sync' } as const

export async function opTripAndroid(size: Size): Promise<Result> {
  const { seed, quick } = size
  const half = quick ? 500 : 50_000
  const runs = quick ? 1 : 3
  const connections = quick ? 8 : 256
  const bed = await bedOf({ ...size, bed: undefined }, 2 * half)
  try {
    await makeAgents(bed.db, half)
    const [muster, load] = await Promise.all([bed.start(rated(size)), startLoad(seed, 2 * half)])
    const { targets } = await send(muster)
    if (targets !== 2 * half) throw new Error(`${targets} of ${2 * half} devices were reached`)
    const each = quick ? 200 : 4_000
    const warm = each * (quick ? 0.5 : 2)
    const share = (n: number) => (n < 0 ? { from: 0, to: warm } : { from: warm + n * each, to: warm + (n + 1) * each })
    const statements = { linux: 0, android: 0 }
    const subject = (name: keyof typeof paths, first: number): Subject<Trips> => ({
      name,
      pid: muster.pid,
      run: async (n) => {
        const before = await muster.metric('muster_database_statements')
        const job = { port: muster.port, connections, seed, devices: half, first, path: paths[name], sequence: 1 }
        const seen = await load.trip({ ...job, ...share(n) })
        if (n >= 0) statements[name] += (await muster.metric('muster_database_statements')) - before
        return seen
      },
    })
    const measured = await inTurns([subject('linux', 0), subject('android', half)], {
      runs,
      databasePid: bed.databasePid,
      per: (seen) => seen.trips,
    })
    mustBeRight(measured.values())
    sayTable(measured.values(), 'trip')
    const [linux, android] = ['linux', 'android'].map((name) => measured.get(name)!) as [
      Measured<Trips>,
      Measured<Trips>,
    ]
    await Promise.all([muster.stop(), load.stop()])
    const cpu = (m: Measured<Trips>) => m.serverCpu.median + m.databaseCpu.median
    const [kept] = await bed.db.query<{ done: number; unmatched: number }>({
      text: `select (select count(*) from history where state = 'completed') as done, (select count(*) from unmatched) as unmatched`,
    })
    const acks = [linux, android].reduce((sum, m) => sum + m.runs.reduce((n, r) => n + r.trips, 0), 2 * warm)
    if (kept?.done !== acks) throw new Error(`${acks} acknowledgements were answered, and history holds ${kept?.done}`)
    return {
      name: 'op-trip-android',
      value: Math.round(android.perSecond.median),
      unit: 'trips/s',
      yardstick: Math.round(linux.perSecond.median),
      ratio: round(android.perSecond.median / linux.perSecond.median),
      seed,
      cpuRatio: round(cpu(linux) / cpu(android)),
      statements: round(statements.android / (runs * each)),
      statementsLinux: round(statements.linux / (runs * each)),
      acknowledged: acks,
      historyRows: kept.done,
      unmatched: kept.unmatched,
    }
  } finally {
    await bed.close()
  }
}
