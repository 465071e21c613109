/** The few pages of the key manager: plain HTML that needs no script, reads well aloud, and works at any width. */

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

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${html(title)} - Muster</title><style>${pageStyle}</style></head>
<body><main><h1>${html(title)}</h1>
${body}
</main></body></html>`
}

const alert = (text: string | undefined) =>
  text === undefined ? '' : `<p class="error" role="alert">${html(text)}</p>`

export function signInPage(o: { action: string; client: string; error?: string; username?: string }): string {
  return page(
    'Sign in',
    `${alert(o.error)}<p>to continue to <strong>${html(o.client)}</strong></p>
<form method="post" action="${html(o.action)}/login">
<label for="username">User name</label><input id="username" name="username" type="text" autocomplete="username" required autofocus value="${html(o.username ?? '')}">
<label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
<button type="submit">Sign in</button><button class="second" type="submit" formaction="${html(o.action)}/abort" formnovalidate>Cancel</button>
</form>`,
  )
}

export function consentPage(o: { action: string; client: string; user: string; scopes: readonly string[] }): string {
  const list =
    o.scopes.length > 0 ? `<p>It asks for:</p><ul>${o.scopes.map((s) => `<li>${html(s)}</li>`).join('')}</ul>` : ''
  return page(
    'Allow access',
    `<p><strong>${html(o.client)}</strong> wants to act for you, <strong>${html(o.user)}</strong>.</p>${list}
<p>It can never do more than you may do yourself.</p>
<form method="post" action="${html(o.action)}/confirm"><button type="submit">Allow</button><button class="second" type="submit" formaction="${html(o.action)}/abort">Deny</button></form>`,
  )
}

export function codeInputPage(o: { action: string; xsrf: string; code?: string; error?: string }): string {
  return page(
    'Connect a device',
    `${alert(o.error)}<form method="post" action="${html(o.action)}"><input type="hidden" name="xsrf" value="${html(o.xsrf)}">
<label for="code">Code shown on the device</label><input id="code" name="user_code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" required autofocus value="${html(o.code ?? '')}">
<button type="submit">Continue</button></form>`,
  )
}

export function codeConfirmPage(o: { action: string; xsrf: string; code: string; client: string }): string {
  return page(
    'Connect a device',
    `<p><strong>${html(o.client)}</strong> shows this code:</p><p><code>${html(o.code)}</code></p>
<p>If you did not start this yourself, or the code differs, choose Cancel.</p>
<form method="post" action="${html(o.action)}"><input type="hidden" name="xsrf" value="${html(o.xsrf)}"><input type="hidden" name="user_code" value="${html(o.code)}">
<button type="submit" name="confirm" value="yes">Continue</button><button class="second" type="submit" name="abort" value="yes">Cancel</button></form>`,
  )
}

export function messagePage(title: string, text: string): string {
  return page(title, `<p>${html(text)}</p>`)
}
