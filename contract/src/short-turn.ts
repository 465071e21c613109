/** The short way of the plainest exchanges: who only takes, or tells one last word, goes from the reader straight into a batch, without a promise or a look at anything but memory. */

/** What a row says of what its functions look at. */
export interface ShortRow {
  /** Of a channel's facts they look at these alone, and for the rest at its head: nothing else is then handed over with its deliveries. */
  looks?: readonly string[]
}
export interface ShortTurn<Row> {
  readonly take: number
  /** A new connection, which is offered what was put off as well: the short way is for who surely put nothing off. */
  readonly again?: true
  /** When silence begins to mean something. */
  readonly expectInS: number
  /** The message in, where it says something. */
  readonly raw?: Uint8Array
  /** The operation, by our id, whose last word it is. */
  readonly id?: string
  /** That word as the operation's row reads it; undefined: it is not so plain. */
  readonly word?: (row: Row) => ShortWord | undefined
}
/** `reason` and `result` are JSON, as they are kept: storable (no NUL, no half letters), and what the row's `from` would have said. */
export interface ShortWord {
  readonly state: 'completed' | 'failed'
  readonly reason?: string
  readonly result?: string
}
/** Called once, when it is durable, with what is handed over: answers what is sent, for the message log. With an error: it failed. With neither: nothing was done, and the long way is to be gone. */
export type ShortDone<D> = (deliveries: readonly D[] | undefined, error?: unknown) => string | undefined

export interface ShortTurns<C, Row, D> {
  /** A certificate's key is proven by then. false: nothing was done, `identify` and `turn` tell; also when nothing is said and nothing waits. `ask` looks at the channel now and keeps nothing of it. */
  short(
    proof: { bearer: string } | { certificate: Uint8Array },
    ask: (c: C) => ShortTurn<Row> | undefined,
    done: ShortDone<D>,
  ): boolean
}
export interface ShortRoute<M, R> {
  /** The same answer by the short way, after `now` knew none. false: nothing was done, `handle` answers; so it does when `done` is given neither an answer nor an error. Only of `device` routes. */
  soon?(r: M, done: (reply: R | undefined, error?: unknown) => void): boolean
}
