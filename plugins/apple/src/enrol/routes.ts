/** Where a person's device gets its enrolment profile: for the code of an invitation, after the licence is accepted. Nothing is spent here. */
import {
  isProblem,
  languageOf,
  type Message,
  type PlatformHost,
  type Reply,
  type Route,
  type Terms,
} from '@muster/contract'
import { signXml } from '../profiles/index.ts'
import { type Fault, faultPage, licencePage } from './pages.ts'
import { commonParts, type EnrolmentOptions, enrolmentProfile } from './profile.ts'

export interface EnrolDeps {
  host: PlatformHost
  options: EnrolmentOptions
  /** What new devices listen to; undefined: there is no push certificate yet, so a device that came could never be reached. */
  topic(): Promise<string | undefined>
}

export function enrolRoutes(o: EnrolDeps): Route[] {
  async function profile(r: Message): Promise<Reply> {
    const language = languageOf(r.headers['accept-language'])
    const query = new URLSearchParams(r.query)
    const ready = await readiness(o, query.get('code') ?? '', r.headers['accept-language'])
    if ('fault' in ready) return faultPage(language, ready.fault)
    const { code, terms, topic } = ready
    const bare = query.get('unsigned') === '1'
    const { licence, organisation } = terms
    if (licence && query.get('licence') !== licence.version)
      return licencePage(language, { organisation, licence, fields: { code, ...(bare && { unsigned: '1' }) } })
    const xml = enrolmentProfile({
      ...(await commonParts(o.host, o.options)),
      topic,
      challenge: code,
      licence: licence?.version,
      ownership: terms.ownership,
    })
    return configurationReply(bare ? xml : await signXml(o.host, xml))
  }

  return [
    {
      method: 'GET',
      path: '/profile',
      maxBytes: 0,
      access: { public: 'enrolment: the code is the secret, and the person enrolling has no account' },
      handle: profile,
    },
  ]
}

/** Apple devices offer to install what has this type. */
export function configurationReply(body: Uint8Array | string): Reply {
  return {
    status: 200,
    headers: {
      'content-type': 'application/x-apple-aspen-config',
      'content-disposition': 'attachment; filename="enrol.mobileconfig"',
      'cache-control': 'no-store',
    },
    body,
  }
}

export interface Ready {
  code: string
  terms: Terms
  topic: string
}
/** Whether a device with this code could come in now. */
export async function readiness(
  { host, topic }: Pick<EnrolDeps, 'host' | 'topic'>,
  code: string,
  language?: string,
): Promise<Ready | { fault: Fault }> {
  try {
    const terms = await host.invitation(code, tagOf(language))
    const listened = await topic()
    if (listened === undefined) return { fault: 'unready' }
    return isSafe(host.server().url) ? { code, terms, topic: listened } : { fault: 'plain' }
  } catch (e) {
    const fault = isProblem(e) ? faults[e.code] : undefined
    if (!fault) throw e
    return { fault }
  }
}
const faults: Readonly<Record<string, Fault>> = {
  'invitation-unknown': 'unknown',
  'invitation-used': 'used',
  'invitation-expired': 'over',
  'invitation-revoked': 'over',
  'invitation-platform': 'foreign',
}

/** Devices take https alone; a server that tries itself out on its own machine is let through. */
export function isSafe(url: string): boolean {
  const { protocol, hostname } = new URL(url)
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
}

/** The first language tag of an Accept-Language header. */
export function tagOf(accept: string | undefined): string | undefined {
  return /^\s*([a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3})/.exec(accept ?? '')?.[1]
}
