/** Who speaks: the client certificate of the TLS connection, or an MD5 digest with a nonce of ours; and for the rest of a digest's session the token in the address that we answered with. */
import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Channel, Message, PlatformHost } from '@muster/contract'
import { type Accounts, accountName, type DmAccount } from '../account/index.ts'
import type { Challenge, SyncMessage } from '../syncml/index.ts'
import { digest, digestType, sameDigest } from './digest.ts'
import type { Talk } from './talk.ts'

export type Proof =
  | { channel: Channel; account: DmAccount; code: 200 | 212; challenge?: Challenge; token?: string }
  | { challenge: Challenge; code: 401 | 407 }
  | { refused: 'gone' | 'foreign' }

export interface AuthenticateDeps {
  host: Pick<PlatformHost, 'identify'>
  accounts: Accounts
  /** The session's memory, to compare its token with. */
  talkOf(c: Channel, session: string): Promise<Talk | undefined>
}
const nonceBytes = 16
/** `s=<channel, base 36>.<token>` in the address of a digest's session. */
const addressForm = /(?:^|&)s=([1-9a-z][0-9a-z]{0,9})\.([\w-]{16,64})(?:&|$)/

export const tokenQuery = (channel: number, token: string): string => `s=${channel.toString(36)}.${token}`

export function createAuthenticate({ host, accounts, talkOf }: AuthenticateDeps) {
  return async function prove(r: Pick<Message, 'certificate' | 'query'>, m: SyncMessage): Promise<Proof> {
    const known = r.certificate && (await host.identify({ certificate: r.certificate }))
    if (known && 'no' in known) return certificate(known, m)
    if (known && (known.refused === 'gone' || known.refused === 'revoked')) return { refused: 'gone' }
    if (known && known.refused === 'foreign') return { refused: 'foreign' }
    return (await byToken(r, m)) ?? (await byDigest(m))
  }

  /** The DeviceID in the message is the one that enrolled with this certificate. */
  async function certificate(c: Channel, m: SyncMessage): Promise<Proof> {
    const account = await accounts.find(m.source, accountName(c.no))
    return account?.channel === c.no ? { channel: c, account, code: 200 } : { refused: 'foreign' }
  }

  async function byToken(r: Pick<Message, 'query'>, m: SyncMessage): Promise<Proof | undefined> {
    const [, number, token] = addressForm.exec(r.query) ?? []
    if (number === undefined || token === undefined || m.credentials) return undefined
    const account = await accounts.find(m.source, accountName(Number.parseInt(number, 36)))
    const channel = account && (await host.identify({ key: account.key }))
    if (!channel || !('no' in channel)) return undefined
    const talk = await talkOf(channel, m.session)
    // The token is of one session: another one begins with a digest.
    const same =
      talk?.token !== undefined &&
      talk.session === m.session &&
      timingSafeEqual(fingerprint(talk.token), fingerprint(token))
    return same ? { channel, account, code: 212 } : undefined
  }

  /** Nobody hears whether a DeviceID exists: who is unknown is challenged as well. */
  async function byDigest(m: SyncMessage): Promise<Proof> {
    const account = await accounts.find(m.source, m.sourceName)
    const given = m.credentials
    if (!given) return { code: 407, challenge: freshChallenge(account, m) }
    const proved = given.type.toLowerCase() === digestType && account && (await check(account, m, given.data))
    if (!proved) return { code: 401, challenge: freshChallenge(await accounts.find(m.source, m.sourceName, true), m) }
    const channel = await host.identify({ key: proved.key })
    if ('refused' in channel)
      return { refused: channel.refused === 'gone' || channel.refused === 'revoked' ? 'gone' : 'foreign' }
    return {
      channel,
      account: proved,
      code: 212,
      challenge: challengeOf(proved),
      token: randomBytes(nonceBytes).toString('base64url'),
    }
  }

  /** A nonce proves once: whoever comes second with it is challenged with the next. */
  async function check(account: DmAccount, m: SyncMessage, data: string): Promise<DmAccount | undefined> {
    const right = (a: DmAccount) =>
      noncesOf(a).filter((nonce) => sameDigest(digest(a.client.name, a.client.secret, nonce), data)).length > 0
    const fresh = right(account) ? account : await accounts.find(m.source, m.sourceName, true)
    return fresh && right(fresh) ? accounts.nonce(fresh, 'client', randomBytes(nonceBytes)) : undefined
  }
}

const challengeOf = (account: DmAccount): Challenge => challenge(account.client.nonce)
const challenge = (nonce: Uint8Array): Challenge => ({
  type: digestType,
  format: 'b64',
  nonce: Buffer.from(nonce).toString('base64'),
})
/** Challenges that may be under way at once. */
const challenges = 8

/** The nonce that the device has, and those of our challenges, made from it: whoever only asks makes us write nothing, and none is good once it was proven with. */
function noncesOf(a: DmAccount): Uint8Array[] {
  return [a.client.nonce, ...Array.from({ length: challenges }, (_, i) => derived(a, i))]
}
const derived = (a: DmAccount, i: number): Uint8Array =>
  createHmac('sha256', a.key).update(a.client.nonce).update(String(i)).digest().subarray(0, nonceBytes)

/** Another one with each message. */
function freshChallenge(a: DmAccount | undefined, m: SyncMessage): Challenge {
  if (!a) return challenge(randomBytes(nonceBytes))
  const session = hash('sha256', m.session, 'buffer')[0] ?? 0
  return challenge(derived(a, (session + (Number.parseInt(m.message, 10) || 0)) % challenges))
}
const fingerprint = (text: string): Buffer => hash('sha256', text, 'buffer')
