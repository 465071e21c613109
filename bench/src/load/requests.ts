/** The bytes of requests. Poll and acknowledgement are made once per connection; only the token in them changes. */
import { tokenOf } from '../random.ts'

export const syncPath = '/linux/agent/sync'
const tokenLength = 43

export function request(path: string, authorization: string, body: string, type = 'application/json'): Buffer {
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${authorization}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    'latin1',
  )
}

/** Tokens of all devices, one after the other. */
export function tokensOf(seed: number, devices: number): Buffer {
  const all = Buffer.allocUnsafe(devices * tokenLength)
  for (let i = 0; i < devices; i += 1) all.write(tokenOf(seed, i), i * tokenLength, 'latin1')
  return all
}

/** A request whose token can be set: valid until the next call, which must wait for the answer. */
export function withToken(body: string, tokens: Buffer, path: string = syncPath): (device: number) => Buffer {
  const bytes = request(path, `Bearer ${'x'.repeat(tokenLength)}`, body)
  const at = bytes.indexOf('Bearer ') + 7
  return (device) => {
    tokens.copy(bytes, at, device * tokenLength, (device + 1) * tokenLength)
    return bytes
  }
}

/** A request whose token and id can be set, as text of one byte a letter. */
export function withId(path: string, body: (id: string) => string): (token: string, id: string) => string {
  const mark = '0mark0'
  const [before = '', after = ''] = body(mark).split(mark)
  const length = before.length + after.length
  const [start = '', end = ''] = request(path, `Bearer ${mark}`, '').toString('latin1').split(mark)
  const middle = end.slice(0, end.indexOf('Content-Length: ') + 'Content-Length: '.length)
  return (token, id) => `${start}${token}${middle}${length + id.length}\r\n\r\n${before}${id}${after}`
}

/** `take` 10 and no long poll, as an agent asks that has work to do in between. */
export function pollBody(sequence: number, at: string): string {
  return JSON.stringify({ sequence, at, take: 10 })
}

/** About 200 bytes: one operation done. */
export function ackBody(sequence: number, at: string, id: string): string {
  return JSON.stringify({
    sequence,
    at,
    results: [
      {
        id,
        state: 'completed',
        result: { shownTo: 1 },
        text: 'Shown to ann on seat0 (graphical session), closed by the user.',
      },
    ],
    take: 10,
  })
}
