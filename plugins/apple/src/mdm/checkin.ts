/** The eight check-in messages: how a device comes, gives its push address, entrusts its secrets to us and leaves. */
import {
  type Bytes,
  type Channel,
  type IdentifierKind,
  isProblem,
  type JsonObject,
  type PlatformHost,
  type Reply,
} from '@muster/contract'
import { bytesOf, textOf } from '../wire/index.ts'
import type { DeclarativePort } from './declarative-port.ts'
import { escrowNames } from './escrow.ts'
import { firstFacts } from './facts.ts'
import type { MdmMessage } from './message.ts'
import { answer, leave, nothing, refused } from './replies.ts'

type Message = Extract<MdmMessage, { kind: 'checkin' }>
/** What is known of a device that comes in, beside its own words; `proven`: kinds of identifiers that Apple vouches for. */
export interface Admitted {
  readonly facts: JsonObject
  readonly proven?: readonly IdentifierKind[]
}
export interface CheckinDeps {
  host: PlatformHost
  declarative: DeclarativePort
  /** The token of a service of Apple's; undefined: this server has none for it. */
  tokenFor(service: string): Promise<string | undefined>
  /** The push topic that the device enrolled with. */
  topicOf(device: Channel): string | undefined
}
/** Apple gives 32 bytes; an unlock or bootstrap token has some hundreds. */
const longest = { push: 256, escrow: 64 * 1024 } as const

export function createCheckin({ host, declarative, tokenFor, topicOf }: CheckinDeps) {
  /** Authenticate: a repeat, or a device that enrols again with the identity it has, begins a new epoch; nothing else lets it in. */
  async function begin(m: Message, certificate: Bytes, { facts, proven }: Admitted): Promise<Reply> {
    if (m.sender.user) return refused('A user does not enrol a device.')
    try {
      await host.begin({ certificate }, { ...firstFacts(m.body), ...facts }, undefined, proven)
      return nothing()
    } catch (e) {
      if (!isProblem(e) || e.status >= 500) throw e
      host.log.info({ code: e.code }, 'an enrolment was refused')
      // Only who was in is told to leave: a certificate that nobody knows here says nothing of a device.
      const c = e.code === 'device-gone' ? await host.identify({ certificate }) : undefined
      return c && 'refused' in c && c.refused === 'gone' ? leave() : refused(e.message)
    }
  }

  /** All others: of a device that is known, on its own channel or a user's. */
  async function go(m: Message, device: Channel, c: Channel, licence: string | undefined): Promise<Reply> {
    switch (m.type) {
      case 'TokenUpdate':
        return tokenUpdate(m, device, c, licence)
      case 'CheckOut':
        if (c !== device) return refused('A user does not take the device out.')
        await host.gone(device, { code: 'checked-out', text: 'The management profile was removed on the device.' })
        return nothing()
      case 'UserAuthenticate':
        // Apple: 410 says that this server does not manage network users who are not signed in with the device.
        return refused('Network users are not managed.', 410)
      case 'SetBootstrapToken':
        return setBootstrapToken(m, device)
      case 'GetBootstrapToken': {
        const kept = await host.secrets.get(device, escrowNames.bootstrap)
        return kept ? answer({ BootstrapToken: new Uint8Array(Buffer.from(kept, 'base64')) }) : nothing()
      }
      case 'DeclarativeManagement':
        return declarative(c, m.body)
      case 'GetToken': {
        const token = await tokenFor(textOf(m.body, 'TokenServiceType') ?? '')
        // Apple: 400 for a service that the server does not know.
        return token === undefined
          ? refused('This kind of token is not given here.')
          : answer({ TokenData: new Uint8Array(Buffer.from(token)) })
      }
      default:
        return refused('This message is not known here.')
    }
  }

  /** Without a token the one that we have is to be forgotten. */
  async function setBootstrapToken(m: Message, device: Channel): Promise<Reply> {
    const token = bytesOf(m.body, 'BootstrapToken') ?? new Uint8Array(0)
    if (token.length > longest.escrow) return refused('The bootstrap token is too long.')
    await host.secrets.put(device, escrowNames.bootstrap, base64(token))
    return nothing()
  }

  async function tokenUpdate(m: Message, device: Channel, c: Channel, licence: string | undefined): Promise<Reply> {
    const token = bytesOf(m.body, 'Token')
    const magic = textOf(m.body, 'PushMagic')
    const topic = textOf(m.body, 'Topic')
    if (!token?.length || token.length > longest.push || !magic || magic.length > 200 || !topic || topic.length > 200)
      return refused('There is no push address.')
    // Nobody could wake it there: we have the certificate of the topic that its profile names.
    if (topic !== (topicOf(device) ?? topic)) return refused('The push topic is another than the one it enrolled with.')
    const unlock = bytesOf(m.body, 'UnlockToken')
    if (unlock && unlock.length > longest.escrow) return refused('The unlock token is too long.')
    // It comes once, and never again with the same worth: an empty one takes nothing away.
    if (unlock?.length) await host.secrets.put(c, escrowNames.unlock, base64(unlock))
    const first = c === device && device.lifecycle === 'created'
    if (first) await host.activate(device, {}, licence === undefined ? undefined : { licence })
    // The licence is part of the address that this device knows us by: a renewal of its identity names the same one.
    const push: JsonObject = { token: Buffer.from(token).toString('hex'), magic, topic, ...(licence && { licence }) }
    await host.turn(c, { take: 0, push, expectInS })
    if (first) await host.errand(device, 'inventory', { step: 0 }, 'inventory')
    // The setup assistant waits until it is told; said again whenever it still waits.
    if (m.body.AwaitingConfiguration === true)
      await host.errand(c, c === device ? 'configured' : 'user-configured', {}, 'configured')
    return nothing()
  }

  return { begin, go }
}

/** Devices of this platform come when they are woken; silence means something after a day and a half. */
export const expectInS = 36 * 3600
/** A device does one command after the other: more of them at once would only wait on the device. */
export const batch = 1

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
