/** Kernel parameters: a file of their own for the next start (sysctl.d(5)), and the running kernel at once. */
import { type JsonObject, linuxSysctl, sysctlKeys } from '@muster/contract'
import { Refused } from '../failure.ts'
import type { Tree } from '../tree.ts'
import type { Feature, Machine } from './feature.ts'
import { putLines } from './managed-lines.ts'
import type { Edit } from './originals.ts'
import { readSettings } from './settings.ts'

const dropIn = '/etc/sysctl.d/99-muster.conf'
/** Read after the drop-ins: what it says of ours is put out of force. */
const main = '/etc/sysctl.conf'
const folders = ['/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d']

export const sysctl: Feature = {
  id: linuxSysctl.id,
  watches: [...folders, main],
  check(tree): JsonObject {
    const atStart = configured(tree)
    const configuredNow: JsonObject = {}
    const running: JsonObject = {}
    for (const key of sysctlKeys) {
      const value = atStart.get(key)
      if (value !== undefined) configuredNow[key] = value
      const now = tree.live ? runningValue(tree, key) : undefined
      if (now !== undefined) running[key] = now
    }
    return { configured: configuredNow, running: tree.live ? running : null }
  },

  async put(m, settings) {
    const s = readSettings(linuxSysctl, settings)
    const demanded = Object.entries(s).flatMap(([k, v]) => (v === undefined ? [] : [[k, v] as const]))
    const text = `# Managed by Muster: changes are overwritten.\n${demanded.map(([k, v]) => `${k} = ${v}\n`).join('')}`
    const edits: Edit[] = [
      { path: dropIn, kind: 'whole', text },
      ...silenced(
        m,
        demanded.map(([k]) => k),
      ),
    ]
    if (m.tree.live)
      keepRunning(
        m,
        demanded.map(([k]) => k),
      )
    const files = m.originals.change(linuxSysctl.id, edits)
    if (!m.tree.live) return { files, skipped: ['setting the running kernel'] }
    // Values of earlier settings that are no longer demanded go back first.
    await setRunning(
      m,
      before(m).filter(([k]) => !demanded.some(([d]) => d === k)),
    )
    const refused = await setRunning(m, demanded)
    if (refused.length > 0)
      throw new Refused('kernel-refuses', `The kernel does not take: ${refused.join(', ')}. The rest is in force.`)
    return { files, reloaded: true }
  },

  async drop(m) {
    const values = before(m)
    const files = m.originals.restore(linuxSysctl.id)
    if (!m.tree.live || values.length === 0) return { files }
    await setRunning(m, values)
    return { files, reloaded: true }
  },
}

/** What the running kernel had before the first put of each key. */
function before(m: Machine): [string, number][] {
  const kept = m.originals.memo(linuxSysctl.id)?.running
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept)) return []
  return Object.entries(kept).flatMap(([k, v]) => (typeof v === 'number' && sysctlKeys.includes(k) ? [[k, v]] : []))
}

function keepRunning(m: Machine, keys: readonly string[]): void {
  const running: JsonObject = Object.fromEntries(before(m))
  for (const key of keys) {
    const value = key in running ? undefined : runningValue(m.tree, key)
    if (value !== undefined) running[key] = value
  }
  m.originals.remember(linuxSysctl.id, { running })
}

/** Answers the keys that were not taken. */
async function setRunning(m: Machine, values: readonly (readonly [string, number])[]): Promise<string[]> {
  const refused: string[] = []
  for (const [key, value] of values) {
    if (runningValue(m.tree, key) === value) continue
    const ran = await m.run('sysctl', ['-q', '-w', `${key}=${value}`], { timeoutS: 10 })
    if (ran.exitCode !== 0) refused.push(key)
  }
  return refused
}

function silenced(m: Machine, keys: readonly string[]): Edit[] {
  const text = m.tree.text(main) ?? ''
  const speaks = (line: string) => keys.includes(assignment(line)?.key ?? '')
  // Once ours it stays so until the drop, even if somebody deletes it meanwhile.
  if (!m.originals.keeps(linuxSysctl.id, main) && !text.split('\n').some(speaks)) return []
  return [{ path: main, kind: 'lines', text: putLines(text, { lines: [], silences: speaks, where: 'bottom' }) }]
}

/** The last assignment over all files in the order of their names; a file hides one of the same name in a later folder. */
function configured(tree: Tree): Map<string, number> {
  const files = new Map<string, string>()
  for (const folder of folders)
    for (const name of tree.list(folder, 512))
      if (name.endsWith('.conf') && !files.has(name)) files.set(name, `${folder}/${name}`)
  const ordered = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file)
  const values = new Map<string, number>()
  for (const line of [...ordered, main].flatMap((f) => (tree.text(f, 262_144) ?? '').split('\n'))) {
    const said = assignment(line)
    if (said && /^-?\d{1,10}$/.test(said.value)) values.set(said.key, Number(said.value))
  }
  return values
}

/** `key = value`, slashes for dots, a leading dash for "may fail". */
function assignment(line: string): { key: string; value: string } | undefined {
  const m = /^\s*-?([A-Za-z][\w./-]*)\s*=\s*(.*?)\s*$/.exec(line)
  if (!m) return undefined
  const key = m[1] as string
  const slash = key.indexOf('/')
  const dotted = slash >= 0 && (key.indexOf('.') < 0 || slash < key.indexOf('.')) ? key.replaceAll('/', '.') : key
  return { key: dotted, value: m[2] as string }
}

function runningValue(tree: Tree, key: string): number | undefined {
  const text = tree.text(`/proc/sys/${key.replaceAll('.', '/')}`, 4096)?.trim()
  return text !== undefined && /^-?\d{1,10}$/.test(text) ? Number(text) : undefined
}
