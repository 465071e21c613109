/** Polls that are handed something, and reports of one last word, by the short way: read in one look, written in a batch, answered from there. */
import type { Bytes, Json, OperationRow, PlatformHost, Reply, ShortWord } from '@muster/contract'
import { readPlainSync, timeText } from './agent-form.ts'
import { deliveryText, expectInS } from './agent-sync.ts'
import type { Told } from './agent-told.ts'
import { jsonHeaders } from './json.ts'
import { readerOf } from './json-row.ts'

type Done = (reply: Reply | undefined, error?: unknown) => void

/** `told`: shared with the sync proper. false: nothing was done, and the sync proper answers. */
export function createShort(
  host: PlatformHost,
  o: { longPollS: number; told: Told },
): (bearer: string | undefined, body: Bytes, done: Done) => boolean {
  return (bearer, body, done) => {
    const read = bearer === undefined ? undefined : readPlainSync(body)
    if (bearer === undefined || !read) return false
    const { sequence, id, rest, take, words, waitS: heldS } = read
    // What tells something and would be held is for the sync proper, which does both.
    if (id !== undefined && heldS > 0) return false
    let begun = false
    let no = 0
    let nextS = 0
    let waitS = 0
    const taken = host.short(
      { bearer },
      (c) => {
        if (id !== undefined) {
          if (o.told.repeats(c.no, words) || !o.told.begin(c.no)) return undefined
          begun = true
        }
        no = c.no
        nextS = host.pace(c)
        waitS = c.blocked ? 0 : o.longPollS
        const turn = { take, expectInS: expectInS(nextS, Math.min(heldS, waitS)) }
        return id === undefined ? turn : { ...turn, raw: body, id, word: (row) => wordOf(row, rest) }
      },
      (deliveries, error) => {
        if (begun) o.told.end(no)
        // Somebody else took it meanwhile: who may be held, is held by the long way.
        if (deliveries === undefined || (deliveries.length === 0 && heldS > 0)) return void done(undefined, error)
        if (begun) o.told.took(no, words)
        try {
          const soonS = take > 0 && deliveries.length >= take ? 0 : nextS
          const said = `{"deliveries":[${deliveries.map(deliveryText).join()}],"nextS":${soonS},"waitS":${waitS},"sequence":${sequence},"time":"${timeText(host.clock.now())}"}`
          done({ status: 200, headers: jsonHeaders, body: said })
          return deliveries.length > 0 ? said : undefined
        } catch (failed) {
          return void done(undefined, failed)
        }
      },
    )
    if (!taken && begun) o.told.end(no)
    return taken
  }
}

/** What was read of results before, by row: most devices say the same of an operation. */
const readings = new WeakMap<OperationRow, Map<string, ShortWord>>()
const remembered = { words: 500, length: 400 } as const
/** More nesting than any result needs, and less than any reader's limit. */
const bracketsAtMost = 24

/** `rest`: a result without its id, as it came. undefined: no last word, or not surely one. */
function wordOf(row: OperationRow, rest: string): ShortWord | undefined {
  const known = readings.get(row)
  const before = known?.get(rest)
  if (before) return before
  const from = readerOf(row)
  const reply = from && parsed(rest)
  if (!from || reply === undefined) return undefined
  const outcome = from(reply)
  if (outcome.state !== 'completed' && outcome.state !== 'failed') return undefined
  const word: ShortWord = {
    state: outcome.state,
    ...(outcome.state === 'failed' && { reason: JSON.stringify(outcome.reason) }),
    ...(outcome.result !== undefined && { result: JSON.stringify(outcome.result) }),
  }
  if (rest.length <= remembered.length) {
    if (!known || known.size >= remembered.words) readings.set(row, new Map([[rest, word]]))
    else known.set(rest, word)
  }
  return word
}

const ownId = 'o1-1'

/** Whole, nothing doubtful (escapes, of what cannot be stored or of anything else), and with no second id. */
function parsed(rest: string): Json | undefined {
  if (/\\u|__proto__/i.test(rest) || (rest.match(/[[{]/g)?.length ?? 0) > bracketsAtMost) return undefined
  try {
    const reply = JSON.parse(`{"id":"${ownId}",${rest}}`) as { id?: unknown }
    return reply.id === ownId ? (reply as Json) : undefined
  } catch {
    // The whole reader says what is wrong with it.
    return undefined
  }
}
