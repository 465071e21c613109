/** The idle poll of the agent channel, answered at once: read in one look, known from memory, written without a detour. */
import { agentChannel, type Bytes, type PlatformHost, type Reply } from '@muster/contract'
import { expectInS } from './agent-sync.ts'
import { jsonHeaders, latin1 } from './json.ts'

/**
 * A sync that says nothing, as agents of ours write it. Anything else, though it may mean the same, is read by the whole reader: of days only
 * those that every month has, and of numbers only those that are surely within bounds.
 */
const form =
  /^\{"sequence":(0|[1-9]\d{0,14}),"at":"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z","take":(0|[1-9]\d?)(?:,"waitS":(0|[1-9]\d?))?\}$/
const longest = 160

/** undefined: nothing was done, and the sync proper answers. */
export function createIdle(
  host: PlatformHost,
  o: { platform: string; longPollS: number },
): (bearer: string | undefined, body: Bytes) => Reply | undefined {
  return (bearer, body) => {
    if (bearer === undefined || body.byteLength > longest) return undefined
    const read = form.exec(latin1(body))
    if (!read) return undefined
    const [, sequence, takes, waits] = read
    const take = Number(takes)
    const waitS = Math.min(Number(waits ?? 0), o.longPollS)
    // One that may be held, or is to be refused.
    if (
      (waitS > 0 && take > 0) ||
      take > agentChannel.agentLimits.take ||
      Number(waits ?? 0) > agentChannel.agentLimits.waitS
    )
      return undefined
    let nextS = 0
    const c = host.idle({ bearer }, take, (known) => {
      nextS = host.pace(known)
      return expectInS(nextS, known.blocked ? 0 : waitS)
    })
    if (!c) return undefined
    return {
      status: 200,
      headers: jsonHeaders,
      body: `{"deliveries":[],"nextS":${nextS},"waitS":${c.blocked ? 0 : o.longPollS},"sequence":${sequence},"time":"${host.clock.now().toISOString()}"}`,
    }
  }
}
