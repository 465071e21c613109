/** The API as a patient script calls it: again after every failure that may pass, until its own time is over. */
import type { Journal } from './journal.ts'

export interface Told<T> {
  readonly status: number
  readonly body: T
}
export interface Api {
  /** undefined: no answer that counts came in time, and whether it was done is not known. */
  ask<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Told<T> | undefined>
  token(): Promise<string>
}
export interface ApiClient {
  readonly id: string
  readonly secret: string
}

const triesMs = 20_000
const pauseMs = 100

export function createApi(o: { url: string; client: ApiClient; journal: Journal }): Api {
  let token: { value: string; until: number } | undefined

  async function request(method: string, path: string, init: RequestInit): Promise<Told<unknown> | undefined> {
    try {
      const answer = await fetch(`${o.url}${path}`, { method, ...init, signal: AbortSignal.timeout(10_000) })
      const text = await answer.text()
      const { answers, refusals } = o.journal
      answers[answer.status] = (answers[answer.status] ?? 0) + 1
      const body = text === '' ? undefined : (JSON.parse(text) as { code?: unknown })
      if (answer.status >= 400) {
        const code = typeof body?.code === 'string' ? body.code : `status-${answer.status}`
        refusals[code] = (refusals[code] ?? 0) + 1
      }
      return { status: answer.status, body }
    } catch {
      // Cut off, refused or not understood: no answer.
      return undefined
    }
  }
  async function signIn(): Promise<string | undefined> {
    if (token && token.until > Date.now()) return token.value
    const answer = await request('POST', '/oauth2/token', {
      headers: {
        authorization: `Basic ${Buffer.from(`${o.client.id}:${o.client.secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    })
    const { access_token: value } = (answer?.body ?? {}) as { access_token?: string }
    if (answer?.status !== 200 || value === undefined) return undefined
    token = { value, until: Date.now() + 120_000 }
    return value
  }
  const pause = () => new Promise((resolve) => setTimeout(resolve, pauseMs))

  async function ask<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    for (const until = Date.now() + triesMs; Date.now() < until; await pause()) {
      const bearer = await signIn()
      if (bearer === undefined) continue
      const answer = await request(method, `/api/v1${path}`, {
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (answer?.status === 401) token = undefined
      if (answer && answer.status < 500 && answer.status !== 401 && answer.status !== 429) return answer as Told<T>
    }
    return undefined
  }
  return {
    ask,
    token: async () => {
      for (const until = Date.now() + triesMs; Date.now() < until; await pause()) {
        const value = await signIn()
        if (value !== undefined) return value
      }
      throw new Error('no token was to be had')
    },
  }
}
