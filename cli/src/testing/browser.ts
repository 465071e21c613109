/** A browser as far as the key manager's pages need one: cookies, redirects, forms read from the page. For tests. */
export interface Page {
  url: string
  html: string
}

export function createBrowser() {
  const jar = new Map<string, string>()

  async function go(url: string, form?: Record<string, string>): Promise<Page> {
    let at = url
    let sent = form
    for (let hops = 0; hops < 15; hops++) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const response: Response = await fetch(at, {
        method: sent ? 'POST' : 'GET',
        redirect: 'manual',
        headers: { accept: 'text/html', cookie },
        ...(sent ? { body: new URLSearchParams(sent) } : {}),
      })
      for (const set of response.headers.getSetCookie()) {
        const [name = '', value = ''] = set.split(';', 1)[0]!.split(/=(.*)/s)
        if (/expires=Thu, 01 Jan 1970|Max-Age=0/i.test(set)) jar.delete(name)
        else jar.set(name, value)
      }
      const next = response.headers.get('location')
      if (!next) return { url: at, html: await response.text() }
      at = new URL(next, at).href
      sent = undefined
    }
    throw new Error(`redirected without end: ${at}`)
  }
  /** Presses the button of the page's form: hidden fields as they are, the rest as given. */
  function submit(page: Page, fields: Record<string, string> = {}): Promise<Page> {
    const action = /<form method="post" action="([^"]+)"/.exec(page.html)?.[1]
    if (!action) throw new Error(`no form in ${page.html}`)
    const hidden = [...page.html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(
      (m) => [m[1]!, m[2]!] as const,
    )
    return go(new URL(action, page.url).href, { ...Object.fromEntries(hidden), ...fields })
  }
  return { go, submit }
}
