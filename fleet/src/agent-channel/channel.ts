/** The steps of the agent channel as a device walks them: about, look, registration, token, enrolment, sync, farewell (contract/agent-channel.ts). */
import { agentChannel, type JsonObject } from '@muster/contract'
import type { Disk, Report } from './disk.ts'
import type { Identity, Simulator } from './simulator.ts'
import { type Answered, problemOf, type Send } from './wire.ts'

const { About, Done, SyncAnswer, TermsMessage, agentProtocol } = agentChannel

/** The server refused, or answered in words that are none of the channel's. */
export class Refused extends Error {
  readonly code: string
  readonly status: number
  readonly retryAfterS?: number
  constructor(code: string, a: Answered) {
    super(`The server refused: ${code} (${a.status})`)
    this.name = 'Refused'
    this.code = code
    this.status = a.status
    if (a.retryAfterS !== undefined) this.retryAfterS = a.retryAfterS
  }
}

export interface Channel {
  about(): Promise<agentChannel.About>
  look(code: string): Promise<agentChannel.TermsMessage>
  /** RFC 7591 with the code as initial access token: spends it. */
  register(path: string, code: string, identity: Identity): Promise<{ id: string; secret: string }>
  /** Client credentials grant. */
  token(path: string, client: { id: string; secret: string }): Promise<{ value: string; lifeS: number }>
  enrol(token: string, disk: Disk, facts: JsonObject): Promise<agentChannel.Done>
  sync(token: string, s: SyncAsked): Promise<agentChannel.SyncAnswer>
  farewell(token: string, reason: string): Promise<void>
}
export interface SyncAsked {
  /** What to tell; without it an idle poll. */
  readonly report?: Report
  readonly sequence: number
  readonly at: string
  readonly take: number
  readonly waitS: number
  readonly lose?: boolean
  readonly signal?: AbortSignal
}

export function createChannel(send: Send, simulator: Simulator): Channel {
  const { platform } = simulator
  const path = (name: string) => `${platform}/agent/${name}`
  const paths = {
    about: path('about'),
    invitation: path('invitation'),
    enrolment: path('enrolment'),
    sync: path('sync'),
    farewell: path('farewell'),
  }

  return {
    async about() {
      const said = read(About, await send({ kind: 'about', method: 'GET', path: paths.about }))
      if (said.protocol !== agentProtocol || said.platform !== platform)
        throw new Refused('not-this-channel', { status: 200, body: said })
      return said
    },
    look: async (code) =>
      read(
        TermsMessage,
        await send({ kind: 'look', method: 'POST', path: paths.invitation, json: JSON.stringify({ code }) }),
      ),
    async register(at, code, identity) {
      const json = JSON.stringify({
        client_name: identity.name,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'client_secret_basic',
        muster_platform: platform,
        muster_identifiers: identity.identifiers,
        software_id: simulator.software.id,
        software_version: simulator.software.version,
      })
      const answer = await send({ kind: 'register', method: 'POST', path: at, authorization: `Bearer ${code}`, json })
      const { client_id: id, client_secret: secret } = members(answer)
      if (answer.status !== 201 || typeof id !== 'string' || typeof secret !== 'string') throw refusal(answer)
      return { id, secret }
    },
    async token(at, client) {
      const authorization = `Basic ${Buffer.from(`${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`).toString('base64')}`
      const answer = await send({
        kind: 'token',
        method: 'POST',
        path: at,
        authorization,
        form: 'grant_type=client_credentials',
      })
      const { access_token: value, expires_in: life } = members(answer)
      if (answer.status !== 200 || typeof value !== 'string') throw refusal(answer)
      return { value, lifeS: typeof life === 'number' && life > 0 ? life : 3600 }
    },
    async enrol(token, disk, facts) {
      const json = JSON.stringify({
        ...(disk.licence === undefined ? {} : { licence: disk.licence }),
        ownership: disk.ownership,
        facts,
      })
      return read(
        Done,
        await send({
          kind: 'enrol',
          method: 'POST',
          path: paths.enrolment,
          authorization: `Bearer ${token}`,
          json,
          timeoutS: 60,
        }),
      )
    },
    async sync(token, s) {
      const json = JSON.stringify({
        ...(s.report ?? { sequence: s.sequence, at: s.at }),
        take: s.take,
        ...(s.waitS > 0 ? { waitS: s.waitS } : {}),
      })
      const kind = s.report ? 'report' : s.waitS > 0 ? 'hold' : 'poll'
      const answer = await send({
        kind,
        method: 'POST',
        path: paths.sync,
        authorization: `Bearer ${token}`,
        json,
        timeoutS: s.waitS + 30,
        lose: s.lose === true,
        ...(s.signal ? { signal: s.signal } : {}),
      })
      return read(SyncAnswer, answer)
    },
    async farewell(token, reason) {
      const answer = await send({
        kind: 'farewell',
        method: 'POST',
        path: paths.farewell,
        authorization: `Bearer ${token}`,
        json: JSON.stringify({ reason }),
      })
      if (answer.status !== 204 && answer.status !== 200) throw refusal(answer)
    },
  }
}

function members(a: Answered): { readonly [name: string]: unknown } {
  return typeof a.body === 'object' && a.body !== null ? (a.body as { [name: string]: unknown }) : {}
}

function refusal(a: Answered): Refused {
  return new Refused(a.status >= 400 ? problemOf(a) : 'not-understood', a)
}

/** The answer in the contract's words. */
function read<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  a: Answered,
): T {
  if (a.status !== 200) throw refusal(a)
  const said = schema.safeParse(a.body)
  if (!said.success) throw new Refused('not-understood', a)
  return said.data
}
