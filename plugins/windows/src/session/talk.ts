/** What is remembered of a session between its messages: what was handed over and not yet answered, what is still to go out, half of a large object. */
import type { Json } from '@muster/contract'
import type { Format, Node, Verb } from '../wire/index.ts'

/** One delivery that is under way. */
export interface Open {
  readonly kind: 'operation' | 'setting' | 'errand'
  /** Operation, feature or errand. */
  readonly name: string
  readonly verb?: 'put' | 'drop'
  readonly ref?: string
  /** Handing it over once more does no harm. */
  readonly safe: boolean
  /** What it was made with. */
  readonly kept: Json
  readonly commands: (readonly [Verb, string])[]
  readonly codes: number[]
  readonly originals: Record<number, string>
  readonly results: Node[]
  /** Status of the Atomic itself. */
  all?: number
  /** The device said something of it since it was handed over. */
  heard?: true
}
/** A command that is still to be sent; `more` of its data may have gone out already. */
export interface Piece {
  readonly delivery: string
  readonly index: number
  readonly verb: Verb
  readonly uri: string
  readonly format?: Format
  readonly type?: string
  readonly data?: string
  readonly atomic?: true
  /** Bytes of the whole, where this is its first part. */
  readonly size?: number
  /** Parts of it went out before. */
  readonly rest?: true
}
/** Parts of a large object that came. */
export interface Partial {
  readonly cmdRef: string
  readonly msgRef: string
  readonly uri: string
  readonly format?: string
  readonly type?: string
  readonly size?: number
  data: string
}
export interface Talk {
  readonly session: string
  /** Of a session that began with a digest: what the next messages' address must hold. */
  token?: string
  /** Somebody is logged on. */
  user?: true
  /** The device asks us to prove ourselves: with this nonce, base64. */
  challenged?: string
  readonly open: Record<string, Open>
  later: Piece[]
  partial?: Partial
}

export const newTalk = (session: string): Talk => ({ session, open: {}, later: [] })

/** Whether another node could not go on without it: settings and what is told later must know their addresses; operations and errands are read by their CmdIDs. */
export function mustBeKept(t: Talk): boolean {
  if (t.token !== undefined || t.challenged !== undefined || t.later.length > 0 || t.partial) return true
  return Object.values(t.open).some((o) => o.kind === 'setting' || o.ref !== undefined || o.heard)
}

/** Bytes of text, for limits. */
export const sizeOf = (text: string): number => Buffer.byteLength(text)

/** Reads what `JSON.stringify` wrote of it; undefined: of another version, or nothing. */
export function readTalk(text: string): Talk | undefined {
  const t = JSON.parse(text) as { [K in keyof Talk]?: Talk[K] } | null
  return typeof t?.session === 'string' && t.open && Array.isArray(t.later) ? (t as Talk) : undefined
}
