/** The eight check-in messages: how a device comes, gives its push address, entrusts its secrets to us and leaves. */
import { type Bytes, type Channel, isProblem, type JsonObject, type PlatformHost, type Reply } from '@muster/contract'
import { bytesOf, textOf } from '../wire/index.ts'
import type { DeclarativePort } from './declarative-port.ts'
import { firstFacts } from './facts.ts'
import type { MdmMessage } from './message.ts'
import { answer, leave, nothing, refused } from './replies.ts'
import { channelOf } from './users.ts'

type Checkin = Extract<MdmMessage, { kind: 'checkin' }>
export interface CheckinDeps {
  host: PlatformHost
  declarative: DeclarativePort
}
export const escrowNames = { unlock: 'unlock-token', bootstrap: 'bootstrap-token' } as const

export function createCheckin({ host, declarative }: CheckinDeps) {
  return async function checkin(m: Checkin, certificate: Bytes, licence: string | undefined): Promise<Reply> {
    if (m.type === 'Authenticate') return authenticate(m, certificate)
    const device = await host.identify({ certificate })
    if ('refused' in device) return device.refused === 'gone' ? leave() : refused(`The identity is ${device.refused}.`)
    const c = await channelOf(host, device, m.sender, m.type === 'TokenUpdate')
    if (!c) return refused('This identity belongs to another device.')
    switch (m.type) {
      case 'TokenUpdate':
        return tokenUpdate(m, c, licence)
      case 'CheckOut':
        await host.gone(device, { code: 'checked-out', text: 'The management profile was removed on the device.' })
        return nothing()
      case 'UserAuthenticate':
        // Apple: 410 says that this server does not manage network users who are not signed in with the device.
        return refused('Network users are not managed.', 410)
      case 'SetBootstrapToken':
        await host.secrets.put(device, escrowNames.bootstrap, base64(bytesOf(m.body, 'BootstrapToken')))
        return nothing()
      case 'GetBootstrapToken': {
        const kept = await host.secrets.get(device, escrowNames.bootstrap)
        return kept ? answer({ BootstrapToken: new Uint8Array(Buffer.from(kept, 'base64')) }) : nothing()
      }
      case 'DeclarativeManagement':
        return declarative(c, m.body)
      case 'GetToken':
        return refused('This kind of token is not given here.')
    }
  }

  /** A repeat, or a device that enrols again with the identity it has, begins a new epoch; nothing else lets it in. */
  async function authenticate(m: Checkin, certificate: Bytes): Promise<Reply> {
    try {
      await host.begin({ certificate }, firstFacts(m.body))
      return nothing()
    } catch (e) {
      if (!isProblem(e)) throw e
      host.log.info({ code: e.code }, 'an enrolment was refused')
      return refused(e.message)
    }
  }

  async function tokenUpdate(m: Checkin, c: Channel, licence: string | undefined): Promise<Reply> {
    const token = bytesOf(m.body, 'Token')
    const magic = textOf(m.body, 'PushMagic')
    const topic = textOf(m.body, 'Topic')
    if (!token?.length || token.length > 256 || !magic || !topic) return refused('There is no push address.')
    const unlock = bytesOf(m.body, 'UnlockToken')
    if (unlock?.length) await host.secrets.put(c, escrowNames.unlock, base64(unlock))
    const first = c.lifecycle === 'created'
    if (first) await host.activate(c, {}, licence === undefined ? undefined : { licence })
    const push: JsonObject = { token: Buffer.from(token).toString('hex'), magic, topic }
    await host.turn(c, { take: 0, push, expectInS: expectInS(host, c) })
    if (first && c.name === 'device') await host.errand(c, 'inventory', {}, 'inventory')
    // The setup assistant waits until it is told; said again whenever it still waits.
    if (m.body.AwaitingConfiguration === true) await host.errand(c, 'configured', {}, 'configured')
    return nothing()
  }
}

/** Devices of this platform come when they are woken; silence means something after a day and a half. */
export function expectInS(_host: PlatformHost, _c: Channel): number {
  return 36 * 3600
}

function base64(bytes: Uint8Array | undefined): string {
  return bytes ? Buffer.from(bytes).toString('base64') : ''
}
