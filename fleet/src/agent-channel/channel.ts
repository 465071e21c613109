/** The steps of the agent channel as a device walks them: about, look, registration, token, enrolment, sync, farewell (contract/agent-channel.ts). */
import { agentChannel, type JsonObject } from '@muster/contract'
import { Refused, refusalOf } from '../refused.ts'
import { type Answered, grantAsked, jsonAsked, jsonOf, type Send } from '../wire.ts'
import type { Disk, Report } from './disk.ts'
import type { Identity, Simulator } from './simulator.ts'

const { About, Done, SyncAnswer, TermsMessage, agentProtocol } = agentChannel

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
      const answer = await send({ kind: 'about', method: 'GET', path: paths.about })
      const said = read(About, answer)
      if (said.protocol !== agentProtocol || said.platform !== platform) throw new Refused('not-this-channel', answer)
      return said
    },
    look: async (code) =>
      read(TermsMessage, await send({ kind: 'look', method: 'POST', path: paths.invitation, ...jsonAsked({ code }) })),
    async register(at, code, identity) {
      const metadata = {
        client_name: identity.name,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'client_secret_basic',
        muster_platform: platform,
        muster_identifiers: identity.identifiers,
        software_id: simulator.software.id,
        software_version: simulator.software.version,
      }
      const answer = await send({ kind: 'register', method: 'POST', path: at, ...jsonAsked(metadata, code) })
      const { client_id: id, client_secret: secret } = members(answer)
      if (answer.status !== 201 || typeof id !== 'string' || typeof secret !== 'string') throw refusalOf(answer)
      return { id, secret }
    },
    async token(at, client) {
      const answer = await send({ kind: 'token', method: 'POST', path: at, ...grantAsked(client) })
      const { access_token: value, expires_in: life } = members(answer)
      if (answer.status !== 200 || typeof value !== 'string') throw refusalOf(answer)
      return { value, lifeS: typeof life === 'number' && life > 0 ? life : 3600 }
    },
    async enrol(token, disk, facts) {
      const { licence, ownership } = disk
      const said = jsonAsked({ licence, ownership, facts }, token)
      return read(Done, await send({ kind: 'enrol', method: 'POST', path: paths.enrolment, ...said, timeoutS: 60 }))
    },
    async sync(token, s) {
      const { report, sequence, at, take, waitS } = s
      const said = { ...(report ?? { sequence, at }), take, ...(waitS > 0 ? { waitS } : {}) }
      const answer = await send({
        kind: report ? 'report' : waitS > 0 ? 'hold' : 'poll',
        method: 'POST',
        path: paths.sync,
        ...jsonAsked(said, token),
        timeoutS: waitS + 30,
        lose: s.lose === true,
        signal: s.signal,
      })
      return read(SyncAnswer, answer)
    },
    async farewell(token, reason) {
      const said = jsonAsked({ reason }, token)
      const answer = await send({ kind: 'farewell', method: 'POST', path: paths.farewell, ...said })
      if (answer.status !== 204 && answer.status !== 200) throw refusalOf(answer)
    },
  }
}

function members(a: Answered): { readonly [name: string]: unknown } {
  const body = jsonOf(a)
  return typeof body === 'object' && body !== null ? (body as { [name: string]: unknown }) : {}
}

/** The answer in the contract's words. */
function read<T>(
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
  a: Answered,
): T {
  if (a.status !== 200) throw refusalOf(a)
  const said = schema.safeParse(jsonOf(a))
  if (!said.success) throw new Refused('not-understood', a)
  return said.data
}
