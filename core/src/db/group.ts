/**
 * Statements that are issued in the same turn of the event loop, sent to the database as one message and answered as one: a statement costs
 * each side a write, a wake and a read, which for small statements is most of what they cost. In a transaction alone: where one fails, the
 * database leaves out those behind it, as the transaction is lost.
 */
import pg from 'pg'

export interface Ran {
  rows: unknown[]
  rowCount: number | null
  command: string
}
/** What the driver calls on the query that is being answered; its types keep this to themselves. */
interface Answered extends pg.Submittable {
  name?: string
  text?: string
  /** Where the driver looks for how columns are read. */
  _result: { _types?: unknown }
  handleRowDescription(message: unknown): void
  handleDataRow(message: unknown): void
  handleCommandComplete(message: unknown, connection: unknown): void
  handleReadyForQuery(connection: unknown): void
  handleError(error: Error, connection: unknown): void
}
/** Of the driver's connection, what is used here. */
interface Wire {
  stream: { cork(): void; uncork(): void; destroy(error: Error): void }
  sync(): void
  submittedNamedStatements: Record<string, string>
}
interface Part {
  query: Answered
  /** Answered or refused. */
  over: boolean
}

interface Group {
  /** Leaves with all others of this turn. */
  run(q: pg.QueryConfig): Promise<Ran>
  /** A statement was refused before the database had learnt all of a group's: what this connection knows is uncertain. */
  spoilt(): boolean
}

export function createGroup(client: pg.ClientBase): Group {
  let parts: Part[] = []
  let spoilt = false

  function leave(): void {
    const going = parts
    parts = []
    client.query(
      together(going, () => {
        spoilt = true
      }),
    )
  }
  return {
    run: (q) =>
      new Promise<Ran>((resolve, reject) => {
        const answered = (error: Error | undefined, ran: unknown) => {
          part.over = true
          if (error) reject(error)
          else resolve(ran as Ran)
        }
        // `extended`: a text without parameters is sent like the others, never as a message of its own.
        const query = new pg.Query({ ...q, queryMode: 'extended' } as pg.QueryConfig, answered)
        const part: Part = { query: query as unknown as Answered, over: false }
        part.query._result._types = client
        if (parts.push(part) === 1) process.nextTick(leave)
      }),
    spoilt: () => spoilt,
  }
}

/** One query to the driver, many to the database, with one end. */
function together(parts: readonly Part[], onSpoilt: () => void): Answered {
  let at = 0
  let wire: Wire | undefined
  const now = () => parts[at]?.query
  function fail(error: Error): void {
    if (wire && Object.keys(wire.submittedNamedStatements).length > 0) onSpoilt()
    for (at = 0; at < parts.length; at += 1) if (!parts[at]?.over) now()?.handleError(error, wire)
  }
  return {
    // The driver notes under these what the database has learnt by now.
    get name() {
      return now()?.name
    },
    get text() {
      return now()?.text
    },
    _result: {},
    submit: (connection) => {
      wire = connection as unknown as Wire
      const unsynced = Object.create(wire, { sync: { value: () => undefined } }) as pg.Connection
      wire.stream.cork()
      for (const { query } of parts) {
        const refused = query.submit(unsynced) as unknown
        if (refused instanceof Error) query.handleError(refused, wire)
      }
      // A statement that cannot be sent must not leave its neighbours alone: none goes out, and the connection with them.
      if (parts.some((p) => p.over)) wire.stream.destroy(new Error('a statement could not be written'))
      else wire.sync()
      wire.stream.uncork()
    },
    handleRowDescription: (message) => now()?.handleRowDescription(message),
    handleDataRow: (message) => now()?.handleDataRow(message),
    handleCommandComplete: (message, connection) => {
      const query = now()
      at += 1
      query?.handleCommandComplete(message, connection)
      query?.handleReadyForQuery(connection)
    },
    handleReadyForQuery: () => {
      if (at < parts.length) fail(new Error('the database answered fewer statements than it was sent'))
    },
    handleError: fail,
  }
}
