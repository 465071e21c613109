/** The server token as Apple Business Manager gives it: an S/MIME message (RFC 8551) that our key opens, in it the four words of OAuth 1.0. Hostile until it is opened. */
import type { KeyObject } from 'node:crypto'
import { CmsError, openEnveloped } from '@muster/kit/cms'
import { z } from 'zod'

const word = z.string().min(1).max(1000)
const shape = z.object({
  consumer_key: word,
  consumer_secret: word,
  access_token: word,
  access_secret: word,
  access_token_expiry: z.iso.datetime({ offset: true }),
})
export type ServerToken = z.infer<typeof shape>

const longest = 100_000

/** Undefined: it is no server token, or not for this key. */
export function readServerToken(
  file: Uint8Array,
  to: { certificate: Uint8Array; key: KeyObject },
): ServerToken | undefined {
  if (file.length > longest) return undefined
  try {
    const { content } = openEnveloped(cmsIn(Buffer.from(file)), [to])
    return tokenIn(content.toString('utf8'))
  } catch (e) {
    if (e instanceof CmsError) return undefined
    throw e
  }
}

/** As it is downloaded: headers, an empty line, base64. Some tools save the binary alone. */
function cmsIn(file: Buffer): Buffer {
  if (file[0] === 0x30) return file
  const text = file.toString('latin1')
  const [, body = text] = /^[\s\S]*?\r?\n\r?\n([\s\S]*)$/.exec(text) ?? []
  return Buffer.from(body.replaceAll(/\s/g, ''), 'base64')
}
/** Inside is a message again, with JSON between two marks. */
function tokenIn(text: string): ServerToken | undefined {
  const json = /-----BEGIN MESSAGE-----([\s\S]*?)-----END MESSAGE-----/.exec(text)?.[1] ?? ''
  try {
    return shape.safeParse(JSON.parse(json.replaceAll(/[\r\n]/g, ''))).data
  } catch {
    return undefined
  }
}
