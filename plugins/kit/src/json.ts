/** JSON in and out of device routes: bounded, strict UTF-8, checked by a schema; whatever is wrong is a Problem, never a crash. */
import { type Bytes, Problem, type Reply } from '@muster/contract'
import type { z } from 'zod'

const depthLimit = 32
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The body as `schema` reads it. Problems: body-too-large, malformed-json, body-too-deep, invalid-request (with `errors`). */
export function readJson<T>(body: Bytes, maxBytes: number, schema: z.ZodType<T>): T {
  if (body.byteLength > maxBytes) throw new Problem('body-too-large', { limit: maxBytes })
  if (depthOf(body) > depthLimit) throw new Problem('body-too-deep', { limit: depthLimit })
  const read = schema.safeParse(parse(body))
  if (read.success) return read.data
  const errors = read.error.issues
    .slice(0, 20)
    .map((i) => ({ path: i.path.map(String).join('.').slice(0, 200), message: i.message.slice(0, 200) }))
  throw new Problem('invalid-request', { errors })
}

/** The bytes as they are, one letter each. */
export function latin1(body: Bytes): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
}

export const jsonHeaders = Object.freeze({
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
})

export function jsonReply(status: number, body: unknown): Reply {
  return {
    status,
    headers: jsonHeaders,
    body: JSON.stringify(body),
  }
}

/** NUL is legal JSON, yet PostgreSQL's jsonb cannot hold it; lone surrogates cannot be written as UTF-8. Both come by escapes alone, and are refused. */
const doubtful = /\\u(0000|d[89a-f])/i

function parse(body: Bytes): unknown {
  try {
    const text = utf8.decode(body)
    return doubtful.test(text) ? JSON.parse(text, refuseUnstorable) : JSON.parse(text)
  } catch {
    throw new Problem('malformed-json')
  }
}

function refuseUnstorable(name: string, value: unknown): unknown {
  if (!storable(name) || (typeof value === 'string' && !storable(value))) throw new SyntaxError('not storable')
  return value
}

function storable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}

const quote = 0x22
const backslash = 0x5c

/** Nesting by brackets outside strings, in one pass and without recursion. */
function depthOf(body: Bytes): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < body.length; i += 1) {
    const byte = body[i]
    if (inString) {
      if (byte === backslash) i += 1
      else if (byte === quote) inString = false
    } else if (byte === quote) inString = true
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1
  }
  return deepest
}
