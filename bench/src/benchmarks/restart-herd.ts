/** restart-herd: 20,000 devices, the server restarts, and all come back; nobody is answered 5xx. */
import { freePort } from '../bed/index.ts'
import { startLoad } from '../load/index.ts'
import { openAtMost } from '../machine.ts'
import { type Result, round, say } from '../report.ts'
import { bedOf, profiling, type Size } from './benchmark.ts'

export async function restartHerd(size: Size): Promise<Result> {
  const { seed, quick } = size
  const devices = quick ? 500 : 20_000
  /** Faster than the minute that agents take, so that the herd is a hard one. */
  const spreadS = quick ? 0.5 : 10
  // The server's own files and the database's connections need some.
  const held = Math.min(devices, openAtMost() - 1_000)
  const bed = await bedOf(size, devices)
  try {
    const port = await freePort()
    const [first, load] = await Promise.all([bed.start({ port }), startLoad(seed, devices)])
    const { connected, again } = await load.herd({ port, devices, seed, spreadS, held })
    say(`${connected.devices} devices were answered in ${round(connected.seconds)} s, ${held} hold their connections`)
    const back = again()
    await first.stop()
    const stopped = performance.now()
    const second = await bed.start({ port, execArgv: profiling(size) })
    const downMs = performance.now() - stopped
    const seen = await back
    say(
      `down for ${Math.round(downMs)} ms; all back ${round(seen.seconds)} s after the first was cut; p99 ${seen.p99} ms, longest ${seen.longest} ms`,
    )
    const errors = Object.entries({ ...seen.statuses }).reduce(
      (sum, [status, n]) => sum + (Number(status) >= 500 ? n : 0),
      0,
    )
    await Promise.all([second.stop(), load.stop()])
    return {
      name: 'restart-herd',
      value: round(seen.seconds),
      unit: 's',
      yardstick: spreadS,
      ratio: round(seen.seconds / spreadS),
      seed,
      devices: seen.devices,
      held,
      answered: seen.requests,
      serverErrors: errors,
      refusedConnections: seen.refused,
      downMs: Math.round(downMs),
      p99Ms: seen.p99,
      longestMs: seen.longest,
    }
  } finally {
    await bed.close()
  }
}
