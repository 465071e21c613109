/** Password rules: pwquality and pwhistory for what a new password must be, login.defs for how long it lasts, faillock for how often one may guess. */
import { passcode as words } from '@muster/contract'
import type { Tree } from '../tree.ts'
import type { Feature } from './feature.ts'
import { putLines } from './managed-lines.ts'
import type { Edit } from './originals.ts'
import { readSettings } from './settings.ts'

const security = '/etc/security'
const quality = `${security}/pwquality.conf`
const qualityDropIn = `${security}/pwquality.conf.d/99-muster.conf`
const history = `${security}/pwhistory.conf`
const lock = `${security}/faillock.conf`
const aging = '/etc/login.defs'
/** shadow's word for "never". */
const neverDays = 99_999

/** pwquality.conf(5): the drop-ins are read first and in order, then the main file, and the last value holds; built-in: 8 and 0. */
function qualityInForce(tree: Tree, key: string, standard: number): number {
  const dropIns = tree
    .list(`${security}/pwquality.conf.d`)
    .filter((n) => n.endsWith('.conf'))
    .map((n) => `${security}/pwquality.conf.d/${n}`)
  return lastNumber(tree, [...dropIns, quality], key) ?? standard
}

export const passcode: Feature = {
  id: words.id,
  watches: [quality, `${quality}.d`, history, lock, aging, '/etc/pam.d'],
  check(tree) {
    const days = lastNumber(tree, [aging], 'PASS_MAX_DAYS') ?? neverDays
    const modules = pamModules(tree)
    return {
      values: {
        minLength: qualityInForce(tree, 'minlen', 8),
        minClasses: qualityInForce(tree, 'minclass', 0),
        maxAgeDays: days >= neverDays || days < 0 ? 0 : days,
        history: lastNumber(tree, [history], 'remember') ?? 10,
        maxFailedAttempts: lastNumber(tree, [lock], 'deny') ?? 3,
      },
      pam: {
        quality: modules.has('pam_pwquality') || modules.has('pam_passwdqc'),
        history: modules.has('pam_pwhistory'),
        lock: modules.has('pam_faillock'),
      },
    }
  },

  async put(m, settings) {
    const s = readSettings(words, settings)
    const { tree } = m
    const lines = (path: string, ours: Record<string, number>, style: 'equals' | 'space') =>
      linesEdit(tree, path, ours, style)
    const edits: Edit[] = [
      {
        path: qualityDropIn,
        kind: 'whole',
        text: `# Managed by Muster: changes are overwritten.\nminlen = ${s.minLength}\nminclass = ${s.minClasses}\n`,
      },
      // The main file is read after the drop-ins: what it says of these is put out of force.
      ...(m.originals.keeps(words.id, quality) || speaks(tree.text(quality) ?? '', ['minlen', 'minclass'])
        ? lines(quality, { minlen: s.minLength, minclass: s.minClasses }, 'equals')
        : []),
      ...lines(aging, { PASS_MAX_DAYS: s.maxAgeDays === 0 ? neverDays : s.maxAgeDays }, 'space'),
      ...(s.history > 0 ? lines(history, { remember: s.history }, 'equals') : []),
      ...(s.maxFailedAttempts > 0 ? lines(lock, { deny: s.maxFailedAttempts }, 'equals') : []),
    ]
    return { files: m.originals.change(words.id, edits) }
  },
  drop: async (m) => ({ files: m.originals.restore(words.id) }),
}

function linesEdit(tree: Tree, path: string, ours: Record<string, number>, style: 'equals' | 'space'): Edit[] {
  const keys = Object.keys(ours)
  const lines = Object.entries(ours).map(([k, v]) => (style === 'equals' ? `${k} = ${v}` : `${k}\t${v}`))
  const text = putLines(tree.text(path) ?? '', { lines, silences: (line) => speaks(line, keys), where: 'bottom' })
  return [{ path, kind: 'lines', text }]
}

/** Whether text has a line in force for one of the keys. */
function speaks(text: string, keys: readonly string[]): boolean {
  return text.split('\n').some((line) => keys.includes(keyOf(line)))
}

function keyOf(line: string): string {
  return /^\s*([A-Za-z_]\w*)/.exec(line)?.[1] ?? ''
}

/** The last number given for a key over all files; `key = 5` and `KEY 5` alike. */
function lastNumber(tree: Tree, files: readonly string[], key: string): number | undefined {
  let found: number | undefined
  for (const line of files.flatMap((f) => (tree.text(f) ?? '').split('\n'))) {
    if (keyOf(line) !== key) continue
    const value = /^\s*\w+\s*[=\s]\s*(-?\d{1,9})\b/.exec(line)?.[1]
    if (value !== undefined) found = Number(value)
  }
  return found
}

/** Modules that some service of /etc/pam.d asks, without `.so`. */
function pamModules(tree: Tree): Set<string> {
  const found = new Set<string>()
  for (const file of tree.list('/etc/pam.d', 256)) {
    for (const line of (tree.text(`/etc/pam.d/${file}`, 65_536) ?? '').split('\n')) {
      if (line.trimStart().startsWith('#')) continue
      for (const [, module] of line.matchAll(/\b(pam_\w+)\.so\b/g)) found.add(module as string)
    }
  }
  return found
}
