/** A client of the fake as a test needs one: it signs assertions by itself, and calls the API over HTTP. */
import { createPrivateKey, sign } from 'node:crypto'
import fs from 'node:fs'
import type { FakeGoogle } from './index.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}
export interface Client {
  readonly key: ReturnType<FakeGoogle['serviceAccount']>
  token(claims?: Record<string, unknown>): Promise<Answer>
  call(verb: string, path: string, body?: unknown): Promise<Answer>
  /** The same; throws unless it is 200. */
  ok(verb: string, path: string, body?: unknown): Promise<Record<string, unknown>>
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
export const scopes = 'https://www.googleapis.com/auth/androidmanagement https://www.googleapis.com/auth/pubsub'

/** With a new key, or with the one that is in a file. */
export function clientOf(google: FakeGoogle, project?: string, keyFile?: string): Client {
  const key: Client['key'] =
    keyFile === undefined ? google.serviceAccount(project) : JSON.parse(fs.readFileSync(keyFile, 'utf8'))
  let bearer: string | undefined

  async function read(response: Response): Promise<Answer> {
    const body = JSON.parse(await response.text()) as Record<string, unknown>
    return { status: response.status, headers: response.headers, body }
  }
  async function token(claims: Record<string, unknown> = {}): Promise<Answer> {
    const now = Math.floor(Date.now() / 1000)
    const said = { iss: key.client_email, aud: key.token_uri, iat: now, exp: now + 3600, scope: scopes, ...claims }
    const text = `${part({ alg: 'RS256', typ: 'JWT', kid: key.private_key_id })}.${part(said)}`
    const signature = sign('RSA-SHA256', Buffer.from(text), createPrivateKey(key.private_key)).toString('base64url')
    const form = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: `${text}.${signature}` }
    return read(await fetch(key.token_uri, { method: 'POST', body: new URLSearchParams(form) }))
  }
  async function call(verb: string, path: string, body?: unknown): Promise<Answer> {
    bearer ??= String((await token()).body.access_token)
    return read(
      await fetch(`${google.url}/v1/${path}`, {
        method: verb,
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    )
  }
  return {
    key,
    token,
    call,
    async ok(verb, path, body) {
      const answer = await call(verb, path, body)
      if (answer.status !== 200) throw new Error(`${verb} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body
    },
  }
}

/** Asks until it is there. */
export async function eventually<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const end = Date.now() + 20_000
  for (;;) {
    const found = await ask()
    if (found !== undefined && found !== false) return found
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
