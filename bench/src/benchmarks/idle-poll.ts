/** idle-poll: any of 100,000 devices asks whether something waits, and nothing does. */
import { startEcho } from '../echo/index.ts'
import { type Seen, startLoad } from '../load/index.ts'
import { inTurns, type Measured, mustBeRight, type Subject } from '../measure.ts'
import { putNaiveFleet, startNaive } from '../naive/index.ts'
import { type Result, round, sayTable } from '../report.ts'
import { bedOf, passes, rated, type Size } from './benchmark.ts'

export async function idlePoll(size: Size): Promise<Result> {
  const { seed, quick } = size
  const devices = quick ? 500 : 100_000
  const connections = quick ? 8 : 64
  const bed = await bedOf(size, devices)
  try {
    await putNaiveFleet(bed.db, seed, devices)
    const [muster, echo, naive, load] = await Promise.all([
      bed.start(rated(size)),
      startEcho(),
      startNaive(bed.url),
      startLoad(seed, devices),
    ])
    // Each device once, so that the node knows them all: the steady state of a fleet that polls.
    await load.poll({
      port: muster.port,
      connections,
      seed,
      devices,
      requests: passes(size) * devices,
      inOrder: true,
      expect: idleAnswer,
    })

    let statements = 0
    const amount = quick ? { requests: 1_000 } : { seconds: 3 }
    const job = (port: number, expect: string) => (n: number) =>
      load.poll({ port, connections, seed: seed + n, devices, expect, ...amount })
    const counted = async (n: number): Promise<Seen> => {
      const before = await muster.metric('muster_database_statements')
      const seen = await job(muster.port, idleAnswer)(n)
      if (n >= 0) statements += (await muster.metric('muster_database_statements')) - before
      return seen
    }
    const subjects: Subject[] = [
      { name: 'muster', pid: muster.pid, run: counted },
      { name: 'echo', pid: echo.pid, run: job(echo.port, '{"sequence":') },
      { name: 'naive', pid: naive.pid, run: job(naive.port, idleAnswer) },
    ]
    const measured = await inTurns(subjects, { runs: quick ? 1 : 5, databasePid: bed.databasePid })
    mustBeRight(measured.values())
    sayTable(measured.values())
    const [m, e, v] = ['muster', 'echo', 'naive'].map((name) => measured.get(name)!) as [Measured, Measured, Measured]
    const half = await load.poll({
      port: muster.port,
      connections,
      seed,
      devices,
      expect: idleAnswer,
      rate: Math.round(m.perSecond.median / 2),
      ...amount,
    })
    const polls = m.runs.reduce((sum, r) => sum + r.requests, 0)
    // Stopping writes what was last seen.
    await Promise.all([muster.stop(), echo.stop(), naive.stop(), load.stop()])
    const [row] = await bed.db.query<{ seen: number }>({
      text: 'select count(*) as seen from seen where expect_s <> 600',
    })
    return {
      name: 'idle-poll',
      value: Math.round(m.perSecond.median),
      unit: 'polls/s',
      yardstick: Math.round(e.perSecond.median),
      ratio: round(m.perSecond.median / e.perSecond.median),
      seed,
      naive: Math.round(v.perSecond.median),
      overNaive: round(m.perSecond.median / v.perSecond.median),
      cpuRatio: round(e.serverCpu.median / m.serverCpu.median),
      polls,
      statementsPerPoll: round(statements / polls),
      p99AtHalfLoadMs: half.p99,
      devicesSeen: row?.seen ?? 0,
    }
  } finally {
    await bed.close()
  }
}

const idleAnswer = '{"deliveries":[],'
