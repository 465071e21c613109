/** Runs the parsers' cases in threads of their own, two at a time, and watches from outside: a thread that stands still or bursts is a finding. */
import { Worker } from 'node:worker_threads'
import type { Found, Order, Report } from './parser-worker.fixture.ts'
import { caseOf, type Specimen } from './specimen.ts'

export interface ParserOptions {
  registry: string
  cases: number
  seed: number
  /** Names; all unless told. */
  only?: readonly string[]
  threads?: number
  /** A case that costs more never ends, as far as we are concerned. Milliseconds of the processor's time, of which others may take most. */
  patience?: number
}

/** Bytes. Readers keep nothing: what is above this after all cases is kept by somebody. */
const heapGrowthLimit = 48 * 1024 * 1024
const limits = { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 64, stackSizeMb: 4 }
/** A case that stands still for so many milliseconds and costs nothing waits for what never comes. */
const stillness = 60_000

const usualThreads = 2

type Work = Order['work'][number]

export async function runParsers(o: ParserOptions, onDone: (r: Report) => void = () => undefined): Promise<Report[]> {
  const { specimens } = (await import(o.registry)) as { specimens: readonly Specimen[] }
  const wanted = specimens.filter((s) => o.only?.includes(s.name) ?? true)
  const threads = Math.min(o.threads ?? usualThreads, wanted.length)
  const reports: Report[] = []
  const take = (r: Report) => {
    if (r.heapGrowth > heapGrowthLimit)
      r.found.push({ index: -1, why: `${r.heapGrowth} bytes stayed in memory`, bytes: '' })
    reports.push(r)
    onDone(r)
  }
  const lane = async (_: unknown, n: number) => {
    let left: Work[] = wanted
      .filter((_s, i) => i % threads === n)
      .map((s) => ({
        name: s.name,
        cases: Math.max(s.good.length + s.bad.length, o.cases),
      }))
    // A thread that is lost takes the rest of its work with it: the next one goes on behind what lost it.
    while (left.length > 0) left = left.slice(await runThread(left, specimens, o, take))
  }
  await Promise.all(Array.from({ length: threads }, lane))
  return reports.sort((a, b) => a.name.localeCompare(b.name))
}

/** Answers how many of `work` are done with. */
function runThread(
  work: Work[],
  specimens: readonly Specimen[],
  o: ParserOptions,
  take: (r: Report) => void,
): Promise<number> {
  const at = new Int32Array(new SharedArrayBuffer(8))
  const order: Order = { registry: o.registry, seed: o.seed, work, at: at.buffer as SharedArrayBuffer }
  const worker = new Worker(new URL('./parser-worker.fixture.ts', import.meta.url), {
    workerData: order,
    resourceLimits: limits,
  })
  return new Promise((resolve) => {
    let done = 0
    // A thread that is being ended may still raise an error of its own: that is no finding about what comes next.
    let over = false
    const end = () => {
      over = true
      clearInterval(watch)
      void worker.terminate()
      resolve(done)
    }
    const lost = (why: string) => {
      if (over) return
      const index = Atomics.load(at, 1)
      const s = specimens.find((x) => x.name === work[done]?.name) as Specimen
      const found: Found = { index, why, bytes: Buffer.from(caseOf(s, o.seed, index)).toString('base64') }
      take({ ...nothing, name: s.name, cases: index + 1, found: [found] })
      done++
      end()
    }
    // What the process spent is that of all its threads together: a share of it is this one's.
    const patience = (o.patience ?? 20_000) * (o.threads ?? usualThreads)
    let seen = { place: '', since: performance.now(), spent: process.cpuUsage() }
    const watch = setInterval(() => {
      const place = `${Atomics.load(at, 0)} ${Atomics.load(at, 1)}`
      if (place !== seen.place) seen = { place, since: performance.now(), spent: process.cpuUsage() }
      const { user, system } = process.cpuUsage(seen.spent)
      if ((user + system) / 1000 > patience || performance.now() - seen.since > stillness) lost('it never ended')
    }, 250)
    worker.on('message', (report: Report) => {
      if (over) return
      take(report)
      if (++done === work.length) end()
    })
    worker.once('error', (e) => lost(`the thread ended: ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`))
  })
}

const nothing = { taken: 0, refused: 0, slowest: { index: -1, ms: 0 }, heapGrowth: 0 } as const
