/** The browser within a device that is enrolled: keeps a cookie, follows, and its person fills in what the pages ask for. */
import type { Answered, Send } from '../../wire.ts'

/** How the person signs in at the server. */
export interface Visitor {
  readonly name: string
  readonly password: string
}
export interface Place {
  readonly at: string
  readonly answer: Answered
}
export interface Browser {
  /** Follows redirects of the server. */
  go(path: string, o?: { form?: Readonly<Record<string, string>>; headers?: readonly string[] }): Promise<Place>
}

/** What of a browser the pages need: it keeps the cookie, follows, and says of which site a form is. */
export function createBrowser(send: Send): Browser {
  let cookie = ''
  async function one(
    path: string,
    form?: Readonly<Record<string, string>>,
    headers: readonly string[] = [],
  ): Promise<Answered> {
    const answer = await send({
      kind: 'page',
      method: form ? 'POST' : 'GET',
      path,
      headers: [
        ...headers,
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
    async go(path, { form, headers } = {}) {
      let at = path
      let answer = await one(at, form, headers)
      for (let hops = 0; hops < 5 && (answer.status === 303 || answer.status === 302); hops += 1) {
        at = new URL(String(answer.headers.location ?? ''), at).href
        answer = await one(at)
      }
      return { at, answer }
    },
  }
}

const isPage = ({ status, headers }: Answered) =>
  status === 200 && String(headers['content-type'] ?? '').startsWith('text/html')

/** The person: fills in what each page asks for, until one is none. */
export async function fillIn(browser: Browser, from: Place, { name, password }: Visitor): Promise<Place> {
  let place = from
  for (let pages = 0; pages < 5 && isPage(place.answer); pages += 1) {
    const html = place.answer.bytes.toString('utf8')
    const [, method, action] = /<form method="(post|get)"(?: action="([^"]*)")?/.exec(html) ?? []
    if (method === undefined) return place
    const fields = hiddenIn(html)
    if (html.includes('name="password"')) Object.assign(fields, { username: name, password })
    const to = action === undefined ? place.at : new URL(plain(action), place.at).href
    if (method === 'post') place = await browser.go(to, { form: fields })
    else {
      const asked = new URL(to)
      asked.search = new URLSearchParams(fields).toString()
      place = await browser.go(asked.href)
    }
  }
  return place
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
