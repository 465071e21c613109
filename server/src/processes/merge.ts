/** /metrics of several processes as one text: each line says whose it is (Prometheus' text format 0.0.4). */
import type { Numbers } from './messages.ts'

interface Family {
  readonly head: Map<string, string>
  readonly lines: string[]
}

/** Families stand together, as the format wants it, in the order in which they were met. */
export function mergeMetrics(all: readonly Numbers[]): string {
  const families = new Map<string, Family>()
  for (const { process, text } of all) {
    let family = ''
    for (const line of text.split('\n')) {
      const [, kind, name] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? []
      if (kind && name) {
        family = name
        familyOf(family).head.set(kind, line)
      } else if (line !== '' && !line.startsWith('#')) familyOf(family).lines.push(labelled(line, process))
    }
  }
  function familyOf(name: string): Family {
    const known = families.get(name) ?? { head: new Map<string, string>(), lines: [] }
    families.set(name, known)
    return known
  }
  return [...families.values()].map((f) => `${[...f.head.values(), ...f.lines].join('\n')}\n`).join('\n')
}

function labelled(line: string, process: number): string {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0] ?? ''
  const rest = line.slice(name.length)
  return rest.startsWith('{}') || !rest.startsWith('{')
    ? `${name}{process="${process}"}${rest.replace(/^\{\}/, '')}`
    : `${name}{process="${process}",${rest.slice(1)}`
}
