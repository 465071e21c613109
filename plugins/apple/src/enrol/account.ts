/**
 * Account-driven enrolment (Apple, Implementing the simple authentication account-driven enrollment flow): the device finds this server at the
 * domain of a Managed Apple Account, its person signs in on a page of ours, and the profile is for that person's device alone.
 */
import {
  type Bytes,
  type IdentifierKind,
  isProblem,
  type JsonObject,
  languageOf,
  type Message,
  type Ownership,
  type Person,
  type Reply,
  type Route,
  signInAddress,
} from '@muster/contract'
import { CmsError, openSigned } from '@muster/kit/cms'
import { DerError } from '@muster/kit/der'
import { isDict, type PlistDict, PlistError, readPlist } from '@muster/kit/plist'
import { signXml } from '../profiles/index.ts'
import type { Challenges } from '../scep/index.ts'
import { textOf } from '../wire/index.ts'
import { type Asked, askedIn, createGrants } from './account-oauth.ts'
import { type AccountFault, accountFaultPage, consentPage } from './account-pages.ts'
import { type AccountChoice, type Choices, discoveryRoute, type Family } from './account-setup.ts'
import { type AccountMode, accountModes, createSignIns } from './account-store.ts'
import { commonParts, enrolmentProfile } from './profile.ts'
import { configurationReply, type EnrolDeps, isSafe, readiness, tagOf } from './routes.ts'

/** What an Authenticate message says that this room looks at. */
export interface FirstWords {
  readonly sender: { readonly udid?: string; readonly enrollmentId?: string }
  readonly body: PlistDict
}
/** What is known of a device beside its own words; `proven`: kinds of identifiers that Apple vouches for. */
export interface Admitted {
  readonly facts: JsonObject
  readonly proven?: readonly IdentifierKind[]
}
export interface Account {
  readonly routes: Route[]
  readonly challenges: Challenges
  /** Whether a device that came with an account may come in: what it is to be told, or what is known of it beside its own words. */
  admit(r: Message, m: FirstWords, certificate: Bytes): Promise<{ reply: Reply } | Admitted>
}

/** Where the device waits for the person to come back (ASWebAuthenticationSession). */
const scheme = 'apple-remotemanagement-user-login:'
const bodyBytes = 64 * 1024
const ownerships: Readonly<Record<AccountMode, Ownership>> = { user: 'byod', device: 'cope' }

export function createAccount(o: EnrolDeps & { choice: AccountChoice }): Account {
  const { host } = o
  const signIns = createSignIns(host)
  const grants = createGrants(host)
  /** What the sign-in is known by, whichever way the token came. */
  const known = async (token: string) => (await grants.behind(token)) ?? token
  const base = (mode: AccountMode) => `${host.server().url}/apple/account/${mode}`
  const page = (mode: AccountMode) => `/apple/account/${mode}/sign-in`

  /** The one place where a 401 is meant: the device has its person sign in. */
  async function signInFirst(mode: AccountMode): Promise<Reply> {
    const web = `Bearer method="apple-as-web", url="${host.server().url}${page(mode)}"`
    const how = (await o.choice.method()) === 'oauth2' ? grants.challenge(mode) : web
    return { status: 401, headers: { 'www-authenticate': how, 'cache-control': 'no-store' }, body: '' }
  }
  const ready = async () => isSafe(host.server().url) && (await o.topic()) !== undefined

  /** The device says what it is, and with its token what it was let in by; it gets the profile. */
  async function enrol(mode: AccountMode, r: Message): Promise<Reply> {
    const machine = readMachine(r.body)
    if (!machine) return refused('This is no message of a device that is added by an account.')
    if (!allowed(await o.choice.read(), mode, familyOf(textOf(machine, 'PRODUCT'))))
      return refused('Devices of this kind are not added by an account here.')
    const token = bearerOf(r)
    const admission = token === undefined ? undefined : await signIns.find(await known(token))
    if (admission?.mode !== mode) return signInFirst(mode)
    const { code, challenge, licence, account } = admission
    const good = await readiness(o, code)
    if ('fault' in good) {
      if (good.fault === 'unready' || good.fault === 'plain') return refused('This server cannot manage it yet.', 503)
      return signInFirst(mode)
    }
    const xml = enrolmentProfile({
      ...(await commonParts(host, o.options)),
      topic: good.topic,
      challenge,
      licence,
      ownership: good.terms.ownership,
      account: { mode, id: account },
    })
    return configurationReply(await signXml(host, xml))
  }

  /** The person, known by our own sign-in, sees what is asked and says yes; the answer leads back into the device. */
  async function consent(mode: AccountMode, r: Message, asked?: Asked): Promise<Reply> {
    const language = languageOf(r.headers['accept-language'])
    const fault = (f: AccountFault) => accountFaultPage(language, f)
    const named = accountIn(new URLSearchParams(r.query).get(asked ? 'login_hint' : 'user-identifier'))
    const own = `${page(mode)}${named ? `?${new URLSearchParams({ 'user-identifier': named })}` : ''}`
    const back = asked ? `/apple/account/${mode}/authorize?${asked.query}` : own
    const person = await r.person?.()
    if (!person) return { status: 303, headers: { location: signInAddress(host.server().url, back, { name: named }) } }
    if (!(await ready())) return fault('unready')
    if (!allowed(await o.choice.read(), mode)) return fault('none')
    const account = accountIn(person.email) ?? named
    if (!account) return fault('accountless')
    const conditions = await host.people.terms(tagOf(r.headers['accept-language']))
    const { licence } = conditions
    const accepted = new URLSearchParams(Buffer.from(r.body).toString('utf8')).get('licence') ?? undefined
    if (r.method === 'POST' && accepted === licence?.version) {
      const code = await invited(person, mode)
      if (code === undefined) return fault('forbidden')
      const s = { mode, account, person: person.displayName, licence: licence?.version, code }
      const token = await signIns.add(s)
      return asked ? grants.back(asked, token) : backToDevice(token)
    }
    const again = signInAddress(host.server().url, back, { name: named, again: true })
    return consentPage(language, { person, mode, account, conditions, again, onward: scheme })
  }

  async function invited(person: Person, mode: AccountMode): Promise<string | undefined> {
    try {
      return await host.people.invite(person, ownerships[mode])
    } catch (e) {
      if (isProblem(e) && e.code === 'forbidden') return undefined
      throw e
    }
  }

  const challenges: Challenges = async (challenge, csr) => {
    const code = await signIns.codeOf(challenge)
    if (code === undefined) return undefined
    const issued = await host.certificates.issue({ code }, csr)
    const [own] = issued
    if (own) await signIns.certified(challenge, own)
    return issued
  }

  /** The address that its profile named says that it came with an account: then its token must be the one that its certificate came from. */
  async function admit(r: Message, m: FirstWords, certificate: Bytes): ReturnType<Account['admit']> {
    const mode = accountModes.find((a) => a === new URLSearchParams(r.query).get('account'))
    if (!mode) return { facts: { [enrolmentFact]: 'profile' } }
    const token = bearerOf(r)
    const signedIn = token === undefined ? undefined : await signIns.behind(await known(token), certificate)
    if (signedIn?.mode !== mode) {
      // Who is in proves it by the certificate, also one that came after the sign-in's.
      const device = await host.identify({ certificate }, true)
      return 'refused' in device ? { reply: await signInFirst(mode) } : { facts: {} }
    }
    const hardware = m.sender.udid !== undefined || textOf(m.body, 'SerialNumber') !== undefined
    if (hardware !== (mode === 'device'))
      return { reply: refused(`This is no ${mode} enrolment, which is what its person signed in for.`) }
    const product = textOf(m.body, 'ProductName')
    return {
      facts: {
        [enrolmentFact]: `account-${mode}`,
        [accountFact]: signedIn.account,
        ...(!textOf(m.body, 'DeviceName') && {
          'device.name': product ? `${signedIn.person} (${product})` : signedIn.person,
        }),
      },
    }
  }

  const why = 'account-driven enrolment: the person signs in before anything is given out'
  const access = { public: why }
  const routes = accountModes.flatMap((mode): Route[] => {
    const seen = { path: `/account/${mode}/sign-in`, access, handle: (r: Message) => consent(mode, r) }
    const authorize = {
      path: `/account/${mode}/authorize`,
      access,
      handle: async (r: Message) => {
        const asked = askedIn(r.query)
        return asked ? consent(mode, r, asked) : refused('This is no request of a device that is being added.')
      },
    }
    return [
      { method: 'POST', path: `/account/${mode}`, maxBytes: bodyBytes, access, handle: (r) => enrol(mode, r) },
      { ...seen, method: 'GET', maxBytes: 0 },
      { ...seen, method: 'POST', maxBytes: 4096 },
      { ...authorize, method: 'GET', maxBytes: 0 },
      { ...authorize, method: 'POST', maxBytes: 4096 },
      { method: 'POST', path: `/account/${mode}/token`, maxBytes: 4096, access, handle: grants.token },
    ]
  })
  return { routes: [discoveryRoute({ read: o.choice.read, ready, base }), ...routes], challenges, admit }
}

export const enrolmentFact = 'apple.enrolment'
export const accountFact = 'apple.account'

/** What a renewed profile must say again of a device that came with an account. */
export function accountOf(facts: Readonly<JsonObject>): { mode: AccountMode; id: string } | undefined {
  const [enrolment, id] = [facts[enrolmentFact], facts[accountFact]]
  const mode = accountModes.find((m) => enrolment === `account-${m}`)
  return mode && typeof id === 'string' ? { mode, id } : undefined
}

const bearerOf = (r: Message): string | undefined =>
  /^Bearer +([\w-]{20,200})$/i.exec(r.headers.authorization ?? '')?.[1]

/** 308 as Apple's own text has it: the browser of the sign-in hands the address to the device. */
const backToDevice = (token: string): Reply => ({
  status: 308,
  headers: { location: `${scheme}//authentication-results?access-token=${token}`, 'cache-control': 'no-store' },
  body: '',
})

/** Whatever kind where it is not told. */
function allowed(choices: Choices, mode: AccountMode, family?: Family): boolean {
  return family === undefined ? Object.values(choices).includes(mode) : choices[family] === mode
}

function familyOf(product = ''): Family | undefined {
  if (/^(iPhone|iPod)/.test(product)) return 'iPhone'
  if (/^iPad/.test(product)) return 'iPad'
  if (/^RealityDevice/.test(product)) return 'RealityDevice'
  return /Mac/.test(product) ? 'Mac' : undefined
}

/** Reads like an address: something before the last at sign, and a domain. */
function accountIn(text: string | null | undefined): string | undefined {
  return text && text.length <= 254 && /^[^\s\p{Cc}@]+@[^\s\p{Cc}@.]+(\.[^\s\p{Cc}@.]+)*$/u.test(text)
    ? text
    : undefined
}

/** Signed with the identity that Apple made the device with, which is not judged: it tells nothing that would let anybody in. */
function readMachine(body: Bytes): PlistDict | undefined {
  try {
    const { content, signers } = openSigned(body)
    const said = signers.length === 1 ? readPlist(content, { bytes: bodyBytes, depth: 8, values: 200 }) : undefined
    return said !== undefined && isDict(said) ? said : undefined
  } catch (e) {
    if (e instanceof CmsError || e instanceof DerError || e instanceof PlistError) return undefined
    throw e
  }
}

const refused = (text: string, status = 400): Reply => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: `${text}\n`,
})
