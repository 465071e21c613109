/** CmdIDs that name what they are of: the delivery, which of its commands, and the message they go out in, so that any node reads an answer without a memory of what was sent. */
import { hash } from 'node:crypto'

export interface CommandRef {
  readonly delivery: string
  /** Which of the delivery's commands; `all`: the Atomic around them. */
  readonly index: number | 'all'
  readonly of: number
}

/** Of one message of one session: an answer that names another one names none of ours. */
export function messageMark(session: string, message: string): string {
  return hash('sha256', `${session} ${message}`, 'hex').slice(0, 8)
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
