/** JSON bodies: read as bytes, with strict UTF-8, a bound on depth, and no text that the database cannot hold. */
import { type Json, Problem } from '@muster/contract'
import type { FastifyInstance } from 'fastify'

export const jsonLimits = { bytes: 1024 * 1024, depth: 32 } as const
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Throws `malformed-json` or `body-too-deep`. An empty body is undefined. */
export function readJson(bytes: Uint8Array, depth: number = jsonLimits.depth): Json | undefined {
  if (bytes.length === 0) return undefined
  // Depth first, on the bytes: JSON.parse recurses, and a deep value is cheap to send.
  if (depthOf(bytes, depth) > depth) throw new Problem('body-too-deep', { depth })
  const text = decode(bytes)
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (e) {
    if (e instanceof SyntaxError) throw new Problem('malformed-json')
    throw e
  }
  // Any letter may come escaped, also those of a forbidden key.
  if (/\\u(?:00[0-7]|d[89a-f])/i.test(text) || text.includes('__proto__')) refuseUnfit(value)
  return value
}

export function addJsonParser(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: jsonLimits.bytes },
    async (_request: unknown, body: Buffer) => readJson(body),
  )
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (e) {
    if (e instanceof TypeError) throw new Problem('malformed-json')
    throw e
  }
}

function depthOf(bytes: Uint8Array, most: number): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let i = 0; i < bytes.length; i++) {
    const c = bytes[i]
    if (quoted) {
      if (c === 0x5c) i++
      else if (c === 0x22) quoted = false
    } else if (c === 0x22) quoted = true
    else if (c === 0x7b || c === 0x5b) {
      depth++
      if (depth > deepest) deepest = depth
      if (deepest > most) return deepest
    } else if (c === 0x7d || c === 0x5d) depth--
  }
  return deepest
}

/** NUL and half surrogate pairs, which text and jsonb refuse, and the one key that assignment would not keep as a key. */
function refuseUnfit(value: Json): void {
  if (typeof value === 'string') {
    if (value.includes('\0') || !value.isWellFormed()) throw new Problem('malformed-json')
  } else if (Array.isArray(value)) {
    for (const v of value) refuseUnfit(v)
  } else if (value !== null && typeof value === 'object') {
    for (const [k, v] of Object.entries(value)) {
      if (k === '__proto__') throw new Problem('malformed-json')
      refuseUnfit(k)
      refuseUnfit(v)
    }
  }
}
