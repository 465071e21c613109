/** A refusal by the server, by its stable code. */
import { type Answered, problemOf, retryAfterOf } from './wire.ts'

/** The server refused, or answered in words that are none of the protocol's. */
export class Refused extends Error {
  readonly code: string
  readonly status: number
  readonly retryAfterS?: number
  constructor(code: string, a: Answered) {
    super(`The server refused: ${code} (${a.status})`)
    this.name = 'Refused'
    this.code = code
    this.status = a.status
    this.retryAfterS = retryAfterOf(a)
  }
}

/** `not-understood` when it was no refusal by its status. */
export function refusalOf(a: Answered): Refused {
  return new Refused(a.status >= 400 ? problemOf(a) : 'not-understood', a)
}
