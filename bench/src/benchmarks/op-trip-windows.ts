/** op-trip-windows: a PC opens a session, is asked for one node of its tree, answers with its value, and is told that there is nothing more; durable when it is answered. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { removeFleet, unlimitedServer } from '../bed/index.ts'
import { startLoad, type WindowsTrips } from '../load/index.ts'
import { inTurns, type Measured, mustBeRight, type Subject } from '../measure.ts'
import { askNaiveWindows, putNaiveWindows, startNaiveWindows } from '../naive/index.ts'
import { type Result, round, sayTable } from '../report.ts'
import { enrolWindowsFleet, proxied } from '../windows/index.ts'
import { bedOf, rated, type Size } from './benchmark.ts'

const uri = './DevDetail/SwV'

export async function opTripWindows(size: Size): Promise<Result> {
  const { seed, quick } = size
  const devices = quick ? 40 : 6_000
  // What trips run through is compiled after some 10,000 of them. Each round is a command of its own to every PC.
  const warm = quick ? 1 : 2
  const runs = quick ? 1 : 3
  const naiveEach = devices / (quick ? 2 : 4)
  const connections = quick ? 8 : 512
  const bed = await bedOf(size, quick ? 500 : 1)
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-windows-'))
  try {
    const [muster, load] = await Promise.all([
      bed.start({ ...rated(size), entry: unlimitedServer, env: proxied }),
      startLoad(seed, 1),
    ])
    const fleet = await enrolWindowsFleet(bed.db, muster.port, { seed, devices })
    await putNaiveWindows(bed.db, fleet.pcs, uri)
    const naive = await startNaiveWindows(bed.url)
    const file = join(folder, 'pcs')
    await writeFile(file, JSON.stringify(fleet.pcs))
    const session = (port: number, name: string, from: number, to: number) =>
      load.tripWindows({ port, connections, file, from, to, session: name })
    // Each PC once, so that the node knows them all: what comes with a first session is over, and the next one is idle.
    await session(muster.port, 'first', 0, devices)
    const before = await muster.metric('muster_database_statements')
    const idle = await session(muster.port, 'idle', 0, devices)
    const idleStatements = ((await muster.metric('muster_database_statements')) - before) / devices
    if (idle.finished !== devices || idle.answered > devices / 10)
      throw new Error(`an idle session is none: ${JSON.stringify(idle)}`)
    const ask = async () => {
      await muster.api('POST', '/activities', {
        operation: 'windows.csp',
        params: { commands: [{ verb: 'Get', uri }] },
        target: { devices: fleet.devices },
      })
      // Word for everybody is followed by a look at what waits, at the latest a second later: until then each asks for itself.
      await setTimeout(2_000)
    }
    for (let n = 1; n < warm; n += 1) {
      await ask()
      await session(muster.port, `warm${n}`, 0, devices)
      await session(naive.port, `warm${n}`, 0, devices)
      await askNaiveWindows(bed.db, uri)
    }
    const subjects: Subject<WindowsTrips>[] = [
      { name: 'muster', pid: muster.pid, prepare: ask, run: (n) => session(muster.port, `trip${n}`, 0, devices) },
      {
        name: 'naive',
        pid: naive.pid,
        run: (n) => session(naive.port, `trip${n}`, (n + 1) * naiveEach, (n + 2) * naiveEach),
      },
    ]
    const measured = await inTurns(subjects, { runs, databasePid: bed.databasePid, per: (seen) => seen.finished })
    mustBeRight(measured.values())
    sayTable(measured.values(), 'trip')
    const [m, v] = ['muster', 'naive'].map((name) => measured.get(name)!) as [
      Measured<WindowsTrips>,
      Measured<WindowsTrips>,
    ]
    await Promise.all([muster.stop(), naive.stop(), load.stop()])
    const channels = [...fleet.channels]
    const [kept] = await bed.db.query<{ done: number; unmatched: number; naive: number }>({
      text: `select (select count(*) from history where state = 'completed' and operation = 'windows.csp' and channel = any($1::bigint[])) as done,
        (select count(*) from unmatched where channel = any($1::bigint[])) as unmatched, (select count(*) from naive.windows_operation where state = 'completed') as naive`,
      values: [channels],
    })
    const all = devices * (warm + runs)
    if (kept?.done !== all || kept.unmatched !== 0 || kept.naive !== devices * warm)
      throw new Error(`${all} answers were given, and ${JSON.stringify(kept)} are kept`)
    await removeFleet(bed.db, channels)
    return {
      name: 'op-trip-windows',
      value: Math.round(m.perSecond.median),
      unit: 'trips/s',
      yardstick: Math.round(v.perSecond.median),
      ratio: round(m.perSecond.median / v.perSecond.median),
      seed,
      cpuRatio: round((v.serverCpu.median + v.databaseCpu.median) / (m.serverCpu.median + m.databaseCpu.median)),
      acknowledged: all,
      historyRows: kept.done,
      unmatched: kept.unmatched,
      statementsPerIdleSession: round(idleStatements),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
    await bed.close()
  }
}
