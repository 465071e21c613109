/**
 * wake-100k: one operation for a fleet that sleeps. The server has each device pushed over a link to Apple of 50 ms, and each connects, is handed its command
 * and reports by a signed message that it is done. Halfway the push service ends all its connections.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AppleIdentities, appleIdentities, idle, putAppleFleet, saying, udidOf } from '../apple/index.ts'
import { type Bed, type Muster, removeFleet, scripts, unlimitedServer } from '../bed/index.ts'
import { cpuOf, machineBusyS, openAtMost } from '../machine.ts'
import { type Result, round, say } from '../report.ts'
import { pushToken, type SleepingFleet, startSleepingFleet } from '../woken/index.ts'
import { bedOf, profiling, type Size } from './benchmark.ts'
import { report } from './op-trip-apple.ts'

const topic = 'com.apple.mgmt.External.bench'
const latencyMs = 50
const promisedS = 30
/** Two messages of 3 kB each: so many devices in one file. */
const filed = 10_000
const patienceMs = 180_000

export async function wake(size: Size): Promise<Result> {
  const { seed, quick } = size
  const devices = quick ? 400 : 100_000
  const bed = await bedOf(size, quick ? 500 : 1)
  const files = await scripts()
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-wake-'))
  let fleet: SleepingFleet | undefined
  try {
    fleet = await startSleepingFleet({ latencyMs, topic })
    const identities = appleIdentities(seed)
    const channels = await putAppleFleet(bed.db, { seed, devices, identities })
    await listen(bed, seed, channels)
    const ca = join(folder, 'ca.pem')
    await writeFile(ca, fleet.push.ca)
    const muster = await bed.start({
      execArgv: profiling(size),
      entry: unlimitedServer,
      env: { MUSTER_APNS_URL: fleet.push.url, NODE_EXTRA_CA_CERTS: ca },
    })
    await giveCertificate(muster, fleet)
    const activity = await nextActivity(bed)
    const commands = channels.map((c) => `o${c.toString(36)}-${activity.toString(36)}`)
    const written: string[] = []
    for (let from = 0; from < devices; from += filed)
      written.push(
        await files.write(sayings(identities, { seed, from, to: Math.min(devices, from + filed), commands })),
      )
    // The server needs some files, too.
    const atOnce = Math.min(2_000, Math.floor(openAtMost() / 4))
    await fleet.sleep({ port: muster.port, seed, devices, topic, files: written, commands, atOnce })
    const statements = await muster.metric('muster_database_statements')
    const before = { server: cpuOf(muster.pid), database: cpuOf(bed.databasePid), machine: machineBusyS() }
    await fleet.began()
    const target = { filter: { platform: 'apple' } }
    const made = await muster.api<{ id: string }>('POST', '/activities', {
      operation: 'device.lock',
      params: {},
      target,
    })
    if (Number(made.id) !== activity) throw new Error(`the activity is ${made.id}, not ${activity}: somebody else acts`)
    const seen = await fleet.seen(patienceMs)
    const server = cpuOf(muster.pid) - before.server
    const database = cpuOf(bed.databasePid) - before.database
    const machine = machineBusyS() - before.machine
    const asked = (await muster.metric('muster_database_statements')) - statements
    const sent = await muster.metric('muster_push_total\\{outcome="sent"\\}')
    await Promise.all([muster.stop(), fleet.stop()])
    if (Object.keys(seen.wrong).length > 0) throw new Error(`wrong answers: ${JSON.stringify(seen.wrong)}`)
    const kept = await settled(bed, channels)
    if (kept.done !== seen.acknowledged || seen.acknowledged !== devices)
      throw new Error(`${devices} devices: ${JSON.stringify(seen)}; ${JSON.stringify(kept)}`)
    await removeFleet(bed.db, channels)
    const each = (s: number) => round((s * 1000) / devices)
    say(
      `99 of 100 pushed after ${round(seen.pushed99S)} s, done after ${round(seen.acknowledged99S)} s; all after ${round(seen.seconds)} s; ${seen.pushes} pushes over ${seen.sessions} connections, at most ${seen.mostStreams} streams on one`,
    )
    return {
      name: 'wake-100k',
      value: round(seen.acknowledged99S),
      unit: 's',
      yardstick: promisedS,
      ratio: round(seen.acknowledged99S / promisedS),
      seed,
      devices,
      acknowledged: seen.acknowledged,
      in30s: round(seen.acknowledgedIn30s / devices),
      historyRows: kept.done,
      unmatched: kept.unmatched,
      serverErrors: seen.serverErrors,
      refusedConnections: seen.refused,
      pushed99S: round(seen.pushed99S),
      middleTripMs: Math.round(seen.middleTripMs),
      pushes: seen.pushes,
      pushedTwice: seen.pushedTwice,
      sent,
      connections: seen.sessions,
      mostStreams: seen.mostStreams,
      mostAtOnce: seen.mostAtOnce,
      statementsPerDevice: round(asked / devices),
      serverCpuMs: each(server),
      databaseCpuMs: each(database),
      fleetCpuMs: each(seen.cpuS),
      elsewhere: round(machine > 0 ? Math.max(0, 1 - (server + database + seen.cpuS) / machine) : 0),
    }
  } finally {
    await fleet?.stop()
    await files.close()
    await rm(folder, { recursive: true })
    await bed.close()
  }
}

/** As each device's TokenUpdate would have said it. */
async function listen(bed: Bed, seed: number, channels: readonly number[]): Promise<void> {
  await bed.db.query({
    text: `update channel c set push = jsonb_build_object('token', x.token, 'magic', 'MAGIC-' || c.no, 'topic', $3::text) from unnest($1::bigint[], $2::text[]) as x (no, token) where c.no = x.no`,
    values: [channels, channels.map((_, d) => pushToken(seed, d)), topic],
  })
  await bed.db.query({ text: 'vacuum analyze channel' })
}

async function giveCertificate(muster: Muster, { push }: SleepingFleet): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const input = { certificate: base64(push.certificate), key: base64(push.key) }
  await muster.api('POST', '/platform-setup/apple/push-certificate/import', { input })
}

/** Reports are signed beforehand, so the command's id must be known beforehand: nobody else acts on this server. */
async function nextActivity(bed: Bed): Promise<number> {
  const [row] = await bed.db.query<{ no: number }>({
    text: `select nextval('activity_no') as no`,
  })
  return Number(row?.no) + 1
}

function sayings(
  identities: AppleIdentities,
  o: { seed: number; from: number; to: number; commands: readonly string[] },
): Buffer[][] {
  return Array.from({ length: o.to - o.from }, (_, i) => {
    const device = o.from + i
    const first = saying(identities, { device, body: idle(udidOf(o.seed, device)) })
    return [first, report(identities, { seed: o.seed, device, command: o.commands[device] as string })]
  })
}

async function settled(bed: Bed, channels: readonly number[]): Promise<{ done: number; unmatched: number }> {
  const [row] = await bed.db.query<{ done: number; unmatched: number }>({
    text: `select (select count(*) from history where state = 'completed' and channel = any($1::bigint[])) as done, (select count(*) from unmatched where channel = any($1::bigint[])) as unmatched`,
    values: [channels],
  })
  return row ?? { done: 0, unmatched: 0 }
}
