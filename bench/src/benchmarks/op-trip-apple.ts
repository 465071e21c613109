/** op-trip-apple: a device says that it is idle, is handed the command that waits for it, and tells by a signed report that it is done; durable when it is answered. */
import type { Db } from '@muster/core'
import {
  type AppleIdentities,
  acknowledged,
  appleIdentities,
  idle,
  putAppleFleet,
  saying,
  udidOf,
} from '../apple/index.ts'
import { type Muster, removeFleet, scripts, unlimitedServer } from '../bed/index.ts'
import { type Scripted, startLoad } from '../load/index.ts'
import { inTurns, type Measured, mustBeRight, type Subject } from '../measure.ts'
import { putNaiveApple, startNaiveApple } from '../naive/index.ts'
import { type Result, round, sayTable } from '../report.ts'
import { bedOf, rated, type Size } from './benchmark.ts'

export async function opTripApple(size: Size): Promise<Result> {
  const { seed, quick } = size
  const devices = quick ? 40 : 8_000
  // What trips run through is compiled after some 10,000 of them. Each round is a command of its own to every device.
  const warm = quick ? 1 : 3
  const runs = quick ? 1 : 5
  const naiveEach = quick ? 10 : 600
  const naiveWarm = quick ? 10 : 1_000
  // Each device has a connection of its own: so many are in the middle of an exchange.
  const connections = quick ? 8 : 1_536
  // The naive build gains nothing from crowds: more would only cost it.
  const naiveConnections = quick ? 8 : 128
  const bed = await bedOf(size, quick ? 500 : 1)
  const files = await scripts()
  try {
    const identities = appleIdentities(seed)
    const channels = await putAppleFleet(bed.db, { seed, devices, identities })
    const operations = await putNaiveApple(bed.db, identities, devices)
    const [muster, naive, prepared, load] = await Promise.all([
      bed.start({ ...rated(size), entry: unlimitedServer }),
      startNaiveApple(bed.url),
      startNaiveApple(bed.url, { prepared: true }),
      startLoad(seed, 1),
    ])
    const idles = Array.from({ length: devices }, (_, d) => [
      saying(identities, { device: d, body: idle(udidOf(seed, d)) }),
    ])
    // Each device once, so that the node knows them all.
    await load.script({
      port: muster.port,
      connections,
      file: await files.write(idles),
      from: 0,
      to: devices,
      expect: [''],
    })
    const reports = (id: (device: number) => string) =>
      idles.map(([first], d) => [first as Buffer, report(identities, { seed, device: d, command: id(d) })])
    const trips = (port: number, file: string, from: number, to: number, by = connections) =>
      load.script({ port, connections: by, file, from, to, expect: ['DeviceLock', ''] })
    let ours = ''
    /** The next command for everybody, and what they will say of it. */
    const command = async () => {
      const activity = await lock(muster, bed.db, channels)
      ours = await files.write(reports((d) => `o${(channels[d] as number).toString(36)}-${activity.toString(36)}`))
    }
    for (let n = 1; n < warm; n += 1) {
      await command()
      await trips(muster.port, ours, 0, devices)
    }
    const theirs = await files.write(reports((d) => String(operations[d])))
    const naiveJob = (port: number, behind: number) => (n: number) => {
      const from = n < 0 ? 0 : naiveWarm + n * naiveEach
      return trips(port, theirs, behind + from, behind + (n < 0 ? naiveWarm : from + naiveEach), naiveConnections)
    }
    const subjects: Subject<Scripted>[] = [
      { name: 'muster', pid: muster.pid, prepare: command, run: () => trips(muster.port, ours, 0, devices) },
      { name: 'naive', pid: naive.pid, run: naiveJob(naive.port, 0) },
      // Both are on the same operations, each on its own half.
      { name: 'prepared', pid: prepared.pid, run: naiveJob(prepared.port, devices / 2) },
    ]
    const measured = await inTurns(subjects, { runs, databasePid: bed.databasePid, per: (seen) => seen.finished })
    mustBeRight(measured.values())
    sayTable(measured.values(), 'trip')
    const [m, v, p] = ['muster', 'naive', 'prepared'].map((name) => measured.get(name)!) as [
      Measured<Scripted>,
      Measured<Scripted>,
      Measured<Scripted>,
    ]
    await Promise.all([muster, naive, prepared, load].map((s) => s.stop()))
    const acknowledged = devices * (warm + runs)
    const [kept] = await bed.db.query<{ done: number; unmatched: number; naive: number }>({
      text: `select (select count(*) from history where state = 'completed' and channel = any($1::bigint[])) as done, (select count(*) from unmatched where channel = any($1::bigint[])) as unmatched,
        (select count(*) from naive.apple_operation where state = 'completed') as naive`,
      values: [channels],
    })
    if (kept?.done !== acknowledged || kept.unmatched !== 0 || kept.naive !== 2 * (naiveWarm + naiveEach * runs))
      throw new Error(`${acknowledged} reports were answered, and ${JSON.stringify(kept)} are kept`)
    await removeFleet(bed.db, channels)
    return {
      name: 'op-trip-apple',
      value: Math.round(m.perSecond.median),
      unit: 'trips/s',
      yardstick: Math.round(v.perSecond.median),
      ratio: round(m.perSecond.median / v.perSecond.median),
      overPrepared: round(m.perSecond.median / p.perSecond.median),
      seed,
      cpuRatio: round((v.serverCpu.median + v.databaseCpu.median) / (m.serverCpu.median + m.databaseCpu.median)),
      acknowledged,
      historyRows: kept.done,
      unmatched: kept.unmatched,
    }
  } finally {
    await files.close()
    await bed.close()
  }
}

/** To each of them; answers the activity's number. */
export async function lock(muster: Muster, db: Db, channels: readonly number[]): Promise<number> {
  const devices = await db.query<{ id: string }>({
    text: 'select d.id from device d join channel c on c.device = d.no where c.no = any($1::bigint[]) order by c.no',
    values: [channels],
  })
  const target = { devices: devices.map((d) => d.id) }
  const { id } = await muster.api<{ id: string }>('POST', '/activities', {
    operation: 'device.lock',
    params: {},
    target,
  })
  return Number(id)
}

export function report(identities: AppleIdentities, o: { seed: number; device: number; command: string }): Buffer {
  return saying(identities, { device: o.device, body: acknowledged(udidOf(o.seed, o.device), o.command) })
}
