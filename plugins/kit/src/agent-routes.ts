/**
 * The server side of the JSON agent channel, for any platform whose devices run an agent of ours: routes below `/<platform>/agent`.
 * The messages are in the contract (agent-channel.ts); a refusal names the step it belongs to.
 */
import {
  agentChannel,
  type Bytes,
  type Channel,
  isProblem,
  type Message,
  type PlatformHost,
  Problem,
  type ProblemCode,
  type Refusal,
  type Reply,
  type Route,
} from '@muster/contract'
import { plainBearer } from './agent-form.ts'
import { createIdle } from './agent-idle.ts'
import { createShort } from './agent-short.ts'
import { createSync } from './agent-sync.ts'
import { createTold } from './agent-told.ts'
import { jsonReply, readJson } from './json.ts'
import { olderThan } from './versions.ts'

export interface AgentChannelOptions {
  platform: string
  /** Of the server, shown to agents. */
  version: string
  /** Agents below it are refused with agent-too-old. */
  minimumAgent: string
  /** Longest time a sync is held while nothing waits; 0 switches long polls off. */
  longPollS?: number
}

const small = 64 * 1024
const { About, Done, Enrolment, Farewell, InvitationLook, TermsMessage, agentLimits, agentProtocol } = agentChannel

/** The five routes: about, invitation, enrolment, sync, farewell. */
export function agentRoutes(host: PlatformHost, o: AgentChannelOptions): Route[] {
  const longPollS = Math.min(o.longPollS ?? agentLimits.waitS, agentLimits.waitS)
  const told = createTold()
  const sync = createSync(host, { longPollS, told })
  const short = createShort(host, { longPollS, told })
  const idle = createIdle(host, { platform: o.platform, longPollS })
  const device = { device: true } as const
  return [
    {
      method: 'GET',
      path: '/agent/about',
      maxBytes: 0,
      access: { public: 'An agent reads it before it has any credential.' },
      handle: atStep('server', () => about(host, o)),
    },
    {
      method: 'POST',
      path: '/agent/invitation',
      maxBytes: small,
      access: { public: 'The code in the body is the credential.' },
      handle: atStep('code', (r) => look(host, o, r)),
    },
    {
      method: 'POST',
      path: '/agent/enrolment',
      maxBytes: agentLimits.syncBytes,
      access: device,
      handle: atStep('licence', async (r) => enrol(host, o, await known(host, o, r), r.body)),
    },
    {
      method: 'POST',
      path: '/agent/sync',
      maxBytes: agentLimits.syncBytes,
      access: device,
      handle: async (r) => sync(await known(host, o, r), r),
      now: (r) => idle(plainBearer(r.headers), r.body),
      soon: (r, done) => short(plainBearer(r.headers), r.body, done),
    },
    {
      method: 'POST',
      path: '/agent/farewell',
      maxBytes: small,
      access: device,
      handle: async (r) => farewell(host, await known(host, o, r), r.body),
    },
  ]
}

/** Step "server". Addresses are relative: the agent resolves them against the address that it reached us by. */
async function about(host: PlatformHost, o: AgentChannelOptions): Promise<Reply> {
  const said = About.parse({
    product: 'muster',
    version: o.version,
    protocol: agentProtocol,
    platform: o.platform,
    organisation: await host.organisation(),
    minimumAgent: o.minimumAgent,
    time: host.clock.now().toISOString(),
    registration: 'oauth2/reg',
    token: 'oauth2/token',
  })
  return jsonReply(200, said)
}

/** Step "code": spends nothing. */
async function look(host: PlatformHost, o: AgentChannelOptions, r: Message): Promise<Reply> {
  const { code } = readJson(r.body, small, InvitationLook)
  const terms = await host.invitation(code)
  if (terms.platform !== o.platform) throw new Problem('invitation-platform', { platform: terms.platform })
  return jsonReply(200, TermsMessage.parse(terms))
}

/** Steps "licence" and "ownership": created -> active. A repeat is answered alike and changes nothing. */
async function enrol(host: PlatformHost, o: AgentChannelOptions, c: Channel, body: Bytes): Promise<Reply> {
  const said = readJson(body, agentLimits.syncBytes, Enrolment)
  const terms = await host.terms(c)
  const agent = said.facts['agent.version']
  if (typeof agent === 'string' && olderThan(agent, o.minimumAgent))
    throw new Problem('agent-too-old', { minimumAgent: o.minimumAgent, step: 'server' })
  if (terms.licence && !terms.accepted && said.licence !== terms.licence.version)
    throw new Problem('licence-not-accepted', { version: terms.licence.version, step: 'licence' })
  if (said.ownership !== terms.ownership) {
    throw new Problem('invalid-request', {
      errors: [{ path: 'ownership', message: `the invitation is for ${terms.ownership}` }],
      step: 'ownership',
    })
  }
  await host.activate(c, said.facts, said.licence === undefined ? undefined : { licence: said.licence })
  return jsonReply(
    200,
    Done.parse({
      device: c.device,
      channel: c.no,
      epoch: c.epoch,
      nextS: host.pace(c),
      signingKeys: host.signingKeys(),
    }),
  )
}

async function farewell(host: PlatformHost, c: Channel, body: Bytes): Promise<Reply> {
  const { reason } = readJson(body, small, Farewell)
  await host.gone(c, { code: 'left', text: reason })
  return { status: 204 }
}

const refusals: Record<Refusal['refused'], ProblemCode> = {
  none: 'unauthenticated',
  unknown: 'unauthenticated',
  expired: 'token-expired',
  revoked: 'token-revoked',
  gone: 'device-gone',
  foreign: 'foreign-device',
}

/** The channel behind the bearer token; each kind of refusal has its own code. */
async function known(host: PlatformHost, o: AgentChannelOptions, r: Message): Promise<Channel> {
  const bearer = bearerOf(r)
  if (bearer === undefined) throw new Problem('unauthenticated')
  const c = await host.identify({ bearer })
  if ('refused' in c) throw new Problem(refusals[c.refused])
  if (c.platform !== o.platform) throw new Problem('foreign-device')
  if (c.lifecycle === 'removed') throw new Problem('device-gone')
  return c
}

function bearerOf(r: Pick<Message, 'headers'>): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,4096})$/i.exec(r.headers.authorization ?? '')?.[1]
}

/** Problems of a step carry its name, unless they name one themselves. */
function atStep(step: agentChannel.StepName, handle: (r: Message) => Promise<Reply>): (r: Message) => Promise<Reply> {
  return async (r) => {
    try {
      return await handle(r)
    } catch (error) {
      if (!isProblem(error) || error.extra.step !== undefined) throw error
      throw new Problem(error.code, { ...error.extra, step })
    }
  }
}
