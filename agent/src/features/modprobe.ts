/** Reads which kernel modules cannot be loaded (modprobe.d(5)): a file hides one of the same name in a later folder, the first install rule holds. */
import type { Tree } from '../tree.ts'
import type { Edit } from './originals.ts'

export const modprobeFolders = [
  '/etc/modprobe.d',
  '/run/modprobe.d',
  '/usr/local/lib/modprobe.d',
  '/usr/lib/modprobe.d',
  '/lib/modprobe.d',
]
const refusing = /^(\/usr)?\/s?bin\/(false|true)$/

/** Whether a module's loading is replaced by nothing. A blacklist line alone would only keep it from being loaded by its alias. */
export function cannotLoad(tree: Tree, module: string): boolean {
  for (const file of filesOf(tree)) {
    for (const line of (tree.text(file, 262_144) ?? '').replaceAll('\\\n', ' ').split('\n')) {
      const [word, name, ...command] = line.trim().split(/\s+/)
      if (word !== 'install' || name === undefined || !sameModule(name, module)) continue
      return refusing.test(command.join(' '))
    }
  }
  return false
}

/** Whether the running kernel has it; undefined when no kernel runs in the tree. */
export function isLoaded(tree: Tree, module: string): boolean | undefined {
  if (!tree.live) return undefined
  const rows = tree.text('/proc/modules')?.split('\n')
  return rows?.some((row) => sameModule(row.split(' ', 1)[0] ?? '', module))
}

/** First of all files by its name, so that its rules hold. */
export function refusal(name: string, modules: readonly string[]): Edit {
  const rules = modules.flatMap((m) => [`blacklist ${m}`, `install ${m} /bin/false`])
  return {
    path: `/etc/modprobe.d/00-muster-${name}.conf`,
    kind: 'whole',
    text: `# Managed by Muster: changes are overwritten.\n${rules.join('\n')}\n`,
  }
}

function filesOf(tree: Tree): string[] {
  const found = new Map<string, string>()
  for (const folder of modprobeFolders)
    for (const name of tree.list(folder, 512))
      if (name.endsWith('.conf') && !found.has(name)) found.set(name, `${folder}/${name}`)
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file)
}

function sameModule(a: string, b: string): boolean {
  return a.replaceAll('-', '_') === b.replaceAll('-', '_')
}
