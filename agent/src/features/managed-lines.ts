/**
 * Settings in files that others edit too: our lines stand in a marked block, lines that would speak against them are put out of force by a prefix.
 * Both can be taken back at any time, whatever else was edited meanwhile. Pure text.
 */

const begin = '# muster: begin (managed: changes in here are overwritten)'
/** Says that the file did not end in a line break before us. */
const beginAfterTorn = `${begin} +`
const end = '# muster: end'
const off = '#muster# '

export interface ManagedLines {
  /** Ours, in order. */
  readonly lines: readonly string[]
  /** Lines of others that must not stay in force. */
  readonly silences: (line: string) => boolean
  readonly where: 'top' | 'bottom'
}

/** Takes an earlier block back first, so that putting twice is putting once. */
export function putLines(text: string, m: ManagedLines): string {
  const clean = dropLines(text)
  const torn = clean !== '' && !clean.endsWith('\n')
  const others = (torn ? `${clean}\n` : clean)
    .split('\n')
    .slice(0, -1)
    .map((line) => (m.silences(line) ? off + line : line))
  const block = [torn ? beginAfterTorn : begin, ...m.lines, end]
  return `${(m.where === 'top' ? [...block, ...others] : [...others, ...block]).join('\n')}\n`
}

/** Without our prefix, however often somebody put it there: what is given back must not look like ours again. */
function inForce(line: string): string {
  let bare = line
  while (bare.startsWith(off)) bare = bare.slice(off.length)
  return bare
}

/** The text as it would be had Muster never touched it. */
export function dropLines(text: string): string {
  const kept: string[] = []
  let inside = false
  let torn = false
  let found = false
  for (const line of text.split('\n').map(inForce)) {
    if (!inside && (line === begin || line === beginAfterTorn)) {
      inside = true
      found = true
      torn ||= line === beginAfterTorn
    } else if (inside) inside = line !== end
    else kept.push(line)
  }
  const clean = kept.join('\n')
  if (!found) return clean
  return torn && clean.endsWith('\n') ? clean.slice(0, -1) : clean
}

export function hasLines(text: string): boolean {
  return text.split('\n').some((line) => line === begin || line === beginAfterTorn)
}
