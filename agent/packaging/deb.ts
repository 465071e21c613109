/** A Debian package (deb(5)): an ar archive of a version, what dpkg must know, and the files. */
import { createHash } from 'node:crypto'
import { gzipped } from './gzip.ts'
import { type Entry, tar } from './tar.ts'

export interface Deb {
  readonly name: string
  readonly version: string
  /** Debian's word for the processor: amd64, arm64. */
  readonly architecture: string
  /** Further fields of the control file, in order. */
  readonly fields: Readonly<Record<string, string>>
  readonly files: readonly Entry[]
  /** Absolute paths that an administrator may edit and an upgrade keeps. */
  readonly conffiles: readonly string[]
  /** preinst, postinst, prerm, postrm. */
  readonly scripts: Readonly<Record<string, string>>
}

export async function deb(p: Deb, mtimeS: number): Promise<Buffer> {
  const o = { mtimeS, prefix: './' }
  const control: Entry[] = [
    { path: 'control', bytes: Buffer.from(controlFile(p)) },
    { path: 'md5sums', bytes: Buffer.from(sums(p.files)) },
    { path: 'conffiles', bytes: Buffer.from(p.conffiles.map((c) => `${c}\n`).join('')) },
    ...Object.entries(p.scripts).map(([path, script]) => ({ path, bytes: Buffer.from(script), mode: 0o755 })),
  ]
  const [head, data] = await Promise.all([gzipped(tar(control, o)), gzipped(tar(p.files, o))])
  return ar(
    [
      ['debian-binary', Buffer.from('2.0\n')],
      ['control.tar.gz', head],
      ['data.tar.gz', data],
    ],
    mtimeS,
  )
}

function controlFile(p: Deb): string {
  const bytes = p.files.reduce((sum, f) => sum + (f.bytes?.length ?? 0), 0)
  const fields: Record<string, string> = {
    Package: p.name,
    Version: p.version,
    Architecture: p.architecture,
    // In KiB, as a hint for people: deb-control(5).
    'Installed-Size': String(Math.ceil(bytes / 1024)),
    ...p.fields,
  }
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')
}

function sums(files: readonly Entry[]): string {
  return files
    .flatMap((f) => (f.bytes ? [`${createHash('md5').update(f.bytes).digest('hex')}  ${f.path}\n`] : []))
    .sort()
    .join('')
}

/** The common ar format: a 60-byte head for each member, members on even offsets. */
function ar(members: readonly (readonly [string, Uint8Array])[], mtimeS: number): Buffer {
  const pieces: Uint8Array[] = [Buffer.from('!<arch>\n')]
  for (const [name, bytes] of members) {
    const field = (value: string | number, width: number) => String(value).padEnd(width)
    pieces.push(
      Buffer.from(
        `${field(name, 16)}${field(mtimeS, 12)}${field(0, 6)}${field(0, 6)}${field('100644', 8)}${field(bytes.length, 10)}\`\n`,
      ),
      bytes,
    )
    if (bytes.length % 2 === 1) pieces.push(Buffer.from('\n'))
  }
  return Buffer.concat(pieces)
}
