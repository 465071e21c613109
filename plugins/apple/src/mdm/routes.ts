/** Where devices meet us: check-in and connect, at one address or two, by PUT or POST. */
import { type Message, type PlatformHost, Problem, type Reply, type Route } from '@muster/contract'
import { type CheckinDeps, createCheckin } from './checkin.ts'
import { createConnect, type Encode, type ReadFacts } from './connect.ts'
import { type MdmMessage, MessageError, readMessage } from './message.ts'
import { proofOf } from './proof.ts'
import { leave, refused } from './replies.ts'
import { channelOf } from './users.ts'

const bodyBytes = 4 << 20
const reasons = {
  none: 'There is no identity: neither a client certificate nor an Mdm-Signature.',
  forged: 'The Mdm-Signature is not of this body.',
  unreadable: 'The Mdm-Signature cannot be read.',
} as const

export function mdmRoutes(o: CheckinDeps & { encode: Encode; facts: ReadFacts }): Route[] {
  const { host } = o
  const checkin = createCheckin(o)
  const connect = createConnect(o)

  async function handle(r: Message): Promise<Reply> {
    const proof = proofOf(r)
    if ('missing' in proof) return refused(reasons[proof.missing])
    const message = read(r, host)
    if (!message) return refused('This is no message of the MDM protocol.')
    if (message.kind === 'checkin') return checkin(message, proof.certificate, licenceOf(r.query))
    const device = await host.identify(proof)
    if ('refused' in device) return device.refused === 'gone' ? leave() : refused(`The identity is ${device.refused}.`)
    const c = await channelOf(host, device, message.sender, false)
    return c ? connect(message, c, r.body) : refused('This identity belongs to another device.')
  }

  /** A problem of the core (gone, busy) in the protocol's words; busy stays busy, so that the device comes again. */
  async function guarded(r: Message): Promise<Reply> {
    try {
      return await handle(r)
    } catch (e) {
      if (!(e instanceof Problem)) throw e
      if (e.code === 'device-gone') return leave()
      if (e.status === 401 || e.status === 403) return refused(e.message)
      throw e
    }
  }

  return (['/mdm', '/checkin'] as const).flatMap((path) =>
    (['PUT', 'POST'] as const).map(
      (method): Route => ({ method, path, maxBytes: bodyBytes, access: { device: true }, handle: guarded }),
    ),
  )
}

function read(r: Message, host: PlatformHost): MdmMessage | undefined {
  try {
    return readMessage(r.body)
  } catch (e) {
    if (!(e instanceof MessageError)) throw e
    host.log.info({ why: e.message }, 'a message was refused')
    return undefined
  }
}

/** The version of the licence that was accepted before the profile was given out travels in the address that the profile names. */
function licenceOf(query: string): string | undefined {
  return new URLSearchParams(query).get('licence') ?? undefined
}
