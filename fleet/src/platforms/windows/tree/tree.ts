/** The tree of one PC: what a command on a node is answered (OMA DM 1.2 TND; status codes of OMA-TS-SyncML-RepPro 10), before and after it takes effect. */
import type { Item, Verb } from '../syncml/index.ts'
import { readXml } from '../xml.ts'
import { canonical, factOf } from './lookup.ts'
import { inOwnWords } from './own-words.ts'
import type { Fact, Right } from './table.ts'

export interface Node {
  readonly format: string
  readonly data: string
}
/** What was put into the tree, by its place. */
export type Nodes = { [uri: string]: Node }

export interface Asked extends Item {
  readonly verb: Verb
  readonly target: string
}
export interface Answered {
  readonly code: number
  /** `msft:originalerror`. */
  readonly original?: string
  /** Of a Get. */
  readonly result?: Node
  /** Of a Get of everything below (`?list=StructData`, MS-MDM). */
  readonly all?: readonly { readonly uri: string; readonly node: Node }[]
}
export interface TreeDeps {
  readonly edition: string
  readonly lenient: boolean
  nodes(): Nodes
  /** What the device itself knows: read-only. */
  own(): Readonly<Record<string, Node>>
  /** Whether `./User` is anybody. */
  hasUser(): boolean
  /** What executing it does. */
  exec(uri: string, data: string): Answered
  /** After something was put in or taken out. */
  changed(uri: string, node: Node | undefined): void
}
export interface Tree {
  /** What it would be answered, without doing it. */
  ask(a: Asked): Answered
  act(a: Asked): Answered
  isRepeatable(a: Asked): boolean
}

const right: Readonly<Record<Verb, Right>> = { Add: 'A', Delete: 'D', Get: 'G', Replace: 'R', Exec: 'E' }
const notFound = { code: 404, original: '0x86000002' } as const
const notAllowed = { code: 405, original: '0x86000005' } as const
const badData = { code: 500, original: '0x80070057' } as const
const badFormat = { code: 415, original: '0x86000015' } as const
const exists = { code: 418, original: '0x86000012' } as const
const done = { code: 200 } as const

const whole = '?list=StructData'
const placeOf = ({ verb, target }: Asked): string =>
  canonical(verb === 'Get' && target.endsWith(whole) ? target.slice(0, -whole.length) : target)

/** A Replace makes them (Policy CSP), whatever else the device is strict about. */
const makes = /\/Policy\/Config\//

export function createTree(o: TreeDeps): Tree {
  const nodes = o.nodes
  const nodeAt = (uri: string): Node | undefined => nodes()[uri] ?? o.own()[uri] ?? resultOf(uri)
  /** What is in force, of a policy (Policy/Result). */
  const resultOf = (uri: string) =>
    uri.includes('/Policy/Result/') ? nodes()[uri.replace('/Policy/Result/', '/Policy/Config/')] : undefined
  const below = (uri: string) => {
    const under = `${uri}/`
    const all = [...Object.keys(nodes()), ...Object.keys(o.own())].filter((k) => k.startsWith(under))
    return [...new Set(all.map((k) => k.slice(under.length).split('/', 1)[0] ?? ''))]
  }
  const everything = (uri: string) =>
    Object.entries({ ...o.own(), ...nodes() }).flatMap(([key, node]) =>
      key.startsWith(`${uri}/`) ? [{ uri: key, node: inOwnWords(key, node) }] : [],
    )
  const isThere = (uri: string) => nodeAt(uri) !== undefined || below(uri).length > 0

  function ask(a: Asked): Answered {
    const uri = placeOf(a)
    if (!uri.startsWith('./')) return notFound
    if (uri.startsWith('./User/') && !o.hasUser()) return notFound
    const fact = factOf(uri)
    if (!fact && a.verb === 'Get' && below(uri).length > 0) return done
    if (!fact || fact.without?.includes(o.edition))
      return a.verb === 'Delete' && below(uri).length > 0 ? notAllowed : notFound
    if (!fact.rights.includes(right[a.verb])) return notAllowed
    switch (a.verb) {
      case 'Get':
      case 'Delete':
        return isThere(uri) ? done : notFound
      case 'Add':
        return isThere(uri) ? exists : judged(fact, a)
      case 'Replace':
        if (!isThere(uri) && fact.rights.includes('A') && !o.lenient && !makes.test(uri)) return notFound
        return judged(fact, a)
      case 'Exec':
        return fact.rights.includes('A') && !isThere(uri) ? notFound : done
    }
  }

  function act(a: Asked): Answered {
    const first = ask(a)
    if (first.code !== 200) return first
    const uri = placeOf(a)
    switch (a.verb) {
      case 'Get': {
        if (a.target.endsWith(whole)) return { code: 200, all: everything(uri) }
        const names = below(uri)
        const value = nodeAt(uri)
        return {
          code: 200,
          result: value && value.format !== 'node' ? inOwnWords(uri, value) : { format: 'node', data: names.join('/') },
        }
      }
      case 'Delete':
        for (const key of Object.keys(nodes())) if (key === uri || key.startsWith(`${uri}/`)) delete nodes()[key]
        o.changed(uri, undefined)
        return done
      case 'Exec':
        return o.exec(uri, a.data ?? '')
      default: {
        const node = { format: a.format ?? 'chr', data: a.data ?? '' }
        nodes()[uri] = node
        o.changed(uri, node)
        return done
      }
    }
  }

  return {
    ask,
    act,
    isRepeatable: ({ verb, target }) => verb !== 'Exec' || factOf(canonical(target))?.repeatable === true,
  }
}

/** Whether the value is of the node's kind. */
function judged({ form, range }: Fact, { format = 'chr', data = '' }: Asked): Answered {
  if (form === 'node') return format === 'node' ? done : badFormat
  if (form === 'int') {
    if (format !== 'int') return badFormat
    const n = Number(data)
    return /^-?\d+$/.test(data) && (!range || (n >= range[0] && n <= range[1])) ? done : badData
  }
  if (form === 'bool') return format !== 'bool' ? badFormat : /^(true|false)$/i.test(data) ? done : badData
  if (form === 'b64') return /^[A-Za-z0-9+/=\s]+$/.test(data) ? done : badData
  if (format === 'int' && !/^-?\d+$/.test(data)) return badData
  if (format === 'bool' && !/^(true|false)$/i.test(data)) return badData
  if (form === 'admx') return /^\s*<(enabled|disabled)\s*\/>/.test(data) && isXml(`<a>${data}</a>`) ? done : badData
  if (form === 'xml') return isXml(data) ? done : badData
  return done
}

function isXml(text: string): boolean {
  try {
    readXml(Buffer.from(text, 'utf8'))
    return true
  } catch {
    return false
  }
}
