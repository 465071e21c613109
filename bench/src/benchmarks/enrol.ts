/** enrol: register with a code, get a token, accept, first check-in, as the agent does; each step durable. */
import { putInvitations } from '../bed/index.ts'
import { type Enrolled, startLoad } from '../load/index.ts'
import { inTurns, mustBeRight, type Subject } from '../measure.ts'
import { randomOf } from '../random.ts'
import { type Result, round, sayTable } from '../report.ts'
import { bedOf, rated, type Size } from './benchmark.ts'

const promised = 300
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

export async function enrol(size: Size): Promise<Result> {
  const { seed, quick } = size
  const each = quick ? 20 : 500
  const runs = quick ? 1 : 5
  const bed = await bedOf(size, quick ? 500 : 10_000)
  try {
    const random = randomOf(seed)
    const code = () =>
      Array.from(
        { length: 20 },
        (_, i) => (i > 0 && i % 5 === 0 ? '-' : '') + alphabet[Math.floor(random() * 32)],
      ).join('')
    const codes = Array.from({ length: each * (runs + 1) }, code)
    await putInvitations(bed.db, codes)
    const [muster, load] = await Promise.all([bed.start(rated(size)), startLoad(seed, 1)])
    const before = await activeDevices()
    const subject: Subject<Enrolled> = {
      name: 'muster',
      pid: muster.pid,
      run: (n) =>
        load.enrol({
          port: muster.port,
          connections: quick ? 4 : 32,
          codes: codes.slice((n + 1) * each, (n + 2) * each),
          name: `enrol-${seed}-${n}`,
        }),
    }
    const measured = await inTurns([subject], { runs, databasePid: bed.databasePid, per: (seen) => seen.enrolled })
    mustBeRight(measured.values())
    sayTable(measured.values(), 'enrolment')
    const m = measured.get('muster')!
    const enrolled = each * (runs + 1)
    const kept = (await activeDevices()) - before
    if (kept !== enrolled) throw new Error(`${enrolled} devices were enrolled, and the database holds ${kept} more`)
    await Promise.all([muster.stop(), load.stop()])
    return {
      name: 'enrol',
      value: Math.round(m.perSecond.median),
      unit: 'enrolments/s',
      yardstick: promised,
      ratio: round(m.perSecond.median / promised),
      seed,
      enrolled,
      activeRows: kept,
    }
  } finally {
    await bed.close()
  }

  async function activeDevices(): Promise<number> {
    const [row] = await bed.db.query<{ n: number }>({
      text: `select count(*) as n from enrolment where state = 'active'`,
    })
    return row?.n ?? 0
  }
}
