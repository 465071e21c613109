/** The faults of a run, drawn from its seed: nodes that die and come again, a database that dies, freezes, fills up and is cut off. */
import { failpointNames } from '@muster/core'
import type { Chance } from './chance.ts'
import type { CommitProxy } from './commit-proxy.ts'
import type { ChaosDatabase } from './database.ts'
import type { End, Node } from './node.ts'
import type { FaultKind, Toll } from './toll.ts'

export interface FaultsOptions {
  readonly nodes: readonly Node[]
  readonly database: ChaosDatabase
  readonly proxy: CommitProxy
  readonly toll: Toll
  chance(name: string): Chance
  /** One kill of one node, and answers to COMMITs that are lost; nothing else. */
  readonly gentle: boolean
}
/** A server process that ended though nobody ended it. */
export interface Fall {
  readonly port: number
  readonly end: End
}
export interface Faults {
  readonly falls: readonly Fall[]
  /** Starts that failed while the database was being broken, as a supervisor would try again. */
  readonly failedStarts: number
  /** No more faults; every node is up again when it resolves. */
  stop(): Promise<void>
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
/** A start that fails so soon after the database was broken is the database's. */
const excuseMs = 10_000
const usualStartMs = 1_500
const gentleLifeMs = 4_000
const hour = 3_600_000
const clockSteps = [-26 * hour, -hour, -90_000, 90_000, hour, 26 * hour, 40 * 24 * hour]
/** An answer that fails half-way through its own telling is no fault that happens: those are cut off from outside. */
/** Points that every exchange of every device comes to. */
const busy = /^(operation\.turn|turns|answer)\b/
const throwable = (point: string) => point.includes('/')

export function startFaults(o: FaultsOptions): Faults {
  const { toll, database, proxy } = o
  const falls: Fall[] = []
  let failedStarts = 0
  let stopped = false
  let brokenAt = 0
  /** How much longer than usual a start takes: on a busy machine everything is given more time. */
  let slowness = 1

  /** A fault is worth most while somebody works: one node at least. One that is starting is let through most times, else none would ever be up. */
  function worthwhile(chance: Chance, share: number): boolean {
    const up = o.nodes.filter((n) => n.ready()).length
    return up === o.nodes.length || (up > 0 && chance.does(share))
  }
  /** What was reached before is armed again; what was hit least has the better chance. */
  function arm(chance: Chance): string {
    const known = toll.points.size > 0 ? [...toll.points] : [...failpointNames]
    const least = Math.min(...known.map(toll.acts))
    const point = chance.pick(chance.does(0.5) ? known.filter((p) => toll.acts(p) === least) : known)
    const time = (p = '') => (chance.does(0.4) ? 1 : chance.between(2, busy.test(p) ? 40 : 4))
    const parts = [`${point}=kill@${time(point)}`]
    if (chance.does(0.2)) parts.push(`${chance.pick(known)}=delay:${chance.between(20, 400)}@${time()}`)
    const failing = known.filter(throwable)
    if (chance.does(0.2) && failing.length > 0) parts.push(`${chance.pick(failing)}=throw@${time()}`)
    return parts.join(',')
  }
  function ended(node: Node, end: End): void {
    if (end.atFailpoint) toll.count('kill-at-failpoint')
    if (end.us) return
    const excused = !end.wasReady && (end.threw || Date.now() - brokenAt < excuseMs)
    if (excused) failedStarts += 1
    else falls.push({ port: node.port, end })
  }
  async function life(node: Node, chance: Chance): Promise<void> {
    const steps = chance.does(0.15) ? [chance.pick(clockSteps), chance.pick(clockSteps)] : []
    const began = Date.now()
    await node.start({ failpoints: arm(chance), clockStepsMs: steps })
    if (!node.ready()) return ended(node, await node.ended())
    if (stopped) return
    slowness = Math.max(1, (slowness + (Date.now() - began) / usualStartMs) / 2)
    const forMs = slowness * (chance.does(0.1) ? chance.between(3_000, 6_000) : chance.between(200, 1_800))
    const over = Promise.race([node.ended(), pause(forMs)])
    if (chance.does(0.08)) {
      await pause(chance.between(0, forMs / 2))
      await node.freeze(chance.between(200, 2_000))
      toll.count('freeze-server')
    }
    for (const _ of steps) {
      await Promise.race([node.ended(), pause(forMs / 3)])
      if (!node.ready()) break
      node.stepClock()
      toll.count('clock-step')
    }
    const end = await over
    if (end) return ended(node, end)
    const killed = await node.kill()
    // It may have come before us to a failpoint.
    if (!killed.atFailpoint) toll.count('kill-server')
  }
  async function keepKilling(node: Node, chance: Chance): Promise<void> {
    // The life that it began with has no failpoints to act at.
    await node.kill()
    toll.count('kill-server')
    while (!stopped) await life(node, chance)
    await node.kill()
  }
  async function killOnce(node: Node | undefined): Promise<void> {
    await pause(gentleLifeMs)
    await node?.kill()
    toll.count('kill-server')
    await node?.start({ failpoints: '' })
  }
  const breakDatabase: Record<string, (chance: Chance) => Promise<boolean> | boolean> = {
    'kill-database': () => database.kill(),
    'quit-database': () => database.quit(),
    'kill-backend': () => database.killBackend(),
    'freeze-database': (chance) => database.freeze(chance.between(200, 2_000)),
    'cut-connections': () => proxy.cut() > 0,
    'disk-full': (chance) => (database.canFill ? database.fill(chance.between(300, 2_000)) : proxy.refuseAsFull(2_000)),
  }
  async function keepBreaking(chance: Chance): Promise<void> {
    const each = Object.keys(breakDatabase) as FaultKind[]
    const kinds: readonly FaultKind[] = [...each, 'kill-backend', 'kill-backend', 'kill-database']
    while (!stopped) {
      await pause(chance.between(300, 1_800))
      if (!worthwhile(chance, 0.6)) continue
      const kind = chance.pick(kinds)
      brokenAt = Date.now()
      if (await breakDatabase[kind]?.(chance)) toll.count(kind)
      await database.untilUp(60_000)
      brokenAt = Date.now()
    }
  }
  async function keepLosing(chance: Chance): Promise<void> {
    while (!stopped) {
      await pause((o.gentle ? 4 : 1) * chance.between(200, 1_500))
      if (!stopped && worthwhile(chance, 0.3) && (await proxy.loseAnswer(500))) {
        toll.count('lose-commit-answer')
        brokenAt = Math.max(brokenAt, Date.now())
      }
    }
  }
  const running = o.gentle
    ? [killOnce(o.nodes[0]), keepLosing(o.chance('network'))]
    : [
        ...o.nodes.map((node, i) => keepKilling(node, o.chance(`node ${i}`))),
        keepBreaking(o.chance('database')),
        keepLosing(o.chance('network')),
      ]
  // A fault that cannot be injected or undone ends the run when it is stopped.
  for (const r of running) r.catch(() => undefined)

  return {
    falls,
    get failedStarts() {
      return failedStarts
    },
    stop: async () => {
      stopped = true
      await Promise.all(running)
      await database.untilUp(60_000)
      for (const node of o.nodes) {
        if (node.ready()) continue
        await node.start({ failpoints: '' })
        if (!node.ready()) falls.push({ port: node.port, end: await node.ended() })
      }
    },
  }
}
