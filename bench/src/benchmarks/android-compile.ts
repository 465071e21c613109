/** android-compile: phones with Google services share 20 revisions of their settings: 20 documents are written, 10,000 phones pointed to them, and when 100,000 have them, publishing again what is the same costs Google nothing. */
import type { Db } from '@muster/core'
import type { FakeGoogle, GoogleDevice } from '@muster/fleet'
import type { GoogleBed, Muster } from '../bed/index.ts'
import { bindGoogle, makeBed, settleLike } from '../bed/index.ts'
import { cpuOf } from '../machine.ts'
import { type Result, round, say } from '../report.ts'
import type { Size } from './benchmark.ts'

const revisions = 20
/** What recurs by itself has come round in this time. */
const settleMs = 3_000
/** Statements of time's own work in that. */
const quietStatements = 300

export async function androidCompile({ quick, seed }: Size): Promise<Result> {
  const devices = quick ? 200 : 100_000
  /** Those that are pointed one by one; the others stand as these do when they are done. */
  const handed = quick ? 100 : 10_000
  const bed = await makeBed({ devices: 0, seed })
  let ground: GoogleBed | undefined
  try {
    ground = await bindGoogle(bed, { phones: devices, perSecond: 1_000 })
    const { google, phones, env } = ground
    const muster = await bed.start({ env })
    const [own, others] = [phones.slice(0, handed), phones.slice(handed)]
    const groups = await parted(muster, bed.db, own)
    const written = () => google.seen.requests['enterprises.policies.patch'] ?? 0
    const pointed = () => google.seen.requests['enterprises.devices.patch'] ?? 0
    const cpu = () => ({ server: cpuOf(muster.pid), database: cpuOf(bed.databasePid) })
    const statements = () => muster.metric('muster_database_statements')
    /** Notifications are asked for whether there are any or not. */
    const asked = () =>
      Object.entries(google.seen.requests).reduce((n, [id, times]) => n + (id.startsWith('pubsub.') ? 0 : times), 0)

    const before = { documents: written(), statements: await statements(), at: performance.now(), ...cpu() }
    const policies: string[] = []
    for (const [i, group] of groups.entries()) policies.push(await publish(muster, i, group))
    const names = () => new Set(own.map((d) => d.phone.applied?.name))
    const all = () =>
      names().size === revisions && own.every((d) => d.resource.appliedPolicyName === d.resource.policyName)
    await until(() => pointed() >= handed && all(), 'every phone to live by its document')
    const seconds = (performance.now() - before.at) / 1000
    // Each of them tells of it, and its word is heard.
    await until(() => google.pubsub.unacknowledged() === 0, 'every report to be heard')
    await settled(statements)
    const compiled = { documents: written() - before.documents, statements: await statements(), ...cpu() }

    await alike(google, bed.db, own, others)
    const still = { documents: written(), pointed: pointed(), asked: asked(), statements: await statements(), ...cpu() }
    for (const [i, id] of policies.entries()) await again(muster, id, i)
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const after = { statements: await statements(), ...cpu() }
    await mustStand(bed.db, devices)
    const perThousand = (n: number, of = handed) => round((1000 * n) / of)
    const server = compiled.server - before.server
    const database = compiled.database - before.database
    const unchanged = after.server + after.database - still.server - still.database
    say(
      `${compiled.documents} documents; all point to them after ${Math.round(seconds)} s; CPU-seconds per 1,000 phones: ${perThousand(server)} server, ${perThousand(database)} database; of ${devices}, when nothing differs, ${perThousand(unchanged, devices)}, ${asked() - still.asked} requests and ${after.statements - still.statements} statements`,
    )
    return {
      name: 'android-compile',
      value: compiled.documents,
      unit: 'documents',
      yardstick: revisions,
      ratio: round(compiled.documents / revisions),
      seed,
      devices,
      handed,
      revisions: names().size,
      seconds: Math.round(seconds),
      cpuPerThousand: perThousand(server + database),
      statementsPerThousand: perThousand(compiled.statements - before.statements),
      cpuPerThousandUnchanged: perThousand(unchanged, devices),
      statementsUnchanged: after.statements - still.statements,
      requestsUnchanged: asked() - still.asked,
      documentsUnchanged: written() - still.documents,
      pointedUnchanged: pointed() - still.pointed,
    }
  } finally {
    await bed.close()
    await ground?.close()
  }
}

/** Each of these phones into one of as many groups. */
async function parted(muster: Muster, db: Db, own: readonly GoogleDevice[]): Promise<string[]> {
  const groups: string[] = []
  for (let i = 0; i < revisions; i += 1)
    groups.push((await muster.api<{ id: string }>('POST', '/groups', { name: `Part ${i}` })).id)
  await db.query({
    text: `insert into group_member (group_no, device) select ($1::bigint[])[1 + x.i % $2], d.no
      from unnest($3::text[]) with ordinality as x (name, i) join device d on d.facts->>'google.device' = x.name`,
    values: [groups, revisions, own.map((d) => d.name)],
  })
  return groups
}

/** The others come to stand at Google and here as those do that were handed the same settings. */
async function alike(google: FakeGoogle, db: Db, own: readonly GoogleDevice[], others: readonly GoogleDevice[]) {
  const [first] = others
  if (!first) return
  const { resource } = first.enterprise
  const { enabledNotificationTypes } = resource
  resource.enabledNotificationTypes = []
  const samples = own.slice(0, revisions)
  const put = others.map((phone, i) => {
    const like = samples[i % samples.length] as GoogleDevice
    phone.resource.policyName = like.resource.policyName
    google.sync(phone)
    return { name: phone.name, like: like.name, lastReport: String(phone.resource.lastStatusReportTime) }
  })
  resource.enabledNotificationTypes = enabledNotificationTypes
  await settleLike(db, put)
}

/** Throws unless so many phones have their settings, and none is owed any. */
async function mustStand(db: Db, devices: number): Promise<void> {
  const [row] = await db.query<{ there: number; owed: number }>({
    text: `select count(*) as there, count(*) filter (where desired is distinct from applied or redo <> '{}') as owed from channel_set`,
  })
  if (row?.there !== devices || row.owed > 0) throw new Error(`${row?.owed} of ${row?.there} phones are owed settings`)
}

const draft = (i: number, group?: string) => ({
  name: `Revision ${i}`,
  features: [{ feature: 'passcode', settings: { minLength: 4 + (i % 10), minClasses: 1 + Math.floor(i / 10) } }],
  ...(group === undefined ? {} : { assignment: { groups: [group] } }),
})
async function publish(muster: Muster, i: number, group: string): Promise<string> {
  const policy = { platform: 'android', ...draft(i, group) }
  const { id } = await muster.api<{ id: string }>('POST', '/policies', policy)
  await muster.api('POST', `/policies/${id}/publish`)
  return id
}
/** The same settings as a further version. */
async function again(muster: Muster, id: string, i: number): Promise<void> {
  type Kept = { revision: number; assignment: unknown }
  const { revision, assignment } = await muster.api<Kept>('GET', `/policies/${id}`)
  const same = { platform: 'android', ...draft(i), assignment }
  await muster.api('PUT', `/policies/${id}`, same, { 'if-match': `"${revision}"` })
  await muster.api('POST', `/policies/${id}/publish`)
}

/** Nothing is on its way any more: time's own work goes on. */
async function settled(count: () => Promise<number>): Promise<void> {
  for (let last = Number.NaN, now = await count(); !(Math.abs(now - last) < quietStatements); ) {
    last = now
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    now = await count()
  }
}
async function until(what: () => boolean, name: string): Promise<void> {
  const end = performance.now() + 900_000
  while (!what()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${name}`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}
