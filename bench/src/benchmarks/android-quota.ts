/** android-quota: one operation to 10,000 phones with Google services, queued at once and issued at the configured quota, though the server is killed on the way. */
import type { GoogleBed, Muster } from '../bed/index.ts'
import { bindGoogle, makeBed } from '../bed/index.ts'
import { cpuOf } from '../machine.ts'
import { type Result, round, say } from '../report.ts'
import type { Size } from './benchmark.ts'

const promisedMs = 1_000

export async function androidQuota({ quick, seed }: Size): Promise<Result> {
  const devices = quick ? 100 : 10_000
  const perSecond = quick ? 20 : 200
  const bed = await makeBed({ devices: 0, seed })
  let ground: GoogleBed | undefined
  try {
    ground = await bindGoogle(bed, { phones: devices, perSecond })
    const { google, phones, env } = ground
    google.quota({ requests: Math.ceil(1.5 * perSecond), perS: 1 })
    const done = () => phones.filter((d) => d.phone.locks > 0).length
    const cpu = (muster: Muster) => ({ server: cpuOf(muster.pid), database: cpuOf(bed.databasePid) })
    const first = await bed.start({ env })
    const before = cpu(first)
    const began = performance.now()
    const { id, targets } = await first.api<{ id: string; targets: number }>('POST', '/activities', {
      operation: 'device.lock',
      target: { all: true },
    })
    const queuedMs = performance.now() - began
    if (targets !== devices) throw new Error(`${targets} of ${devices} phones were reached`)

    await until(() => done() >= devices / 2, 'half of it')
    const half = { phones: done(), s: (performance.now() - began) / 1000 }
    const spentFirst = cpu(first)
    await first.kill()
    const second = await bed.start({ env })
    const middle = cpu(second)
    const again = { from: done(), at: performance.now() }
    await until(() => done() === devices, 'all of it')
    const rate = (devices - again.from) / ((performance.now() - again.at) / 1000)
    const completed = await ended(second, id, devices)
    const after = cpu(second)
    const spent = {
      server: spentFirst.server - before.server + after.server - middle.server,
      database: after.database - before.database,
    }
    const perThousand = (s: number) => round((1000 * s) / devices)
    const twice = phones.filter((d) => d.phone.locks > 1).length
    const overQuota = google.seen.refused['enterprises.devices.issueCommand 429'] ?? 0
    say(
      `queued in ${Math.round(queuedMs)} ms; ${round(half.phones / half.s)} phones a second, ${round(rate)} after the restart, of ${perSecond}; CPU-seconds per 1,000 phones: ${perThousand(spent.server)} server, ${perThousand(spent.database)} database`,
    )
    return {
      name: 'android-quota',
      value: round(queuedMs),
      unit: 'ms',
      yardstick: promisedMs,
      ratio: round(queuedMs / promisedMs),
      seed,
      devices,
      perSecond,
      phonesPerSecond: round(half.phones / half.s),
      phonesPerSecondAfterRestart: round(rate),
      cpuPerThousand: perThousand(spent.server + spent.database),
      completed,
      lost: devices - done(),
      twice,
      overQuota,
    }
  } finally {
    await bed.close()
    await ground?.close()
  }
}

async function ended(muster: Muster, id: string, devices: number): Promise<number> {
  let completed = 0
  await until(async () => {
    const { counts } = await muster.api<{ counts: Record<string, number> }>('GET', `/activities/${id}`)
    completed = counts.completed ?? 0
    return completed === devices
  }, 'every end to be told')
  return completed
}

async function until(what: () => boolean | Promise<boolean>, name: string): Promise<void> {
  const end = performance.now() + 240_000
  while (!(await what())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${name}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
