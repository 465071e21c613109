/** What a device says of what it was given, folded into what is under way. Pure but for the talk that it is given. */

import type { AlertWord, Challenge, Item, ResultsWord, StatusWord, SyncMessage } from '../syncml/index.ts'
import type { Answer, Node, Verb } from '../wire/index.ts'
import { verbs } from '../wire/index.ts'
import { messageMark, readCommandId } from './command-id.ts'
import { type Open, sizeOf, type Talk } from './talk.ts'

/** What one message came to, beside what it said of deliveries. */
export interface Heard {
  /** Deliveries that something was said of. */
  readonly touched: Set<string>
  readonly alerts: AlertWord[]
  /** The device wants us to prove ourselves before it does anything. */
  challenge?: Challenge
  /** Results of which a part came: their CmdIDs, answered with 213; and what was wrong with others. */
  readonly parts: Map<string, number>
  /** A large object was broken off. */
  broken?: true
}
/** Of one object, and of all values of one delivery. */
const longest = { object: 4 << 20, delivery: 6 << 20, results: 5_000 } as const

export function hear(m: SyncMessage, t: Talk): Heard {
  const h: Heard = { touched: new Set(), alerts: [], parts: new Map() }
  for (const w of m.body) {
    if (w.kind === 'status') status(w, m, t, h)
    else if (w.kind === 'results') results(w, m, t, h)
    else if (w.kind === 'alert') h.alerts.push(w)
  }
  return h
}

function status(w: StatusWord, m: SyncMessage, t: Talk, h: Heard): void {
  if (w.cmdRef === '0' || w.cmd === 'SyncHdr') {
    if ((w.code === 401 || w.code === 407) && w.challenge) h.challenge = w.challenge
    // The next message's proof is made with the next nonce.
    else if (w.challenge && t.challenged !== undefined) t.challenged = w.challenge.nonce
    return
  }
  const found = openOf(w, m.session, t)
  if (!found || w.code === 213) return
  const { open, ref } = found
  h.touched.add(ref.delivery)
  open.heard = true
  if (ref.index === 'all') {
    open.all = w.code
    return
  }
  open.codes[ref.index] = w.code
  const said = w.targets[0] ?? w.sources[0]
  // Only where it is not known what was sent: the device may write addresses in another way.
  if (!open.commands[ref.index]) open.commands[ref.index] = [verbOf(w.cmd), said ?? '']
  if (w.originalError !== undefined) open.originals[ref.index] = w.originalError
  // A part that was refused: the others are not sent.
  t.later = t.later.filter((p) => !(p.delivery === ref.delivery && p.index === ref.index))
}

function results(w: ResultsWord, m: SyncMessage, t: Talk, h: Heard): void {
  const found = openOf(w, m.session, t)
  if (!found) return
  const { open, ref } = found
  h.touched.add(ref.delivery)
  open.heard = true
  for (const item of w.items) {
    const whole = object(item, w, t, h)
    if (whole) addResult(open, whole)
    if (ref.index === 'all') continue
    // The device could read it, and it is not here: nobody takes that for an answer without a value.
    if (notWhole.includes(h.parts.get(w.id) ?? 0)) open.codes[ref.index] = 424
    else if (whole && open.codes[ref.index] === 424) open.codes[ref.index] = 200
  }
}
/** What was wrong with a large object. */
const notWhole: readonly number[] = [413, 424]

function addResult(open: Open, n: Node): void {
  const had = open.results.findIndex((r) => r.uri === n.uri)
  // Said again, the later word counts.
  if (had >= 0) open.results.splice(had, 1)
  const size = open.results.reduce((sum, r) => sum + r.data.length, 0)
  if (open.results.length < longest.results && size + n.data.length <= longest.delivery) open.results.push(n)
}

/** The whole of it, when this is the last of its parts or all of it (OMA DM 1.2, 7: large objects). */
function object(i: Item, w: ResultsWord, t: Talk, h: Heard): Node | undefined {
  const uri = i.source ?? i.target ?? t.partial?.uri
  if (uri === undefined) return undefined
  const before = t.partial && t.partial.uri === uri && t.partial.cmdRef === w.cmdRef ? t.partial : undefined
  if (t.partial && !before) h.broken = true
  if (!before) t.partial = undefined
  const data = (before?.data ?? '') + (i.data ?? '')
  if (data.length > longest.object) {
    t.partial = undefined
    h.parts.set(w.id, 413)
    return undefined
  }
  const meta = { format: before?.format ?? i.format, type: before?.type ?? i.type }
  if (i.more) {
    t.partial = { cmdRef: w.cmdRef, msgRef: w.msgRef, uri, ...meta, size: before?.size ?? i.size, data }
    h.parts.set(w.id, 213)
    return undefined
  }
  t.partial = undefined
  if (before?.size !== undefined && before.size !== sizeOf(data)) {
    h.parts.set(w.id, 424)
    return undefined
  }
  return {
    uri,
    ...(meta.format !== undefined && { format: meta.format }),
    ...(meta.type !== undefined && { type: meta.type }),
    data,
  }
}

/** By (session, MsgRef, CmdRef). What this node has not sent is known by its CmdID alone. */
function openOf(w: { msgRef: string; cmdRef: string }, session: string, t: Talk) {
  const ref = readCommandId(w.cmdRef, messageMark(session, w.msgRef))
  if (!ref) return undefined
  const open = (Object.hasOwn(t.open, ref.delivery) && t.open[ref.delivery]) || strange(ref.of)
  t.open[ref.delivery] = open
  if (ref.index !== 'all' && ref.index >= open.codes.length) return undefined
  return { ref, open }
}

function strange(of: number): Open {
  return {
    kind: 'operation',
    name: '',
    safe: false,
    kept: null,
    commands: [],
    codes: Array.from({ length: of }, () => 0),
    originals: {},
    results: [],
  }
}

/** As rows read it: a command whose status never came has 0, or what became of the Atomic around it. */
export function answerOf(o: Open): Answer {
  return {
    statuses: o.codes.map((code, i) => {
      const [verb, uri] = o.commands[i] ?? ['Get', '']
      const original = o.originals[i]
      return { verb, uri, code: code || o.all || 0, ...(original !== undefined && { original }) }
    }),
    results: o.results,
  }
}
const verbOf = (text: string): Verb => verbs.find((v) => v === text) ?? 'Get'
