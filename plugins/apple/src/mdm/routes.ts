/** Where devices meet us: check-in and connect, at one address or two, by PUT or POST. */
import {
  type Bytes,
  type Channel,
  type Message,
  type PlatformHost,
  Problem,
  type Reply,
  type Route,
} from '@muster/contract'
import type { Crowd } from '@muster/kit/cms'
import { type Admitted, type CheckinDeps, createCheckin } from './checkin.ts'
import { type ConnectDeps, createConnect } from './connect.ts'
import { createIdle, createNow } from './idle.ts'
import { type MdmMessage, MessageError, readMessage } from './message.ts'
import { createPlainReports } from './plain-report.ts'
import { createProofs } from './proof.ts'
import { leave, nothing, refused } from './replies.ts'
import { createSoon } from './soon.ts'
import { createChannels } from './users.ts'

const bodyBytes = 4 << 20
const foreign = 'This identity belongs to another device, or the user is not known yet.'
const reasons = {
  none: 'There is no identity: neither a client certificate nor an Mdm-Signature.',
  forged: 'The Mdm-Signature is not of this body.',
  unreadable: 'The Mdm-Signature cannot be read.',
} as const

export interface MdmDeps extends Pick<CheckinDeps, 'host' | 'declarative' | 'tokenFor'>, ConnectDeps {
  /** Who proves those that come together. */
  crowd: Crowd
  /** What else a device must show that comes in, and what is known of it beside its own words. */
  admit(r: Message, m: MdmMessage, certificate: Bytes): Promise<{ reply: Reply } | Admitted>
}

export function mdmRoutes(o: MdmDeps): Route[] {
  const { host } = o
  const channels = createChannels(host)
  const checkin = createCheckin({ ...o, topicOf: channels.topicOf })
  const connecting = createConnect(o)
  const { connect, rests } = connecting
  const proofs = createProofs(o.crowd)
  const proofOf = proofs.of
  const quick = { host, proofs, reports: createPlainReports(), channels, idle: createIdle({ host, channels, rests }) }
  const now = createNow(quick)
  const soon = createSoon({ ...quick, connect: connecting, inWords })

  async function handle(r: Message): Promise<Reply> {
    // In the order in which they came: a device's words may have come by two connections.
    const before = proofs.before()
    if (before) await before
    const proof = proofOf(r)
    if ('missing' in proof) return refused(reasons[proof.missing])
    const message = read(r, host)
    if (!message) return refused('This is no message of the MDM protocol.')
    if (message.kind === 'checkin' && message.type === 'Authenticate') {
      const other = await carried(message, proof.certificate)
      if (other) return other
      const admitted = await o.admit(r, message, proof.certificate)
      return 'reply' in admitted ? admitted.reply : checkin.begin(message, proof.certificate, admitted)
    }
    // A check-in may follow an Authenticate that another node took, or that this one has not heard the consequences of.
    const device = await host.identify(proof, message.kind === 'checkin' ? true : undefined)
    if ('refused' in device) return strange(message, device.refused)
    // A network user signs in before anything else is known of them; whose device it is, is.
    if (message.kind === 'checkin' && message.type === 'UserAuthenticate') {
      const own = await channels.of(device, { ...message.sender, user: undefined }, false)
      return own ? checkin.go(message, device, own, undefined) : refused(foreign)
    }
    // A user's channel comes into being by its TokenUpdate, when the device itself is in.
    const make = message.kind === 'checkin' && message.type === 'TokenUpdate' && device.lifecycle !== 'created'
    const c = await channels.of(device, message.sender, make)
    if (!c) return refused(foreign)
    if (message.kind === 'checkin') return checkin.go(message, device, c, licenceOf(r.query))
    return outOfOrder(device) ?? connect(message, c, r.body)
  }

  /** An identity is its device's: who comes again with it has the name that the device came with. */
  async function carried(m: MdmMessage, certificate: Bytes): Promise<Reply | undefined> {
    const known = await host.identify({ certificate }, true)
    if ('refused' in known) return undefined
    const own = await channels.of(known, { ...m.sender, user: undefined }, false)
    return own ? undefined : refused(foreign)
  }

  /** A problem of the core (gone, busy) in the protocol's words; busy stays busy, so that the device comes again. */
  async function guarded(r: Message): Promise<Reply> {
    try {
      return await handle(r)
    } catch (e) {
      if (!(e instanceof Problem) || e.code !== 'device-gone') return inWords(e)
      return (await isGone(r)) ? leave() : inWords(e)
    }
  }
  function inWords(e: unknown): Reply {
    if (!(e instanceof Problem) || e.status === 429 || e.status >= 500) throw e
    if (e.code === 'device-gone') return refused('The enrolment has just changed.')
    host.log.info({ code: e.code }, 'a message was refused')
    return refused(e.message)
  }

  /** Nobody is told to leave for what this node did not hear of yet: that a device enrolled again. */
  async function isGone(r: Message): Promise<boolean> {
    const proof = proofOf(r)
    const known = 'missing' in proof ? undefined : await host.identify(proof, true)
    return known !== undefined && 'refused' in known && known.refused === 'gone'
  }

  return (['/mdm', '/checkin'] as const).flatMap((path) =>
    (['PUT', 'POST'] as const).map(
      (method): Route => ({ method, path, maxBytes: bodyBytes, access: { device: true }, handle: guarded, now, soon }),
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
