/** Who asks for an enrolment, and whether they may: by name and password, by the code of an invitation, by what our sign-in page gave, or by a token of Entra. */
import type { Ownership, Person, PlatformHost } from '@muster/contract'
import { SoapFault, type SoapMessage, type Token } from '../soap/index.ts'
import type { Context } from './context.ts'
import type { EntraTokens } from './entra.ts'
import type { EnrolmentSettings } from './settings.ts'
import type { SignIns } from './sign-ins.ts'
import type { TermsBlobs } from './terms-blob.ts'

export interface Admission {
  /** Of the invitation that the device comes in with. */
  readonly code: string
  /** An administrator's: it stays good when something fails later. */
  readonly kept: boolean
  /** It only looks like a code: where there is none, the next way is tried. */
  readonly guessed?: true
  readonly by: 'code' | 'password' | 'page' | 'entra'
  /** Version of the licence that was accepted. */
  readonly licence?: string
  /** Of the user, as Windows shows it. */
  readonly upn?: string
  readonly facts?: { [fact: string]: string }
}
export interface AdmissionDeps {
  host: PlatformHost
  settings: EnrolmentSettings
  signIns: SignIns
  entra: EntraTokens
  terms: TermsBlobs
}
/** An invitation that is made on the way is spent at once. */
const onTheWayS = 600
const tokenTypes = {
  page: 'http://schemas.microsoft.com/5.0.0.0/ConfigurationManager/Enrollment/DeviceEnrollmentUserToken',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
} as const
/** Of a token: a page's has 43 letters, Entra's some 2,000. */
const longestToken = 16 * 1024

/** Licences change by an administrator's hand, and a code's enrolment that met a change asks again. */
const licenceMs = 2000

/** One after the other until one lets in. Each throws a fault; what is good once is spent by it: look at everything else of the request before. */
export type Way = () => Promise<Admission>
export type Ways = (m: SoapMessage, c: Context, remote: string) => readonly Way[]

export function createAdmission({ host, settings, signIns, entra, terms }: AdmissionDeps) {
  let known: { version?: string; until: number } | undefined

  /** Version of the one that must be accepted now. */
  async function licence(fresh?: true): Promise<string | undefined> {
    const now = host.clock.now().getTime()
    if (known && !fresh && now < known.until) return known.version
    const version = (await host.people.terms()).licence?.version
    known = { version, until: now + licenceMs }
    return version
  }

  const ways: Ways = (m, c, remote) => {
    const { token, username: given } = m
    if (token) return [() => byToken(token, c)]
    if (!given)
      throw new SoapFault('InvalidSecurity', 'The header has neither a UsernameToken nor a BinarySecurityToken.')
    const codes = new Set([given.password, bare(given.username)].filter(looksLikeCode))
    return [
      ...[...codes].map((code) => () => byCode(code)),
      () => byPassword(given.username, given.password, remote, c),
    ]
  }

  /** The page of the invitation showed the licence: who uses the code accepts it. */
  async function byCode(code: string): Promise<Admission> {
    return { code, kept: true, guessed: true, by: 'code', licence: await licence() }
  }

  async function byPassword(username: string, password: string, remote: string, c: Context): Promise<Admission> {
    if (settings.authPolicy !== 'OnPremise')
      throw new SoapFault('Authentication', 'This server asks people to sign in on its own page. Begin again.')
    if (await licence(true))
      throw new SoapFault(
        'NotSupported',
        'The licence of this organisation must be read and accepted, which Windows cannot show here: enrol with the code of an invitation, or ask the administrator for sign-in by the page (Federated).',
      )
    const person = await signedIn(username, password, remote)
    return { ...(await invited(person, c)), by: 'password', upn: person.email ?? person.name }
  }

  /** `DOMAIN\user` is `user`; `user@domain` an address or a name, or the user before the at sign. */
  async function signedIn(username: string, password: string, remote: string): Promise<Person> {
    const name = username.slice(username.lastIndexOf('\\') + 1)
    const names = new Set([name, bare(username)])
    for (const n of names) {
      const who = await host.people.signIn(n, password, remote)
      if (!('refused' in who)) return who
      if (who.refused === 'throttled')
        throw new SoapFault('InMaintenance', `Too many wrong passwords: try again in ${who.retryAfterS} seconds.`)
    }
    throw new SoapFault('Authentication', 'The name, the password or the code is wrong.')
  }

  async function byToken(token: Token, c: Context): Promise<Admission> {
    const text = token.text.length <= longestToken ? textOf(token.text) : ''
    if (token.valueType === tokenTypes.jwt) return byEntra(text, c)
    if (token.valueType !== tokenTypes.page)
      throw new SoapFault('InvalidSecurity', 'The BinarySecurityToken is of a kind that is not known here.')
    const spent = await signIns.spend(text)
    if (!spent) throw new SoapFault('Authentication', 'The sign-in is over or was used already. Begin again.')
    if ('code' in spent) {
      return { code: spent.code, kept: true, by: 'page', licence: spent.licence }
    }
    const person = await host.people.find(spent.person)
    if (!person) throw new SoapFault('Authorization', 'This user may not sign in any more.')
    return {
      ...(await invited(person, c)),
      by: 'page',
      licence: spent.licence,
      upn: person.email ?? person.name,
    }
  }

  async function byEntra(jwt: string, c: Context): Promise<Admission> {
    const said = await entra.read(jwt)
    if ('wrong' in said)
      throw new SoapFault('Authentication', `The token of Microsoft Entra is not believed: ${said.wrong}.`)
    const version = await licence(true)
    const accepted = terms.open(c.items.get('EnrollmentData')?.[0], said.upn)
    if (version !== undefined && accepted?.licence !== version)
      throw new SoapFault('Authorization', 'The terms of use were not accepted. Begin again, and accept them.')
    const person = await host.people.named(said.upn)
    if (!person)
      throw new SoapFault('Authorization', `Nobody here is called ${said.upn}: ask the administrator to add this user.`)
    return {
      ...(await invited(person, c)),
      by: 'entra',
      licence: version,
      upn: said.upn,
      facts: { 'windows.entraTenant': said.tenant, ...(said.deviceId && { 'windows.entraDeviceId': said.deviceId }) },
    }
  }

  async function invited(person: Person, c: Context): Promise<{ code: string; kept: false }> {
    // A machine that is joined is the organisation's.
    const ownership: Ownership = c.enrollmentType === 'Device' ? 'cope' : settings.ownership
    return { code: await host.people.invite(person, ownership, onTheWayS), kept: false }
  }

  return { ways, licence }
}

/** In base64, as MS-MDE2 has it; some clients hand on what they were given as it is: neither form can be read as the other. */
const textOf = (said: string): string => {
  const bare = said.replace(/\s+/g, '')
  return /^[\w-]{43}$/.test(bare) || bare.includes('.') ? bare : Buffer.from(bare, 'base64').toString('utf8')
}

/** `user` of `DOMAIN\user@domain`. */
function bare(username: string): string {
  const name = username.slice(username.lastIndexOf('\\') + 1)
  const sign = name.indexOf('@')
  return sign > 0 ? name.slice(0, sign) : name
}

/** Twenty letters of Crockford's base32, in groups or not; the core judges. */
export function looksLikeCode(text: string): boolean {
  return text.length <= 40 && /^[0-9A-TV-Za-tv-z]{20}$/.test(text.replace(/[\s-]/g, ''))
}
