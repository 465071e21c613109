/**
 * A TCP proxy between the servers and PostgreSQL that breaks what a network and a disk can break: it cuts connections, loses the answer to a
 * COMMIT that was carried out, and answers a COMMIT as a server with a full disk does.
 */
import { connect, createServer, type Socket } from 'node:net'

export interface CommitProxy {
  readonly port: number
  /** The next COMMIT reaches the database; its answer reaches nobody. Resolves when that happened; false when no COMMIT came in time. */
  loseAnswer(withinMs: number): Promise<boolean>
  /** The next COMMIT is rolled back and answered with SQLSTATE 53100. Resolves as above. */
  refuseAsFull(withinMs: number): Promise<boolean>
  /** Every connection ends at once; answers how many. */
  cut(): number
  close(): Promise<void>
}

type Trap = { readonly what: 'lose' | 'refuse'; sprung(): void }

/** A simple query of that text (protocol 3.0: type, length, text, zero). The driver sends it in a write of its own. */
function query(text: string): Buffer {
  const message = Buffer.alloc(6 + text.length)
  message.write('Q', 0)
  message.writeInt32BE(5 + text.length, 1)
  message.write(text, 5)
  return message
}
const commit = query('COMMIT')
const rollback = query('ROLLBACK')

/** ErrorResponse, then ReadyForQuery outside a transaction. */
function fullDisk(): Buffer {
  const fields = 'SERROR\0VERROR\0C53100\0Mcould not extend file: No space left on device\0\0'
  const head = Buffer.alloc(5)
  head.write('E', 0)
  head.writeInt32BE(4 + fields.length, 1)
  return Buffer.concat([head, Buffer.from(fields), Buffer.from([0x5a, 0, 0, 0, 5, 0x49])])
}

/** `socket`: of PostgreSQL. */
export async function openCommitProxy(socket: string): Promise<CommitProxy> {
  const pairs = new Set<() => void>()
  let trap: Trap | undefined

  function serve(client: Socket): void {
    const server = connect({ path: socket })
    let caught: Trap | undefined
    const end = () => {
      pairs.delete(end)
      client.destroy()
      server.destroy()
    }
    pairs.add(end)
    for (const s of [client, server]) {
      s.setNoDelay(true)
      s.on('error', end)
      s.on('close', end)
    }
    client.on('data', (chunk: Buffer) => {
      if (trap && chunk.equals(commit)) {
        caught = trap
        trap = undefined
        server.write(caught.what === 'lose' ? commit : rollback)
      } else server.write(chunk)
    })
    server.on('data', (chunk: Buffer) => {
      if (!caught) {
        client.write(chunk)
        return
      }
      const { what, sprung } = caught
      caught = undefined
      sprung()
      if (what === 'lose') end()
      else client.write(fullDisk())
    })
  }
  function set(what: Trap['what'], withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        if (trap === mine) trap = undefined
        resolve(false)
      }, withinMs)
      const mine: Trap = {
        what,
        sprung: () => {
          clearTimeout(late)
          resolve(true)
        },
      }
      trap = mine
    })
  }

  const listener = createServer(serve)
  await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(0, '127.0.0.1', resolve))
  const cut = () => {
    const all = [...pairs]
    for (const end of all) end()
    return all.length
  }
  return {
    port: (listener.address() as { port: number }).port,
    loseAnswer: (withinMs) => set('lose', withinMs),
    refuseAsFull: (withinMs) => set('refuse', withinMs),
    cut,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve())
        cut()
      }),
  }
}
