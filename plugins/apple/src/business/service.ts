/** Asking Apple's service for organisations: OAuth 1.0 (RFC 5849) begins a session, whose token goes with each request. */
import { createHmac, randomBytes } from 'node:crypto'
import type { PlatformHost } from '@muster/contract'
import { z } from 'zod'
import type { ServerToken } from './server-token.ts'

const Session = z.object({ auth_session_token: z.string().min(1).max(10_000) })
const Account = z.object({
  server_uuid: z.string().regex(/^[\w-]{1,100}$/),
  server_name: z.string().max(500).default(''),
  org_name: z.string().max(500).default(''),
})
export type BusinessAccount = z.infer<typeof Account>

/** What Apple does not take, or does not say. */
export class BusinessError extends Error {
  readonly status: number
  constructor(text: string, status = 0) {
    super(text)
    this.name = 'BusinessError'
    this.status = status
  }
}

const answerMs = 20_000
/** Of Apple's service: the answers that this server reads are those of this version. */
const version = '3'

/** Who this server is at Apple. Throws BusinessError. */
export async function readAccount(
  host: Pick<PlatformHost, 'fetch' | 'clock'>,
  url: string,
  token: ServerToken,
): Promise<BusinessAccount> {
  const base = url.replace(/\/+$/, '')
  const ask = async (path: string, headers: Record<string, string>): Promise<unknown> => {
    const signal = AbortSignal.timeout(answerMs)
    const answer = await host
      .fetch(`${base}${path}`, {
        headers: { 'user-agent': 'muster', 'x-server-protocol-version': version, ...headers },
        signal,
      })
      .catch((e: unknown) => {
        throw new BusinessError(e instanceof Error ? e.message : 'no answer')
      })
    const text = await answer.text().catch(() => '')
    // T_C_NOT_SIGNED, ACCESS_DENIED and the like: Apple's own word for what an administrator must do there.
    if (!answer.ok) throw new BusinessError(text.slice(0, 200), answer.status)
    try {
      return JSON.parse(text)
    } catch {
      throw new BusinessError('the answer cannot be read')
    }
  }
  const at = Math.floor(host.clock.now().getTime() / 1000)
  const authorization = signed({ url: `${base}/session`, at, nonce: randomBytes(16).toString('hex') }, token)
  const session = Session.safeParse(await ask('/session', { authorization })).data
  if (!session) throw new BusinessError('the answer holds no session')
  const account = Account.safeParse(await ask('/account', { 'x-adm-auth-session': session.auth_session_token })).data
  if (!account) throw new BusinessError('the answer does not name this server')
  return account
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
