/** cold-start: from starting the server's process to the first device that is answered rightly, with the fleet in the database; and what the whole start costs. */
import { freePort, type Muster } from '../bed/index.ts'
import { syncPath } from '../load/index.ts'
import { cpuOf } from '../machine.ts'
import { spread } from '../measure.ts'
import { tokenOf } from '../random.ts'
import { type Result, round, say } from '../report.ts'
import { bedOf, profiling, type Size } from './benchmark.ts'

const promisedMs = 1_000

export async function coldStart(size: Size): Promise<Result> {
  const { seed, quick } = size
  const devices = quick ? 500 : 100_000
  const bed = await bedOf(size, devices)
  try {
    // The first start after a change of the fleet has policies to evaluate; the promise is of a restart.
    await (await bed.start()).stop()
    const times: number[] = []
    const ready: number[] = []
    const cpu: number[] = []
    for (let run = 0; run < (quick ? 1 : 5); run += 1) {
      const port = await freePort()
      const began = performance.now()
      const starting = bed.start({ port, execArgv: profiling(size), bare: true })
      const checkIn = await firstAnswer(port, tokenOf(seed, run), starting)
      times.push(checkIn - began)
      const muster = await starting
      ready.push(muster.readyMs)
      cpu.push(cpuOf(muster.pid))
      await muster.stop()
    }
    const { median, min, max } = spread(times)
    const [readyMs, cpuS] = [spread(ready).median, spread(cpu).median]
    say(
      `first check-in after ${Math.round(median)} ms (${Math.round(min)}-${Math.round(max)}); all of it ready after ${Math.round(readyMs)} ms and ${round(cpuS)} CPU-seconds`,
    )
    return {
      name: 'cold-start',
      value: Math.round(median),
      unit: 'ms',
      yardstick: promisedMs,
      ratio: round(median / promisedMs),
      seed,
      devices,
      checkIns: times.length,
      longest: Math.round(max),
      readyMs: Math.round(readyMs),
      readyCpuS: round(cpuS),
    }
  } finally {
    await bed.close()
  }
}

/** Asks until the device is answered; throws when the answer is not that nothing waits. */
async function firstAnswer(port: number, token: string, starting: Promise<Muster>): Promise<number> {
  let failed: unknown
  starting.catch((error: unknown) => {
    failed = error
  })
  const body = JSON.stringify({ sequence: 0, at: '2026-01-01T00:00:00Z', take: 10 })
  while (failed === undefined) {
    const answer = await fetch(`http://127.0.0.1:${port}${syncPath}`, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    }).catch(() => undefined)
    if (answer) {
      const said = (await answer.json()) as { deliveries?: unknown[] }
      if (answer.status !== 200 || said.deliveries?.length !== 0)
        throw new Error(`the first check-in was answered ${answer.status} ${JSON.stringify(said)}`)
      return performance.now()
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw failed
}
