/** One kept connection that asks again and again with as little work as possible: the generator must cost less than what it measures. */
import { connect, type Socket } from 'node:net'

export interface Answer {
  readonly status: number
  readonly body: Buffer
}
export interface Connection {
  /** One question at a time. */
  ask(request: Buffer): void
  end(): void
}

const headEnd = Buffer.from('\r\n\r\n')
const nothing = Buffer.alloc(0)

/** `on` is called with each answer, `failed` when the connection breaks. Answers need a content-length or no body. */
export function openConnection(
  port: number,
  on: (answer: Answer) => void,
  failed: (error: Error) => void,
): Promise<Connection> {
  let left: Buffer = nothing
  let over = false
  const opened = Promise.withResolvers<Connection>()
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
  const fail = (error: Error) => {
    if (over) return
    over = true
    opened.reject(error)
    failed(error)
    socket.destroy()
  }
  socket.on('data', (chunk: Buffer) => {
    const bytes = left.length === 0 ? chunk : Buffer.concat([left, chunk])
    const head = bytes.indexOf(headEnd)
    if (head < 0) {
      left = bytes
      return
    }
    const end = head + 4 + lengthIn(bytes, head)
    if (bytes.length < end) {
      left = bytes
      return
    }
    left = nothing
    // "HTTP/1.1 200 OK": the status is the three digits from the ninth byte.
    const status = (bytes[9]! - 48) * 100 + (bytes[10]! - 48) * 10 + (bytes[11]! - 48)
    on({ status, body: bytes.subarray(head + 4, end) })
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed')))
  socket.once('connect', () =>
    opened.resolve({
      ask: (request) => socket.write(request),
      end: () => {
        over = true
        socket.destroy()
      },
    }),
  )
  return opened.promise
}

/** The content-length of a head; servers spell it in either case. */
function lengthIn(bytes: Buffer, head: number): number {
  let at = bytes.indexOf('ontent-', 0, 'latin1')
  while (at >= 0 && at < head) {
    if ((bytes[at + 7]! | 0x20) === 0x6c) {
      let n = 0
      for (let i = at + 15; bytes[i] !== 0x0d; i += 1) n = n * 10 + (bytes[i]! - 48)
      return n
    }
    at = bytes.indexOf('ontent-', at + 7, 'latin1')
  }
  return 0
}
