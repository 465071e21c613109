/** enrol-windows: discovery, policy, and a certificate with everything a PC needs to be managed: from the invitation's code to an active device; each step durable. */
import { putInvitations, removeFleet, scripts, unlimitedServer } from '../bed/index.ts'
import { type Scripted, startLoad } from '../load/index.ts'
import { inTurns, mustBeRight, type Subject } from '../measure.ts'
import { type Result, round, sayTable } from '../report.ts'
import { enrolments, windowsCodes } from '../windows/index.ts'
import { bedOf, rated, type Size } from './benchmark.ts'

const promised = 150

export async function enrolWindows(size: Size): Promise<Result> {
  const { seed, quick } = size
  const each = quick ? 20 : 400
  const runs = quick ? 1 : 3
  const bed = await bedOf(size, quick ? 500 : 1)
  const files = await scripts()
  try {
    const codes = windowsCodes(seed + 3, each * (runs + 1))
    const [muster, load] = await Promise.all([
      bed.start({ ...rated(size), entry: unlimitedServer }),
      startLoad(seed, 1),
    ])
    await putInvitations(bed.db, codes, 'windows')
    const file = await files.write(enrolments(seed + 1_000, codes))
    const before = await active()
    const statements = await muster.metric('muster_database_statements')
    const subject: Subject<Scripted> = {
      name: 'muster',
      pid: muster.pid,
      run: (n) =>
        load.script({
          port: muster.port,
          connections: quick ? 4 : 32,
          file,
          from: (n + 1) * each,
          to: (n + 2) * each,
          expect: ['DiscoverResponse', 'GetPoliciesResponse', 'DeviceEnrollmentProvisionDoc'],
        }),
    }
    const measured = await inTurns([subject], { runs, databasePid: bed.databasePid, per: (seen) => seen.finished })
    mustBeRight(measured.values())
    sayTable(measured.values(), 'enrolment')
    const m = measured.get('muster')!
    const enrolled = each * (runs + 1)
    const kept = await active()
    const asked = (await muster.metric('muster_database_statements')) - statements
    const [more, certified] = [kept.active - before.active, kept.certified - before.certified]
    if (more !== enrolled || certified !== enrolled)
      throw new Error(`${enrolled} PCs were enrolled; ${more} are active, ${certified} have a certificate`)
    await Promise.all([muster.stop(), load.stop()])
    const own = `select c.no from channel c join device d on d.no = c.device where d.platform = 'windows' and c.closed is null`
    const mine = await bed.db.query<{ no: number }>({ text: own })
    await removeFleet(
      bed.db,
      mine.map((c) => c.no),
    )
    return {
      name: 'enrol-windows',
      value: Math.round(m.perSecond.median),
      unit: 'enrolments/s',
      yardstick: promised,
      ratio: round(m.perSecond.median / promised),
      seed,
      enrolled,
      activeRows: more,
      certificates: certified,
      statementsPerEnrolment: round(asked / enrolled),
      cpuMsPerEnrolment: round(m.serverCpu.median + m.databaseCpu.median),
    }
  } finally {
    await files.close()
    await bed.close()
  }

  async function active(): Promise<{ active: number; certified: number }> {
    const [row] = await bed.db.query<{ active: number; certified: number }>({
      text: `select (select count(*) from enrolment e join device d on d.no = e.device where e.state = 'active' and d.platform = 'windows') as active,
        (select count(*) from certificate where channel is not null) as certified`,
    })
    return row ?? { active: 0, certified: 0 }
  }
}
