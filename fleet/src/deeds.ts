/**
 * What a device remembers of the things it was given, in whatever protocol: each takes effect once, a repeat is answered and not done again, what was interrupted is
 * done again only where that is harmless, and the record hears of every step. No network and no words of a platform here.
 */
import type { Json } from '@muster/contract'
import type { Behaviour } from './behaviour.ts'
import type { FleetRecord } from './record.ts'

/** One thing that the server gave. Platforms add what they need to do it; all of it must be JSON, since it is kept over a restart. */
export interface Deed {
  readonly id: string
  readonly kind: 'operation' | 'put' | 'drop' | 'errand'
  /** Word of the operation, feature or errand. */
  readonly name: string
  readonly attempt?: number
}
/** What the device has to say of one deed. */
export interface Said {
  readonly id: string
  readonly state: 'completed' | 'failed' | 'acknowledged' | 'deferred'
  readonly code?: string
  readonly text?: string
  readonly result?: Json
  readonly retryAfterS?: number
}
export interface Fault {
  readonly code: string
  readonly text: string
  readonly result?: Json
}

/** What a platform knows of its deeds. */
export interface Doing<D extends Deed> {
  /** Why it is refused before anything happens. */
  refusal(d: D): Fault | undefined
  /** Doing it twice is doing it once. */
  isRepeatable(d: D): boolean
  /** Does it to the device; the one place where something takes effect. */
  act(d: D): { readonly result?: Json } | { readonly failed: Fault }
  /** The protocol can say "I have it" now and the end later. */
  readonly acknowledges: boolean
  /** What the server calls a reason of ours, where the protocol carries no such codes. */
  readonly code?: (code: string) => string
}

/** What is remembered of one. `begun`: it may have taken effect. `deferred`: put off, to be offered again. */
export interface Remembered<D extends Deed> {
  state: 'begun' | 'deferred' | 'done'
  /** The how many-th deed of this device: decisions are drawn by it. */
  readonly ordinal: number
  tries: number
  /** While it is not done: what to do. */
  deed?: D
  /** While it is to be completed later: when (ms). */
  due?: number
  said?: Said
  /** The server has heard its end. */
  heard?: boolean
}
/** JSON: the part of a device's disk that this room writes. */
export interface Memory<D extends Deed> {
  ordinals: number
  ledger: { [id: string]: Remembered<D> }
  /** To tell, in order. The platform takes from its head. */
  outbox: Said[]
}
export const emptyMemory = <D extends Deed>(): Memory<D> => ({ ordinals: 0, ledger: {}, outbox: [] })

export interface DeedsDeps<D extends Deed> {
  readonly doing: Doing<D>
  readonly behaviour: Behaviour
  readonly record: FleetRecord
  readonly now: () => number
  readonly deferS: number
  readonly laterS: number
  name(): string
  /** The device goes down in the middle of a deed: the platform loses its memory and calls `restarted`. */
  restart(): void
}
export interface Deeds<D extends Deed> {
  /** `asked`: the record's last line when the exchange began. Answers false when the device went down over it: what else the answer held is lost. */
  receive(deed: D, asked: number): boolean
  /** Completes what is due. */
  work(): void
  /** When the next work is due (ms). */
  due(): number | undefined
  /** It goes out now; whether the server hears it is not known yet. `sequence`: number of the report, where the protocol has one. */
  telling(said: readonly Said[], sequence?: number): void
  /** The server has answered that it has it. `time`: its clock (ISO 8601). */
  heard(said: readonly Said[], sequence?: number, time?: string): void
  /** The end that the server heard last: some devices say it once more. */
  readonly lastHeard: Said | undefined
  /** Up again, with what lay on disk. Begun and without an end: done once more if that is safe, else nobody knows. */
  restarted(memory: Memory<D>): void
}

/** Ids that a device remembers; the oldest that the server knows the end of go first. */
const rememberedLimit = 1000
/** Seconds, around a mean. */
const spread = (mean: number, share: number) => mean * (0.5 + share)
const isEnd = (s: Said) => s.state === 'completed' || s.state === 'failed'
const codeOf = (s: Said) => (s.code === undefined ? {} : { code: s.code })

export function createDeeds<D extends Deed>(o: DeedsDeps<D>, from: Memory<D>): Deeds<D> {
  const { doing, behaviour, record } = o
  let memory = from
  /** Ids being worked on: the only thing of a deed that lives in memory alone. */
  const working = new Set<string>()
  let last: Said | undefined

  function receive(d: D, asked: number): boolean {
    record.write(o.name(), 'received', { id: d.id, kind: d.kind, name: d.name, attempt: d.attempt ?? 1, asked })
    const before = memory
    const known = memory.ledger[d.id]
    if (known?.state === 'done') again(known)
    else if (!known || known.state === 'deferred')
      begin(d, known ?? { state: 'begun', ordinal: memory.ordinals++, tries: 0 })
    if (memory === before) forgetOldest(memory)
    return memory === before
  }

  /** A repeat of what is done is never done again; its end is told again. */
  function again(known: Remembered<D>): void {
    if (!known.said || !known.heard) return
    known.heard = false
    memory.outbox.push(known.said)
  }

  function begin(d: D, entry: Remembered<D>): void {
    entry.tries += 1
    memory.ledger[d.id] = entry
    const fault = doing.refusal(d)
    if (fault) return conclude(d, { id: d.id, state: 'failed', ...fault })
    const { ordinal, tries } = entry
    if (behaviour.does('defer', ordinal, tries)) return defer(d, entry)
    entry.state = 'begun'
    entry.deed = d
    if (behaviour.does('interrupt', ordinal, tries)) {
      if (!behaviour.does('fail', ordinal) && behaviour.share('crashAfter', ordinal, tries) < 0.5) effect(d)
      return o.restart()
    }
    if (!doing.acknowledges || !behaviour.does('later', ordinal, tries)) return finish(d, entry)
    entry.due = o.now() + 1000 * spread(o.laterS, behaviour.share('laterS', ordinal, tries))
    working.add(d.id)
    memory.outbox.push({ id: d.id, state: 'acknowledged', text: 'working' })
  }

  function defer(d: D, entry: Remembered<D>): void {
    entry.state = 'deferred'
    const retryAfterS = spread(o.deferS, behaviour.share('deferS', entry.ordinal, entry.tries))
    memory.outbox.push({ id: d.id, state: 'deferred', code: 'busy', text: 'Not now.', retryAfterS })
  }

  function finish(d: D, entry: Remembered<D>, redo = false): void {
    working.delete(d.id)
    const { id } = d
    if (behaviour.does('fail', entry.ordinal))
      return conclude(d, {
        id,
        state: 'failed',
        code: 'simulated-failure',
        text: 'It did not work, as the seed wanted.',
      })
    const done = effect(d, redo)
    conclude(
      d,
      'failed' in done
        ? { id, state: 'failed', ...done.failed }
        : { id, state: 'completed', result: done.result ?? {} },
    )
  }

  function effect(d: D, redo = false): ReturnType<Doing<D>['act']> {
    record.write(o.name(), 'executed', {
      id: d.id,
      kind: d.kind,
      name: d.name,
      ...(doing.isRepeatable(d) ? { repeatable: true } : {}),
      ...(redo ? { redo: true } : {}),
    })
    return doing.act(d)
  }

  function conclude(d: D, end: Said): void {
    const said = end.code === undefined || !doing.code ? end : { ...end, code: doing.code(end.code) }
    record.write(o.name(), 'concluded', {
      id: d.id,
      kind: d.kind,
      name: d.name,
      outcome: said.state,
      ...codeOf(said),
    })
    const entry = memory.ledger[d.id]
    if (!entry) return
    Object.assign(entry, { state: 'done', said, heard: false })
    delete entry.deed
    delete entry.due
    memory.outbox.push(said)
  }

  function telling(all: readonly Said[], sequence?: number): void {
    for (const s of all)
      record.write(o.name(), 'reported', { id: s.id, outcome: s.state, ...codeOf(s), ...numbered(sequence) })
  }

  function heard(all: readonly Said[], sequence?: number, time?: string): void {
    for (const s of all) {
      record.write(o.name(), 'acknowledged-by-server', {
        id: s.id,
        outcome: s.state,
        ...codeOf(s),
        ...numbered(sequence),
        ...(time === undefined ? {} : { time }),
      })
      const entry = memory.ledger[s.id]
      if (entry?.state !== 'done' || !isEnd(s)) continue
      entry.heard = true
      last = s
    }
  }

  function work(): void {
    for (const id of working) {
      const entry = memory.ledger[id]
      if (!entry?.deed) working.delete(id)
      else if ((entry.due ?? 0) <= o.now()) finish(entry.deed, entry)
    }
  }

  function restarted(read: Memory<D>): void {
    memory = read
    working.clear()
    last = undefined
    for (const [id, entry] of Object.entries(memory.ledger)) {
      const { deed } = entry
      if (entry.state !== 'begun' || !deed) continue
      if (doing.isRepeatable(deed)) finish(deed, entry, true)
      else
        conclude(deed, {
          id,
          state: 'failed',
          code: 'outcome-unknown',
          text: 'Interrupted while doing it; whether it took effect is not known.',
        })
    }
  }

  return {
    receive,
    work,
    telling,
    heard,
    restarted,
    get lastHeard() {
      return last
    },
    due() {
      let first: number | undefined
      for (const id of working) first = Math.min(first ?? Number.POSITIVE_INFINITY, memory.ledger[id]?.due ?? 0)
      return first
    },
  }
}

const numbered = (sequence: number | undefined) => (sequence === undefined ? {} : { sequence })

/** As a real agent does, and no more often than pays. */
function forgetOldest(memory: Memory<Deed>): void {
  if (memory.ordinals % 100 !== 0) return
  const ids = Object.keys(memory.ledger)
  if (ids.length < rememberedLimit + 100) return
  const known = ids.filter((id) => memory.ledger[id]?.state === 'done' && memory.ledger[id]?.heard)
  for (const id of known.slice(0, ids.length - rememberedLimit)) delete memory.ledger[id]
}
