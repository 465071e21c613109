/**
 * Federated enrolment (MS-MDE2 3.2): Windows opens this page, its person signs in with us, or came with an invitation, sees what is asked and
 * says yes; what goes back to Windows is good once, for minutes.
 */
import { isProblem, languageOf, type Message, type PlatformHost, type Reply, signInAddress } from '@muster/contract'
import { looksLikeCode } from './admission.ts'
import { backToWindows, consentPage, type PageFault, pageFault, tagOf } from './pages.ts'
import type { EnrolmentSettings } from './settings.ts'
import type { SignIn, SignIns } from './sign-ins.ts'

/** The only ways back: into Windows' own enrolment. */
const ways = /^(?:ms-app|ms-aadj-redir):\/\/[\w.~%/?&=+-]{1,500}$/
const page = '/windows/sign-in'

export function createSignInPage({
  host,
  settings,
  signIns,
}: {
  host: PlatformHost
  settings: EnrolmentSettings
  signIns: SignIns
}) {
  return async function signInPage(r: Message): Promise<Reply> {
    const language = languageOf(r.headers['accept-language'])
    const query = new URLSearchParams(r.query)
    const appru = query.get('appru') ?? ''
    if (!ways.test(appru)) return pageFault(language, 'address')
    const hint = (query.get('login_hint') ?? '').slice(0, 254)
    const form = r.method === 'POST' ? new URLSearchParams(Buffer.from(r.body).toString('utf8')) : undefined
    const invitation = await invited(form?.get('code') ?? query.get('code') ?? codeIn(hint), r)
    if (invitation && 'fault' in invitation) return pageFault(language, invitation.fault)
    const asked = invitation ?? (await signedIn(r, { appru, hint }))
    if ('reply' in asked) return asked.reply
    if ('fault' in asked) return pageFault(language, asked.fault)
    const { conditions, signIn, shown } = asked
    const version = conditions.licence?.version
    if (form && (form.get('licence') ?? undefined) === version) {
      const token = await signIns.add({ ...signIn, licence: version })
      return backToWindows(language, { appru, token, organisation: conditions.organisation })
    }
    return consentPage(language, { conditions, ...shown })
  }

  type Asked = {
    conditions: Parameters<typeof consentPage>[1]['conditions']
    signIn: SignIn
    shown: Pick<Parameters<typeof consentPage>[1], 'ownership' | 'person' | 'fields'>
  }

  /** undefined: no code, or none that was ever given. */
  async function invited(code: string | undefined, r: Message): Promise<Asked | { fault: PageFault } | undefined> {
    if (code === undefined || !looksLikeCode(code)) return undefined
    try {
      const { ownership, ...conditions } = await host.invitation(code, tagOf(r.headers['accept-language']))
      return {
        conditions,
        signIn: { code },
        shown: { ownership: ownership === 'byod' ? 'byod' : 'cope', fields: { code } },
      }
    } catch (e) {
      if (isProblem(e) && e.code === 'invitation-unknown') return undefined
      const fault = isProblem(e) ? faults[e.code] : undefined
      if (!fault) throw e
      return { fault }
    }
  }

  async function signedIn(
    r: Message,
    o: { appru: string; hint: string },
  ): Promise<Asked | { reply: Reply } | { fault: PageFault }> {
    const person = await r.person?.()
    const to = `${page}?${new URLSearchParams({ appru: o.appru, ...(o.hint && { login_hint: o.hint }) })}`
    const name = o.hint || undefined
    const at = (again?: true) => signInAddress(host.server().url, to, { name, again })
    if (!person) return { reply: { status: 303, headers: { location: at(), 'cache-control': 'no-store' } } }
    if (!(await host.people.mayEnrol(person))) return { fault: 'forbidden' }
    return {
      conditions: await host.people.terms(tagOf(r.headers['accept-language'])),
      signIn: { person: person.id },
      shown: { ownership: settings.ownership, person: { name: person.displayName, again: at(true) }, fields: {} },
    }
  }
}

/** The hint is what was entered as the address: `CODE@anything`, where somebody came with an invitation. */
function codeIn(hint: string): string | undefined {
  const text = hint.split('@', 1)[0] ?? ''
  return looksLikeCode(text) ? text : undefined
}

const faults: Readonly<Record<string, PageFault>> = {
  'invitation-used': 'used',
  'invitation-expired': 'over',
  'invitation-revoked': 'over',
  'invitation-platform': 'foreign',
}
