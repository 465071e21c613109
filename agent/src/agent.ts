/** The agent put together: everything it is made of is named here and handed over. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { JsonObject } from '@muster/contract'
import { createAbout } from './about.ts'
import { createClock } from './clock.ts'
import { type Run, run } from './commands.ts'
import { createContact } from './contact.ts'
import type { Trust } from './envelope.ts'
import { createExecutor } from './execute.ts'
import { messageOf } from './failure.ts'
import { sayFarewell } from './farewell.ts'
import { evidence, openOriginals } from './features/index.ts'
import { createHttp } from './http.ts'
import { inventory, storable } from './inventory/index.ts'
import { openLedger } from './ledger.ts'
import { createLoop, type Ending } from './loop.ts'
import { createObserver } from './observe.ts'
import type { Surroundings } from './operations/index.ts'
import { createReporter } from './report.ts'
import { recoverTrials, restoreAll } from './restore.ts'
import { type AgentState, type Link, openState, type StateFolder } from './state.ts'
import { createTokens } from './token.ts'
import { createTree, diskFull, type Tree } from './tree.ts'
import { agentVersion } from './version.ts'
import { createWatcher } from './watch.ts'

export interface Place {
  readonly tree: Tree
  readonly folder: StateFolder
}
export interface AgentOptions extends Place {
  readonly log: (text: string) => void
  /** Ends `run` at the next opportunity. */
  readonly signal?: AbortSignal
  readonly run?: Run
  readonly now?: () => number
}

/** The tree to manage and the folder of the agent's own state: within the tree, or where MUSTER_AGENT_STATE says. */
export function openPlace(root: string, stateAt?: string): Place {
  const tree = createTree(root)
  return { tree, folder: openState(stateAt ? path.resolve(stateAt) : tree.resolve('/var/lib/muster-agent')) }
}

/** Facts about the agent itself join those of the device. */
export function wholeFacts(tree: Tree, readOnly: boolean): JsonObject {
  return { ...inventory(tree), 'agent.version': agentVersion, 'agent.readOnly': readOnly, 'agent.root': !tree.live }
}

/** Speaks with the server, once or until told to stop. When the enrolment ends, everything is taken back and forgotten. */
export async function runAgent(o: AgentOptions, mode: 'once' | 'run'): Promise<Ending> {
  const { tree, folder, log } = o
  const state = folder.read()
  if (state?.step !== 'done' || state.device === undefined || state.epoch === undefined) {
    throw new Error('This device is not enrolled. Run "muster-agent enroll --server URL --code CODE" first.')
  }
  const now = o.now ?? Date.now
  const http = createHttp(state.link, agentVersion)
  const ledger = openLedger(path.join(folder.at, 'deliveries.jsonl'), now)
  const originals = openOriginals(tree, folder)
  let leaving: Leaving | undefined
  const machine = { tree, originals, run: o.run ?? run, reach: reachOf(state.link) }
  folder.sweep()
  await recoverTrials(machine, log)
  const observer = createObserver(machine)
  const evidenceNow = () => storable(evidence(tree, originals, observer.seen())) as JsonObject
  const clock = createClock(now)
  const contact = createContact(folder, now)
  const wholeNow = () => ({ ...wholeFacts(tree, state.readOnly), ...contact.facts(), ...evidenceNow() })
  const sequence = reportNumbers(folder, state)
  const reporter = createReporter({
    ledger,
    now: clock.serverNow,
    log,
    facts: { whole: wholeNow, evidence: evidenceNow },
    sequence,
  })
  const executor = createExecutor({
    ...machine,
    folder,
    ledger,
    now,
    serverNow: clock.serverNow,
    readOnly: state.readOnly,
    trust: trustOf(folder, { ...state, device: state.device, epoch: state.epoch }),
    refresh() {
      reporter.wholeDue()
      return wholeNow()
    },
    observed: (feature) => observer.ask(feature),
    leave(how = {}) {
      leaving = how
    },
    refused(delivery, reason) {
      log(`refused ${delivery.name}: ${reason.message}`)
      reporter.event('agent.command-refused', {
        operation: delivery.name,
        delivery: delivery.id,
        code: reason.code,
        text: reason.message,
      })
    },
  })
  const tokens = createTokens({
    http,
    folder,
    now,
    tokenPath: state.about?.token ?? 'oauth2/token',
    registrationPath: state.about?.registration,
  })
  const about = createAbout(http)
  const watcher = createWatcher(tree)
  const loop = createLoop({
    http,
    tokens,
    executor,
    reporter,
    sequence: sequence.last,
    async met(time) {
      const aheadS = clock.saw(time)
      const news = contact.met({ aheadS, minimumAgent: await about.minimumAgent() })
      for (const text of news.log) log(text)
      if (news.event) reporter.event(news.event.type, news.event.data)
      if (news.log.length > 0) reporter.wholeDue()
    },
    missed: (problem) => contact.missed(problem),
    leaving: () => leaving !== undefined,
    watcher,
    log,
  })
  /** The result is with the server already; that the enrolment ends is only polite to tell. */
  const tell = (reason: string) =>
    sayFarewell({ http, tokens, reason }).catch((error) => log(`the server was not told: ${messageOf(error)}`))
  if (mode === 'run') reporter.event('agent.started', { version: agentVersion })
  try {
    if (mode === 'run') observer.start()
    else await observer.askAll()
    const ending = mode === 'once' ? await loop.once() : await loop.run(o.signal ?? new AbortController().signal)
    if (ending === 'left' && leaving?.farewell !== undefined) await tell(leaving.farewell)
    if (ending !== 'stopped') await forget(o, machine, ending)
    if (ending === 'left') await leaving?.last?.()
    return ending
  } finally {
    observer.stop()
    watcher.close()
    ledger.close()
    http.close()
  }
}

/** The keys by which signed commands are judged: those of the enrolment, and those that they vouched for since. */
function trustOf(folder: StateFolder, state: AgentState & { device: string; epoch: number }): Trust {
  let keys = state.signingKeys ?? []
  return {
    device: state.device,
    epoch: state.epoch,
    get signingKeys() {
      return keys
    },
    learned(next) {
      keys = next
      try {
        folder.write({ ...(folder.read() ?? state), signingKeys: next })
      } catch (error) {
        // The chain comes with the next command, too.
        if (!diskFull(error)) throw error
      }
    },
  }
}

/** Numbers of reports, kept before they are used. Those that a full disk does not keep stay far from what a restart would begin with. */
function reportNumbers(folder: StateFolder, state: AgentState) {
  let last = state.sequence
  let apart = false
  function keep(n: number): void {
    last = n
    try {
      folder.write({ ...(folder.read() ?? state), sequence: n })
      apart = false
    } catch (error) {
      if (!diskFull(error)) throw error
      if (!apart) last += 1000
      apart = true
    }
  }
  return {
    last: () => last,
    passed: keep,
    next() {
      keep(last + 1)
      return last
    },
  }
}

type Leaving = NonNullable<Parameters<Surroundings['leave']>[0]>

/** Over a connection of its own: one that stands already may go on where a new one cannot begin. */
function reachOf(link: Link): (patienceMs: number) => Promise<boolean> {
  const answers = async () => {
    const http = createHttp(link, agentVersion)
    try {
      return (await http.ask({ path: 'linux/agent/about', timeoutS: 10 })).status < 500
    } catch {
      return false
    } finally {
      http.close()
    }
  }
  return async (patienceMs) => {
    const until = performance.now() + patienceMs
    for (;;) {
      if (await answers()) return true
      if (performance.now() >= until) return false
      await sleep(2000)
    }
  }
}

async function forget(o: AgentOptions, machine: Parameters<typeof restoreAll>[0], ending: Ending): Promise<void> {
  o.log(ending === 'left' ? 'the server ended the enrolment' : 'the server no longer knows this device')
  try {
    const files = await restoreAll(machine)
    if (files.length > 0) o.log(`taken back: ${files.join(', ')}`)
    o.folder.wipe()
  } catch (error) {
    o.folder.wipe({ keepOriginals: true })
    o.log(
      `${error instanceof Error ? error.message : 'unknown'} The originals are kept in ${o.folder.at}/originals; "muster-agent leave" tries again.`,
    )
  }
}
