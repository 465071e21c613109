/** What goes out in one message: commands in their order, as many as fit, a large one in parts. */
import type { AtomicWord, CommandWord, Item, Word } from '../syncml/index.ts'
import { commandId } from './command-id.ts'
import { type Piece, sizeOf, type Talk } from './talk.ts'

/** Where the device sets no limit. Around commands stand the header and statuses; each command has words of its own. */
export const messageBytes = 384 << 10
const overhead = { message: 1_200, command: 260 } as const
/** Escaped, a letter is six bytes at most (&quot;). */
const escaped = 6
const smallestPart = 32

export interface Composed {
  readonly words: Word[]
  readonly later: Piece[]
}

/** `room`: bytes of the message; `limited`: the device said so, and larger objects go in parts. */
export function compose(
  pieces: readonly Piece[],
  t: Pick<Talk, 'open'>,
  mark: string,
  room: number,
  limited: boolean,
): Composed {
  const words: Word[] = []
  let left = room - overhead.message
  const rest = [...pieces]
  while (rest.length > 0) {
    const group = nextGroup(rest)
    const size = group.reduce((sum, p) => sum + sizeOfPiece(p), 0)
    const [first] = group as [Piece]
    if (size > left && !(words.length === 0 && (first.atomic || !limited))) {
      const part =
        !first.atomic && limited && left > overhead.command + first.uri.length + smallestPart * escaped
          ? split(first, left)
          : undefined
      if (!part) break
      words.push(command(part.now, t, mark, true))
      return { words, later: [part.after, ...rest.slice(1)] }
    }
    rest.splice(0, group.length)
    left -= size
    words.push(first.atomic ? atomic(group, t, mark) : command(first, t, mark))
  }
  return { words, later: rest }
}

/** One command, or all of an Atomic. */
function nextGroup(pieces: readonly Piece[]): Piece[] {
  const [first] = pieces
  if (!first?.atomic) return first ? [first] : []
  const end = pieces.findIndex((p) => p.delivery !== first.delivery)
  return pieces.slice(0, end < 0 ? pieces.length : end)
}

const sizeOfPiece = (p: Piece): number =>
  overhead.command + sizeOf(p.uri) + sizeOf(p.data ?? '') * (/[&<>"\r]/.test(p.data ?? '') ? 2 : 1)

function split(p: Piece, room: number): { now: Piece; after: Piece } | undefined {
  const letters = Math.floor((room - overhead.command - p.uri.length) / escaped)
  const data = p.data ?? ''
  if (data.length <= letters) return undefined
  // Never between the halves of one character.
  const at = /[\ud800-\udbff]/.test(data.charAt(letters - 1)) ? letters - 1 : letters
  const size = p.rest ? undefined : sizeOf(data)
  return {
    now: { ...p, data: data.slice(0, at), ...(size !== undefined && { size }) },
    after: { ...p, data: data.slice(at), rest: true, size: undefined },
  }
}

function command(p: Piece, t: Pick<Talk, 'open'>, mark: string, more?: true): CommandWord {
  const of = t.open[p.delivery]?.codes.length ?? 1
  const item: Item = {
    target: p.uri,
    format: p.format,
    type: p.type,
    data: p.data,
    ...(p.size !== undefined && { size: p.size }),
    ...(more && { more }),
  }
  return {
    kind: 'command',
    id: commandId({ delivery: p.delivery, index: p.index, of }, mark),
    verb: p.verb,
    items: [item],
  }
}

function atomic(group: readonly Piece[], t: Pick<Talk, 'open'>, mark: string): AtomicWord {
  const [first] = group as [Piece]
  const of = t.open[first.delivery]?.codes.length ?? group.length
  return {
    kind: 'atomic',
    id: commandId({ delivery: first.delivery, index: 'all', of }, mark),
    commands: group.map((p) => command(p, t, mark)),
  }
}
