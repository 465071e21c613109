/** CmdIDs that name what they are of: the delivery, which of its commands, and the message they go out in, so that any node reads an answer without a memory of what was sent. */
import { hash } from 'node:crypto'

export interface CommandRef {
  readonly delivery: string
  /** Which of the delivery's commands; `all`: the Atomic around them. */
  readonly index: number | 'all'
  readonly of: number
}

/** Sessions are counted by each device from 1, so that the same few numbers come again and again. */
const marks = new Map<string, string>()
const mostMarks = 2_000

/** Of one message of one session: an answer that names another one names none of ours. */
export function messageMark(session: string, message: string): string {
  const of = `${session} ${message}`
  const known = marks.get(of)
  if (known !== undefined) return known
  const mark = hash('sha256', of, 'hex').slice(0, 8)
  if (marks.size >= mostMarks) marks.clear()
  // What a device calls its session is as long as it likes.
  if (of.length <= 32) marks.set(of, mark)
  return mark
}

export function commandId(ref: CommandRef, mark: string): string {
  return `${ref.delivery}.${ref.index}.${ref.of}.${mark}`
}

const form = /^([a-z][0-9a-z]{1,10}-[0-9a-z]{1,10})\.(all|\d{1,4})\.(\d{1,4})\.([0-9a-f]{8})$/

/** undefined: no command of ours, or not of that message. */
export function readCommandId(id: string, mark: string): CommandRef | undefined {
  const m = form.exec(id)
  if (m?.[4] !== mark) return undefined
  const index = m[2] === 'all' ? 'all' : Number(m[2])
  const of = Number(m[3])
  if (index !== 'all' && index >= of) return undefined
  return { delivery: m[1] ?? '', index, of }
}
