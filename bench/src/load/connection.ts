/** One kept connection that asks again and again with as little work as possible: the generator must cost less than what it measures. */
import { connect, type Socket } from 'node:net'

export interface Answer {
  readonly status: number
  readonly body: Buffer
}
export interface Connection {
  /** One question at a time; of text each letter is a byte. */
  ask(request: Buffer | string): void
  end(): void
}

const headEnd = Buffer.from('\r\n\r\n')
const nothing = Buffer.alloc(0)
/** Bytes that a connection reads at a time, always to the same place. A longer answer comes in pieces. */
const room = 4096

/** `on` is called with each answer, whose body is good until the next question is asked; `failed` when the connection breaks. Answers need a content-length or no body. */
export function openConnection(
  port: number,
  on: (answer: Answer) => void,
  failed: (error: Error) => void,
): Promise<Connection> {
  let left: Buffer = nothing
  let over = false
  const opened = Promise.withResolvers<Connection>()
  const read = (n: number, buffer: Uint8Array) => {
    hear(Buffer.from(buffer.buffer, buffer.byteOffset, n))
    return true
  }
  const socket: Socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: { buffer: Buffer.allocUnsafeSlow(room), callback: read },
  })
  const fail = (error: Error) => {
    if (over) return
    over = true
    opened.reject(error)
    failed(error)
    socket.destroy()
  }
  const hear = (chunk: Buffer) => {
    const bytes = left.length === 0 ? chunk : Buffer.concat([left, chunk])
    const head = bytes.indexOf(headEnd)
    const end = head < 0 ? Number.POSITIVE_INFINITY : head + 4 + lengthIn(bytes, head)
    if (bytes.length < end) {
      // The place it was read to is read to again.
      left = bytes === chunk ? Buffer.from(chunk) : bytes
      return
    }
    left = nothing
    // "HTTP/1.1 200 OK": the status is the three digits from the ninth byte.
    const status = (bytes[9]! - 48) * 100 + (bytes[10]! - 48) * 10 + (bytes[11]! - 48)
    on({ status, body: bytes.subarray(head + 4, end) })
  }
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed')))
  socket.once('connect', () =>
    opened.resolve({
      ask: (request) => socket.write(request, 'latin1'),
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
