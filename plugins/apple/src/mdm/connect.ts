/** The pull loop: a device reports on the last command and is given the next one; an empty answer ends the connection. */
import type { Channel, Delivery, Json, JsonObject, PlatformHost, Reply, Said, Turn } from '@muster/contract'
import { type PlistDict, writeXmlPlist } from '@muster/kit/plist'
import { toDict, toJson } from '../wire/index.ts'
import { expectInS } from './checkin.ts'
import type { MdmMessage } from './message.ts'
import { nothing, refused } from './replies.ts'

type Report = Extract<MdmMessage, { kind: 'report' }>
/** What a delivery is on the wire: the Command dictionary, in JSON with the marks of `wire`. */
export type Encode = (d: Delivery) => Promise<JsonObject>
/** Facts that a reply carries, whichever command asked for them. */
export type ReadFacts = (reply: JsonObject) => JsonObject | undefined
/** A command that was not answered yet comes again by itself; more of them at once than this would only wait on the device. */
const batch = 1

export function createConnect(o: { host: PlatformHost; encode: Encode; facts: ReadFacts }) {
  const { host } = o
  return async function connect(m: Report, c: Channel, raw: Uint8Array): Promise<Reply> {
    if (c.lifecycle === 'created') return refused('The enrolment is not complete: TokenUpdate comes first.')
    const deliveries = await host.turn(c, turnOf(m, c, raw))
    const [next] = deliveries
    if (!next) return nothing()
    const command: PlistDict = { CommandUUID: next.id, Command: toDict(await o.encode(next)) }
    const body = writeXmlPlist(command)
    host.sentBytes(c, Buffer.from(body))
    return { status: 200, headers: { 'content-type': 'application/xml; charset=utf-8' }, body }
  }

  function turnOf(m: Report, c: Channel, raw: Uint8Array): Turn {
    const base: Turn = { take: batch, expectInS: expectInS(host, c) }
    if (m.status === 'Idle' || m.command === undefined) return { ...base, deferred: 'again' }
    if (m.status === 'NotNow') return { ...base, raw, said: [putOff(m.command)], deferred: 'skip' }
    const reply = toJson(m.body) as JsonObject
    const facts = m.status === 'Acknowledged' ? o.facts(reply) : undefined
    return { ...base, raw, said: [{ id: m.command, reply: reply as Json }], ...(facts && { facts, partial: true }) }
  }
}

/** It comes again at the next connection, or by itself when the device does not come (Apple: it connects when it can). */
function putOff(id: string): Said {
  return { id, state: 'deferred', reason: { code: 'not-now', text: 'The device cannot do it now.' }, retryAfterS: 3600 }
}
