/**
 * How a device comes in by its person's account (Apple, Implementing the simple authentication account-driven enrollment flow): it looks its server
 * up, is sent to have its person sign in, and gets the profile for the token that the person came back with.
 */
import type { Json } from '@muster/contract'
import { newKey, selfSigned, signed } from '../../pki/index.ts'
import { Refused, refusalOf } from '../../refused.ts'
import type { Answered, Send } from '../../wire.ts'
import type { Model } from './model.ts'
import { writeXml } from './plist.ts'

/** Whose account it is, and how the person signs in at the server. */
export interface AccountHolder {
  readonly account: string
  readonly name: string
  readonly password: string
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
  const page = `${placeToSignIn(first)}?${new URLSearchParams({ 'user-identifier': holder.account })}`
  const token = await signIn(browser, page, holder)
  const answer = await ask(o, base, body, token)
  if (answer.status !== 200) throw refusalOf(answer)
  return { answer, token }
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

function placeToSignIn(answer: Answered): string {
  const asked = String(answer.headers['www-authenticate'] ?? '')
  const url = /^Bearer .*method="apple-as-web".*/i.test(asked) ? /\burl="([^"]+)"/.exec(asked)?.[1] : undefined
  if (!url) throw new Refused('no-sign-in', answer)
  return url
}

interface Browser {
  /** Follows redirects of the server. */
  go(path: string, form?: Readonly<Record<string, string>>): Promise<{ at: string; answer: Answered }>
}

/** What of a browser the page needs: it keeps the cookie, follows, and says of which site a form is. */
function createBrowser(send: Send): Browser {
  let cookie = ''
  async function one(path: string, form?: Readonly<Record<string, string>>): Promise<Answered> {
    const answer = await send({
      kind: 'page',
      method: form ? 'POST' : 'GET',
      path,
      headers: [
        ...(cookie === '' ? [] : ['cookie', cookie]),
        ...(form ? ['content-type', 'application/x-www-form-urlencoded', 'origin', new URL(path).origin] : []),
      ],
      ...(form && { body: new URLSearchParams(form).toString() }),
    })
    const set = [answer.headers['set-cookie'] ?? []].flat()[0]
    if (set) cookie = set.split(';', 1)[0] ?? ''
    return answer
  }
  return {
    async go(path, form) {
      let at = path
      let answer = await one(at, form)
      for (let hops = 0; hops < 5 && (answer.status === 303 || answer.status === 302); hops += 1) {
        at = new URL(String(answer.headers.location ?? ''), at).href
        answer = await one(at)
      }
      return { at, answer }
    },
  }
}

/** The person: fills in what the pages ask for, until one leads back into the device. */
async function signIn(browser: Browser, page: string, { name, password }: AccountHolder): Promise<string> {
  let { at, answer } = await browser.go(page)
  for (let pages = 0; pages < 4 && answer.status === 200; pages += 1) {
    const html = answer.bytes.toString('utf8')
    const [, action] = /<form method="post"(?: action="([^"]*)")?/.exec(html) ?? []
    const fields = hiddenIn(html)
    if (html.includes('name="password"')) Object.assign(fields, { username: name, password })
    ;({ at, answer } = await browser.go(action === undefined ? at : new URL(plain(action), at).href, fields))
  }
  const token = /^apple-remotemanagement-user-login:\/\/authentication-results\?access-token=([\w-]+)$/.exec(
    String(answer.headers.location ?? ''),
  )?.[1]
  if (answer.status !== 308 || !token) throw refusalOf(answer)
  return token
}

function hiddenIn(html: string): Record<string, string> {
  const found = html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, plain(value)]))
}

const words: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }
const plain = (html: string) =>
  html.replace(/&(?:#(\d+)|(\w+));/g, (whole, number?: string, word?: string) =>
    number ? String.fromCharCode(Number(number)) : (words[word ?? ''] ?? whole),
  )
