/** The icon of web apps, since Google demands one: a plain square with a lighter one within (PNG, RFC 2083). */
import { crc32, deflateSync } from 'node:zlib'

const side = 512
const [edge, dark, light] = [128, [0x1f, 0x4e, 0x79], [0x9f, 0xc5, 0xe8]] as const
let made: string | undefined

/** Base64url, as Google's resource WebAppIcon takes it. Made once. */
export function icon(): string {
  made ??= draw().toString('base64url')
  return made
}

function draw(): Buffer {
  const rows = Buffer.alloc(side * (1 + side * 3))
  for (let y = 0; y < side; y += 1)
    for (let x = 0; x < side; x += 1) {
      const inner = x >= edge && x < side - edge && y >= edge && y < side - edge
      rows.set(inner ? light : dark, y * (1 + side * 3) + 1 + x * 3)
    }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(side, 0)
  head.writeUInt32BE(side, 4)
  // 8 bits a channel, true colour, and the one compression, filter and order that there are.
  head.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, sum])
}
