/** A server that speaks the agent channel over real HTTP and does as a test tells it. It checks every message against the contract. */
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { agentChannel, canonical, envelopeType, type Json } from '@muster/contract'

const { Enrolment, Farewell, InvitationLook, RegistrationExtras, Sync } = agentChannel
type Delivery = agentChannel.AgentDelivery
type Answer = { status: number; body?: unknown; headers?: Record<string, string> }

export interface FakeServer {
  readonly url: string
  readonly requests: { method: string; path: string; body: unknown }[]
  readonly syncs: agentChannel.Sync[]
  /** Waiting to be handed over. */
  readonly queue: Delivery[]
  /** Results of all syncs, in order. */
  results(): agentChannel.Result[]
  facts(): Record<string, Json>
  deliver(kind: Delivery['kind'], name: string, payload: Json, more?: Partial<Delivery>): Delivery
  /** A signature over a delivery as the core makes it. */
  envelope(d: Pick<Delivery, 'id' | 'name' | 'payload'>, change?: Record<string, Json>, key?: KeyObject): string
  /** Answers instead of the usual, once each, in order. */
  readonly instead: Record<string, (Answer | 'cut')[]>
  /** What the invitation says. */
  terms: Record<string, unknown>
  waitS: number
  gone: boolean
  minimumAgent: string
  time: () => Date
  tokensIssued: number
  tokenLifeS: number
  /** The device's, as it is now. */
  secret: string
  farewell?: string
  registered?: { metadata: Record<string, unknown>; used: boolean }
  sequence: number
}

export const testCode = 'ABCD-EFGH-JKMN-PQRS'

export async function fakeServer(t: TestContext): Promise<FakeServer> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'EdDSA', use: 'sig' } as Record<string, Json>
  let facts: Record<string, Json> = {}
  let no = 0
  let wake: (() => void) | undefined
  /** Handed over, and no end of it told. */
  const out = new Map<string, Delivery>()
  const fake: FakeServer = {
    url: '',
    requests: [],
    syncs: [],
    queue: [],
    instead: {},
    terms: {
      platform: 'linux',
      ownership: 'cope',
      organisation: 'Example',
      licence: { version: '3', language: 'en', text: 'Be kind.' },
    },
    waitS: 0,
    gone: false,
    minimumAgent: '0.0.1',
    time: () => new Date(),
    tokensIssued: 0,
    tokenLifeS: 3600,
    secret: 's3cret/+',
    sequence: -1,
    results: () => fake.syncs.flatMap((s) => s.results ?? []),
    facts: () => facts,
    deliver(kind, name, payload, more) {
      no += 1
      const d: Delivery = {
        id: `o1-${no}`,
        kind,
        name,
        payload,
        attempt: 1,
        deadline: new Date(Date.now() + 3_600_000).toISOString(),
        ...more,
      }
      fake.queue.push(d)
      wake?.()
      return d
    },
    envelope(d, change = {}, key = privateKey) {
      const now = Math.floor(Date.now() / 1000)
      const head = { alg: 'EdDSA', kid: 'k1', typ: envelopeType }
      const hash = createHash('sha256').update(canonical(d.payload)).digest('base64url')
      const body = {
        device: 'device-1',
        epoch: 1,
        operation: d.name,
        paramsHash: hash,
        nbf: now - 60,
        exp: now + 600,
        nonce: d.id,
        ...change,
      }
      const signed = [head, body].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
      return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`
    },
  }

  const routes: Record<string, (body: unknown, bearer: string) => Answer | Promise<Answer>> = {
    'GET /linux/agent/about': () => ({
      status: 200,
      body: {
        product: 'muster',
        version: '0.1.0',
        protocol: 1,
        platform: 'linux',
        organisation: 'Example',
        minimumAgent: fake.minimumAgent,
        time: fake.time().toISOString(),
        registration: 'oauth2/reg',
        token: 'oauth2/token',
      },
    }),
    'POST /linux/agent/invitation': (body) => {
      const { code } = InvitationLook.parse(body)
      if (code !== testCode) return problem(401, 'invitation-unknown', { step: 'code' })
      return fake.registered?.used
        ? problem(409, 'invitation-used', { step: 'code' })
        : { status: 200, body: fake.terms }
    },
    'POST /oauth2/reg': (body, bearer) => {
      RegistrationExtras.parse(body)
      if (bearer !== testCode)
        return {
          status: 401,
          body: {
            error: 'invalid_token',
            error_description: 'The enrolment code is wrong.',
            code: 'invitation-unknown',
          },
        }
      if (fake.registered?.used)
        return {
          status: 409,
          body: {
            error: 'invalid_token',
            error_description: 'The enrolment code was used already.',
            code: 'invitation-used',
          },
        }
      fake.registered = { metadata: body as Record<string, unknown>, used: true }
      return {
        status: 201,
        body: {
          client_id: 'dev-1',
          client_secret: fake.secret,
          client_secret_expires_at: 0,
          registration_access_token: 'manage',
        },
      }
    },
    'PUT /oauth2/reg/dev-1': (_, bearer) => {
      if (bearer !== 'manage') return problem(401, 'unauthenticated')
      fake.secret = 's3cret-2'
      return { status: 200, body: { client_id: 'dev-1', client_secret: fake.secret } }
    },
    'POST /oauth2/token': (_, bearer) => {
      const expected = `Basic ${Buffer.from(`dev-1:${encodeURIComponent(fake.secret)}`).toString('base64')}`
      if (bearer !== expected || fake.gone)
        return { status: 401, body: { error: 'invalid_client', error_description: 'unknown client' } }
      fake.tokensIssued += 1
      return {
        status: 200,
        body: { access_token: `token-${fake.tokensIssued}`, token_type: 'Bearer', expires_in: fake.tokenLifeS },
      }
    },
    'POST /linux/agent/enrolment': (body, bearer) => {
      if (!known(bearer)) return problem(401, 'unauthenticated', { step: 'licence' })
      const said = Enrolment.parse(body)
      if (said.licence !== '3') return problem(422, 'licence-not-accepted', { step: 'licence' })
      return { status: 200, body: { device: 'device-1', channel: 1, epoch: 1, nextS: 1, signingKeys: [jwk] } }
    },
    'POST /linux/agent/sync': async (body, bearer) => {
      if (fake.gone) return problem(410, 'device-gone')
      if (!known(bearer)) return problem(401, 'token-expired')
      const said = Sync.parse(body)
      fake.syncs.push(said)
      for (const r of said.results ?? []) out.delete(r.id)
      if (said.has) fake.queue.unshift(...[...out.values()].filter((d) => !said.has?.includes(d.id)))
      if (said.facts && said.sequence > fake.sequence) facts = said.partial ? { ...facts, ...said.facts } : said.facts
      const talks = said.results !== undefined || said.facts !== undefined || said.events !== undefined
      if (talks) fake.sequence = Math.max(fake.sequence, said.sequence)
      if (fake.queue.length === 0 && said.waitS) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, (said.waitS ?? 0) * 1000).unref()
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      const deliveries = fake.queue.splice(0, said.take)
      for (const d of deliveries) out.set(d.id, d)
      return {
        status: 200,
        body: {
          deliveries,
          nextS: 1,
          waitS: fake.waitS,
          sequence: talks ? fake.sequence : said.sequence,
          time: new Date().toISOString(),
        },
      }
    },
    'POST /linux/agent/farewell': (body, bearer) => {
      if (!known(bearer)) return problem(401, 'unauthenticated')
      fake.farewell = Farewell.parse(body).reason
      fake.gone = true
      return { status: 204 }
    },
  }
  const known = (bearer: string) => bearer === `token-${fake.tokensIssued}`

  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString('utf8')
    const body: unknown = request.headers['content-type'] === 'application/json' ? JSON.parse(text) : text
    const key = `${request.method} ${request.url}`
    fake.requests.push({ method: request.method ?? '', path: request.url ?? '', body })
    const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '')
    const special = fake.instead[key]?.shift()
    if (special === 'cut') {
      // The work is done, the answer is lost.
      await routes[key]?.(body, bearer)
      request.socket.destroy()
      return
    }
    const answer = special ?? (await routes[key]?.(body, bearer)) ?? problem(404, 'not-found')
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    response.end(answer.body === undefined ? '' : JSON.stringify(answer.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return Object.assign(fake, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
}

export function problem(status: number, code: string, more: Record<string, unknown> = {}): Answer {
  return {
    status,
    body: { type: 'about:blank', title: code, status, detail: `The server says ${code}.`, code, ...more },
  }
}
