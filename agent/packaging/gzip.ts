/** Compresses in the background, without a time or a name in the result. */
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { createGzip } from 'node:zlib'

/** Half the time of the usual 6, for 3 % more bytes. */
const level = 4

export function gzipped(pieces: readonly Uint8Array[]): Promise<Buffer> {
  const gzip = createGzip({ level })
  const source = Readable.from(pieces)
  source.once('error', (error) => gzip.destroy(error))
  return buffer(source.pipe(gzip))
}
