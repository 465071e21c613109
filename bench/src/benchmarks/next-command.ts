/** next-command: what a round trip of one device costs that has never done anything, and of one that has done 10,000 commands. */

import type { Db } from '@muster/core'
import { appleIdentities, idle, putAppleFleet, saying, udidOf } from '../apple/index.ts'
import { removeFleet, scripts, unlimitedServer } from '../bed/index.ts'
import { type Load, startLoad } from '../load/index.ts'
import { type Result, round, say } from '../report.ts'
import { bedOf, profiling, type Size } from './benchmark.ts'
import { lock, report } from './op-trip-apple.ts'

const settled = `
  with acts as (
    insert into activity (operation, params, actor, target, targets, created, deadline)
    select 'device.lock', '{}', 'system', '{"devices": []}', 1, now() - n * interval '1 minute', now() + interval '1 day' from generate_series(1, $2::integer) n returning no, created)
  insert into history (channel, activity, epoch, operation, state, result, attempts, created, at)
    select $1, no, 1, 'device.lock', 'completed', '{}', 1, created, created + interval '1 minute' from acts`
const tables = ['pending', 'history_default', 'activity', 'tally', 'channel', 'enrolment', 'device', 'seen']
const read = `
  select coalesce(sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit, 0) + coalesce(idx_blks_read, 0)), 0) as blocks from pg_statio_all_tables where relname = any($1::text[]) and schemaname = 'muster'`
/** PostgreSQL's processes tell what they read once they have been idle for so long. */
const toldMs = 11_000

export async function nextCommand(size: Size): Promise<Result> {
  const { seed, quick } = size
  const history = quick ? 1_000 : 10_000
  const trips = quick ? 10 : 200
  const bed = await bedOf(size, quick ? 500 : 1)
  const files = await scripts()
  try {
    const identities = appleIdentities(seed)
    const channels = await putAppleFleet(bed.db, { seed, devices: 2, identities })
    const [muster, load] = await Promise.all([
      bed.start({ execArgv: profiling(size), entry: unlimitedServer }),
      startLoad(seed, 1),
    ])
    // Now that there is a partition for them.
    await bed.db.query({ text: settled, values: [channels[1], history] })
    await bed.db.query({ text: 'vacuum analyze' })
    const ask = (device: number) => saying(identities, { device, body: idle(udidOf(seed, device)) })
    /** Waits of each device, in milliseconds, in the order of its trips. */
    const took: [number[], number[]] = [[], []]
    const blocks: [number, number] = [0, 0]
    for (let pass = -1; pass < 2; pass += 1) {
      for (const device of [0, 1] as const) {
        const before = quick ? 0 : await blocksRead(bed.db)
        for (let i = 0; i < trips; i += 1) {
          const activity = await lock(muster, bed.db, [channels[device] as number])
          const command = `o${(channels[device] as number).toString(36)}-${activity.toString(36)}`
          const file = await files.write([[ask(device), report(identities, { seed, device, command })]])
          const seen = await one(load, muster.port, file)
          if (pass >= 0) took[device].push(seen)
        }
        if (!quick && pass >= 0) blocks[device] += (await blocksRead(bed.db)) - before
      }
    }
    await Promise.all([muster.stop(), load.stop()])
    const [kept] = await bed.db.query<{ fresh: number; old: number }>({
      text: 'select count(*) filter (where channel = $1) as fresh, count(*) filter (where channel = $2) as old from history',
      values: channels,
    })
    if (kept?.fresh !== 3 * trips || kept.old !== 3 * trips + history)
      throw new Error(`of ${3 * trips} trips each, history holds ${JSON.stringify(kept)}`)
    await removeFleet(bed.db, channels)
    const [fresh, old] = took.map(median) as [number, number]
    const perTrip = blocks.map((b) => round(b / (2 * trips)))
    say(`a round trip: ${round(fresh)} ms at 0 settled commands, ${round(old)} ms at ${history}`)
    return {
      name: 'next-command',
      value: round(old),
      unit: 'ms',
      yardstick: round(fresh),
      ratio: round(old / fresh),
      seed,
      settled: kept.old,
      trips: 2 * trips,
      // A small instance does not wait for what PostgreSQL's processes tell.
      ...(!quick && { blocksPerTrip: `${perTrip[0]} and ${perTrip[1]}` }),
    }
  } finally {
    await files.close()
    await bed.close()
  }
}

async function one(load: Load, port: number, file: string): Promise<number> {
  const seen = await load.script({ port, connections: 1, file, from: 0, to: 1, expect: ['DeviceLock', ''] })
  if (seen.finished !== 1) throw new Error(`a trip did not end: ${JSON.stringify(seen.wrong)}`)
  return seen.seconds * 1000
}

async function blocksRead(db: Db): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, toldMs))
  const [row] = await db.query<{ blocks: number }>({ text: read, values: [tables] })
  return row?.blocks ?? 0
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
