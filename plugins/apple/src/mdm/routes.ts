/** Where devices meet us: check-in and connect, at one address or two, by PUT or POST. */
import {
  type Bytes,
  type Channel,
  type JsonObject,
  type Message,
  type PlatformHost,
  Problem,
  type Reply,
  type Route,
} from '@muster/contract'
import { type CheckinDeps, createCheckin } from './checkin.ts'
import { type ConnectDeps, createConnect } from './connect.ts'
import { createIdle } from './idle.ts'
import { type MdmMessage, MessageError, readMessage } from './message.ts'
import { createProofs } from './proof.ts'
import { leave, nothing, refused } from './replies.ts'
import { createChannels } from './users.ts'

const bodyBytes = 4 << 20
const reasons = {
  none: 'There is no identity: neither a client certificate nor an Mdm-Signature.',
  forged: 'The Mdm-Signature is not of this body.',
  unreadable: 'The Mdm-Signature cannot be read.',
} as const

export interface MdmDeps extends Pick<CheckinDeps, 'host' | 'declarative' | 'tokenFor'>, ConnectDeps {
  /** What else a device must show that comes in, and what is known of it beside its own words. */
  admit(r: Message, m: MdmMessage, certificate: Bytes): Promise<{ reply: Reply } | { facts: JsonObject }>
}

export function mdmRoutes(o: MdmDeps): Route[] {
  const { host } = o
  const channels = createChannels(host)
  const checkin = createCheckin(o)
  const { connect, rests } = createConnect(o)
  const proofOf = createProofs()
  const now = createIdle({ host, proofs: proofOf, channels, rests })

  async function handle(r: Message): Promise<Reply> {
    const proof = proofOf(r)
    if ('missing' in proof) return refused(reasons[proof.missing])
    const message = read(r, host)
    if (!message) return refused('This is no message of the MDM protocol.')
    if (message.kind === 'checkin' && message.type === 'Authenticate') {
      const admitted = await o.admit(r, message, proof.certificate)
      return 'reply' in admitted ? admitted.reply : checkin.begin(message, proof.certificate, admitted.facts)
    }
    // A check-in may follow an Authenticate that another node took, or that this one has not heard the consequences of.
    const device = await host.identify(proof, message.kind === 'checkin' ? true : undefined)
    if ('refused' in device) return strange(message, device.refused)
    // A user's channel comes into being by its TokenUpdate, when the device itself is in.
    const make = message.kind === 'checkin' && message.type === 'TokenUpdate' && device.lifecycle !== 'created'
    const c = await channels.of(device, message.sender, make)
    if (!c) return refused('This identity belongs to another device, or the user is not known yet.')
    if (message.kind === 'checkin') return checkin.go(message, device, c, licenceOf(r.query))
    return outOfOrder(device) ?? connect(message, c, r.body)
  }

  /** A problem of the core (gone, busy) in the protocol's words; busy stays busy, so that the device comes again. */
  async function guarded(r: Message): Promise<Reply> {
    try {
      return await handle(r)
    } catch (e) {
      if (!(e instanceof Problem)) throw e
      if (e.code === 'device-gone') return (await isGone(r)) ? leave() : refused('The enrolment has just changed.')
      if (e.status === 429 || e.status >= 500) throw e
      host.log.info({ code: e.code }, 'a message was refused')
      return refused(e.message)
    }
  }

  /** Nobody is told to leave for what this node did not hear of yet: that a device enrolled again. */
  async function isGone(r: Message): Promise<boolean> {
    const proof = proofOf(r)
    const known = 'missing' in proof ? undefined : await host.identify(proof, true)
    return known !== undefined && 'refused' in known && known.refused === 'gone'
  }

  return (['/mdm', '/checkin'] as const).flatMap((path) =>
    (['PUT', 'POST'] as const).map(
      (method): Route => ({ method, path, maxBytes: bodyBytes, access: { device: true }, handle: guarded, now }),
    ),
  )
}

function outOfOrder(device: Channel): Reply | undefined {
  return device.lifecycle === 'created' ? refused('The enrolment is not complete: TokenUpdate comes first.') : undefined
}

/** Whose enrolment ended here is told to leave; who leaves hears that it is well. Of anybody else nothing is known, so nothing is undone. */
function strange(m: MdmMessage, refusal: string): Reply {
  if (refusal !== 'gone') return refused(`The identity is ${refusal}.`)
  return m.kind === 'checkin' && m.type === 'CheckOut' ? nothing() : leave()
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
