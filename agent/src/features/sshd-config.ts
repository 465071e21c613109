/** Reads the SSH server's configuration the way sshd does (sshd_config(5)): the first value of a keyword holds, includes are read in place, Match blocks stand apart. */
import type { Tree } from '../tree.ts'

export interface SshdConfig {
  /** Lower-case keyword -> value in force outside Match blocks, and the file that says so. */
  readonly values: ReadonlyMap<string, { value: string; file: string }>
  /** Lower-case keywords that some Match block sets. */
  readonly matched: ReadonlySet<string>
}

export const sshdConfig = '/etc/ssh/sshd_config'
const depthLimit = 8
const filesLimit = 64

export function readSshdConfig(tree: Tree): SshdConfig | undefined {
  if (tree.text(sshdConfig) === undefined) return undefined
  const values = new Map<string, { value: string; file: string }>()
  const matched = new Set<string>()
  let files = 0

  /** A Match block in an included file ends with that file; an include inside a Match block belongs to it. */
  function readFile(file: string, depth: number, inMatch: boolean): void {
    files += 1
    if (depth > depthLimit || files > filesLimit) return
    let conditional = inMatch
    for (const line of (tree.text(file) ?? '').split('\n')) {
      const { keyword, value } = splitLine(line)
      if (keyword === '') continue
      if (keyword === 'match') conditional = inMatch || value.toLowerCase() !== 'all'
      else if (keyword === 'include')
        for (const found of value.split(/\s+/).flatMap((p) => expand(tree, p))) readFile(found, depth + 1, conditional)
      else if (conditional) matched.add(keyword)
      else if (!values.has(keyword)) values.set(keyword, { value, file })
    }
  }
  readFile(sshdConfig, 0, false)
  return { values, matched }
}

/** `Keyword value`, `Keyword=value`, quotes and trailing comments as sshd takes them. */
export function splitLine(line: string): { keyword: string; value: string } {
  const text = line.trim()
  if (text === '' || text.startsWith('#')) return { keyword: '', value: '' }
  const m = /^([^\s=]+)(?:\s*=\s*|\s+)(.*)$/.exec(text)
  if (!m) return { keyword: text.toLowerCase(), value: '' }
  const rest = (m[2] ?? '').trim()
  const quoted = /^"([^"]*)"/.exec(rest)
  return { keyword: (m[1] ?? '').toLowerCase(), value: quoted ? (quoted[1] ?? '') : rest.replace(/\s+#.*$/, '') }
}

/** Wildcards in the last part alone, as distributions use them; a relative path is below /etc/ssh. */
function expand(tree: Tree, pattern: string): string[] {
  const full = pattern.startsWith('/') ? pattern : `/etc/ssh/${pattern}`
  const slash = full.lastIndexOf('/')
  const directory = full.slice(0, slash) || '/'
  const last = full.slice(slash + 1)
  if (/[*?[]/.test(directory)) return []
  if (!/[*?]/.test(last)) return [full]
  return tree
    .list(directory)
    .filter((n) => matches(last, n))
    .map((n) => `${directory}/${n}`)
}

/** `*` and `?`; a leading dot must be written out. Without backtracking beyond the last star. */
function matches(pattern: string, name: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false
  let p = 0
  let n = 0
  let star = -1
  let mark = 0
  while (n < name.length) {
    if (pattern[p] === '*') {
      star = p
      p += 1
      mark = n
    } else if (pattern[p] === '?' || pattern[p] === name[n]) {
      p += 1
      n += 1
    } else if (star >= 0) {
      p = star + 1
      mark += 1
      n = mark
    } else return false
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}
