/** What is remembered of a session that is led by the short way: a few words, of which the whole is made for who asks for it. Objects that outlive a batch are what collecting garbage costs. */
import type { SyncMessage } from '../syncml/index.ts'
import type { Verb } from '../wire/index.ts'
import { heardAs, type Remembered } from './memory.ts'
import { replyText } from './plain-reply.ts'
import { mustBeKept, newTalk, type Open, type Talk } from './talk.ts'

/** An operation that was handed over. */
export interface Handed {
  readonly id: string
  readonly name: string
  readonly safe: boolean
  readonly commands: readonly (readonly [Verb, string])[]
}

export class Brief implements Remembered {
  readonly session: string
  readonly message: string
  readonly heard: number
  readonly mark: string | undefined
  readonly user: boolean
  readonly #handed: readonly Handed[]
  /** Commands as they went out. */
  readonly #text: string
  #talk: Talk | undefined

  constructor(
    m: SyncMessage,
    raw: Uint8Array,
    o: { user: boolean; handed: readonly Handed[]; text: string; mark?: string },
  ) {
    this.session = m.session
    this.message = m.message
    this.heard = heardAs(raw)
    this.user = o.user
    this.mark = o.mark
    this.#handed = o.handed
    this.#text = o.text
  }
  /** undefined: it is a talk by now, which may have changed. */
  get handed(): readonly Handed[] | undefined {
    return this.#talk === undefined ? this.#handed : undefined
  }
  get bytes(): number {
    return this.#text.length
  }
  get talk(): Talk {
    this.#talk ??= {
      ...newTalk(this.session),
      ...(this.user && { user: true as const }),
      open: Object.fromEntries(this.#handed.map((h) => [h.id, openOf(h)])),
    }
    return this.#talk
  }
  replyTo(m: SyncMessage): string {
    return replyText(m, this.#text)
  }
}

function openOf({ name, safe, commands }: Handed): Open {
  const codes = commands.map(() => 0)
  return { kind: 'operation', name, safe, kept: null, commands: [...commands], codes, originals: {}, results: [] }
}

/** Whether anything is under way. */
export function isUnderWay(r: Remembered): boolean {
  const handed = r instanceof Brief ? r.handed : undefined
  if (handed) return handed.length > 0
  for (const _ in r.talk.open) return true
  return false
}
/** Somebody is logged on. */
export const isUsers = (r: Remembered): boolean => (r instanceof Brief ? r.user : r.talk.user === true)

/** The one operation that is under way, of which nothing was said yet and no other node knows; undefined: more than that, or nothing. */
export function soleOf(r: Remembered): Handed | undefined {
  const handed = r instanceof Brief ? r.handed : undefined
  if (handed) return handed.length === 1 ? handed[0] : undefined
  if (mustBeKept(r.talk)) return undefined
  const [id, other] = Object.keys(r.talk.open)
  const open = id === undefined || other !== undefined ? undefined : r.talk.open[id]
  if (id === undefined || open?.kind !== 'operation' || open.codes.length !== open.commands.length) return undefined
  return { id, name: open.name, safe: open.safe, commands: open.commands }
}
