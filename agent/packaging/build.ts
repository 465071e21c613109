#!/usr/bin/env node
/** `npm run package -w @muster/agent [-- --arch x64|arm64] [--out DIR] [--node FILE]`: what devices install, made from these sources. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import manifest from '../package.json' with { type: 'json' }
import { bundleAgent, licenceBeside, section } from './bundle.ts'
import { type Deb, deb } from './deb.ts'
import { gzipped } from './gzip.ts'
import { type Arch, findRuntime, processors, readRuntime } from './runtime.ts'
import { type Entry, tar } from './tar.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const read = (path: string) => readFile(here(path), 'utf8')
const { version } = manifest
const debianVersion = version.replace('-', '~')
/** The same sources give the same bytes: the time of every file, 1 January 2026 unless told (reproducible-builds.org). */
const mtimeS = Number(process.env.SOURCE_DATE_EPOCH ?? 1_767_225_600)
/** What a folder of packages may hold; all of it is in SHA256SUMS. */
const ours = /^(muster-agent[-_][\w.+~-]+\.(tar\.gz|deb)|install\.sh)$/

/** What goes to /usr/lib/muster-agent. */
async function agentFiles(arch: Arch, node?: string): Promise<{ files: Entry[]; stripped: boolean }> {
  const program = await findRuntime(arch, node)
  const nodeLicence = await licenceBeside(program)
  if (nodeLicence === undefined) throw new Error(`The licence of Node.js (LICENSE) must lie beside ${program}.`)
  // One after the other: what fails leaves no temporary file behind.
  const bundle = await bundleAgent(here('../src/main.ts'))
  const runtime = await readRuntime(program)
  const files: Entry[] = [
    { path: 'bin/muster-agent', bytes: Buffer.from(await read('files/muster-agent.sh')), mode: 0o755 },
    { path: 'lib/node', bytes: runtime.bytes, mode: 0o755 },
    { path: 'lib/muster-agent.mjs', bytes: Buffer.from(bundle.code) },
    { path: 'muster-agent.service', bytes: Buffer.from(await read('files/muster-agent.service')) },
    { path: 'LICENSE', bytes: Buffer.from(await read('../../LICENSE')) },
    { path: 'THIRD-PARTY', bytes: Buffer.from(`${bundle.notices}\n${section('Node.js', nodeLicence)}`) },
  ]
  return { files, stripped: runtime.stripped }
}

async function debOf(arch: Arch, files: readonly Entry[]): Promise<Deb> {
  const moved: Readonly<Record<string, string>> = {
    'muster-agent.service': 'usr/lib/systemd/system/muster-agent.service',
    LICENSE: 'usr/share/doc/muster-agent/copyright',
    'THIRD-PARTY': 'usr/share/doc/muster-agent/THIRD-PARTY',
  }
  return {
    name: 'muster-agent',
    // In Debian's order of versions a tilde comes before the end, as a suffix after a dash does in ours.
    version: debianVersion,
    architecture: processors[arch].debian,
    fields: {
      Maintainer: 'Muster contributors <contributors@muster.example>',
      // What the runtime asks of its loader: glibc 2.28 and the GCC runtime libraries.
      Depends: 'libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6, init-system-helpers (>= 1.54)',
      Section: 'admin',
      Priority: 'optional',
      Description:
        'keeps this device managed by a Muster server\n The agent reports what the device is, does what its administrators ask for, and enforces\n their policies. It comes with the runtime it needs.',
    },
    files: [
      ...files.map((f) => ({ ...f, path: moved[f.path] ?? `usr/lib/muster-agent/${f.path}` })),
      { path: 'usr/bin/muster-agent', link: '../lib/muster-agent/bin/muster-agent' },
      { path: 'etc/default/muster-agent', bytes: Buffer.from(await read('files/muster-agent.default')) },
    ],
    conffiles: ['/etc/default/muster-agent'],
    scripts: {
      postinst: await read('files/postinst.sh'),
      prerm: await read('files/prerm.sh'),
      postrm: await read('files/postrm.sh'),
    },
  }
}

/** Each file appears whole or not at all. */
async function put(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const fresh = join(folder, `.${name}.${process.pid}`)
  await writeFile(fresh, bytes)
  await rename(fresh, join(folder, name))
}

/** Written last: who reads the folder meanwhile sees what the list does not vouch for, and leaves it. */
async function sums(folder: string): Promise<string> {
  const lines: string[] = []
  for (const name of (await readdir(folder)).filter((f) => ours.test(f)).sort())
    lines.push(
      `${createHash('sha256')
        .update(await readFile(join(folder, name)))
        .digest('hex')}  ${name}\n`,
    )
  return lines.join('')
}

async function build(o: { arch: Arch; out: string; node?: string }): Promise<void> {
  const { files, stripped } = await agentFiles(o.arch, o.node)
  if (!stripped) console.warn('The runtime keeps its symbols: there is no `strip` here that knows this processor.')
  const name = `muster-agent-${version}-linux-${o.arch}`
  const [archive, debian] = await Promise.all([
    gzipped(tar(files, { mtimeS, prefix: `${name}/` })),
    deb(await debOf(o.arch, files), mtimeS),
  ])
  await mkdir(o.out, { recursive: true })
  await put(o.out, `${name}.tar.gz`, archive)
  await put(o.out, `muster-agent_${debianVersion}_${processors[o.arch].debian}.deb`, debian)
  await put(o.out, 'install.sh', await readFile(here('files/install.sh')))
  const list = await sums(o.out)
  await put(o.out, 'SHA256SUMS', Buffer.from(list))
  process.stdout.write(list)
}

const { values } = parseArgs({
  options: { arch: { type: 'string' }, out: { type: 'string' }, node: { type: 'string' } },
})
const arch = values.arch ?? process.arch
if (!Object.hasOwn(processors, arch)) {
  console.error(`--arch takes ${Object.keys(processors).join(' or ')}, not ${arch}.`)
  process.exit(2)
}
/** npm runs this in the package's folder; paths are meant from where the person is. */
const from = process.env.INIT_CWD ?? process.cwd()
const { out, node } = values
await build({
  arch: arch as Arch,
  out: out === undefined ? here('../dist') : resolve(from, out),
  node: node === undefined ? undefined : resolve(from, node),
})
