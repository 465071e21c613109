/** idle-poll-apple: any device of a fleet says by a signed message that it is idle, and nothing waits for it. */

import { appleIdentities, idle, putAppleFleet, saying, startVerifier, udidOf } from '../apple/index.ts'
import { removeFleet, scripts, unlimitedServer } from '../bed/index.ts'
import { startLoad } from '../load/index.ts'
import { inTurns, type Measured, mustBeRight, type Subject } from '../measure.ts'
import { type Result, round, sayTable } from '../report.ts'
import { bedOf, rated, type Size } from './benchmark.ts'

export async function idlePollApple(size: Size): Promise<Result> {
  const { seed, quick } = size
  const devices = quick ? 100 : 4_000
  const connections = quick ? 8 : 64
  const bed = await bedOf(size, quick ? 500 : 1)
  const files = await scripts()
  try {
    const identities = appleIdentities(seed)
    const channels = await putAppleFleet(bed.db, { seed, devices, identities })
    const said = Array.from({ length: devices }, (_, device) => [
      saying(identities, { device, body: idle(udidOf(seed, device)) }),
    ])
    const file = await files.write(said)
    const [muster, echo, load] = await Promise.all([
      bed.start({ ...rated(size), entry: unlimitedServer }),
      startVerifier(),
      startLoad(seed, 1),
    ])
    const all = { file, from: 0, to: devices, expect: [''] }
    // Each device twice: the first time the node learns who it is, and an idle device is looked up once more after it was first heard.
    for (let i = 0; i < 2; i += 1) await load.script({ ...all, port: muster.port, connections })

    let statements = 0
    const amount = quick ? {} : { seconds: 3 }
    const job = (port: number) => (n: number) => load.script({ ...all, port, connections, seed: seed + n, ...amount })
    const counted = async (n: number) => {
      const before = await muster.metric('muster_database_statements')
      const seen = await job(muster.port)(n)
      if (n >= 0) statements += (await muster.metric('muster_database_statements')) - before
      return seen
    }
    const subjects: Subject[] = [
      { name: 'muster', pid: muster.pid, run: counted },
      { name: 'echo+RSA', pid: echo.pid, run: job(echo.port) },
    ]
    const measured = await inTurns(subjects, { runs: quick ? 1 : 5, databasePid: bed.databasePid })
    mustBeRight(measured.values())
    sayTable(measured.values())
    const [m, e] = ['muster', 'echo+RSA'].map((name) => measured.get(name)!) as [Measured, Measured]
    const polls = m.runs.reduce((sum, r) => sum + r.requests, 0)
    // Stopping writes what was last seen: idle devices are expected again after a day and a half.
    await Promise.all([muster.stop(), echo.stop(), load.stop()])
    const [row] = await bed.db.query<{ seen: number }>({
      text: 'select count(*) as seen from seen where channel = any($1::bigint[]) and expect_s <> 600',
      values: [channels],
    })
    await removeFleet(bed.db, channels)
    return {
      name: 'idle-poll-apple',
      value: Math.round(m.perSecond.median),
      unit: 'polls/s',
      yardstick: Math.round(e.perSecond.median),
      ratio: round(m.perSecond.median / e.perSecond.median),
      seed,
      cpuRatio: round(e.serverCpu.median / m.serverCpu.median),
      polls,
      statementsPerPoll: round(statements / polls),
      devicesSeen: row?.seen ?? 0,
    }
  } finally {
    await files.close()
    await bed.close()
  }
}
