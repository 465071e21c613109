/**
 * The sign-in by OAuth 2 (Apple, Implementing the OAuth 2 authentication account-driven enrollment flow; RFC 6749, public client): the device's browser brings a
 * code, which the device changes for an access token of an hour and a refresh token.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { Message, PlatformHost, Reply } from '@muster/contract'
import type { AccountMode } from './account-store.ts'

export const grantMigration = {
  name: '0009_account_grant',
  sql: `create table account_grant (
    code bytea primary key, sign_in bytea not null references account_sign_in (token) on delete cascade, base bytea not null, redirect text not null, pkce text,
    code_expires timestamptz not null, used timestamptz, access bytea unique, access_expires timestamptz, refresh bytea unique);
  create index account_grant_sign_in on account_grant (sign_in);`,
}

/** The only client there is: devices that are being added. */
const clientId = 'apple-device'
const scope = 'MDM'
const redirect = 'apple-remotemanagement-user-login:/oauth2/redirection'
/** RFC 6749, 4.1.2: ten minutes at most. */
const codeS = 300
const accessS = 3600

/** What a device asks the authorization endpoint for, and must get back. */
export interface Asked {
  readonly state?: string
  /** RFC 7636, S256. */
  readonly pkce?: string
  /** The query as the page's own address carries it through the sign-in. */
  readonly query: URLSearchParams
}
/** undefined: it is no authorization request of a device; nothing may then be sent anywhere (RFC 6749, 4.1.2.1). */
export function askedIn(query: string): Asked | undefined {
  const q = new URLSearchParams(query)
  const one = (name: string) => (q.getAll(name).length === 1 ? (q.get(name) ?? undefined) : undefined)
  const [state, pkce] = [one('state'), one('code_challenge')]
  if (one('response_type') !== 'code' || one('client_id') !== clientId || one('redirect_uri') !== redirect)
    return undefined
  if ((state ?? '').length > 500 || (pkce !== undefined && !/^[\w-]{43}$/.test(pkce))) return undefined
  if (pkce !== undefined && one('code_challenge_method') !== 'S256') return undefined
  const kept = ['response_type', 'client_id', 'redirect_uri', 'state', 'scope', 'login_hint', 'code_challenge']
  const own = new URLSearchParams(kept.flatMap((name) => (one(name) === undefined ? [] : [[name, one(name) ?? '']])))
  if (pkce !== undefined) own.set('code_challenge_method', 'S256')
  return { ...(state !== undefined && { state }), ...(pkce !== undefined && { pkce }), query: own }
}

export interface Grants {
  /** `WWW-Authenticate` of the answer that has the device's person sign in. */
  challenge(mode: AccountMode): string
  /** Where the browser is sent with the code. `token`: what the sign-in is known by, which is told nobody. */
  back(asked: Asked, token: string): Promise<Reply>
  /** The token endpoint. */
  token(r: Message): Promise<Reply>
  /** What the sign-in is known by for whom this access token was made; undefined: it is none of these, or its hour is over. */
  behind(access: string): Promise<string | undefined>
}

export function createGrants({ sql, vault, server }: Pick<PlatformHost, 'sql' | 'vault' | 'server'>): Grants {
  const base = (mode: AccountMode) => `${server().url}/apple/account/${mode}`
  const place = (code: Uint8Array) => `account-grant|${Buffer.from(code).toString('hex')}`

  /** Spends the code. One that comes twice is stolen: all that was given for it ends (RFC 6749, 4.1.2). */
  async function exchange(form: URLSearchParams): Promise<Reply> {
    const code = sha256(form.get('code') ?? '')
    const [access, refresh] = [newToken(), newToken()]
    const pkce = form.has('code_verifier') ? sha256(form.get('code_verifier') ?? '').toString('base64url') : null
    const [row] = await sql`
      update account_grant set used = now(), access = ${sha256(access)}, access_expires = now() + make_interval(secs => ${accessS}), refresh = ${sha256(refresh)}
      where code = ${code} and used is null and code_expires > now() and redirect = ${form.get('redirect_uri') ?? ''} and pkce is not distinct from ${pkce} returning code`
    if (row) return given(access, refresh)
    await sql`update account_grant set access = null, refresh = null where code = ${code} and used is not null`
    return refused('invalid_grant')
  }
  async function refreshed(form: URLSearchParams): Promise<Reply> {
    const refresh = form.get('refresh_token') ?? ''
    const access = newToken()
    const [row] = await sql`
      update account_grant set access = ${sha256(access)}, access_expires = now() + make_interval(secs => ${accessS}) where refresh = ${sha256(refresh)} returning code`
    return row ? given(access, refresh) : refused('invalid_grant')
  }

  return {
    challenge: (mode) =>
      `Bearer method="apple-oauth2", authorization-url="${base(mode)}/authorize", token-url="${base(mode)}/token", redirect-url="${redirect}", client-id="${clientId}", scope="${scope}"`,
    async back(asked, token) {
      const code = newToken()
      const hash = sha256(code)
      await sql`
        insert into account_grant (code, sign_in, base, redirect, pkce, code_expires)
        values (${hash}, ${sha256(token)}, ${vault.seal(place(hash), token)}, ${redirect}, ${asked.pkce ?? null}, now() + make_interval(secs => ${codeS}))`
      const more = new URLSearchParams({ code, ...(asked.state !== undefined && { state: asked.state }) })
      return { status: 308, headers: { location: `${redirect}?${more}`, 'cache-control': 'no-store' }, body: '' }
    },
    async token(r) {
      const form = new URLSearchParams(Buffer.from(r.body).toString('utf8'))
      const twice = [...new Set(form.keys())].some((name) => form.getAll(name).length > 1)
      if (twice || !form.has('grant_type')) return refused('invalid_request')
      if (form.get('client_id') !== clientId) return refused('invalid_client')
      if (form.get('grant_type') === 'authorization_code') return exchange(form)
      return form.get('grant_type') === 'refresh_token' ? refreshed(form) : refused('unsupported_grant_type')
    },
    async behind(access) {
      const [row] = await sql<{ code: Uint8Array; base: Uint8Array }>`
        select code, base from account_grant where access = ${sha256(access)} and access_expires > now()`
      return row && vault.open(place(row.code), row.base)
    },
  }
}

const newToken = () => randomBytes(32).toString('base64url')
const sha256 = (of: string | Uint8Array): Buffer => createHash('sha256').update(of).digest()

const json = (status: number, body: object): Reply => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' },
  body: JSON.stringify(body),
})
const given = (access: string, refresh: string) =>
  json(200, { token_type: 'Bearer', scope, access_token: access, expires_in: accessS, refresh_token: refresh })
/** RFC 6749, 5.2. */
const refused = (error: string) => json(400, { error })
