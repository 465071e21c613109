/** The thread that tries parsers, one after the other: it says which case it is at before it begins it, so that one that never ends is known by its number. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { parentPort, workerData } from 'node:worker_threads'
import { caseOf, type Specimen, tryCase } from './specimen.ts'

export interface Order {
  registry: string
  seed: number
  /** Names, and how many cases each. */
  work: { name: string; cases: number }[]
  /** Two shared numbers: which of `work`, and the case at hand. */
  at: SharedArrayBuffer
}
export interface Found {
  index: number
  why: string
  /** The bytes, base64. */
  bytes: string
}
export interface Report {
  name: string
  cases: number
  taken: number
  refused: number
  found: Found[]
  slowest: { index: number; ms: number }
  heapGrowth: number
}

/** A case that costs more than this, each of three times, is a fault: CPU milliseconds, the clock of a busy machine says nothing; and a bit for each kilobyte. */
const slow = (s: Specimen, bytes: Uint8Array) => (s.slowMs ?? 250) + bytes.length / 10_000
const foundAtMost = 5

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes held when the last parser was done; undefined before the first. Collecting garbage costs as much as thousands of cases. */
let held: number | undefined

async function tryAll(s: Specimen, cases: number, o: Order, at: Int32Array): Promise<Report> {
  const report: Report = {
    name: s.name,
    cases: 0,
    taken: 0,
    refused: 0,
    found: [],
    slowest: { index: -1, ms: 0 },
    heapGrowth: 0,
  }
  let before = held
  for (let index = 0; index < cases && report.found.length < foundAtMost; index++) {
    Atomics.store(at, 1, index)
    // What is loaded and compiled by the very first cases is not growth.
    if (report.cases === 200) before ??= heap()
    const bytes = caseOf(s, o.seed, index)
    const began = performance.now()
    const verdict = await tryCase(s, bytes, index)
    // It costs no more processor time than it took; only what took long is measured.
    let ms = performance.now() - began
    if (ms > slow(s, bytes)) ms = await cost(s, bytes, index)
    if (ms > report.slowest.ms) report.slowest = { index, ms }
    report.cases++
    if (typeof verdict === 'string') report[verdict]++
    else report.found.push({ index, why: verdict.wrong, bytes: Buffer.from(bytes).toString('base64') })
    if (ms > slow(s, bytes))
      report.found.push({
        index,
        why: `it cost ${Math.round(ms)} ms for ${bytes.length} bytes`,
        bytes: Buffer.from(bytes).toString('base64'),
      })
  }
  held = heap()
  report.heapGrowth = held - (before ?? held)
  return report
}

/** The cheapest of three: collecting garbage falls on a case by chance, its own cost always. */
async function cost(s: Specimen, bytes: Uint8Array, index: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < 3; i++) {
    const began = process.threadCpuUsage()
    await tryCase(s, bytes, index)
    const { user, system } = process.threadCpuUsage(began)
    best = Math.min(best, (user + system) / 1000)
  }
  return best
}

function heap(): number {
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const order = workerData as Order
const at = new Int32Array(order.at)
const { specimens } = (await import(order.registry)) as { specimens: readonly Specimen[] }
for (const [i, { name, cases }] of order.work.entries()) {
  Atomics.store(at, 1, 0)
  Atomics.store(at, 0, i)
  const s = specimens.find((x) => x.name === name)
  if (!s) throw new Error(`the registry has no ${name}`)
  parentPort?.postMessage(await tryAll(s, cases, order, at))
}
