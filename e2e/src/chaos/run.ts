/** One run: an installation of two nodes on one database, a fleet and administrators at work, faults all the while; then quiet, and the judge. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { failpointNames, type Log } from '@muster/core'
import { freePorts } from '../free-port.ts'
import { wideGuard } from '../installation.ts'
import { startAdministrators } from './administrators.ts'
import { type Api, createApi } from './api.ts'
import { createChance } from './chance.ts'
import { openCommitProxy } from './commit-proxy.ts'
import { createCrowd } from './crowd.ts'
import { openDatabase } from './database.ts'
import { type Facts, openWork, readFacts } from './facts.ts'
import { startFaults } from './faults.ts'
import { openFront } from './front.ts'
import { createJournal } from './journal.ts'
import { judge, type Verdict, type Violation } from './judge.ts'
import { createNode } from './node.ts'
import { createToll, type Toll } from './toll.ts'
import { receiveWebhooks, watchStream } from './watchers.ts'

export interface ChaosOptions {
  readonly seed: string
  /** Of faults; the run ends a while after. */
  readonly minutes: number
  /** The faults end after so many kills, too. */
  readonly kills?: number
  /** That stay from the beginning to the end; others come and go. */
  readonly devices: number
  /** Modules that a server loads first: a planted bug. */
  readonly preload?: readonly string[]
  /** It goes on until at least this much came about, however slow the machine, for up to five minutes. */
  readonly least?: Partial<Least>
  /** One node, few faults and no newcomers, so that much is done: for runs that try the judge. */
  readonly gentle?: boolean
  /** More of the environment of the servers. */
  readonly env?: Readonly<Record<string, string>>
  tell(line: string): void
}
export interface Least {
  /** Results that were acknowledged to devices. */
  readonly acknowledgements: number
  readonly kills: number
  /** Of faults. */
  readonly kinds: number
  readonly failpoints: number
}
export interface ChaosReport {
  readonly faults: number
  readonly byKind: Toll['byKind']
  readonly kills: number
  readonly failpointsReached: number
  /** Of those that are always there, the ones that the run never came to. */
  readonly failpointsMissed: readonly string[]
  readonly commands: number
  readonly executed: number
  readonly acknowledged: number
  readonly outcomeUnknown: number
  readonly devices: number
  readonly events: number
  readonly failedStarts: number
  /** Refusals by the API and to devices, by code: worth a look, no violation. */
  readonly refusals: { readonly [code: string]: number }
  readonly disk: 'filled for real' | 'played by the proxy'
  readonly minutes: number
  readonly violations: number
  /** That were violated, each once. */
  readonly rules: readonly string[]
  readonly first: readonly Violation[]
  readonly seed: string
}

const client = { id: 'chaos', secret: 'a-secret-for-chaos-alone' }
const hookTypes = ['activity.created', 'device.enrolled', 'policy.changed', 'operations.changed']
/** An answer that was lost is waited for so long instead of five minutes. */
const leaseS = 8
const quietMs = 150_000
const gentleQuietMs = 20_000
const patienceMs = 5 * 60_000
const fallsAtMost = 20
const waves = { n: 3, everyMs: 5_000, lifeS: 14 }
const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export async function runChaos(o: ChaosOptions): Promise<ChaosReport> {
  const began = Date.now()
  const folder = mkdtempSync(join(tmpdir(), 'muster-chaos-'))
  chmodSync(folder, 0o711)
  const closing: (() => Promise<unknown> | unknown)[] = [() => rmSync(folder, { recursive: true, force: true })]
  const open = <T>(thing: T, close: (thing: T) => Promise<unknown>): T => {
    closing.push(() => close(thing))
    return thing
  }
  try {
    return await within(o, folder, open, began)
  } finally {
    for (const close of closing.reverse()) await close()
  }
}

async function within(
  o: ChaosOptions,
  folder: string,
  open: <T>(thing: T, close: (thing: T) => Promise<unknown>) => T,
  began: number,
): Promise<ChaosReport> {
  const toll = createToll()
  const chance = (name: string) => createChance(o.seed, name)
  const database = open(await openDatabase({ folder, log: silent }), (d) => d.close())
  const proxy = open(await openCommitProxy(database.socket), (p) => p.close())
  const front = open(await openFront(chance('front')), (f) => f.close())
  const hook = open(await receiveWebhooks(), (h) => h.close())
  const env = {
    MUSTER_DATA: join(folder, 'muster'),
    DATABASE_URL: `postgresql://muster@127.0.0.1:${proxy.port}/muster`,
    MUSTER_HOST: '127.0.0.1',
    MUSTER_HTTPS_PORT: 'off',
    MUSTER_PUBLIC_URL: front.url,
    MUSTER_ADMIN_PASSWORD: 'correct horse battery staple',
    MUSTER_BOOTSTRAP_CLIENT: `${client.id}:${client.secret}`,
    MUSTER_WEBHOOK_NETWORKS: '127.0.0.1',
    MUSTER_WEBHOOK_HTTP: 'allow',
    MUSTER_LOG_LEVEL: 'fatal',
    MUSTER_GUARD: wideGuard,
    ...o.env,
  }
  const nodes = (await freePorts(o.gentle ? 1 : 2)).map((port, i) =>
    createNode({ port, env, journal: join(folder, `failpoints-${i}`), toll, preload: o.preload }),
  )
  open(nodes, async (all) => void (await Promise.all(all.map((n) => n.kill()))))
  front.serve(() => nodes.filter((n) => n.ready()).map((n) => n.port))
  for (const node of nodes) {
    await node.start({ failpoints: '' })
    if (!node.ready()) throw new Error(`the server does not start: ${(await node.ended()).said}`)
  }
  const journal = createJournal()
  const api = createApi({ url: front.url, client, journal })
  const made = await api.ask('POST', '/webhooks', { url: hook.url, events: hookTypes })
  if (made?.status !== 201) throw new Error(`no webhook was made: ${JSON.stringify(made)}`)
  const stream = open(watchStream({ url: front.url, token: api.token }), (w) => w.close())
  const crowd = open(createCrowd({ url: front.url, client, seed: o.seed }), (c) => c.end())
  await crowd.begin(o.devices, 120_000)
  o.tell(`${o.devices} devices are enrolled; the faults begin`)

  const administrators = startAdministrators({
    api,
    chance: chance('administrators'),
    journal,
    devices: crowd.living,
    leavers: crowd.passing,
  })
  open(administrators, async (a) => a.stop())
  const faults = startFaults({ nodes, database, proxy, toll, chance, gentle: o.gentle === true })
  if (!o.gentle) crowd.waves(waves)
  const until = Date.now() + o.minutes * 60_000
  const most = until + patienceMs
  const { acknowledgements = 0, kills = 0, kinds = 0, failpoints = 0 } = o.least ?? {}
  const enough = () =>
    Date.now() > most ||
    (crowd.acknowledged() >= acknowledgements &&
      toll.kills >= kills &&
      Object.keys(toll.byKind).length >= kinds &&
      toll.points.size >= failpoints)
  /** A server that falls again and again does so for a reason that more faults will not tell. */
  const lost = () => faults.falls.length >= fallsAtMost
  const isOver = () => (Date.now() > until && enough()) || (o.kills !== undefined && toll.kills >= o.kills) || lost()
  for (let told = Date.now(); !isOver(); await pause(500)) {
    await database.passTime(leaseS).catch(() => undefined)
    if (Date.now() - told < 10_000) continue
    told = Date.now()
    o.tell(
      `${toll.faults} faults, ${toll.kills} kills, ${toll.points.size} failpoints, ${journal.sent.length} activities sent`,
    )
  }
  if (lost()) o.tell(`the servers fall by themselves: ${faults.falls.at(-1)?.end.said.slice(-1_000)}`)
  crowd.noMore()
  administrators.stop()
  await faults.stop()
  o.tell('every node is up again')
  await administrators.done
  o.tell('the administrators have stopped')
  await crowd.wavesOver()
  o.tell(`the faults are over: ${toll.faults}, of them ${toll.kills} kills; waiting for quiet`)

  const stuck = await untilQuiet(database, crowd.living(), o.gentle ? gentleQuietMs : quietMs)
  await crowd.end()
  const audit = await verifyAudit(api)
  const facts = await untilHeard(database, () => [stream.heard.length, hook.heard.length])
  const verdict = await judge({
    facts,
    journal,
    groups: crowd.groups,
    stream: stream.heard,
    hook: { types: hookTypes, heard: hook.heard },
    audit,
  })
  const violations: Violation[] = [
    ...verdict.violations,
    ...stuck.map((text) => ({ rule: 'stuck', text })),
    ...faults.falls.map(({ port, end }) => ({
      rule: 'server-fell',
      text: `The server at port ${port} ended by itself with ${end.code ?? end.signal}: ${end.said.slice(-1_000)}`,
    })),
    ...(verdict.executed === 0 ? [{ rule: 'no-work', text: 'No device did anything, so nothing is proven.' }] : []),
    ...(toll.faults === 0 ? [{ rule: 'no-fault', text: 'No fault was injected, so nothing is proven.' }] : []),
  ]
  for (const g of crowd.groups) if (g.failure !== undefined) o.tell(`${g.name}: ${g.failure}`)
  return report(o, { toll, verdict, violations, facts, crowd, journal, faults, canFill: database.canFill, began })
}

async function untilQuiet(
  database: Awaited<ReturnType<typeof openDatabase>>,
  devices: readonly string[],
  withinMs: number,
): Promise<string[]> {
  for (const until = Date.now() + withinMs; ; await pause(500)) {
    await database.passTime(leaseS)
    const left = await openWork(database.db, devices)
    if (left.length === 0 || Date.now() > until) return left
  }
}

async function verifyAudit(api: Api): Promise<{ ok: boolean; text: string }> {
  for (const until = Date.now() + 30_000; ; await pause(500)) {
    const answer = await api.ask<{ ok: boolean }>('GET', '/audit/verify')
    if (answer?.body.ok === true) return { ok: true, text: '' }
    if (Date.now() > until) return { ok: false, text: JSON.stringify(answer) }
  }
}

/** Looks, half a second apart, at which nothing is new: more than a follower rests after failures. */
const stillLooks = 14

/** When nothing new is written any more and nobody hears anything new, what was not heard never will be. */
async function untilHeard(
  database: Awaited<ReturnType<typeof openDatabase>>,
  heard: () => readonly number[],
): Promise<Facts> {
  const state = async () => {
    const [last] = await database.db.query<{ n: number; open: number }>({
      text: 'select (select count(*) from outbox) as n, (select count(*) from audit where seq is null) as open',
    })
    return JSON.stringify([last, heard()])
  }
  for (
    let before = '', same = 0, until = Date.now() + 120_000;
    same < stillLooks && Date.now() < until;
    await pause(500)
  ) {
    const now = await state()
    same = now === before && now.includes('"open":0') ? same + 1 : 0
    before = now
  }
  return readFacts(database.db)
}

interface Ran {
  readonly toll: Toll
  readonly verdict: Verdict
  readonly violations: readonly Violation[]
  readonly facts: Facts
  readonly crowd: ReturnType<typeof createCrowd>
  readonly journal: ReturnType<typeof createJournal>
  readonly faults: ReturnType<typeof startFaults>
  readonly canFill: boolean
  readonly began: number
}

function report(o: ChaosOptions, r: Ran): ChaosReport {
  const refusals: { [code: string]: number } = {}
  const add = (code: string, n: number) => {
    refusals[code] = (refusals[code] ?? 0) + n
  }
  for (const [code, n] of Object.entries(r.journal.refusals)) add(`api ${code}`, n)
  for (const g of r.crowd.groups)
    for (const l of g.record) if (l.event === 'refused' && l.code !== undefined) add(`device ${l.code}`, 1)
  return {
    faults: r.toll.faults,
    byKind: r.toll.byKind,
    kills: r.toll.kills,
    failpointsReached: r.toll.points.size,
    failpointsMissed: failpointNames.filter((p) => !r.toll.points.has(p)),
    commands: r.verdict.commands,
    executed: r.verdict.executed,
    acknowledged: r.verdict.acknowledged,
    outcomeUnknown: r.verdict.unknown,
    devices: r.crowd.groups.reduce((n, g) => n + g.devices.size, 0),
    events: r.facts.outbox.length,
    failedStarts: r.faults.failedStarts,
    refusals,
    disk: r.canFill ? 'filled for real' : 'played by the proxy',
    minutes: Math.round((Date.now() - r.began) / 6_000) / 10,
    violations: r.violations.length,
    rules: [...new Set(r.violations.map((v) => v.rule))],
    first: r.violations.slice(0, 20),
    seed: o.seed,
  }
}
