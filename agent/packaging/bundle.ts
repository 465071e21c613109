/** The agent in one file, and the licences of everybody whose code is in it. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { rolldown } from 'rolldown'

export interface Bundle {
  readonly code: string
  /** Third parties with their licences, as text. */
  readonly notices: string
}

/** Throws when the agent would need a file or a package that is not in the bundle. */
export async function bundleAgent(main: string): Promise<Bundle> {
  const build = await rolldown({
    input: main,
    platform: 'node',
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`The agent does not bundle: ${log.message}`)
    },
  })
  try {
    const { output } = await build.generate({ format: 'esm', codeSplitting: false })
    const [chunk, ...more] = output
    if (more.length > 0) throw new Error(`The agent does not fit one file: ${more.map((o) => o.fileName).join(', ')}`)
    const missing = [...chunk.imports, ...chunk.dynamicImports].filter(
      // A chunk that imports its own parts names itself.
      (name) => !name.startsWith('node:') && name !== chunk.fileName,
    )
    if (missing.length > 0) throw new Error(`The bundle would look for ${missing.join(', ')} on the device.`)
    return { code: chunk.code, notices: await noticesOf(chunk.moduleIds) }
  } finally {
    await build.close()
  }
}

async function noticesOf(modules: readonly string[]): Promise<string> {
  const folders = new Set(modules.filter((id) => id.includes('/node_modules/')).map(packageOf))
  return (await Promise.all([...folders].sort().map(notice))).join('\n')
}

function packageOf(module: string): string {
  let folder = dirname(module)
  // Packages have package.json files of a few words in folders of theirs, for the kind of module: the name tells.
  while (!/\/node_modules\/(@[^/]+\/)?[^/]+$/.test(folder)) folder = dirname(folder)
  return folder
}

async function notice(folder: string): Promise<string> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    name: string
    version: string
    license: string
  }
  const file = (await readdir(folder)).sort().find((f) => /^(licen[cs]e|copying)(\.|$)/i.test(f))
  if (file === undefined) throw new Error(`${name} ${version} (${license}) comes without the text of its licence.`)
  return section(`${name} ${version} (${license})`, await readFile(join(folder, file), 'utf8'))
}

export function section(title: string, text: string): string {
  return `${'='.repeat(72)}\n${title}\n${'='.repeat(72)}\n\n${text.trim()}\n`
}

/** The licence that lies beside a program, or one folder above it. */
export async function licenceBeside(program: string): Promise<string | undefined> {
  const at = [dirname(program), dirname(dirname(program))].map((f) => join(f, 'LICENSE')).find((f) => existsSync(f))
  return at === undefined ? undefined : readFile(at, 'utf8')
}
