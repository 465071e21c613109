/** Where enrolment codes come from: given ones, a function of the caller, or the server's API through an API client. */
import type { Ownership } from '@muster/contract'
import { type Agenda, sleep } from './agenda.ts'
import { type Answered, grantAsked, jsonAsked, jsonOf, problemOf, retryAfterOf, type Send } from './wire.ts'

/** Answers n codes. */
export type Invite = (n: number) => Promise<readonly string[]>
/** An OAuth client of the server that may create invitations. */
export interface ApiClient {
  readonly id: string
  readonly secret: string
}

export interface CodesFrom {
  readonly invite?: Invite
  readonly codes?: readonly string[]
  readonly client?: ApiClient
}

/** One code after another; those of an API are asked for some at a time. Throws Error when there are none left or the server gives none. */
export function createCodes(
  from: CodesFrom,
  o: { send: Send; agenda: Agenda; platform: string; ownership: Ownership; wanted: number },
): () => Promise<string> {
  const given = [from.invite, from.codes, from.client].filter((x) => x !== undefined)
  if (given.length !== 1)
    throw new TypeError('Give the fleet exactly one source of enrolment codes: invite, codes or client.')
  const waiting: string[] = [...(from.codes ?? [])]
  const invite = from.invite ?? (from.client ? inviteByApi(from.client, o) : undefined)
  let wanted = o.wanted
  let asking: Promise<void> | undefined

  async function ask(): Promise<void> {
    if (!invite) throw new Error('There are no enrolment codes left.')
    const codes = await invite(Math.max(1, Math.min(16, wanted)))
    if (codes.length === 0) throw new Error('No enrolment code was given.')
    wanted -= codes.length
    waiting.push(...codes)
  }
  return async function next() {
    for (;;) {
      const code = waiting.shift()
      if (code !== undefined) return code
      asking ??= ask().finally(() => {
        asking = undefined
      })
      await asking
    }
  }
}

const tries = 20

function inviteByApi(
  client: ApiClient,
  o: { send: Send; agenda: Agenda; platform: string; ownership: Ownership },
): Invite {
  let token: Promise<string> | undefined

  async function signIn(): Promise<string> {
    const answer = await patient(o.agenda, () =>
      o.send({ kind: 'api', method: 'POST', path: 'oauth2/token', ...grantAsked(client, 'invitation:write') }),
    )
    const value = (jsonOf(answer) as { access_token?: unknown } | undefined)?.access_token
    if (answer.status !== 200 || typeof value !== 'string')
      throw new Error(`The API client gets no token: ${problemOf(answer)} (${answer.status}).`)
    return value
  }
  async function one(): Promise<string> {
    const asked = { platform: o.platform, ownership: o.ownership }
    for (let fresh = false; ; fresh = true) {
      token ??= signIn()
      const mine = token
      const bearer = await mine
      const answer = await patient(o.agenda, () =>
        o.send({ kind: 'api', method: 'POST', path: 'api/v1/invitations', ...jsonAsked(asked, bearer) }),
      )
      const code = (jsonOf(answer) as { code?: unknown } | undefined)?.code
      if (answer.status === 201 && typeof code === 'string') return code
      if (answer.status !== 401 || fresh)
        throw new Error(`The server gives no invitation: ${problemOf(answer)} (${answer.status}).`)
      if (token === mine) token = undefined
    }
  }
  return (n) => Promise.all(Array.from({ length: n }, one))
}

/** Waits out what passes by itself: throttling, overload, a server that starts. */
async function patient(agenda: Agenda, send: () => Promise<Answered>): Promise<Answered> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await send()
      if ((answer.status !== 429 && answer.status !== 503) || attempt >= tries) return answer
      await sleep(agenda, 1000 * (retryAfterOf(answer) ?? attempt))
    } catch (error) {
      if (attempt >= tries) throw error
      await sleep(agenda, Math.min(5000, 250 * attempt))
    }
  }
}
