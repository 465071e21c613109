/** Conversations in files, for the generator to read: the number of requests of each, and their bytes, each with its length before it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Gone with `close`. */
export async function scripts() {
  const folder = await mkdtemp(join(tmpdir(), 'muster-bench-script-'))
  let n = 0
  return {
    write: async (conversations: readonly (readonly Buffer[])[]): Promise<string> => {
      n += 1
      const file = join(folder, String(n))
      await writeFile(file, script(conversations))
      return file
    },
    close: () => rm(folder, { recursive: true, force: true }),
  }
}

function script(conversations: readonly (readonly Buffer[])[]): Buffer {
  const parts: Buffer[] = []
  for (const requests of conversations) {
    parts.push(u32(requests.length))
    for (const r of requests) parts.push(u32(r.length), r)
  }
  return Buffer.concat(parts)
}

function u32(n: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(n)
  return bytes
}
