/** Shoots at a server over sockets, in batches: nothing may end it, make it fail, hang or grow, and whatever it refuses must have changed nothing. */
import { type Digest, difference, digestOf } from './digest.ts'
import type { Endpoint } from './endpoint.ts'
import { endpoints } from './endpoints.ts'
import { randomOf } from './random.ts'
import { openTarget, type Target } from './target.ts'
import { type Heard, type Shot, send } from './wire.ts'

export interface EndpointOptions {
  cases: number
  seed: number
  only?: string
  lanes?: number
  batch?: number
}
export interface Finding {
  endpoint: string
  index: number
  kind: 'crash' | 'server-error' | 'hang' | 'leak' | 'state-change' | 'memory'
  why: string
  /** The bytes sent, base64. */
  bytes: string
}
export interface EndpointReport {
  cases: number
  /** Answers by their first digit; 0: closed without a word. */
  answers: Record<string, number>
  /** Refused ones that were sent again between two digests. */
  checked: number
  found: Finding[]
  rssGrowth: number
}
interface Case {
  endpoint: Endpoint
  index: number
  shot: Shot
}

/** Bytes: what a server of this kind may gain while its caches fill. */
const rssLimit = 350 * 1024 * 1024
const foundAtMost = 20

export async function runEndpoints(o: EndpointOptions, given?: Target): Promise<EndpointReport> {
  const target = given ?? (await openTarget())
  try {
    return await attack(o, target)
  } finally {
    if (!given) await target.close()
  }
}

async function attack(o: EndpointOptions, t: Target): Promise<EndpointReport> {
  const chosen = endpoints
    .filter((e) => o.only === undefined || e.name === o.only)
    .flatMap((e) => Array.from({ length: e.weight ?? 1 }, () => e))
  const report: EndpointReport = { cases: 0, answers: {}, checked: 0, found: [], rssGrowth: 0 }
  let before = t.rss()
  for (let from = 0; from < o.cases && report.found.length < foundAtMost; from += o.batch ?? 200) {
    const batch = Array.from({ length: Math.min(o.batch ?? 200, o.cases - from) }, (_, i): Case => {
      const endpoint = chosen[(from + i) % chosen.length] as Endpoint
      const r = randomOf(o.seed, endpoint.name, from + i)
      return { endpoint, index: from + i, shot: endpoint.make(r, t) }
    })
    const heard = await sendAll(batch, t, o.lanes ?? 24)
    for (const [i, c] of batch.entries()) judge(c, heard[i] as Heard, report)
    report.cases += batch.length
    const ended = t.ended()
    if (ended !== undefined) {
      report.found.push(finding(batch[0] as Case, 'crash', `in this batch ${ended}`))
      break
    }
    const refused = batch.filter((_, i) => isRefusal(heard[i] as Heard))
    await assertUnchanged(refused, t, o, report)
    // What the first batch loads and compiles is no growth.
    if (from === 0) before = t.rss()
  }
  report.rssGrowth = t.ended() === undefined ? t.rss() - before : 0
  if (report.rssGrowth > rssLimit)
    report.found.push({ endpoint: 'all', index: -1, kind: 'memory', why: `${report.rssGrowth} bytes more`, bytes: '' })
  return report
}

async function sendAll(cases: readonly Case[], t: Target, lanes: number): Promise<Heard[]> {
  const heard: Heard[] = []
  let next = 0
  const lane = async () => {
    for (let i = next++; i < cases.length; i = next++) heard[i] = await send((cases[i] as Case).shot, t.ports)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return heard
}

const isRefusal = (h: Heard) => h.statuses.every((s) => s >= 400 && s < 500)
const finding = (c: Case, kind: Finding['kind'], why: string): Finding => ({
  endpoint: c.endpoint.name,
  index: c.index,
  kind,
  why: why.slice(0, 2000),
  bytes: Buffer.from(c.shot.bytes.slice(0, 4000)).toString('base64'),
})

function judge(c: Case, h: Heard, report: EndpointReport): void {
  for (const s of h.statuses.length > 0 ? h.statuses : [0]) {
    const kind = String(Math.trunc(s / 100))
    report.answers[kind] = (report.answers[kind] ?? 0) + 1
  }
  if (h.hung) report.found.push(finding(c, 'hang', 'it was not closed'))
  // A busy machine lets go of what can wait, and says so: that is no failure.
  const mayPass = /"code":"overloaded"/.test(h.text) ? 503 : 0
  if (h.statuses.some((s) => s >= 500 && s !== mayPass) && !c.endpoint.honest?.(h.text))
    report.found.push(finding(c, 'server-error', h.text))
  if (/\n\s+at .+\.ts:\d+|node_modules|SQLSTATE|syntax error at or near/.test(h.text))
    report.found.push(finding(c, 'leak', h.text))
}

/** Sent again between two digests; what is taken this time (an earlier shot made it possible) is left out, and the rest tried anew. */
async function assertUnchanged(
  refused: readonly Case[],
  t: Target,
  o: EndpointOptions,
  report: EndpointReport,
): Promise<void> {
  let left = refused
  for (let turn = 0; turn < 4 && left.length > 0; turn++) {
    const before = await quiet(t)
    const heard = await sendAll(left, t, o.lanes ?? 24)
    const after = await quiet(t)
    const still = left.filter((_, i) => isRefusal(heard[i] as Heard))
    if (still.length < left.length) {
      left = still
      continue
    }
    report.checked += left.length
    const changed = difference(before, after)
    if (changed.length > 0) report.found.push(await culprit(left, changed, t))
    return
  }
}

/** The state when nothing of what was taken is still under way. */
async function quiet(t: Target): Promise<Digest> {
  let last = await digestOf(t.db)
  for (let i = 0; i < 100; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const now = await digestOf(t.db)
    if (difference(last, now).length === 0) return now
    last = now
  }
  throw new Error('the server never came to rest')
}

async function culprit(cases: readonly Case[], changed: readonly string[], t: Target): Promise<Finding> {
  for (const c of cases) {
    const before = await quiet(t)
    await send(c.shot, t.ports)
    const tables = difference(before, await quiet(t))
    if (tables.length > 0) return finding(c, 'state-change', `refused, and yet it changed ${tables.join(', ')}`)
  }
  return finding(
    cases[0] as Case,
    'state-change',
    `of this batch of refusals something changed ${changed.join(', ')}, and none of them again`,
  )
}
