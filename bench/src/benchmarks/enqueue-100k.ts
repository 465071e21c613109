/** enqueue-100k: one operation to 100,000 devices, until the API has answered and until any other node hands it over. */
import type { Db } from '@muster/core'
import type { Muster } from '../bed/index.ts'
import { type Seen, startLoad } from '../load/index.ts'
import { inTurns, type Subject } from '../measure.ts'
import { type Result, round, sayTable } from '../report.ts'
import { bedOf, profiling, type Size } from './benchmark.ts'
import { send } from './op-trip.ts'

/** Written by hand: what the same rows cost in one statement, indexes and commit included. */
const byHand = `
  insert into pending (channel, activity, epoch, ownership, operation, state, safe, deadline)
  select c.no, $1, c.epoch, e.ownership, 'device.message', 'pending', true, now() + interval '7 days'
  from device d join enrolment e on e.device = d.no and e.state = 'active' join channel c on c.enrolment = e.no and c.closed is null and c.name = 'device' order by c.no`

export async function enqueue(size: Size): Promise<Result> {
  const { seed, quick } = size
  const devices = quick ? 500 : 100_000
  const bed = await bedOf(size, devices)
  try {
    const muster = await bed.start({ execArgv: profiling(size) })
    const [other, load] = await Promise.all([bed.start({ roles: 'api,devices' }), startLoad(seed, devices)])
    // The other node knows a device that nothing waits for, as it would in a fleet that polls.
    const ask = (requests: number) =>
      load.poll({
        port: other.port,
        connections: 1,
        seed,
        devices: 1,
        requests,
        inOrder: true,
        expect: '{"deliveries":[',
      })
    await ask(2)
    const visible: number[] = []
    let activity = 0
    const subjects: Subject[] = [
      {
        name: 'muster',
        pid: muster.pid,
        run: async () => {
          await clear(bed.db)
          const seen = await timed(async () => {
            const { targets } = await send(muster)
            if (targets !== devices) throw new Error(`${targets} of ${devices} devices were reached`)
          })
          visible.push(await untilHandedOver(bed.db, other, ask))
          return seen
        },
      },
      {
        name: 'by hand',
        run: async () => {
          await clear(bed.db)
          activity += 1
          return timed(() => bed.db.query({ text: byHand, values: [-activity] }))
        },
      },
    ]
    const measured = await inTurns(subjects, { runs: quick ? 1 : 5, databasePid: bed.databasePid })
    sayTable(measured.values(), 'enqueue')
    const ms = (name: string) => Math.round(1000 / (measured.get(name)?.perSecond.median ?? Number.NaN))
    const [row] = await bed.db.query<{ n: number }>({ text: 'select count(*) as n from pending' })
    await Promise.all([muster.stop(), other.stop(), load.stop()])
    return {
      name: 'enqueue-100k',
      value: ms('muster'),
      unit: 'ms',
      yardstick: ms('by hand'),
      ratio: round(ms('muster') / ms('by hand')),
      seed,
      devices,
      rows: row?.n ?? 0,
      visibleMs: Math.round(visible.toSorted((a, b) => a - b)[Math.floor(visible.length / 2)] ?? Number.NaN),
      longestVisibleMs: Math.round(Math.max(...visible)),
    }
  } finally {
    await bed.close()
  }
}

/** Each run starts from an empty table whose statistics are fresh. */
async function clear(db: Db): Promise<void> {
  await db.query({ text: 'truncate pending' })
  await db.query({ text: 'checkpoint' })
}

async function timed(work: () => Promise<unknown>): Promise<Seen> {
  const began = performance.now()
  await work()
  const seconds = (performance.now() - began) / 1000
  return {
    requests: 1,
    seconds,
    perSecond: 1 / seconds,
    statuses: {},
    wrong: {},
    p50: seconds * 1000,
    p99: seconds * 1000,
    longest: seconds * 1000,
    cpuS: 0,
  }
}

/** Milliseconds until the other node has handed the operation to its device, polled each 5 ms. */
async function untilHandedOver(db: Db, other: Muster, ask: (requests: number) => Promise<Seen>): Promise<number> {
  const began = performance.now()
  while (performance.now() - began < 10_000) {
    await ask(1)
    const [row] = await db.query<{ sent: boolean }>({
      text: `select exists (select from pending where state = 'sent') as sent`,
    })
    if (row?.sent) return performance.now() - began
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`the node on port ${other.port} did not hand over the operation within 10 s`)
}
