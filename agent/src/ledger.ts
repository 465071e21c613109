/**
 * Remembers on disk which deliveries were begun and how they ended, so that none is ever done twice and no result is lost.
 * An append-only file, one JSON line a fact, each line synced before the agent goes on; compacted when it has grown.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { agentChannel } from '@muster/contract'
import { diskFull, isCode, replaceFile } from './tree.ts'

type Result = agentChannel.Result
export interface Remembered {
  readonly id: string
  readonly at: number
  readonly state: 'started' | 'done'
  readonly result?: Result
  /** The server has the result. */
  readonly reported?: boolean
  /** Never forgotten before this time (ms): a signed command stays known as long as its signature is valid. */
  readonly keepUntil?: number
  /** What to do again after an interruption, because doing it twice is doing it once. */
  readonly redo?: agentChannel.AgentDelivery
  /** A policy setting: its evidence is told after its result. */
  readonly setting?: boolean
  readonly tries?: number
}

export interface Ledger {
  get(id: string): Remembered | undefined
  /** Durable when it returns; throws when it cannot be (a full disk), and then nothing has begun. */
  started(id: string, o?: { keepUntil?: number; redo?: agentChannel.AgentDelivery; setting?: boolean }): void
  /** What has happened is remembered whatever the disk says, and written as soon as it can be. */
  done(result: Result, setting?: boolean): void
  reported(ids: readonly string[]): void
  /** A repeat of something reported before is reported again. */
  again(id: string): void
  /** Results the server has not acknowledged, oldest first. */
  unreported(): { result: Result; setting: boolean }[]
  /** Begun and never ended: the agent died meanwhile. */
  interrupted(): Remembered[]
  size(): number
  close(): void
}

const rememberedLimit = 1000
const rememberedMs = 30 * 86_400_000
/** A signed command may outlast the limit, yet memory stays bounded all the same. */
const hardLimit = 20_000
const bodiesKept = 100

export function openLedger(at: string, now: () => number = Date.now): Ledger {
  fs.mkdirSync(path.dirname(at), { recursive: true, mode: 0o700 })
  const known = load(at)
  /** What is known is not all in the file. */
  let behind = false
  let file = -1
  let lines = 0
  try {
    rewrite()
  } catch (error) {
    if (!diskFull(error)) throw error
    dropTornEnd(at)
    file = fs.openSync(at, 'a', 0o600)
    lines = known.size
  }

  function append(entry: Remembered): void {
    if (behind) return rewrite()
    const { size } = fs.fstatSync(file)
    try {
      fs.writeFileSync(file, `${JSON.stringify(entry)}\n`)
      fs.fsyncSync(file)
    } catch (error) {
      // Half a line must not spoil the next one; giving space back needs none.
      fs.ftruncateSync(file, size)
      throw error
    }
    lines += 1
  }

  /** Durable, or not at all. */
  function put(entry: Remembered): void {
    const before = known.get(entry.id)
    known.set(entry.id, entry)
    try {
      append(entry)
    } catch (error) {
      if (before) known.set(entry.id, before)
      else known.delete(entry.id)
      throw error
    }
    tidy()
  }
  function note(entry: Remembered): void {
    known.set(entry.id, entry)
    try {
      append(entry)
      tidy()
    } catch (error) {
      if (!diskFull(error)) throw error
      behind = true
    }
  }
  function tidy(): void {
    if (lines <= 2 * known.size + 500 && known.size <= rememberedLimit + 200) return
    try {
      rewrite()
    } catch (error) {
      if (!diskFull(error)) throw error
    }
  }
  function rewrite(): void {
    compact()
    if (file >= 0) fs.closeSync(file)
    file = fs.openSync(at, 'a', 0o600)
    lines = known.size
    behind = false
  }

  /** Forgets what is old or too much, oldest first; never what the server has yet to hear of. Bodies of results long reported go earlier. */
  function compact(): void {
    const entries = [...known.values()]
    const expendable = entries.filter((e) => e.state === 'done' && e.reported && (e.keepUntil ?? 0) <= now())
    const tooMany = Math.max(0, entries.length - rememberedLimit)
    const old = expendable.filter((e, i) => i < tooMany || now() - e.at > rememberedMs)
    for (const e of old) known.delete(e.id)
    if (known.size > hardLimit) for (const id of [...known.keys()].slice(0, known.size - hardLimit)) known.delete(id)
    const reported = [...known.values()].filter((e) => e.reported && e.result?.result !== undefined)
    for (const e of reported.slice(0, -bodiesKept))
      known.set(e.id, { ...e, result: e.result && { ...e.result, result: undefined } })
    replaceFile(at, Buffer.from([...known.values()].map((e) => `${JSON.stringify(e)}\n`).join('')), { mode: 0o600 })
  }

  return {
    get: (id) => known.get(id),
    size: () => known.size,
    started: (id, o = {}) => put({ id, at: now(), state: 'started', ...o, tries: (known.get(id)?.tries ?? 0) + 1 }),
    done(result, setting) {
      const before = known.get(result.id)
      note({
        id: result.id,
        at: now(),
        state: 'done',
        result,
        reported: false,
        keepUntil: before?.keepUntil,
        setting: setting ?? before?.setting,
      })
    },
    reported(ids) {
      for (const id of ids) {
        const entry = known.get(id)
        if (entry?.state === 'done' && !entry.reported) note({ ...entry, reported: true })
      }
    },
    again(id) {
      const entry = known.get(id)
      if (entry?.reported) note({ ...entry, reported: false })
    },
    unreported: () =>
      [...known.values()].flatMap((e) =>
        e.state === 'done' && !e.reported && e.result ? [{ result: e.result, setting: e.setting === true }] : [],
      ),
    interrupted: () => [...known.values()].filter((e) => e.state === 'started'),
    close: () => fs.closeSync(file),
  }
}

function dropTornEnd(at: string): void {
  try {
    fs.truncateSync(at, fs.readFileSync(at).lastIndexOf('\n') + 1)
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
  }
}

/** A last line torn by a crash was never acted on, so it is dropped. */
function load(at: string): Map<string, Remembered> {
  const known = new Map<string, Remembered>()
  let text = ''
  try {
    text = fs.readFileSync(at, 'utf8')
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
  }
  for (const line of text.split('\n')) {
    if (line === '') continue
    try {
      const entry = JSON.parse(line) as Remembered
      if (typeof entry.id === 'string') known.set(entry.id, entry)
    } catch {
      // Torn by a crash.
    }
  }
  return known
}
