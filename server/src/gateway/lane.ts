/**
 * The lane below node:http: a connection that sends one plain request after another to a route with a shortcut is served here, with one
 * look at the bytes and one write. At the first thing that is not surely plain the connection goes to node:http, with all its bytes and for good.
 */
import type { Socket } from 'node:net'
import type { Reply } from '@muster/contract'
import { nodeHttp } from '../node-http.ts'
import type { Use } from './kept.ts'
import { type PlainRequest, readPlainRequest } from './plain-request.ts'
import { createQuiet } from './quiet.ts'

/** Answers plain requests to its target, at once or later; undefined: this one is for the long way. Never rejects. */
export type Shortcut = (
  request: PlainRequest,
  socket: Socket,
  /** Takes the answer, in a later turn of the event loop, of who said 'later'. */
  later: (reply: Reply) => void,
) => Reply | Promise<Reply> | 'later' | undefined

export interface LaneOptions {
  /** By method and path: "POST /toy/in". */
  shortcuts: ReadonlyMap<string, Shortcut>
  /** Whoever keeps a connection is sent to another node. */
  draining(): boolean
  /** A request is being answered on this connection; and it was. */
  began(use: Use): void
  done(use: Use): void
  /** Milliseconds: until the first request of a connection is whole, and between requests. */
  times: { first: number; keepAlive: number }
}

const { STATUS_CODES, validateHeaderName, validateHeaderValue } = nodeHttp
/** Pieces of one request, and the silence between them in milliseconds, before node:http with its own limits takes over. */
const patience = { pieces: 8, ms: 1_000 } as const

/** `onward` is node:http's own way in. */
export function createLane(o: LaneOptions): (socket: Socket, onward: (socket: Socket) => void, use: Use) => void {
  const together = createTogether()
  const quiet = createQuiet(o.times.keepAlive)
  const keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(o.times.keepAlive / 1000)}\r\n\r\n`

  return (socket, onward, use) => {
    let held: Buffer | undefined
    let known: Reply | undefined
    let pieces = 0
    let fresh = true
    let busy = false

    function leave(bytes: Buffer | undefined): void {
      socket.off('data', onData).off('timeout', onTimeout).off('error', onError).off('close', onClose).off('end', onEnd)
      socket.setTimeout(0)
      quiet.drop(use)
      if (socket.destroyed) return
      socket.pause()
      if (bytes !== undefined) socket.unshift(bytes)
      onward(socket)
      socket.resume()
    }
    function onData(chunk: Buffer): void {
      const bytes = held === undefined ? chunk : Buffer.concat([held, chunk])
      if (busy) {
        // Sent before it was answered: kept until then, and no more is read.
        held = bytes
        socket.pause()
        return
      }
      const request = readPlainRequest(bytes)
      if (request === 'more' && ++pieces < patience.pieces) {
        held = bytes
        socket.setTimeout(patience.ms)
        return
      }
      const answer = typeof request === 'string' ? undefined : o.shortcuts.get(request.place)?.(request, socket, later)
      if (answer === undefined) return leave(bytes)
      if (fresh || held !== undefined) socket.setTimeout(0)
      if (fresh) quiet.put(use, onTimeout)
      fresh = false
      held = undefined
      pieces = 0
      busy = true
      o.began(use)
      // What cannot be written as an answer (a header with a line break) is ours to be ashamed of: nothing half-written goes out.
      if (answer instanceof Promise) answer.then(write).catch(() => socket.destroy())
      else if (answer !== 'later') {
        known = answer
        together(written)
      }
    }
    /** What was known at once. An answer that cannot be written is thrown where nobody else's write is. */
    function written(): void {
      const reply = known
      known = undefined
      if (reply === undefined) return
      try {
        write(reply)
      } catch {
        socket.destroy()
      }
    }
    function later(reply: Reply): void {
      known = reply
      written()
    }
    function write(reply: Reply): void {
      if (!busy) return
      busy = false
      o.done(use)
      const last = o.draining()
      send(socket, reply, last ? 'Connection: close\r\n\r\n' : keepAlive)
      if (last) socket.end()
      else if (held !== undefined) leave(held)
    }
    function onTimeout(): void {
      if (busy) return
      // A request that does not come whole is for the long way to judge; silence between two ends the connection.
      if (held === undefined) socket.destroySoon()
      else leave(held)
    }
    function onEnd(): void {
      // As node:http does it: who closes their side waits for no answer.
      socket.end()
    }
    function onError(): void {
      socket.destroy()
    }
    function onClose(): void {
      quiet.drop(use)
      if (!busy) return
      busy = false
      o.done(use)
    }
    socket.setTimeout(o.times.first)
    socket.setNoDelay(true)
    socket.on('data', onData).on('timeout', onTimeout).on('error', onError).on('close', onClose).on('end', onEnd)
  }
}

/**
 * Answers that are known at once are written when everything that came with their requests was read: a write wakes who is waiting for it, and
 * is cheapest among writes. No timer: it is the same turn of the event loop.
 */
function createTogether(): (write: () => void) => void {
  let due: (() => void)[] = []
  const all = () => {
    const writes = due
    due = []
    for (const write of writes) write()
  }
  return (write) => {
    if (due.push(write) === 1) setImmediate(all)
  }
}

function send(socket: Socket, reply: Reply, end: string): void {
  if (!socket.writable) return
  let head = startOf(reply)
  const body = reply.body ?? ''
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength
  if (reply.body !== undefined || (reply.status !== 204 && reply.status !== 304))
    head += `content-length: ${length}\r\n`
  head += `Date: ${date()}\r\n${end}`
  // One write: where each letter is one byte, which is the usual case, as the text that it is.
  if (typeof body === 'string' && length === body.length) socket.write(head + body, 'latin1')
  else socket.write(Buffer.concat([Buffer.from(head, 'latin1'), typeof body === 'string' ? Buffer.from(body) : body]))
}

/** Of headers that are the same object again and again, written once. */
const starts = new WeakMap<object, { status: number; text: string }>()

function startOf({ status, headers = none }: Reply): string {
  const known = starts.get(headers)
  if (known?.status === status) return known.text
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`
  for (const [name, value] of Object.entries(headers)) {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    text += `${name}: ${value}\r\n`
  }
  // Only what cannot change meanwhile is remembered.
  if (Object.isFrozen(headers)) starts.set(headers, { status, text })
  return text
}
const none: Readonly<Record<string, string>> = Object.freeze({})

let dateOf = 0
let dateText = ''

/** The date as headers write it, made once a second. */
function date(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateOf) {
    dateOf = second
    dateText = new Date(second * 1000).toUTCString()
  }
  return dateText
}
