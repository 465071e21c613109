/** Bytes to a port and what comes back: nothing here mends or refuses what is sent, as clients' libraries would. */
import { connect, type Socket } from 'node:net'
import tls from 'node:tls'

export interface Shot {
  readonly bytes: Uint8Array
  /** Through TLS, and with which protocol agreed; `bare`: to the TLS port without a handshake. */
  readonly secure?: 'http/1.1' | 'h2' | 'bare'
}
export interface Heard {
  /** Of every answer on the connection, in order; empty: it was closed without a word. */
  readonly statuses: number[]
  readonly text: string
  /** It was not closed within our patience. */
  readonly hung: boolean
}
export interface Ports {
  http: number
  https: number
}

/** Nothing was said for so long: we say that no more is coming. Milliseconds. */
const quietMs = 1_000
const patienceMs = 40_000
const mostHeard = 256 * 1024

export function send(shot: Shot, ports: Ports): Promise<Heard> {
  return new Promise((resolve) => {
    const socket = open(shot, ports)
    const chunks: Buffer[] = []
    let length = 0
    let ended = false
    const finish = (hung: boolean) => {
      clearTimeout(quiet)
      clearTimeout(patience)
      socket.destroy()
      const text = Buffer.concat(chunks).toString('latin1')
      const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map((m) => Number(m[1]))
      resolve({ statuses: shot.secure === 'h2' ? [] : statuses, text, hung })
    }
    const patience = setTimeout(() => finish(true), patienceMs)
    let quiet = setTimeout(end, quietMs)
    function end(): void {
      ended = true
      socket.end()
    }
    socket.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length < mostHeard) chunks.push(chunk)
      if (ended) return
      clearTimeout(quiet)
      quiet = setTimeout(end, quietMs)
    })
    // Being cut off in the middle of a word is an answer, too.
    socket.on('error', () => finish(false))
    socket.on('close', () => finish(false))
    socket.write(shot.bytes)
  })
}

function open(shot: Shot, ports: Ports): Socket {
  if (shot.secure === undefined) return connect(ports.http, '127.0.0.1')
  if (shot.secure === 'bare') return connect(ports.https, '127.0.0.1')
  return tls.connect({ port: ports.https, host: '127.0.0.1', ALPNProtocols: [shot.secure], rejectUnauthorized: false })
}

type Header = readonly [name: string, value: string]
/** One request, with whatever stands in its parts. */
export function request(
  method: string,
  target: string,
  headers: readonly Header[],
  body?: Uint8Array | string,
): Uint8Array {
  const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? new Uint8Array(0))
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    'Connection: close',
    ...headers.map(([n, v]) => `${n}: ${v}`),
    ...(body === undefined ? [] : [`Content-Length: ${bytes.length}`]),
  ]
  return new Uint8Array(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8'), bytes]))
}
