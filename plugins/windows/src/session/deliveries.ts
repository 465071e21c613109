/** Deliveries as they go out: a row's work in pieces, and what is remembered of it until it is answered. */
import { type Delivery, isProblem, type PlatformHost, type Said } from '@muster/contract'
import type { Work } from '../wire/index.ts'
import { type Open, type Piece, sizeOf, type Talk } from './talk.ts'

export interface Written {
  readonly work: Work
  /** The device's own name for it, by which it tells more later. */
  readonly ref?: string
}
/** Thrown by `Encode`, in words for the administrator. */
export class CannotWrite extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CannotWrite'
  }
}
export type Encode = (d: Delivery) => Promise<Written>

export interface DeliveriesDeps {
  host: PlatformHost
  encode: Encode
  /** Operations that do no harm when they are done twice. */
  repeatable(operation: string): boolean
}
export interface Ready {
  readonly open: Open
  readonly pieces: readonly Piece[]
}
const mostCommands = 5_000
const isUsers = (uri: string) => /^\.\/user\//i.test(uri)
/** It is for somebody who must be logged on. */
export const needsUser = (work: Work): boolean => work.commands.some((c) => isUsers(c.uri))

export function createDeliveries({ host, encode, repeatable }: DeliveriesDeps) {
  /** What it is in pieces; or what is said of it at once. */
  return async function prepare(
    d: Delivery,
    t: Pick<Talk, 'user'>,
    largest: number | undefined,
  ): Promise<Ready | Said> {
    const failed = (code: string, text: string): Said => ({ id: d.id, state: 'failed', reason: { code, text } })
    let made: Written
    try {
      made = await encode(d)
    } catch (e) {
      if (isProblem(e) && e.status >= 500) throw e
      if (e instanceof CannotWrite) return failed('cannot-write', e.message)
      host.log.warn({ err: e, delivery: d.id }, 'a command could not be written')
      return failed('cannot-write', 'The command cannot be written for this device.')
    }
    const { commands, atomic } = made.work
    if (commands.length > mostCommands) return failed('too-many', 'It has more commands than a device takes at once.')
    if (largest !== undefined && commands.some((c) => sizeOf(c.data ?? '') > largest))
      return failed('too-large', 'The device does not take objects of this size.')
    if (commands.length === 0) return { id: d.id, reply: { statuses: [], results: [] } }
    if (!t.user && needsUser(made.work)) return noUser(d.id)
    return {
      open: openOf(d, made, repeatable),
      pieces: commands.map((c, index) => ({ ...c, delivery: d.id, index, ...(atomic && { atomic }) })),
    }
  }
}

/** What is remembered of a delivery while it is under way. */
function openOf(d: Delivery, { work, ref }: Written, repeatable: DeliveriesDeps['repeatable']): Open {
  return {
    kind: d.kind === 'document' ? 'errand' : d.kind,
    name: d.kind === 'operation' ? d.operation : d.kind === 'setting' ? d.feature : d.kind === 'errand' ? d.name : '',
    ...(d.kind === 'setting' && { verb: d.verb }),
    ...(ref !== undefined && { ref }),
    safe: d.kind !== 'operation' || d.row.remembers === true || repeatable(d.operation),
    kept: ('kept' in d && d.kept) || null,
    commands: work.commands.map((c) => [c.verb, c.uri] as const),
    codes: work.commands.map(() => 0),
    originals: {},
    results: [],
  }
}

/** What is for a person waits until one is logged on: the device says so when a session begins. */
function noUser(id: string): Said {
  const reason = { code: 'no-user', text: 'Nobody is logged on whose settings these are.' }
  return { id, state: 'deferred', reason, retryAfterS: 3600 }
}

/** What a session before took along and never answered: handed over again where that does no harm, or where the device refused all of it. */
export function again(t: Talk, all: boolean): Said[] {
  return Object.entries(t.open)
    .filter(([, o]) => all || (o.safe && !o.heard))
    .map(([id, o]) => ({ id, state: 'again' as const, kept: o.kept }))
}
