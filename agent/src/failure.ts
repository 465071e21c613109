/** What the agent says when something cannot be done: to the server as code and text, to a person with what to do. */

/** A delivery that cannot be carried out. */
export class Refused extends Error {
  readonly code: string
  constructor(code: string, text: string) {
    super(text)
    this.name = 'Refused'
    this.code = code
  }
}

/** Not now: the server is told to offer it again. */
export class Deferred extends Refused {
  readonly retryAfterS: number
  constructor(code: string, text: string, retryAfterS: number) {
    super(code, text)
    this.name = 'Deferred'
    this.retryAfterS = retryAfterS
  }
}

export function notApplicable(what: string): Refused {
  return new Refused('not-applicable', what)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
