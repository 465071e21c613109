/** The key files of NetworkManager (nm-settings-keyfile(5), after GLib's GKeyFile): groups of `key=value`, values escaped by backslashes. Pure text. */

export type Keyfile = ReadonlyMap<string, ReadonlyMap<string, string>>

export function writeKeyfile(
  head: string,
  groups: readonly (readonly [string, readonly (readonly [string, string])[]])[],
): string {
  const parts = groups.map(([group, pairs]) =>
    [`[${group}]`, ...pairs.map(([k, v]) => `${k}=${escaped(v)}`), ''].join('\n'),
  )
  return `${head}\n${parts.join('\n')}`
}

/** The last of two equal keys holds; what is no line of a key file is passed over. */
export function readKeyfile(text: string): Keyfile {
  const groups = new Map<string, Map<string, string>>()
  let current: Map<string, string> | undefined
  for (const line of text.split('\n')) {
    const group = /^\[([^[\]]+)\]\s*$/.exec(line)?.[1]
    if (group !== undefined) {
      current = groups.get(group) ?? new Map()
      groups.set(group, current)
      continue
    }
    const at = line.indexOf('=')
    if (!current || at <= 0 || line.startsWith('#')) continue
    current.set(line.slice(0, at).trimEnd(), unescaped(line.slice(at + 1).replace(/^[ \t]+/, '')))
  }
  return groups
}

/** Blanks at the beginning would be lost; a backslash begins an escape. */
function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replace(/^ +/, (blanks) => '\\s'.repeat(blanks.length))
}

function unescaped(value: string): string {
  const marks: Record<string, string> = { s: ' ', t: '\t', n: '\n', r: '\r', '\\': '\\' }
  return value.replaceAll(/\\(.)/g, (all, mark: string) => marks[mark] ?? all)
}
