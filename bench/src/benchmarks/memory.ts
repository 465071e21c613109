/** memory: what a node keeps in memory of each device that polls, and what the process takes with an empty fleet. */
import { startLoad } from '../load/index.ts'
import { rssOf } from '../machine.ts'
import { type Result, round, say } from '../report.ts'
import { bedOf, profiling, type Size } from './benchmark.ts'

/** Promised bytes for 10,000 devices. */
const promised = 2_000_000
/** The throttle's counts and the last-seen list are emptied after this; the connections' buffers too. */
const settleMs = 11_000

export async function memory(size: Size): Promise<Result> {
  const { seed, quick } = size
  const devices = quick ? 500 : 100_000
  const connections = quick ? 8 : 64
  const bed = await bedOf(size, devices + 1)
  try {
    const [muster, load] = await Promise.all([bed.start({ execArgv: profiling(size) }), startLoad(seed, devices)])
    const idle = '{"deliveries":[],'
    const ask = (o: { requests: number; devices: number }) =>
      load.poll({ port: muster.port, connections, seed, inOrder: true, expect: idle, ...o })
    // Code is compiled and pools are open before the first look: what is measured is the fleet.
    await ask({ requests: quick ? 100 : 10_000, devices: 1 })
    const settle = async () => {
      if (!quick) await new Promise((resolve) => setTimeout(resolve, settleMs))
      await ask({ requests: connections, devices: 1 })
      return muster.memory()
    }
    const rss = rssOf(muster.pid)
    const before = await settle()
    // Twice: the first poll learns who it is, the second is answered from memory.
    const { statuses } = await ask({ requests: 2 * devices, devices })
    const after = await settle()
    const per10k = ((after - before) / devices) * 10_000
    say(
      `in use before ${mega(before)}, after ${devices} devices ${mega(after)}; resident before ${mega(rss)}, after ${mega(rssOf(muster.pid))}`,
    )
    await Promise.all([muster.stop(), load.stop()])
    return {
      name: 'memory',
      value: round(per10k / 1e6),
      unit: 'MB per 10,000 devices',
      yardstick: promised / 1e6,
      ratio: round(per10k / promised),
      seed,
      devices,
      polls: statuses['200'] ?? 0,
      baseResidentMb: Math.round(rss / 1e6),
    }
  } finally {
    await bed.close()
  }
}

function mega(bytes: number): string {
  return `${round(bytes / 1e6)} MB`
}
