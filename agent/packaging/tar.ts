/** Writes tar archives (ustar, POSIX.1-1988) that depend on nothing but their contents: sorted, owned by root, of one time. */

/** A file with `bytes`, a symbolic link with `link`, a folder with neither. `path` is relative, without `.` and `..`. */
export interface Entry {
  readonly path: string
  readonly bytes?: Uint8Array
  readonly link?: string
  /** Permission bits; 644 for files and 755 for folders when absent. */
  readonly mode?: number
}

const block = 512

/** The archive in pieces, so that large files are never copied. Folders above the entries are made. `prefix` is put before each path. */
export function tar(entries: readonly Entry[], o: { mtimeS: number; prefix?: string }): Uint8Array[] {
  const prefix = o.prefix ?? ''
  const pieces: Uint8Array[] = []
  for (const entry of withFolders(entries)) {
    const folder = entry.bytes === undefined && entry.link === undefined
    pieces.push(header(entry, `${prefix}${entry.path}${folder ? '/' : ''}`, folder, o.mtimeS))
    if (!entry.bytes) continue
    pieces.push(entry.bytes, Buffer.alloc((block - (entry.bytes.length % block)) % block))
  }
  return [...pieces, Buffer.alloc(2 * block)]
}

function withFolders(entries: readonly Entry[]): Entry[] {
  const all = new Map<string, Entry>()
  for (const entry of entries) {
    const steps = entry.path.split('/')
    for (let i = 1; i < steps.length; i += 1) {
      const path = steps.slice(0, i).join('/')
      if (!all.has(path)) all.set(path, { path })
    }
    all.set(entry.path, entry)
  }
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

function header(entry: Entry, name: string, folder: boolean, mtimeS: number): Buffer {
  const h = Buffer.alloc(block)
  const octal = (value: number, at: number, width: number) =>
    h.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, width, 'latin1')
  text(h, name, 0, 100)
  octal(entry.mode ?? (folder ? 0o755 : entry.link === undefined ? 0o644 : 0o777), 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(entry.bytes?.length ?? 0, 124, 12)
  octal(mtimeS, 136, 12)
  h.write(folder ? '5' : entry.link === undefined ? '0' : '2', 156, 1, 'latin1')
  text(h, entry.link ?? '', 157, 100)
  h.write('ustar\x0000', 257, 8, 'latin1')
  text(h, 'root', 265, 32)
  text(h, 'root', 297, 32)
  // The sum is taken with blanks in its own place.
  h.fill(' ', 148, 156)
  const sum = h.reduce((a, b) => a + b, 0)
  h.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8, 'latin1')
  return h
}

function text(h: Buffer, value: string, at: number, width: number): void {
  if (Buffer.byteLength(value) > width) throw new RangeError(`${value} is too long for a tar header (${width} bytes)`)
  h.write(value, at, width, 'utf8')
}
