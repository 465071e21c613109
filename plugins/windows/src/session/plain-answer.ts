/** Answers to one command, plain enough to settle it without a promise: what a message says of it, and how its row reads that. */
import type { Delivery, Json, OperationRow, Outcome, ShortWord } from '@muster/contract'
import type { SyncMessage } from '../syncml/index.ts'
import type { Answer, Node, Work } from '../wire/index.ts'
import type { Handed } from './brief.ts'
import { messageMark, readCommandId } from './command-id.ts'
import type { Remembered } from './memory.ts'

/** What of operations can be told without a promise, and without a look at anything but the operation. */
export interface PlainRows {
  /** The work of a delivery; undefined: not so plain. */
  work(d: Delivery): Work | undefined
  /** How a row reads an answer, where that takes nothing but the answer. */
  reader(row: OperationRow): ((reply: Json) => Outcome) | undefined
}
const most = { words: 500, length: 1_000 } as const

/** What the message says of this delivery, as `hear` would put it together. undefined: more than that, or not all of it. */
export function answerIn(
  m: SyncMessage,
  { handed, before, escrow }: { handed: Handed; before: Remembered; escrow(uri: string): string | undefined },
): Answer | undefined {
  const { id, commands } = handed
  const codes = commands.map(() => 0)
  const results: Node[] = []
  const indexOf = (w: { msgRef: string; cmdRef: string }) => {
    const known = w.msgRef === before.message ? before.mark : undefined
    const ref = readCommandId(w.cmdRef, known ?? messageMark(m.session, w.msgRef))
    return ref?.delivery === id && ref.index !== 'all' && ref.index < codes.length ? ref.index : undefined
  }
  for (const w of m.body) {
    if (w.kind === 'status') {
      if (w.challenge || w.originalError !== undefined) return undefined
      if (w.cmdRef === '0' || w.cmd === 'SyncHdr') continue
      const index = indexOf(w)
      if (index === undefined || w.code === 213 || codes[index] !== 0) return undefined
      codes[index] = w.code
    } else if (w.kind === 'results') {
      if (indexOf(w) === undefined) return undefined
      for (const { source, target, format, type, data = '', more } of w.items) {
        const uri = source ?? target
        if (uri === undefined || more || escrow(uri) !== undefined || results.some((r) => r.uri === uri))
          return undefined
        results.push({ uri, ...(format !== undefined && { format }), ...(type !== undefined && { type }), data })
      }
    } else return undefined
  }
  if (codes.includes(0)) return undefined
  const statuses = codes.map((code, i) => {
    const [verb, uri] = commands[i] ?? ['Get', '']
    return { verb, uri, code }
  })
  return { statuses, results }
}

/** Last words as rows read them; devices say the same of an operation again and again, so what was read is remembered. */
export function createWords({ reader }: PlainRows): (row: OperationRow, said: Answer) => ShortWord | undefined {
  const readings = new WeakMap<OperationRow, Map<string, ShortWord>>()
  return (row, said) => {
    const from = reader(row)
    if (!from) return undefined
    const text = JSON.stringify(said)
    const known = readings.get(row)
    const before = known?.get(text)
    if (before) return before
    const outcome = from(JSON.parse(text) as Json)
    if (outcome.state !== 'completed' && outcome.state !== 'failed') return undefined
    const word: ShortWord = {
      state: outcome.state,
      ...(outcome.state === 'failed' && { reason: JSON.stringify(outcome.reason) }),
      ...(outcome.result !== undefined && { result: JSON.stringify(outcome.result) }),
    }
    if (text.length <= most.length) {
      if (!known || known.size >= most.words) readings.set(row, new Map([[text, word]]))
      else known.set(text, word)
    }
    return word
  }
}
