/**
 * The console as a German reader on a small screen meets it, behind a proxy that serves Muster below a path of its own: signing
 * in, the switch of languages and that it is remembered, webhooks, recovery mode, installing it as an app, consent for a program.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { request as ask, createServer, type Server } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { type OpenBrowser, openBrowser } from './browser.ts'
import { freePorts } from './free-port.ts'
import { type Installation, install } from './installation.ts'

describe('the console in German, below a path, on a small screen', { timeout: 600_000 }, () => {
  let muster: Installation
  let browser: OpenBrowser
  let proxy: Server
  let hook: Server
  let hookUrl: string
  let base: string
  const taken: string[] = []

  before(async () => {
    const [port = 0, hookPort = 0] = await freePorts(2)
    base = `http://127.0.0.1:${port}/mdm`
    muster = await install({
      MUSTER_PUBLIC_URL: base,
      MUSTER_WEBHOOK_NETWORKS: '127.0.0.0/8',
      MUSTER_WEBHOOK_HTTP: 'allow',
    })
    proxy = await listening(port, belowPath('/mdm', muster.url))
    hook = await listening(
      hookPort,
      createServer((request, response) => {
        const webhook = request.headers['webhook-id']
        if (typeof webhook === 'string') taken.push(webhook)
        // A browser does not go where there is no content.
        request.resume().on('end', () => response.writeHead(webhook === undefined ? 200 : 204).end())
      }),
    )
    hookUrl = `http://127.0.0.1:${hookPort}/hook`
    browser = await openBrowser({
      baseURL: base,
      colorScheme: 'dark',
      locale: 'de-DE',
      viewport: { width: 400, height: 850 },
    })
    browser.page.setDefaultTimeout(60_000)
  })
  after(async () => {
    await browser?.close()
    proxy?.closeAllConnections()
    proxy?.close()
    hook?.close()
    await muster?.close()
  })
  const sound = async () => {
    assert.deepEqual(await browser.seriousFindings(), [])
    assert.deepEqual(browser.consoleErrors, [])
    const tooWide = () => document.documentElement.scrollWidth - document.documentElement.clientWidth
    assert.equal(await browser.page.evaluate(tooWide), 0, `${browser.page.url()} is too wide`)
  }
  const signIn = async () => {
    const { page } = browser
    await page.locator('input[name=username]').fill('admin')
    await page.locator('input[name=password]').fill(muster.adminPassword)
    await page.keyboard.press('Enter')
  }

  it('speaks the language of the browser, and comes back to the address that was asked for', async () => {
    const { page } = browser
    await page.goto(`${base}/devices`)
    await page.getByRole('heading', { name: 'Bei Muster anmelden' }).waitFor()
    await page.locator('html[lang=de]').waitFor()
    await sound()
    await signIn()
    await page.getByRole('heading', { name: 'Geräte', level: 1 }).waitFor()
    assert.equal(page.url(), `${base}/devices`)
    await page
      .getByRole('status')
      .filter({ has: page.locator('[class*=dot]') })
      .waitFor()
    await sound()
  })

  it('every page fits 400 pixels and is readable by all', async () => {
    const paths = ['enrol', 'groups', 'policies', 'activities', 'alerts', 'users', 'roles', 'clients', 'licences']
    for (const path of [...paths, 'certificates', 'configuration', 'audit', 'webhooks', '']) {
      await browser.visit(`${base}/${path}`)
      await browser.loaded()
      await sound()
    }
  })

  it('with one administrator the approvals say that the guard has not begun', async () => {
    await browser.visit(`${base}/approvals`)
    await browser.page.getByText('Nur eine Person darf freigeben').waitFor()
    await sound()
    await browser.page.getByRole('link', { name: 'Zweiten Administrator anlegen' }).click()
    await browser.page.getByRole('heading', { name: 'Benutzer', level: 1 }).waitFor()
  })

  it('a webhook is made, tested, paused, resumed and removed; its secret is shown once', async () => {
    const { page } = browser
    await browser.visit(`${base}/webhooks`)
    await page.getByRole('button', { name: 'Neuer Webhook' }).click()
    await page.getByRole('textbox', { name: 'Adresse' }).fill('http://192.0.2.1/hook')
    await page.getByRole('button', { name: 'Webhook anlegen' }).click()
    await page.getByText('An diese Adresse werden keine Webhooks gesendet').waitFor()
    await page.getByRole('textbox', { name: 'Adresse' }).fill(hookUrl)
    await page.getByRole('textbox', { name: 'Name' }).fill('Helpdesk')
    await page.getByRole('combobox', { name: 'Ereignisse' }).click()
    await page.getByRole('option', { name: 'Gruppe geändert' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Webhook anlegen' }).click()
    await page.getByText('wird nur jetzt angezeigt').waitFor()
    assert.match((await page.getByRole('dialog').locator('pre').textContent()) ?? '', /^whsec_/)
    await page.getByRole('dialog').getByRole('button', { name: 'Fertig' }).last().click()
    await page.getByRole('link', { name: 'Helpdesk' }).click()
    await page.getByRole('heading', { name: 'Helpdesk', level: 1 }).waitFor()
    await page.getByRole('button', { name: 'Test senden' }).click()
    await page.getByText('Die Adresse hat die Testnachricht angenommen').waitFor()
    await muster.api('POST', '/groups', { name: 'Pilot', description: '', query: null })
    await page.getByText('Zugestellt', { exact: true }).waitFor()
    assert.ok(taken.length >= 2)
    await sound()
    await page.getByRole('button', { name: 'Anhalten' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Anhalten' }).click()
    await page.getByRole('button', { name: 'Fortsetzen' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Fortsetzen' }).click()
    await page.getByText('Aktiv', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Verwalten' }).click()
    await page.getByRole('menuitem', { name: 'Entfernen' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Entfernen' }).click()
    await page.getByText('Noch keine Webhooks').waitFor()
    await sound()
  })

  it('what changes elsewhere shows by itself: every kind of event is listened to through the proxy', async () => {
    const { page } = browser
    await browser.visit(`${base}/groups`)
    await page.getByRole('link', { name: 'Pilot' }).waitFor()
    await muster.api('POST', '/groups', { name: 'Lager', description: '', query: null })
    await page.getByRole('link', { name: 'Lager' }).waitFor()
  })

  it('can be installed: the manifest and its icons are there, below the path', async () => {
    const { page } = browser
    const href = await page.evaluate(() => document.querySelector<HTMLLinkElement>('link[rel=manifest]')?.href ?? '')
    assert.equal(href, `${base}/manifest.webmanifest`)
    const manifest = (await (await fetch(href)).json()) as {
      start_url: string
      display: string
      icons: { src: string; sizes: string; type: string }[]
    }
    assert.equal(new URL(manifest.start_url, href).href, `${base}/`)
    assert.equal(manifest.display, 'standalone')
    for (const size of ['192x192', '512x512']) assert.ok(manifest.icons.some((icon) => icon.sizes === size))
    for (const { src, type } of manifest.icons) {
      const icon = await fetch(new URL(src, href))
      assert.equal(icon.status, 200)
      assert.ok(icon.headers.get('content-type')?.startsWith(type), `${src} is ${icon.headers.get('content-type')}`)
    }
  })

  it('a chosen language is remembered', async () => {
    const { page } = browser
    await page.getByRole('button', { name: /^Konto von/ }).click()
    await page.getByRole('menuitemradio', { name: 'English' }).click()
    await page.getByRole('heading', { name: 'Groups', level: 1 }).waitFor()
    await page.locator('html[lang=en]').waitFor()
    await page.goto(`${base}/alerts`)
    await page.getByRole('heading', { name: 'Alerts', level: 1 }).waitFor()
    await page.getByRole('button', { name: /^Account of/ }).click()
    await page.getByRole('menuitemradio', { name: 'Deutsch' }).click()
    await page.getByRole('heading', { name: 'Alarme', level: 1 }).waitFor()
  })

  it('a program asks for consent in the reader’s language, and every step stays below the path', async () => {
    const { page } = browser
    const callback = `http://127.0.0.1:${new URL(hookUrl).port}/callback`
    const { client } = await muster.api<{ client: { id: string } }>('POST', '/clients', {
      name: 'Wiki',
      scopes: ['device:read'],
      public: true,
      grants: ['authorization_code'],
      redirectUris: [callback],
    })
    await page.context().clearCookies()
    const query = new URLSearchParams({
      client_id: client.id,
      redirect_uri: callback,
      response_type: 'code',
      scope: 'openid device:read',
      state: 'kept',
      code_challenge: createHash('sha256').update('v'.repeat(43)).digest('base64url'),
      code_challenge_method: 'S256',
    })
    await page.goto(`${base}/oauth2/auth?${query}`)
    await page.getByRole('heading', { name: 'Anmelden' }).waitFor()
    await page.getByLabel('Benutzername').fill('admin')
    await page.getByLabel('Passwort').fill('falsch')
    await page.getByRole('button', { name: 'Anmelden' }).click()
    await page.getByRole('alert').getByText('Benutzername oder Passwort ist falsch').waitFor()
    await page.getByLabel('Passwort').fill(muster.adminPassword)
    await page.getByRole('button', { name: 'Anmelden' }).click()
    await page.getByRole('heading', { name: 'Zugriff erlauben' }).waitFor()
    assert.ok(page.url().startsWith(`${base}/oauth2/interaction/`))
    assert.deepEqual(await browser.seriousFindings(), [])
    await page.getByRole('button', { name: 'Erlauben' }).click()
    await page.waitForURL((url) => url.href.startsWith(`${callback}?`))
    assert.equal(new URL(page.url()).searchParams.get('state'), 'kept')
    assert.ok(new URL(page.url()).searchParams.has('code'))
  })
})

async function listening(port: number, server: Server): Promise<Server> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve))
  return server
}

/** A reverse proxy that takes a path prefix away, as many companies run them; what is not below it is not there. */
function belowPath(prefix: string, target: string): Server {
  return createServer((incoming, outgoing) => {
    const url = incoming.url ?? '/'
    if (url !== prefix && !url.startsWith(`${prefix}/`)) return void outgoing.writeHead(404).end('not below the prefix')
    const { hostname, port } = new URL(target)
    const path = url.slice(prefix.length) || '/'
    const forward = ask({ hostname, port, path, method: incoming.method, headers: incoming.headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    forward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => forward.destroy())
    incoming.pipe(forward)
  })
}
