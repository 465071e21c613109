/** Large objects (OMA-TS-DM_Protocol 1.2, 10; MoreData): what comes in parts is put together before it is obeyed, what is too long goes out in parts. */
import type { Reply } from './obey.ts'
import type { ServerCommand, ServerWord } from './syncml/index.ts'
import type { Node } from './tree/index.ts'
import { NotUnderstood } from './xml.ts'

export interface Piece {
  readonly cmdRef: string
  readonly uri: string
  readonly node: Node
  /** Of the whole, with the first part. */
  readonly size?: number
  readonly more?: true
  /** One that follows the first. */
  readonly rest?: true
}

/** Results of these replies, in order. `longest`: bytes of one value. */
export function piecesOf(replies: readonly Reply[], longest: number): Piece[] {
  return replies.flatMap(({ cmdRef, results = [] }) =>
    results.flatMap(({ uri, node }): Piece[] => {
      const size = Buffer.byteLength(node.data)
      if (size <= longest) return [{ cmdRef, uri, node }]
      const letters = [...node.data]
      const count = Math.ceil(size / longest)
      const each = Math.ceil(letters.length / count)
      return Array.from({ length: count }, (_, i) => ({
        cmdRef,
        uri,
        node: { format: node.format, data: letters.slice(i * each, (i + 1) * each).join('') },
        ...(i === 0 ? { size } : { rest: true as const }),
        ...(i < count - 1 && { more: true as const }),
      }))
    }),
  )
}

interface Half {
  readonly uri: string
  readonly verb: string
  readonly size: number
  readonly format?: string
  readonly type?: string
  data: string
}
type Executable = Exclude<ServerWord, { verb: 'Alert' }>

/** What of a message can be obeyed now, and the replies to what is only taken in. */
export function createGather() {
  let half: Half | undefined

  function whole(c: ServerCommand): ServerCommand | Reply {
    const [item] = c.items
    if (!item) return c
    if (half && (half.uri !== item.target || half.verb !== c.verb))
      throw new NotUnderstood(`${c.verb} ${item.target} in the middle of ${half.uri}.`)
    if (!half && !item.more) return c
    if (!half) {
      if (item.size === undefined) throw new NotUnderstood('The first part of a large object has no Size.')
      half = { uri: item.target ?? '', verb: c.verb, size: item.size, format: item.format, type: item.type, data: '' }
    }
    half.data += item.data ?? ''
    if (item.more) return { cmd: c.verb, cmdRef: c.id, code: 213 }
    const { data, size, format, type } = half
    half = undefined
    if (Buffer.byteLength(data) !== size) return { cmd: c.verb, cmdRef: c.id, code: 424 }
    return { ...c, items: [{ ...item, data, format: format ?? item.format, type: type ?? item.type }] }
  }

  return (words: readonly ServerWord[]): { ready: Executable[]; taken: Reply[] } => {
    const ready: Executable[] = []
    const taken: Reply[] = []
    for (const w of words) {
      if (w.verb === 'Alert') continue
      const now = w.verb === 'Atomic' ? w : whole(w)
      if ('code' in now) taken.push(now)
      else ready.push(now)
    }
    return { ready, taken }
  }
}
