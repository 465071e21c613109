/** A true fake of Apple's service for organisations (Device Assignment): server tokens, sessions, devices with cursors, profiles; and what it tells devices that are set up. */
import { createPublicKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JsonObject } from '@muster/contract'
import { certificateOf, enveloped, newKey, pemOf, selfSigned } from '../pki/index.ts'
import { type BusinessDevice, BusinessRefusal, createEstate } from './estate.ts'
import { createJudge, newWords, type ServerTokenWords } from './oauth.ts'

export type { BusinessDevice } from './estate.ts'

/** What a device that is set up has from Apple: the profile of whoever manages it, and its own identity (PEM). */
export interface CloudConfiguration {
  readonly profile: JsonObject
  readonly identity: { readonly key: string; readonly certificate: string }
}
export interface FakeBusiness {
  readonly url: string
  /** PEM: who certifies the devices. */
  readonly deviceAuthority: string
  readonly account: { readonly server_uuid: string; readonly server_name: string; readonly org_name: string }
  /** What is downloaded once a public key (PEM) was uploaded: base64 of a `.p7m`. The token before it is over. */
  serverToken(publicKey: string): string
  assign(devices: readonly Pick<BusinessDevice, 'serial' | 'family' | 'model'>[]): void
  unassign(serials: readonly string[]): void
  device(serial: string): BusinessDevice | undefined
  /** What a device is told when it is set up. undefined: nobody manages it. */
  setUp(serial: string): Promise<CloudConfiguration | undefined>
  /** The same identity for a device that Apple has told nothing. */
  identity(serial: string): Promise<CloudConfiguration['identity']>
  /** The organisation has accepted the newest terms. */
  terms(accepted: boolean): void
  /** This server may do what it asks. */
  access(allowed: boolean): void
  expireSessions(): void
  expireCursors(): void
  /** Profiles cannot be given to these. */
  fail(serials: readonly string[]): void
  /** The next requests are too many. */
  throttle(times: number, retryAfterS: number): void
  /** Requests by method and path, answers by status and word. */
  readonly seen: { readonly asked: Record<string, number>; readonly refused: Record<string, number> }
  close(): Promise<void>
}
export interface FakeBusinessOptions {
  /** Devices in one answer at most. */
  readonly pageAtMost?: number
  /** Requests after which a session's token is replaced. */
  readonly rotateAfter?: number
}

const bodyBytes = 1 << 20

export async function startFakeBusiness(o: FakeBusinessOptions = {}): Promise<FakeBusiness> {
  const now = () => Date.now()
  const estate = createEstate({ now, ...(o.pageAtMost && { pageAtMost: o.pageAtMost }) })
  const judge = createJudge(now)
  const account = { server_uuid: '5A0C6F0B5E334C3B8F5D6B2E7A1D9F10', server_name: 'Muster', org_name: 'Example Ltd' }
  const sessions = new Map<string, { asked: number }>()
  const seen = { asked: {} as Record<string, number>, refused: {} as Record<string, number> }
  const count = (of: Record<string, number>, what: string) => {
    of[what] = (of[what] ?? 0) + 1
  }
  let words: ServerTokenWords | undefined
  let accepted = true
  let allowed = true
  let throttled = { times: 0, retryAfterS: 0 }
  const authority = await deviceMaker()

  function session(): string {
    const token = randomBytes(24).toString('hex')
    sessions.set(token, { asked: 0 })
    return token
  }
  /** What is asked, by method and path. */
  const methods: Readonly<Record<string, (body: JsonObject, query: URLSearchParams) => JsonObject>> = {
    'GET /account': () => ({ ...account, admin_id: 'it@example.com', org_email: 'it@example.com', urls: [] }),
    'POST /server/devices': estate.fetch,
    'POST /devices/sync': estate.sync,
    'POST /profile': estate.define,
    'GET /profile': (_, query) => estate.profile(query.get('profile_uuid')),
    'PUT /profile/devices': ({ devices, profile_uuid }) => estate.give(devices, String(profile_uuid)),
    'POST /profile/devices': ({ devices, profile_uuid }) => estate.give(devices, String(profile_uuid)),
    'DELETE /profile/devices': ({ devices }) => estate.give(devices),
  }

  function answer(r: IncomingMessage, body: Buffer, headers: Record<string, string>): JsonObject {
    const { pathname, searchParams } = new URL(r.url ?? '/', url())
    count(seen.asked, `${r.method} ${pathname}`)
    if (!r.headers['user-agent']) throw new BusinessRefusal(400, 'USER_AGENT_MISSING')
    if (throttled.times > 0) {
      throttled.times -= 1
      headers['retry-after'] = String(throttled.retryAfterS)
      throw new BusinessRefusal(429, 'TOO_MANY_REQUESTS')
    }
    if (pathname === '/session') {
      const refused = judge(`${url()}${r.url}`, r.headers.authorization, words)
      if (refused) throw new BusinessRefusal(refused, refused === 400 ? 'Bad Request' : 'Unauthorized')
      if (!accepted) throw new BusinessRefusal(403, 'T_C_NOT_SIGNED')
      return { auth_session_token: session() }
    }
    const token = String(r.headers['x-adm-auth-session'] ?? '')
    const mine = sessions.get(token)
    if (!mine) throw new BusinessRefusal(401, 'Unauthorized')
    if (!accepted) throw new BusinessRefusal(403, 'T_C_NOT_SIGNED')
    if (!allowed) throw new BusinessRefusal(403, 'ACCESS_DENIED')
    const method = methods[`${r.method} ${pathname}`]
    if (!method) throw new BusinessRefusal(404, 'NOT_FOUND')
    mine.asked += 1
    if (mine.asked >= (o.rotateAfter ?? Number.POSITIVE_INFINITY)) {
      sessions.delete(token)
      headers['x-adm-auth-session'] = session()
    }
    return method(bodyOf(body), searchParams)
  }
  async function handle(r: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of r) chunks.push(chunk as Buffer)
    const headers: Record<string, string> = {}
    try {
      const body = JSON.stringify(answer(r, Buffer.concat(chunks).subarray(0, bodyBytes), headers))
      response.writeHead(200, { 'content-type': 'application/json;charset=UTF8', ...headers }).end(body)
    } catch (e) {
      if (!(e instanceof BusinessRefusal)) throw e
      count(seen.refused, `${e.status} ${e.message}`)
      response.writeHead(e.status, { 'content-type': 'text/plain', ...headers }).end(e.message)
    }
  }
  const server = createServer((r, response) => void handle(r, response).catch(() => response.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url: url(),
    deviceAuthority: authority.pem,
    account,
    seen,
    serverToken: (publicKey) => {
      words = newWords()
      sessions.clear()
      return tokenFile(words, new X509Certificate(publicKey))
    },
    assign: estate.assign,
    unassign: estate.unassign,
    device: (serial) => estate.devices.get(serial),
    setUp: async (serial) => {
      const profile = estate.profileOf(serial)
      return profile && { profile, identity: await authority.identity(serial) }
    },
    identity: authority.identity,
    terms: (yes) => {
      accepted = yes
    },
    access: (yes) => {
      allowed = yes
    },
    expireSessions: () => sessions.clear(),
    expireCursors: estate.expireCursors,
    fail: (serials) => {
      estate.unreachable.clear()
      for (const serial of serials) estate.unreachable.add(serial)
    },
    throttle: (times, retryAfterS) => {
      throttled = { times, retryAfterS }
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function bodyOf(bytes: Buffer): JsonObject {
  if (bytes.length === 0) return {}
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
  } catch {
    throw new BusinessRefusal(400, 'MALFORMED_REQUEST_BODY')
  }
  throw new BusinessRefusal(400, 'MALFORMED_REQUEST_BODY')
}

/** S/MIME around CMS around a message around JSON, as it is downloaded. */
function tokenFile(words: ServerTokenWords, to: X509Certificate): string {
  const inside = `Content-Type: text/plain;charset=UTF-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n-----BEGIN MESSAGE-----\r\n${JSON.stringify(words)}\r\n-----END MESSAGE-----\r\n`
  const cms = enveloped(Buffer.from(inside), to.raw, 'des3').toString('base64')
  const file = `MIME-Version: 1.0\r\nContent-Disposition: attachment; filename="smime.p7m"\r\nContent-Type: application/x-pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\r\nContent-Transfer-Encoding: base64\r\n\r\n${cms.replaceAll(/(.{64})/g, '$1\r\n')}\r\n`
  return Buffer.from(file).toString('base64')
}

/** Who puts identities into devices; its own certificate has ended long ago, as Apple's has. */
async function deviceMaker() {
  const subject = [[['CN', 'Simulated device authority']]] as const
  const key = await newKey('rsa')
  const pem = pemOf(selfSigned(key, new Date('2013-04-16T00:00:00Z'), subject))
  const made = new Map<string, Promise<CloudConfiguration['identity']>>()
  async function make(serial: string): Promise<CloudConfiguration['identity']> {
    const own: KeyObject = await newKey('rsa')
    const certificate = certificateOf({
      subject: [[['CN', `device ${serial}`]]],
      spki: createPublicKey(own).export({ type: 'spki', format: 'der' }),
      issuer: { subject, key },
      now: new Date(),
    })
    return { key: String(own.export({ type: 'pkcs8', format: 'pem' })), certificate: pemOf(certificate) }
  }
  return {
    pem,
    identity: (serial: string) => {
      const known = made.get(serial) ?? make(serial)
      made.set(serial, known)
      return known
    },
  }
}
