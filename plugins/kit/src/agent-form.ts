/** Plain syncs as agents of ours write them, read in one look for both quick ways: one that only takes, and one with one result. */
import { isAscii } from 'node:buffer'
import { agentChannel, type Bytes } from '@muster/contract'
import { latin1 } from './json.ts'

interface PlainSync {
  /** As it was written. */
  readonly sequence: string
  /** Of its one result; undefined: it tells nothing. */
  readonly id: string | undefined
  /** The result without its id, as it came. */
  readonly rest: string
  readonly take: number
  /** Seconds for which it may be held. */
  readonly waitS: number
  /** What it tells, as `wordsOf` gives it; '' when it tells nothing. */
  readonly words: string
}

/**
 * What stands between the result's id and its end is read apart. Anything else, though it may mean the same, is read by the whole reader: of days
 * only those that every month has, and of numbers only those that are surely within bounds.
 */
const form =
  /^\{"sequence":(0|[1-9]\d{0,14}),"at":"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z"(?:,"results":\[\{"id":"(o[0-9a-z]{1,11}-[0-9a-z]{1,11})",(.+)\}\])?,"take":(0|[1-9]\d?)(?:,"waitS":(0|[1-9]\d?))?\}$/
const longest = 4_000

let lastBody: Bytes | undefined
let lastRead: PlainSync | undefined

/** undefined: it is for the whole reader. The same bytes are read once, as both ways look at them one after the other. */
export function readPlainSync(body: Bytes): PlainSync | undefined {
  if (body === lastBody) return lastRead
  lastBody = body
  lastRead = body.byteLength > longest ? undefined : read(body)
  return lastRead
}

function read(body: Bytes): PlainSync | undefined {
  const text = latin1(body)
  const found = form.exec(text)
  if (!found) return undefined
  const [, sequence = '', id, rest = '', takes, waits] = found
  const take = Number(takes)
  const waitS = Number(waits ?? 0)
  const { agentLimits } = agentChannel
  if (take > agentLimits.take || waitS > agentLimits.waitS) return undefined
  // All but the result is ASCII by the form.
  if (id !== undefined && !isAscii(body)) return undefined
  // By the form this is where its last words begin, whatever its result says.
  const words = id === undefined ? '' : text.slice(0, text.lastIndexOf(',"take":'))
  return { sequence, id, rest, take, waitS, words }
}

/** The token as most clients send it; whoever spells it otherwise goes the long way, which alone judges it. A token that is taken here was taken there before. */
export function plainBearer(headers: Readonly<Record<string, string | undefined>>): string | undefined {
  const { authorization } = headers
  return authorization?.startsWith('Bearer ') ? authorization.slice(7) : undefined
}

let knownMs = Number.NaN
let knownText = ''

/** A time as JSON has it, written once for all that are answered in the same millisecond. */
export function timeText(at: Date): string {
  const ms = at.getTime()
  if (ms !== knownMs) {
    knownText = at.toISOString()
    knownMs = ms
  }
  return knownText
}
