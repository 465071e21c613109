/** The fleet's own record of what happened in its devices: append-only, one JSON object a line. It is the oracle that the server's history is judged by. */
import fs from 'node:fs'
import { createInterface } from 'node:readline'
import type { Json } from '@muster/contract'

/**
 * `received`: a delivery was read from an answer; `executed`: it took effect; `concluded`: the device knows how it ended; `reported`: sent to the server, which may not have heard it;
 * `acknowledged-by-server`: the server's answer said that it has it. The others tell what the device lived through.
 */
export type RecordEvent =
  | 'enrolled'
  | 'received'
  | 'executed'
  | 'concluded'
  | 'reported'
  | 'acknowledged-by-server'
  | 'silent'
  | 'woken'
  | 'restarted'
  | 'drifted'
  | 'answer-lost'
  | 'duplicated'
  | 'reordered'
  | 'refused'
  | 'gone'
  | 'left'

export interface RecordLine {
  /** Place in the record, from 1: the order in which the fleet lived it. */
  readonly n: number
  /** Milliseconds since 1970 by the fleet's clock. */
  readonly t: number
  /** The server's id of the device; its name before it has one. */
  readonly device: string
  readonly event: RecordEvent
  /** Of the delivery. */
  readonly id?: string
  readonly kind?: 'operation' | 'put' | 'drop' | 'errand'
  readonly name?: string
  readonly outcome?: 'completed' | 'failed' | 'acknowledged' | 'deferred'
  readonly code?: string
  readonly attempt?: number
  /** Of `received`: the last line when the answer was asked for. */
  readonly asked?: number
  /** Of `acknowledged-by-server`: the server's clock. */
  readonly time?: string
  /** Of `executed`: doing it twice is doing it once. */
  readonly repeatable?: boolean
  /** Of `executed`: done again after a restart that left its end unknown. */
  readonly redo?: boolean
  /** Of `reported` and what follows from it. */
  readonly sequence?: number
  readonly detail?: Json
}
export type RecordDetail = Omit<RecordLine, 'n' | 't' | 'device' | 'event'>

export interface FleetRecord {
  write(device: string, event: RecordEvent, more?: RecordDetail): void
  /** Of the last line. */
  readonly last: number
  readonly counts: Readonly<{ [event: string]: number }>
  flush(): void
  close(): void
}

const bufferBytes = 64 * 1024

/** `file` is appended to and must be writable; `watch` sees each line as well. With neither, only counts are kept. */
export function createRecord(o: { now: () => number; file?: string; watch?: (line: RecordLine) => void }): FleetRecord {
  const file = o.file === undefined ? undefined : fs.openSync(o.file, 'a+', 0o600)
  const counts: { [event: string]: number } = {}
  let last = file === undefined ? 0 : mend(file)
  let waiting: string[] = []
  let bytes = 0

  function flush(): void {
    if (file === undefined || waiting.length === 0) return
    fs.writeSync(file, waiting.join(''))
    waiting = []
    bytes = 0
  }
  return {
    get last() {
      return last
    },
    counts,
    write(device, event, more) {
      last += 1
      counts[event] = (counts[event] ?? 0) + 1
      if (file === undefined && !o.watch) return
      const line: RecordLine = { n: last, t: o.now(), device, event, ...more }
      o.watch?.(line)
      if (file === undefined) return
      const text = `${JSON.stringify(line)}\n`
      waiting.push(text)
      bytes += text.length
      if (bytes >= bufferBytes) flush()
    },
    flush,
    close() {
      flush()
      if (file !== undefined) fs.closeSync(file)
    },
  }
}

/** Cuts off a last line torn by a crash, and answers the number of the last whole one. */
function mend(file: number): number {
  const { size } = fs.fstatSync(file)
  const tail = Buffer.alloc(Math.min(size, bufferBytes))
  fs.readSync(file, tail, 0, tail.length, size - tail.length)
  const end = tail.lastIndexOf(0x0a) + 1
  if (end < tail.length) fs.ftruncateSync(file, size - tail.length + end)
  const text = tail.subarray(0, end).toString('utf8').trimEnd()
  return text === '' ? 0 : (parse(text.slice(text.lastIndexOf('\n') + 1))?.n ?? 0)
}

/** The lines of a record, in order. A last line torn by a crash is left out; anything else that is no line of a record is an error. */
export async function* readRecord(file: string): AsyncGenerator<RecordLine> {
  let torn: string | undefined
  for await (const text of createInterface({
    input: fs.createReadStream(file, 'utf8'),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (torn !== undefined) throw new Error(`${file} holds a line that is no record: ${torn.slice(0, 200)}`)
    if (text === '') continue
    const line = parse(text)
    if (line) yield line
    else torn = text
  }
}

function parse(text: string): RecordLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<RecordLine>
    return typeof line.n === 'number' && typeof line.device === 'string' && typeof line.event === 'string'
      ? (line as RecordLine)
      : undefined
  } catch {
    return undefined
  }
}
