/** Speaking with Apple's service for organisations (Apple, Device Assignment): OAuth 1.0 (RFC 5849) begins a session, whose token goes with each request and is replaced now and then. */
import { createHmac, randomBytes } from 'node:crypto'
import type { PlatformHost } from '@muster/contract'
import { z } from 'zod'
import type { ServerToken } from './server-token.ts'

const Session = z.object({ auth_session_token: z.string().min(1).max(10_000) })

/** What Apple does not take, or does not say. `message` begins with Apple's own word where it gave one: T_C_NOT_SIGNED, EXPIRED_CURSOR. */
export class BusinessError extends Error {
  readonly status: number
  /** Seconds that it asks to be left alone. */
  readonly afterS?: number
  constructor(text: string, status = 0, afterS?: number) {
    super(text)
    this.name = 'BusinessError'
    this.status = status
    this.afterS = afterS
  }
  /** Apple's word, wherever it stands in the answer: some answers are JSON, some the bare word. */
  says(word: string): boolean {
    return new RegExp(`\\b${word}\\b`).test(this.message)
  }
}

export interface BusinessClient {
  /** The answer's JSON. Throws BusinessError. */
  ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<unknown>
}

const answerMs = 20_000
/** 1,000 devices are half a megabyte. */
const answerChars = 8 << 20
/** Of Apple's service: the answers that this server reads are those of this version. */
const version = '3'

/** One session, begun when it is first needed, and again when Apple has ended it. */
export function createBusinessClient(
  host: Pick<PlatformHost, 'fetch' | 'clock'>,
  url: string,
  token: () => Promise<ServerToken>,
): BusinessClient {
  const base = url.replace(/\/+$/, '')
  let session: string | undefined

  async function send(method: string, path: string, headers: Record<string, string>, body?: object) {
    const signal = AbortSignal.timeout(answerMs)
    const json = body && { body: JSON.stringify(body) }
    const answer = await host
      .fetch(`${base}${path}`, {
        method,
        headers: {
          'user-agent': 'muster',
          'x-server-protocol-version': version,
          ...(body && { 'content-type': 'application/json;charset=UTF8' }),
          ...headers,
        },
        signal,
        ...json,
      })
      .catch((e: unknown) => {
        throw new BusinessError(e instanceof Error ? e.message : 'no answer')
      })
    const text = await answer.text().catch(() => '')
    if (!answer.ok) throw new BusinessError(text.slice(0, 200), answer.status, secondsOf(answer))
    session = answer.headers.get('x-adm-auth-session') ?? session
    try {
      return JSON.parse(text.slice(0, answerChars)) as unknown
    } catch {
      throw new BusinessError('the answer cannot be read')
    }
  }
  async function begin(): Promise<string> {
    const at = Math.floor(host.clock.now().getTime() / 1000)
    const nonce = randomBytes(16).toString('hex')
    const authorization = signed({ url: `${base}/session`, at, nonce }, await token())
    const found = Session.safeParse(await send('GET', '/session', { authorization })).data
    if (!found) throw new BusinessError('the answer holds no session')
    session = found.auth_session_token
    return session
  }
  async function ask(method: string, path: string, body?: object): Promise<unknown> {
    const fresh = session === undefined
    const mine = session ?? (await begin())
    try {
      return await send(method, path, { 'x-adm-auth-session': mine }, body)
    } catch (e) {
      // Apple ends sessions after a while; one that was just begun is not taken for another reason.
      if (!(e instanceof BusinessError) || e.status !== 401 || fresh) throw e
      if (session === mine) session = undefined
      return send(method, path, { 'x-adm-auth-session': session ?? (await begin()) }, body)
    }
  }
  return { ask }
}

function secondsOf(answer: Response): number | undefined {
  const seconds = Number(answer.headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 86_400) : undefined
}

const escaped = (text: string) =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** The header of a GET (RFC 5849, sections 3.4 and 3.5). */
export function signed(r: { url: string; at: number; nonce: string }, t: ServerToken): string {
  const { origin, pathname, searchParams } = new URL(r.url)
  const own: readonly [string, string][] = [
    ['oauth_consumer_key', t.consumer_key],
    ['oauth_token', t.access_token],
    ['oauth_signature_method', 'HMAC-SHA1'],
    ['oauth_timestamp', String(r.at)],
    ['oauth_nonce', r.nonce],
    ['oauth_version', '1.0'],
  ]
  const parameters = [...own, ...searchParams]
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join('&')
  const base = ['GET', escaped(`${origin}${pathname}`), escaped(parameters)].join('&')
  const key = `${escaped(t.consumer_secret)}&${escaped(t.access_secret)}`
  const signature = createHmac('sha1', key).update(base).digest('base64')
  const said = [['realm', 'ADM'], ...own, ['oauth_signature', signature]] as const
  return `OAuth ${said.map(([name, value]) => `${name}="${escaped(value)}"`).join(', ')}`
}
