/**
 * How a device comes in by its person's account (Apple, Implementing the simple authentication account-driven enrollment flow): it looks its server
 * up, is sent to have its person sign in, and gets the profile for the token that the person came back with.
 */
import { randomUUID } from 'node:crypto'
import type { Json } from '@muster/contract'
import { newKey, selfSigned, signed } from '../../pki/index.ts'
import { Refused, refusalOf } from '../../refused.ts'
import type { Answered, Send } from '../../wire.ts'
import { type Browser, createBrowser, fillIn, type Visitor } from './browser.ts'
import type { Model } from './model.ts'
import { writeXml } from './plist.ts'

/** Whose account it is, and how the person signs in at the server. */
export interface AccountHolder extends Visitor {
  readonly account: string
}
const mark = 'account:'

/** Stands where others have an invitation's code. */
export const accountCode = (holder: AccountHolder): string => `${mark}${JSON.stringify(holder)}`

export function holderIn(code: string): AccountHolder | undefined {
  return code.startsWith(mark) ? (JSON.parse(code.slice(mark.length)) as AccountHolder) : undefined
}

export interface AccountDeps {
  readonly send: Send
  readonly model: Model
  now(): number
}

/** The profile, and the token that the device shows from now on. Throws Refused or WireFailed. */
export async function profileByAccount(
  o: AccountDeps,
  holder: AccountHolder,
): Promise<{ answer: Answered; token: string }> {
  const base = await discover(o, holder.account)
  const body = await machineInfo(o)
  const first = await ask(o, base, body)
  if (first.status !== 401) throw refusalOf(first)
  const browser = createBrowser(o.send)
  const asked = askedOf(first)
  const tokens = asked.method === 'apple-oauth2' ? await authorized(o, browser, asked, holder) : undefined
  const page = `${asked.url}?${new URLSearchParams({ 'user-identifier': holder.account })}`
  const token = tokens?.access ?? (await signIn(browser, page, holder))
  const answer = await ask(o, base, body, token)
  if (answer.status !== 200) throw refusalOf(answer)
  // From here on it shows a token that was renewed, as after an hour.
  const renewed = tokens && (await tokensFor(o, asked, { grant_type: 'refresh_token', refresh_token: tokens.refresh }))
  return { answer, token: renewed?.access ?? token }
}

/** Apple, WellKnown: the first server whose way this device knows. */
async function discover({ send, model }: AccountDeps, account: string): Promise<string> {
  const family = { iphone: 'iPhone', ipad: 'iPad', mac: 'Mac', tv: 'AppleTV' }[model.family]
  const query = new URLSearchParams({ 'user-identifier': account, 'model-family': family })
  const path = `.well-known/com.apple.remotemanagement?${query}`
  const answer = await send({ kind: 'discovery', method: 'GET', path })
  if (answer.status !== 200) throw refusalOf(answer)
  const { Servers } = JSON.parse(answer.bytes.toString('utf8')) as { Servers?: { Version: string; BaseURL: string }[] }
  const server = Servers?.find((s) => s.Version === 'mdm-byod' || s.Version === 'mdm-adde')
  if (!server) throw new Refused('no-server', answer)
  return server.BaseURL
}

/** Signed with what Apple made it with. */
async function machineInfo({ model, now }: AccountDeps): Promise<Buffer> {
  const said: Json = { LANGUAGE: 'en', PRODUCT: model.product, VERSION: model.build }
  const key = await newKey('rsa')
  const at = new Date(now())
  const by = { key, certificate: selfSigned(key, at, [[['CN', 'Apple iPhone Device CA']]]) }
  const form = { digest: 'sha256', attributes: true, detached: false, ber: false, now: at } as const
  return signed(Buffer.from(writeXml(said), 'utf8'), by, form)
}

function ask({ send }: AccountDeps, base: string, body: Buffer, token?: string): Promise<Answered> {
  const headers = [
    'content-type',
    'application/pkcs7-signature',
    ...(token ? ['authorization', `Bearer ${token}`] : []),
  ]
  return send({ kind: 'profile', method: 'POST', path: base, headers, body })
}

/** The parameters of `WWW-Authenticate: Bearer`. */
function askedOf(answer: Answered): Readonly<Record<string, string>> {
  const asked = String(answer.headers['www-authenticate'] ?? '')
  const found = Object.fromEntries(
    [...asked.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  )
  const needed = {
    'apple-as-web': ['url'],
    'apple-oauth2': ['authorization-url', 'token-url', 'redirect-url', 'client-id', 'scope'],
  }[found.method ?? '']
  if (!/^Bearer /i.test(asked) || !needed?.every((name) => found[name])) throw new Refused('no-sign-in', answer)
  return found
}

interface Tokens {
  readonly access: string
  readonly refresh: string
}
/** Apple, Implementing the OAuth 2 authentication account-driven enrollment flow, steps 6 to 13. */
async function authorized(
  o: AccountDeps,
  browser: Browser,
  asked: Readonly<Record<string, string>>,
  holder: AccountHolder,
): Promise<Tokens> {
  const [redirect = '', client = ''] = [asked['redirect-url'], asked['client-id']]
  const state = randomUUID().toUpperCase()
  const query = { response_type: 'code', client_id: client, redirect_uri: redirect, state, login_hint: holder.account }
  const page = `${asked['authorization-url']}?${new URLSearchParams(query)}`
  const { answer } = await fillIn(browser, await browser.go(page), holder)
  const [to, given = ''] = String(answer.headers.location ?? '').split('?')
  const back = new URLSearchParams(given)
  if (answer.status !== 308 || to !== redirect || back.get('state') !== state) throw refusalOf(answer)
  return tokensFor(o, asked, {
    grant_type: 'authorization_code',
    code: back.get('code') ?? '',
    redirect_uri: redirect,
  })
}

async function tokensFor(
  { send }: AccountDeps,
  asked: Readonly<Record<string, string>>,
  form: Readonly<Record<string, string>>,
): Promise<Tokens> {
  const answer = await send({
    kind: 'token',
    method: 'POST',
    path: asked['token-url'] ?? '',
    headers: ['content-type', 'application/x-www-form-urlencoded'],
    body: new URLSearchParams({ ...form, client_id: asked['client-id'] ?? '' }).toString(),
  })
  if (answer.status !== 200) throw refusalOf(answer)
  const said = JSON.parse(answer.bytes.toString('utf8')) as Record<string, unknown>
  if (said.token_type !== 'Bearer' || typeof said.access_token !== 'string' || typeof said.refresh_token !== 'string')
    throw new Refused('no-token', answer)
  return { access: said.access_token, refresh: said.refresh_token }
}

/** The person signs in and says yes, until a page leads back into the device. */
async function signIn(browser: Browser, page: string, holder: AccountHolder): Promise<string> {
  const { answer } = await fillIn(browser, await browser.go(page), holder)
  const token = /^apple-remotemanagement-user-login:\/\/authentication-results\?access-token=([\w-]+)$/.exec(
    String(answer.headers.location ?? ''),
  )?.[1]
  if (answer.status !== 308 || !token) throw refusalOf(answer)
  return token
}
