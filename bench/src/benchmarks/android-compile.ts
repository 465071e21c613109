/** android-compile: 100,000 phones with Google services share 20 revisions of their settings: 20 documents are written, and publishing again what is the same costs Google nothing. */
import type { Db } from '@muster/core'
import type { GoogleBed, Muster } from '../bed/index.ts'
import { bindGoogle, makeBed } from '../bed/index.ts'
import { cpuOf } from '../machine.ts'
import { type Result, round, say } from '../report.ts'
import type { Size } from './benchmark.ts'

const revisions = 20
/** What recurs by itself has come round in this time. */
const settleMs = 3_000

export async function androidCompile({ quick, seed }: Size): Promise<Result> {
  const devices = quick ? 100 : 100_000
  const bed = await makeBed({ devices: 0, seed })
  let ground: GoogleBed | undefined
  try {
    ground = await bindGoogle(bed, { phones: devices, perSecond: 1_000 })
    const { google, phones, env } = ground
    const muster = await bed.start({ env })
    const groups = await parted(muster, bed.db)
    const written = () => google.seen.requests['enterprises.policies.patch'] ?? 0
    const pointed = () => google.seen.requests['enterprises.devices.patch'] ?? 0
    const cpu = () => ({ server: cpuOf(muster.pid), database: cpuOf(bed.databasePid) })

    const before = { documents: written(), ...cpu() }
    const policies: string[] = []
    for (const [i, group] of groups.entries()) policies.push(await publish(muster, i, group))
    const names = () => new Set(phones.map((d) => d.phone.applied?.name))
    const all = () => names().size === revisions && phones.every((d) => d.resource.appliedPolicyName !== undefined)
    await until(() => pointed() >= devices && all(), 'every phone to live by its document')
    await settled(pointed)
    const compiled = { documents: written() - before.documents, ...cpu() }

    const still = { documents: written(), pointed: pointed(), ...cpu() }
    for (const [i, id] of policies.entries()) await again(muster, id, i)
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const after = cpu()
    const perThousand = (s: number) => round((1000 * s) / devices)
    const first = compiled.server + compiled.database - before.server - before.database
    const unchanged = after.server + after.database - still.server - still.database
    say(
      `${compiled.documents} documents; CPU-seconds per 1,000 phones: ${perThousand(first)}, ${perThousand(unchanged)} when nothing differs`,
    )
    return {
      name: 'android-compile',
      value: compiled.documents,
      unit: 'documents',
      yardstick: revisions,
      ratio: round(compiled.documents / revisions),
      seed,
      devices,
      revisions: names().size,
      cpuPerThousand: perThousand(first),
      cpuPerThousandUnchanged: perThousand(unchanged),
      documentsUnchanged: written() - still.documents,
      pointedUnchanged: pointed() - still.pointed,
    }
  } finally {
    await bed.close()
    await ground?.close()
  }
}

/** Every phone into one of as many groups. */
async function parted(muster: Muster, db: Db): Promise<string[]> {
  const groups: string[] = []
  for (let i = 0; i < revisions; i += 1)
    groups.push((await muster.api<{ id: string }>('POST', '/groups', { name: `Part ${i}` })).id)
  await db.query({
    text: 'insert into group_member (group_no, device) select ($1::bigint[])[1 + d.no % $2], d.no from device d',
    values: [groups, revisions],
  })
  return groups
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

/** The first look at all devices may find some that were about to be pointed, and point them too. */
async function settled(count: () => number): Promise<void> {
  for (let last = -1; last !== count(); ) {
    last = count()
    await new Promise((resolve) => setTimeout(resolve, settleMs))
  }
}
async function until(what: () => boolean, name: string): Promise<void> {
  const end = performance.now() + 900_000
  while (!what()) {
    if (performance.now() > end) throw new Error(`waited in vain for ${name}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
