/** op-trip: a device fetches the operation that waits for it and tells in 200 bytes that it is done; durable when it is answered. */
import type { Muster } from '../bed/index.ts'
import { startEcho } from '../echo/index.ts'
import { startLoad, type Trips } from '../load/index.ts'
import { inTurns, type Measured, mustBeRight, type Subject } from '../measure.ts'
import { putNaiveFleet, putNaiveOperations, startNaive } from '../naive/index.ts'
import { type Result, round, sayTable } from '../report.ts'
import { bedOf, passes, rated, type Size } from './benchmark.ts'

export async function opTrip(size: Size): Promise<Result> {
  const { seed, quick } = size
  const devices = quick ? 500 : 100_000
  const runs = quick ? 1 : 5
  // Each device has a connection of its own: so many of the 100,000 are in the middle of an exchange when all are sent something.
  const connections = quick ? 8 : 1_536
  // The naive build gains nothing from crowds: more would only cost it.
  const naiveConnections = quick ? 8 : 128
  const bed = await bedOf(size, devices)
  try {
    await putNaiveFleet(bed.db, seed, devices)
    await putNaiveOperations(bed.db)
    const [muster, echo, naive, prepared, load] = await Promise.all([
      bed.start(rated(size)),
      startEcho(),
      startNaive(bed.url),
      startNaive(bed.url, { prepared: true }),
      startLoad(seed, devices),
    ])
    // Each device once, so that the node knows them all: the steady state of a fleet that polls.
    await load.poll({
      port: muster.port,
      connections: Math.min(connections, 64),
      seed,
      devices,
      requests: passes(size) * devices,
      inOrder: true,
      expect: '{"deliveries":[],',
    })
    await send(muster)
    // Each run takes the next devices of the shuffled order; the first of them warm up, as what is measured is compiled only by then.
    const warm = (each: number) => each * (quick ? 0.5 : 1.5)
    const share = (n: number, each: number) =>
      n < 0 ? { from: 0, to: warm(each) } : { from: warm(each) + n * each, to: warm(each) + (n + 1) * each }
    const job =
      (port: number, each: number, o: { echo?: boolean; behind?: number; connections?: number } = {}) =>
      (n: number) => {
        const { from, to } = share(n, each)
        const { behind = 0, ...how } = o
        const asked = { port, connections, seed, devices, sequence: 1, echo: false, ...how }
        return load.trip({ ...asked, from: from + behind, to: to + behind })
      }
    const each = quick ? 300 : 14_000
    const naiveEach = quick ? 100 : 2_000
    const subjects: Subject<Trips>[] = [
      { name: 'muster', pid: muster.pid, run: job(muster.port, each) },
      { name: 'echo', pid: echo.pid, run: job(echo.port, each, { echo: true }) },
      { name: 'naive', pid: naive.pid, run: job(naive.port, naiveEach, { connections: naiveConnections }) },
      // Both are on the same operations, each on its own half.
      {
        name: 'prepared',
        pid: prepared.pid,
        run: job(prepared.port, naiveEach, { connections: naiveConnections, behind: devices / 2 }),
      },
    ]
    const measured = await inTurns(subjects, { runs, databasePid: bed.databasePid, per: (seen) => seen.trips })
    mustBeRight(measured.values())
    sayTable(measured.values(), 'trip')
    const [m, e, v, p] = ['muster', 'echo', 'naive', 'prepared'].map((name) => measured.get(name)!) as [
      Measured<Trips>,
      Measured<Trips>,
      Measured<Trips>,
      Measured<Trips>,
    ]
    await Promise.all([muster, echo, naive, prepared, load].map((s) => s.stop()))
    const acks = m.runs.reduce((sum, r) => sum + r.trips, 0) + warm(each)
    const [kept] = await bed.db.query<{ done: number; unmatched: number }>({
      text: `select (select count(*) from history where state = 'completed') as done, (select count(*) from unmatched) as unmatched`,
    })
    if (kept?.done !== acks) throw new Error(`${acks} acknowledgements were answered, and history holds ${kept?.done}`)
    return {
      name: 'op-trip',
      value: Math.round(m.perSecond.median),
      unit: 'trips/s',
      yardstick: Math.round(v.perSecond.median),
      ratio: round(m.perSecond.median / v.perSecond.median),
      overPrepared: round(m.perSecond.median / p.perSecond.median),
      seed,
      echo: Math.round(e.perSecond.median),
      overEcho: round(m.perSecond.median / e.perSecond.median),
      cpuRatio: round((v.serverCpu.median + v.databaseCpu.median) / (m.serverCpu.median + m.databaseCpu.median)),
      acknowledged: acks,
      historyRows: kept.done,
      unmatched: kept.unmatched,
    }
  } finally {
    await bed.close()
  }
}

/** One operation to every device. */
export async function send(muster: Muster): Promise<{ id: string; targets: number }> {
  return muster.api('POST', '/activities', {
    operation: 'device.message',
    params: { title: 'Maintenance', text: 'We restart at 18:00.' },
    target: { all: true },
  })
}
