/** Rules of sudo in a file of their own, in plain words alone (sudoers(5)); visudo judges them before they are there. */
import { type JsonObject, linuxSudoers } from '@muster/contract'
import { notApplicable, Refused } from '../failure.ts'
import type { Tree } from '../tree.ts'
import type { Feature, Machine } from './feature.ts'
import { readSettings } from './settings.ts'

type Rule = ReturnType<typeof linuxSudoers.settings.parse>['rules'][number]

const main = '/etc/sudoers'
/** Without a dot: sudo passes over names that have one. */
const file = '/etc/sudoers.d/muster'
const head = '# Managed by Muster: changes are overwritten.'

export const sudoers: Feature = {
  id: linuxSudoers.id,
  watches: [main, '/etc/sudoers.d'],
  check(tree): JsonObject {
    if (tree.text(main) === undefined) return { applicable: false, why: 'sudo is not installed on this device.' }
    const text = tree.text(file)
    const entry = tree.entry(file)
    const rules = text === undefined ? [] : readRules(text)
    return {
      rules,
      included: isIncluded(tree),
      // Anything beside our own lines counts as changed by somebody.
      exact: text === undefined || (text === writeRules(rules) && entry.kind === 'file' && entry.mode === 0o440),
    }
  },
  async put(m, settings) {
    const { rules } = readSettings(linuxSudoers, settings)
    if (m.tree.text(main) === undefined) throw notApplicable('sudo is not installed on this device.')
    if (!isIncluded(m.tree))
      throw new Refused(
        'not-included',
        `${main} does not include /etc/sudoers.d, so rules there would be dead letters.`,
      )
    const text = writeRules(rules)
    await judge(m, text)
    const files = m.originals.change(linuxSudoers.id, [{ path: file, kind: 'whole', text, mode: 0o440, strict: true }])
    return m.tree.live ? { files } : { files, skipped: ['the check by visudo'] }
  },
  drop: async (m) => ({ files: m.originals.restore(linuxSudoers.id) }),
}

/** A file that sudo cannot read locks every administrator out, so it is read before it is there. */
async function judge(m: Machine, text: string): Promise<void> {
  if (!m.tree.live) return
  const judged = await m.run('visudo', ['-c', '-f', '-'], { input: text, timeoutS: 20 })
  if (!judged.missing && judged.exitCode !== 0)
    throw new Refused(
      'invalid-config',
      `visudo refuses the rules: ${`${judged.stderr}${judged.stdout}`.trim().slice(0, 1000)}`,
    )
}

export function writeRules(rules: readonly Rule[]): string {
  const lines = rules.map(({ who, as, password, commands }) => {
    const escaped = commands.map((c) => c.replaceAll(/[:=]/g, (mark) => `\\${mark}`))
    return `${who} ALL=(${as}) ${password ? 'PASSWD' : 'NOPASSWD'}: ${escaped.join(', ')}`
  })
  return `${[head, ...lines].join('\n')}\n`
}

/** The lines that have our form; others are passed over. */
export function readRules(text: string): Rule[] {
  return text.split('\n').flatMap((line) => {
    const m = /^(%?[a-z_][a-z0-9_.-]*) ALL=\(([A-Za-z0-9_.-]+)\) (NO)?PASSWD: (.+)$/.exec(line)
    if (!m) return []
    const commands = (m[4] as string).split(', ').map((c) => c.replaceAll(/\\([:=])/g, '$1'))
    return [{ who: m[1] as string, as: m[2] as string, commands, password: m[3] === undefined }]
  })
}

function isIncluded(tree: Tree): boolean {
  return /^[@#]includedir\s+\/etc\/sudoers\.d\/?\s*$/m.test(tree.text(main) ?? '')
}
