/** Terms of use of a join to Entra (Microsoft, Terms of Use protocol semantics): shown to who comes with a tenant's token, answered by going back to Windows. */
import { languageOf, type Message, type PlatformHost, type Reply } from '@muster/contract'
import type { EntraTokens } from './entra.ts'
import { pageFault, tagOf, termsPage } from './pages.ts'
import type { TermsBlobs } from './terms-blob.ts'

const ways = /^(?:ms-appx-web|ms-app|ms-aadj-redir):\/\/[\w.~%/?&=+-]{1,500}$/

export function createTermsPage({ host, entra, terms }: { host: PlatformHost; entra: EntraTokens; terms: TermsBlobs }) {
  return async function termsOfUse(r: Message): Promise<Reply> {
    const language = languageOf(r.headers['accept-language'])
    const query = new URLSearchParams(r.query)
    const back = query.get('redirect_uri') ?? ''
    if (!ways.test(back)) return pageFault(language, 'address')
    const request = query.get('client-request-id')?.slice(0, 100)
    const to = (words: Record<string, string>) =>
      wayBack(back, { ...words, ...(request && { 'client-request-id': request }) })
    const refused = (error: string, why: string) => ({
      status: 302,
      headers: { location: to({ error, error_description: why }), 'cache-control': 'no-store' },
    })
    const version = query.get('api-version')
    if (version !== null && !/^1(\.\d{1,3})?$/.test(version)) return refused('invalid_request', 'unsupported version')
    const token = /^Bearer +([\w.-]{20,12288})$/i.exec(r.headers.authorization ?? '')?.[1]
    const user = token === undefined ? undefined : await entra.read(token)
    if (!user || 'wrong' in user) return refused('unauthorized_client', 'unauthorized_client')
    const conditions = await host.people.terms(tagOf(r.headers['accept-language']))
    const blob = terms.seal({ licence: conditions.licence?.version, upn: user.upn })
    return termsPage(language, {
      conditions,
      joins: query.get('mode') === 'azureadjoin',
      accept: to({ IsAccepted: 'true', OpaqueBlob: blob }),
      decline: to({ IsAccepted: 'false' }),
    })
  }
}

function wayBack(address: string, words: Record<string, string>): string {
  return `${address}${address.includes('?') ? '&' : '?'}${new URLSearchParams(words).toString().replaceAll('+', '%20')}`
}
