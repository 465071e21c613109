/**
 * Enrolment in steps: server -> code -> licence -> ownership -> done. What a step gave is on disk before the next begins, so that an interrupted
 * enrolment goes on where it stopped; a failure names its step and what to do.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { agentChannel, type JsonObject } from '@muster/contract'
import { messageOf } from './failure.ts'
import { asRecord, type Http, ServerRefused, Unreachable } from './http.ts'
import type { Identifier } from './inventory/index.ts'
import type { AgentState, Link, StateFolder, Step } from './state.ts'
import { createTokens } from './token.ts'
import { agentVersion, olderThan } from './version.ts'

const { About, Done, TermsMessage, agentProtocol } = agentChannel

export class StepFailed extends Error {
  readonly step: Step
  readonly code: string
  constructor(step: Step, code: string, text: string) {
    super(text)
    this.name = 'StepFailed'
    this.step = step
    this.code = code
  }
}
export interface Asker {
  /** Shows the licence; true when the person accepts it. */
  licence(organisation: string, text: string): Promise<boolean>
  /** Says whose device this will be; true when the person agrees. */
  ownership(organisation: string, ownership: string): Promise<boolean>
}
export interface EnrolDeps {
  folder: StateFolder
  http: Http
  link: Link
  code: string
  readOnly: boolean
  asker: Asker
  facts: () => JsonObject
  identifiers: readonly Identifier[]
  tell: (text: string) => void
  now?: () => number
}

const platform = 'linux'
const order: readonly Step[] = agentChannel.steps
const clockToleranceS = 600
/** Short outages during a step are sat out. */
const tries = 3

/** Throws StepFailed. Repeating it with the same code goes on where it stopped; when all is done it only says so. */
export async function enrol(o: EnrolDeps): Promise<AgentState> {
  const now = o.now ?? Date.now
  let state: AgentState = begin(o)
  const save = (more: Partial<AgentState>) => {
    state = { ...state, ...more }
    o.folder.write(state)
  }
  const reached = (step: Step) => order.indexOf(state.step) >= order.indexOf(step) && state.client !== undefined
  if (reached('done')) return state

  const about = await at('server', () => checkServer(o.http, now()))
  save({ about, step: state.client ? state.step : 'server' })
  o.tell(`server     ${about.organisation} (Muster ${about.version})`)

  if (!state.client) {
    const terms = await at('code', () => lookAtCode(o))
    save({ terms })
    // The licence is read before the code is spent; a person who declines leaves the invitation as it was.
    await consent(o, terms)
    const client = await at('code', () => register(o, about.registration))
    save({ client, step: 'code', licence: terms.licence?.version, ownership: terms.ownership })
  }
  o.tell(`code       accepted for ${state.ownership}`)

  const tokens = createTokens({ http: o.http, folder: o.folder, now, tokenPath: about.token })
  const done = await at('licence', async () => {
    const bearer = await tokens.get()
    state = o.folder.read() ?? state
    const answer = await o.http.ask({
      path: `${platform}/agent/enrolment`,
      json: { licence: state.licence, ownership: state.ownership, facts: o.facts() },
      headers: { authorization: `Bearer ${bearer}` },
      timeoutS: 60,
    })
    if (answer.status !== 200) throw new ServerRefused(answer)
    return Done.parse(answer.body)
  })
  o.tell(`licence    ${state.licence === undefined ? 'none needed' : `version ${state.licence} accepted`}`)
  o.tell(`ownership  ${state.ownership}`)
  save({
    step: 'done',
    code: undefined,
    device: done.device,
    epoch: done.epoch,
    signingKeys: done.signingKeys,
    enrolledAt: new Date(now()).toISOString(),
  })
  o.tell(`done       device ${done.device}`)
  return state
}

/** Goes on with an unfinished enrolment; never overwrites a finished one. */
function begin(o: EnrolDeps): AgentState {
  const kept = o.folder.read()
  if (kept?.step === 'done' && kept.link.server !== o.link.server) {
    throw new StepFailed(
      'server',
      'enrolled-already',
      `This device is enrolled with ${kept.link.server}. Run "muster-agent leave" first.`,
    )
  }
  if (kept?.step === 'done') return kept
  // Credentials obtained with this very code are still good; another code begins anew.
  if (kept?.client && kept.code === o.code && kept.link.server === o.link.server)
    return { ...kept, link: o.link, readOnly: o.readOnly }
  return { version: 1, link: o.link, step: 'server', readOnly: o.readOnly, code: o.code, sequence: 0 }
}

async function checkServer(http: Http, now: number): Promise<agentChannel.About> {
  const answer = await http.ask({ path: `${platform}/agent/about` })
  if (answer.status !== 200) throw new ServerRefused(answer)
  const about = About.safeParse(answer.body)
  if (!about.success)
    throw new StepFailed(
      'server',
      'not-muster',
      'The address answers, but not as a Muster server does. Check the address and its path.',
    )
  const { protocol, minimumAgent, time } = about.data
  if (protocol !== agentProtocol)
    throw new StepFailed(
      'server',
      'protocol',
      `The server speaks agent protocol ${protocol}, this agent ${agentProtocol}. Install the agent version that the enrolment page offers.`,
    )
  if (olderThan(agentVersion, minimumAgent))
    throw new StepFailed(
      'server',
      'agent-too-old',
      `This agent is version ${agentVersion}; the server needs ${minimumAgent} or later. Install the version that the enrolment page offers.`,
    )
  const offS = Math.round((now - Date.parse(time)) / 1000)
  if (Math.abs(offS) > clockToleranceS)
    throw new StepFailed(
      'server',
      'clock',
      `The clock of this device is ${Math.abs(offS)} s ${offS > 0 ? 'ahead of' : 'behind'} the server's. Set it and try again.`,
    )
  return about.data
}

async function lookAtCode(o: EnrolDeps): Promise<agentChannel.TermsMessage> {
  const answer = await o.http.ask({ path: `${platform}/agent/invitation`, json: { code: o.code } })
  if (answer.status !== 200) throw new ServerRefused(answer)
  return TermsMessage.parse(answer.body)
}

async function consent(o: EnrolDeps, terms: agentChannel.TermsMessage): Promise<void> {
  if (terms.licence && !(await o.asker.licence(terms.organisation, terms.licence.text))) {
    throw new StepFailed(
      'licence',
      'licence-not-accepted',
      'The licence was not accepted. Read it and run the command again, with --yes if nobody can be asked.',
    )
  }
  if (!(await o.asker.ownership(terms.organisation, terms.ownership))) {
    throw new StepFailed(
      'ownership',
      'ownership-declined',
      'The kind of ownership was not agreed to. Ask for an invitation of another kind.',
    )
  }
}

/** RFC 7591 with the code as initial access token: spends it. The secret is shown this once. */
async function register(o: EnrolDeps, path: string): Promise<NonNullable<AgentState['client']>> {
  const name = o.facts()['network.hostname']
  const answer = await o.http.ask({
    path,
    headers: { authorization: `Bearer ${o.code}` },
    json: {
      client_name: typeof name === 'string' ? name : 'linux device',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      token_endpoint_auth_method: 'client_secret_basic',
      muster_platform: platform,
      muster_identifiers: o.identifiers,
      software_id: 'muster-agent',
      software_version: agentVersion,
    },
  })
  const said = asRecord(answer.body)
  const text = (v: unknown) => (typeof v === 'string' ? v : undefined)
  const [id, secret] = [text(said.client_id), text(said.client_secret)]
  if (answer.status !== 201 || id === undefined || secret === undefined) throw new ServerRefused(answer)
  return { id, secret, since: (o.now ?? Date.now)(), registrationToken: text(said.registration_access_token) }
}

/** Names the step of whatever goes wrong (the server's word on it first), and waits out what passes by itself. */
async function at<T>(step: Step, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      const waitS = attempt < tries ? passing(error, attempt) : undefined
      if (waitS === undefined) throw asStepFailed(step, error)
      await sleep(waitS * 1000)
    }
  }
}

/** Registration is never repeated blindly: a lost answer may have spent the code, and then the second try says so. */
function passing(error: unknown, attempt: number): number | undefined {
  if (error instanceof ServerRefused && (error.status === 503 || error.status === 429))
    return Math.min(error.retryAfterS ?? attempt, 30)
  if (error instanceof Unreachable && (error.code === 'unreachable' || error.code === 'timeout')) return attempt
  return undefined
}

function asStepFailed(step: Step, error: unknown): StepFailed {
  if (error instanceof StepFailed) return error
  if (error instanceof ServerRefused)
    return new StepFailed(order.find((s) => s === error.step) ?? step, error.code, error.message)
  if (error instanceof Unreachable) return new StepFailed(step, error.code, error.message)
  return new StepFailed(step, 'unexpected', `The server's answer could not be understood: ${messageOf(error)}`)
}
