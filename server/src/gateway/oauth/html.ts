/** The few pages of the key manager: plain HTML that needs no script, reads well aloud, and works at any width. */

import type { Words } from './words.ts'

/** Text as HTML. */
function html(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}

export const pageStyle = `
:root{color-scheme:light dark;--line:#8a8f98;--accent:#1d4ed8;--on:#fff}
@media (prefers-color-scheme:dark){:root{--accent:#93b4ff;--on:#0b1020}}
body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:8vh auto;padding:0 1rem}
h1{font-size:1.4rem}label{display:block;margin-top:1rem;font-weight:600}
input[type=text],input[type=password]{font:inherit;box-sizing:border-box;width:100%;padding:.6rem;border:1px solid var(--line);border-radius:.4rem}
button{font:inherit;margin:1.2rem .6rem 0 0;padding:.6rem 1.2rem;border:1px solid var(--accent);border-radius:.4rem;background:var(--accent);color:var(--on);cursor:pointer}
button.second{background:transparent;color:inherit;border-color:var(--line)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.error{border-left:4px solid #c62828;padding:.4rem .8rem}code{font-size:1.3rem;letter-spacing:.1em}
`

function page(words: Words, title: string, body: string): string {
  return `<!doctype html>
<html lang="${words.language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${html(title)} - Muster</title><style>${pageStyle}</style></head>
<body><main><h1>${html(title)}</h1>
${body}
</main></body></html>`
}

const alert = (text: string | undefined) =>
  text === undefined ? '' : `<p class="error" role="alert">${html(text)}</p>`

export function signInPage(o: {
  words: Words
  action: string
  client: string
  error?: string
  username?: string
}): string {
  const w = o.words
  return page(
    w,
    w.signIn,
    `${alert(o.error)}<p>${w.toContinue[0]}<strong>${html(o.client)}</strong>${w.toContinue[1]}</p>
<form method="post" action="${html(o.action)}/login">
${nameAndPassword(w, o.username)}
<button type="submit">${w.signIn}</button><button class="second" type="submit" formaction="${html(o.action)}/abort" formnovalidate>${w.cancel}</button>
</form>`,
  )
}

/** The same without a program that asks: the person goes on to a page of ours. */
export function placeSignInPage(o: {
  words: Words
  action: string
  to: string
  error?: string
  username?: string
}): string {
  const w = o.words
  return page(
    w,
    w.signIn,
    `${alert(o.error)}<form method="post" action="${html(o.action)}"><input type="hidden" name="to" value="${html(o.to)}">
${nameAndPassword(w, o.username)}
<button type="submit">${w.signIn}</button>
</form>`,
  )
}

const nameAndPassword = (w: Words, username = '') =>
  `<label for="username">${w.userName}</label><input id="username" name="username" type="text" autocomplete="username" required autofocus value="${html(username)}">
<label for="password">${w.password}</label><input id="password" name="password" type="password" autocomplete="current-password" required>`

export function consentPage(o: {
  words: Words
  action: string
  client: string
  user: string
  scopes: readonly string[]
}): string {
  const w = o.words
  const list =
    o.scopes.length > 0 ? `<p>${w.asksFor}</p><ul>${o.scopes.map((s) => `<li>${html(s)}</li>`).join('')}</ul>` : ''
  return page(
    w,
    w.allowTitle,
    `<p><strong>${html(o.client)}</strong>${w.wants[0]}<strong>${html(o.user)}</strong>${w.wants[1]}</p>${list}
<p>${w.neverMore}</p>
<form method="post" action="${html(o.action)}/confirm"><button type="submit">${w.allow}</button><button class="second" type="submit" formaction="${html(o.action)}/abort">${w.deny}</button></form>`,
  )
}

export function codeInputPage(o: {
  words: Words
  action: string
  xsrf: string
  code?: string
  error?: string
}): string {
  const w = o.words
  return page(
    w,
    w.connectTitle,
    `${alert(o.error)}<form method="post" action="${html(o.action)}"><input type="hidden" name="xsrf" value="${html(o.xsrf)}">
<label for="code">${w.codeOnDevice}</label><input id="code" name="user_code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus value="${html(o.code ?? '')}">
<button type="submit">${w.goOn}</button></form>`,
  )
}

export function codeConfirmPage(o: {
  words: Words
  action: string
  xsrf: string
  code: string
  client: string
}): string {
  const w = o.words
  return page(
    w,
    w.connectTitle,
    `<p><strong>${html(o.client)}</strong>${w.showsCode}</p><p><code>${html(o.code)}</code></p>
<p>${w.ifNotYou}</p>
<form method="post" action="${html(o.action)}"><input type="hidden" name="xsrf" value="${html(o.xsrf)}"><input type="hidden" name="user_code" value="${html(o.code)}">
<button type="submit" name="confirm" value="yes">${w.goOn}</button><button class="second" type="submit" name="abort" value="yes">${w.cancel}</button></form>`,
  )
}

export function messagePage(words: Words, title: string, text: string): string {
  return page(words, title, `<p>${html(text)}</p>`)
}
