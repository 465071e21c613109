/** The idle poll of the agent channel, answered at once: read in one look, known from memory, written without a detour. */
import type { Bytes, PlatformHost, Reply } from '@muster/contract'
import { readPlainSync, timeText } from './agent-form.ts'
import { expectInS } from './agent-sync.ts'
import { jsonHeaders } from './json.ts'

/** Bytes of a sync that says nothing, at most. */
const longest = 160

/** undefined: nothing was done, and the sync proper answers. */
export function createIdle(
  host: PlatformHost,
  o: { platform: string; longPollS: number },
): (bearer: string | undefined, body: Bytes) => Reply | undefined {
  return (bearer, body) => {
    if (bearer === undefined || body.byteLength > longest) return undefined
    const read = readPlainSync(body)
    if (!read || read.id !== undefined) return undefined
    const { sequence, take } = read
    const waitS = Math.min(read.waitS, o.longPollS)
    // One that may be held.
    if (waitS > 0 && take > 0) return undefined
    let nextS = 0
    const c = host.idle({ bearer }, take, (known) => {
      nextS = host.pace(known)
      return expectInS(nextS, known.blocked ? 0 : waitS)
    })
    if (!c) return undefined
    return {
      status: 200,
      headers: jsonHeaders,
      body: `{"deliveries":[],"nextS":${nextS},"waitS":${c.blocked ? 0 : o.longPollS},"sequence":${sequence},"time":"${timeText(host.clock.now())}"}`,
    }
  }
}
