/** Access tokens of the device: client credentials grant, renewed well before they end; and now and then a new secret to get them with. */
import { asRecord, type Http, ServerRefused, Unreachable } from './http.ts'
import type { AgentState, StateFolder } from './state.ts'
import { diskFull } from './tree.ts'

export interface Tokens {
  /** `fresh`: the one at hand was refused. */
  get(fresh?: boolean): Promise<string>
}

/** Part of its life after which a token is renewed. */
const renewAt = 0.75
const secretLifeMs = 90 * 86_400_000

export function createTokens(o: {
  http: Http
  folder: StateFolder
  now: () => number
  tokenPath: string
  registrationPath?: string
}): Tokens {
  let renewFrom = 0
  /** Of a full disk: the token serves without having been kept. */
  let unkept: AgentState['token']
  async function renew(state: AgentState): Promise<string> {
    const { client } = state
    if (!client) throw new Error('This device is not enrolled.')
    const answer = await o.http.ask({
      path: o.tokenPath,
      form: { grant_type: 'client_credentials' },
      headers: {
        authorization: `Basic ${Buffer.from(`${encodeURIComponent(client.id)}:${encodeURIComponent(client.secret)}`).toString('base64')}`,
      },
    })
    const said = asRecord(answer.body)
    if (answer.status !== 200 || typeof said.access_token !== 'string') throw new ServerRefused(answer)
    const lifeS = typeof said.expires_in === 'number' && said.expires_in > 0 ? said.expires_in : 3600
    renewFrom = o.now() + lifeS * 1000 * renewAt
    if (keep({ value: said.access_token, expiresAt: o.now() + lifeS * 1000 }, state)) await rotate()
    return said.access_token
  }

  /** False: it could not be written. A new secret could not be, either, so none is asked for then. */
  function keep(token: NonNullable<AgentState['token']>, state: AgentState): boolean {
    try {
      o.folder.write({ ...(o.folder.read() ?? state), token })
      unkept = undefined
      return true
    } catch (error) {
      if (!diskFull(error)) throw error
      unkept = token
      return false
    }
  }

  /** RFC 7592 section 2.2. The server keeps the old secret good for a while, so an answer that is lost locks nobody out. */
  async function rotate(): Promise<void> {
    const state = o.folder.read()
    const client = state?.client
    if (!state || !client?.registrationToken || !o.registrationPath || o.now() - client.since < secretLifeMs) return
    try {
      const answer = await o.http.ask({
        method: 'PUT',
        path: `${o.registrationPath}/${encodeURIComponent(client.id)}`,
        headers: { authorization: `Bearer ${client.registrationToken}` },
        json: { client_id: client.id },
      })
      const { client_secret: secret, registration_access_token: next } = asRecord(answer.body)
      if (answer.status !== 200 || typeof secret !== 'string') throw new ServerRefused(answer)
      const registrationToken = typeof next === 'string' ? next : client.registrationToken
      o.folder.write({ ...state, client: { ...client, secret, since: o.now(), registrationToken } })
    } catch (error) {
      // The old secret serves on; the next renewal tries again.
      if (!(error instanceof ServerRefused || error instanceof Unreachable)) throw error
    }
  }
  return {
    async get(fresh = false) {
      const state = o.folder.read()
      if (!state) throw new Error('This device is not enrolled.')
      const token = unkept ?? state.token
      // After a restart the token's whole life is not known: it serves until a little before its end.
      const due = renewFrom > 0 ? o.now() >= renewFrom : token !== undefined && o.now() >= token.expiresAt - 300_000
      if (token && !fresh && !due) return token.value
      try {
        return await renew(state)
      } catch (error) {
        // While the old one still holds, a token endpoint that is away for a moment does no harm. A client that is gone
        // still needs its old token: with it the server can say farewell.
        const unknownClient = error instanceof ServerRefused && error.code === 'invalid_client'
        if (token && !fresh && (unknownClient || o.now() < token.expiresAt)) return token.value
        throw error
      }
    },
  }
}
