/** The screen lock of desktops that keep their settings in dconf: system-wide values, locked against the user's own (dconf(7)). */
import { type JsonObject, linuxScreenLock } from '@muster/contract'
import { notApplicable } from '../failure.ts'
import type { Tree } from '../tree.ts'
import type { Done, Feature, Machine } from './feature.ts'
import { putLines } from './managed-lines.ts'
import type { Edit } from './originals.ts'
import { readSettings } from './settings.ts'

const database = '/etc/dconf/db/local.d'
const values = `${database}/00-muster-screen-lock`
const locks = `${database}/locks/00-muster-screen-lock`
const profile = '/etc/dconf/profile/user'
const keys = {
  idleDelayS: '/org/gnome/desktop/session/idle-delay',
  lockEnabled: '/org/gnome/desktop/screensaver/lock-enabled',
  lockDelayS: '/org/gnome/desktop/screensaver/lock-delay',
} as const

export const screenLock: Feature = {
  id: linuxScreenLock.id,
  watches: [database, `${database}/locks`, profile],
  check(tree): JsonObject {
    if (!hasDconf(tree))
      return { applicable: false, why: 'This device has no desktop that keeps its settings in dconf.' }
    const files = tree.list(database, 256).map((n) => `${database}/${n}`)
    const found = Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, valuesOf(tree, files, key)]))
    const locked = new Set(
      tree.list(`${database}/locks`, 256).flatMap((n) => lines(tree.text(`${database}/locks/${n}`))),
    )
    return {
      // Which of two files dconf believes is not to be relied on: only one answer counts.
      values: Object.fromEntries(
        Object.entries(found).map(([name, all]) => [name, all.length === 1 ? (all[0] ?? null) : null]),
      ),
      conflicting: Object.keys(keys).filter((name) => (found[name]?.length ?? 0) > 1),
      locked: Object.values(keys).every((key) => locked.has(key)),
      asked: lines(tree.text(profile)).includes('system-db:local'),
    }
  },
  async put(m, settings) {
    const s = readSettings(linuxScreenLock, settings)
    if (!hasDconf(m.tree)) throw notApplicable('This device has no desktop that keeps its settings in dconf.')
    const text = [
      '# Managed by Muster: changes are overwritten.',
      '[org/gnome/desktop/session]',
      `idle-delay=uint32 ${s.idleDelayS}`,
      '[org/gnome/desktop/screensaver]',
      'lock-enabled=true',
      `lock-delay=uint32 ${s.lockDelayS}`,
    ]
    const edits: Edit[] = [
      { path: values, kind: 'whole', text: `${text.join('\n')}\n` },
      { path: locks, kind: 'whole', text: `${Object.values(keys).join('\n')}\n` },
      ...profileEdit(m),
    ]
    return takenOver(m, m.originals.change(linuxScreenLock.id, edits))
  },
  async drop(m) {
    const files = m.originals.restore(linuxScreenLock.id)
    return files.length > 0 ? takenOver(m, files) : { files }
  },
}

/** Without a profile a session asks the user's database alone. */
function profileEdit(m: Machine): Edit[] {
  const text = m.tree.text(profile) ?? ''
  const ours = m.originals.keeps(linuxScreenLock.id, profile)
  if (!ours && lines(text).includes('system-db:local')) return []
  const asked = lines(text).some((l) => l.startsWith('user-db:'))
  const added = asked || ours ? ['system-db:local'] : ['user-db:user', 'system-db:local']
  const wanted = text === '' || (ours && !others(text)) ? ['user-db:user', 'system-db:local'] : added
  return [
    { path: profile, kind: 'lines', text: putLines(text, { lines: wanted, silences: () => false, where: 'bottom' }) },
  ]
}

/** Whether anybody but us says something in the profile. */
function others(text: string): boolean {
  let inside = false
  return text.split('\n').some((line) => {
    if (line.startsWith('# muster: begin')) inside = true
    else if (line === '# muster: end') inside = false
    else return !inside && line.startsWith('user-db:')
    return false
  })
}

/** The files are only the source: what sessions read is compiled from them. */
async function takenOver(m: Machine, files: string[]): Promise<Done> {
  if (!m.tree.live) return { files, skipped: ['dconf update'] }
  const ran = await m.run('dconf', ['update'], { timeoutS: 30 })
  return ran.exitCode === 0 ? { files, reloaded: true } : { files, skipped: ['dconf update'] }
}

/** Every different value that the files give for a key. */
function valuesOf(tree: Tree, files: readonly string[], key: string): (number | boolean)[] {
  const at = key.lastIndexOf('/')
  const [group, name] = [key.slice(1, at), key.slice(at + 1)]
  const found = new Set<number | boolean>()
  for (const file of files) {
    let current = ''
    for (const line of lines(tree.text(file, 262_144))) {
      const section = /^\[(.*)\]$/.exec(line)?.[1]
      if (section !== undefined) current = section
      const m = /^([\w-]+)\s*=\s*(?:uint32\s+)?(true|false|\d{1,10})$/.exec(line)
      if (m && current === group && m[1] === name)
        found.add(m[2] === 'true' || m[2] === 'false' ? m[2] === 'true' : Number(m[2]))
    }
  }
  return [...found]
}

function lines(text: string | undefined): string[] {
  return (text ?? '')
    .split('\n')
    .map((l) => l.trim())
    .filter((l) => l !== '' && !l.startsWith('#'))
}

function hasDconf(tree: Tree): boolean {
  return ['/etc/dconf', '/usr/bin/dconf', '/usr/share/glib-2.0/schemas'].some((at) => tree.exists(at))
}
