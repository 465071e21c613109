/** The web page of a Federated enrolment (MS-MDE2 3.5.5): a browser within Windows, a person who signs in, and the form that hands the token back. */
import { Refused, refusalOf } from '../../refused.ts'
import type { Answered, Send } from '../../wire.ts'

export interface SignInAsked {
  readonly send: Send
  readonly url: string
  readonly person: { readonly name: string; readonly password: string }
  readonly email: string
}

const back = 'ms-app://windows.immersivecontrolpanel'
const words: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }
const plain = (html: string) =>
  html.replace(/&(?:#(\d+)|(\w+));/g, (whole, number?: string, word?: string) =>
    number ? String.fromCharCode(Number(number)) : (words[word ?? ''] ?? whole),
  )

/** The token. Throws Refused or WireFailed. */
export async function signIn({ send, url, person, email }: SignInAsked): Promise<string> {
  const start = new URL(url, 'https://nowhere.invalid')
  start.searchParams.set('appru', back)
  start.searchParams.set('login_hint', email)
  const absolute = /^https?:/.test(url)
  let at = absolute ? start.href : start.pathname + start.search
  let cookie = ''
  async function go(path: string, form?: Readonly<Record<string, string>>): Promise<Answered> {
    let answer = await one(path, form)
    for (let hops = 0; hops < 5 && (answer.status === 302 || answer.status === 303); hops += 1) {
      at = new URL(String(answer.headers.location ?? ''), at).href
      answer = await one(at)
    }
    return answer
  }
  async function one(path: string, form?: Readonly<Record<string, string>>): Promise<Answered> {
    at = path
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
  let answer = await go(at)
  for (let pages = 0; pages < 5 && answer.status === 200; pages += 1) {
    const html = answer.bytes.toString('utf8')
    const [, attributes = ''] = /<form\b([^>]*)>/i.exec(html) ?? []
    const action = plain(/action="([^"]*)"/i.exec(attributes)?.[1] ?? '')
    const fields = hiddenIn(html)
    // The page that leads back: the client is where the form goes, and takes the field.
    if (action.startsWith(back)) {
      if (!fields.wresult) throw new Refused('no-wresult', answer)
      return fields.wresult
    }
    if (html.includes('name="password"')) Object.assign(fields, { username: person.name, password: person.password })
    answer = await go(action === '' ? at : new URL(action, at).href, fields)
  }
  throw refusalOf(answer)
}

function hiddenIn(html: string): Record<string, string> {
  const found = [...html.matchAll(/<(?:input|button)\b([^>]*)>/gi)].map(([, a = '']) => a)
  const value = (a: string, name: string) => new RegExp(`\\b${name}="([^"]*)"`, 'i').exec(a)?.[1]
  return Object.fromEntries(
    found.flatMap((a) => {
      const name = value(a, 'name')
      const hidden = value(a, 'type') === 'hidden' || value(a, 'type') === 'submit'
      return name && hidden ? [[name, plain(value(a, 'value') ?? '')]] : []
    }),
  )
}
