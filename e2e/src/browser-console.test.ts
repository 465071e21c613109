/**
 * The console in a real browser against a real server and a real agent: sign in, enrol and see the device arrive, send an
 * operation and see it completed, filter, the page of a code, a session that ends. No console errors, no serious axe findings.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { type OpenBrowser, openBrowser } from './browser.ts'
import { makeDebianTree } from './debian-tree.ts'
import { agentMain, type Installation, install } from './installation.ts'
import { type Running, run, runToEnd } from './processes.ts'

describe('console in a browser', { timeout: 600_000 }, () => {
  let muster: Installation
  let browser: OpenBrowser
  let root: string
  let agent: Running | undefined
  let device: string

  before(async () => {
    muster = await install()
    root = await mkdtemp(join(tmpdir(), 'muster-tree-'))
    await makeDebianTree(root)
    browser = await openBrowser({ baseURL: muster.url, colorScheme: 'dark' })
    browser.page.setDefaultTimeout(60_000)
  })
  after(async () => {
    await browser?.close()
    await agent?.stop()
    await muster?.close()
    await rm(root, { recursive: true, force: true })
  })
  const sound = async () => {
    assert.deepEqual(await browser.seriousFindings(), [])
    assert.deepEqual(browser.consoleErrors, [])
  }
  const signIn = async (password: string) => {
    const { page } = browser
    await page.getByLabel('User name').fill('admin')
    await page.getByRole('textbox', { name: 'Password' }).fill(password)
    await page.keyboard.press('Enter')
  }

  it('a wrong password is told, the right one opens the console; the cookie is out of reach of scripts', async () => {
    const { page } = browser
    await page.goto('/enrol')
    await signIn('not the password')
    await page.getByRole('alert').getByText('User name or password is wrong').waitFor()
    await sound()
    await signIn(muster.adminPassword)
    await page.getByRole('heading', { name: 'Enrol a device' }).waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    assert.equal(await page.evaluate(() => document.cookie), '')
  })

  it('a device is invited and its arrival shows by itself', async () => {
    const { page } = browser
    // What the platforms allow comes late: what was chosen stays chosen.
    await page.route('**/api/v1/catalog', (route) => setTimeout(1000).then(() => route.continue()), { times: 1 })
    await page.reload()
    const cope = page.getByRole('radio', { name: 'Company-owned (COPE)' })
    await cope.check()
    await page.getByRole('radio', { name: 'Dedicated' }).waitFor()
    assert.ok(await cope.isChecked())
    await page.getByRole('button', { name: 'Make the code', exact: true }).click()
    await page.getByRole('heading', { name: 'Waiting for the device' }).waitFor()
    await page.getByRole('img', { name: 'QR code of the enrolment link' }).waitFor()
    const code = await page.getByText(/^([0-9A-Z]{5}-){3}[0-9A-Z]{5}$/).textContent()
    await sound()
    await runToEnd(agentMain, ['enroll', '--server', muster.url, '--code', code ?? '', '--root', root, '--yes'])
    await page.getByRole('heading', { name: 'Enrolled!' }).waitFor()
    agent = run(agentMain, ['run', '--root', root])
    await page.getByRole('link', { name: 'Open the device' }).first().click()
    await page.getByRole('heading', { name: 'kiosk-7', level: 1 }).waitFor()
    device = new URL(page.url()).pathname
    await page.getByText('Reachable', { exact: true }).waitFor()
    await sound()
  })

  it('what the form lacks is told at its field; what was sent is seen completed without a reload', async () => {
    const { page } = browser
    await page.getByRole('tab', { name: 'Send operation' }).click()
    await page.getByRole('link', { name: /^Send message/ }).click()
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('This is needed.').waitFor()
    await page.locator('[name="/text"]:focus').waitFor()
    await page.getByRole('link', { name: /^Refresh inventory/ }).click()
    await page.getByRole('heading', { name: 'Refresh inventory' }).waitFor()
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.waitForURL(`**${device}/operations`)
    await page.getByText('Completed', { exact: true }).waitFor()
    await sound()
  })

  it('the list filters by address, and says when nothing fits', async () => {
    const { page } = browser
    await page.goto('/devices?ownership=cope')
    const row = page.getByRole('link', { name: 'kiosk-7' })
    await row.waitFor().catch(async (cause: unknown) => {
      throw new Error(`the list shows: ${await page.locator('body').textContent()}`, { cause })
    })
    await sound()
    await page.goto('/devices?ownership=byod')
    await page.getByText('No device matches').waitFor()
    await page.getByRole('button', { name: 'Clear', exact: true }).last().click()
    await page.getByRole('link', { name: 'kiosk-7' }).waitFor()
  })

  it('neither a read that is never answered nor a browser that takes itself for offline keeps a list from its page', async () => {
    const page = await browser.page.context().newPage()
    let times = 0
    try {
      // The patience of the page passes in a second.
      await page.addInitScript(() => {
        const later = window.setTimeout
        window.setTimeout = ((work: () => void, ms?: number) => later(work, ms === 20_000 ? 1000 : ms)) as typeof later
      })
      await page.route(/\/api\/v1\/devices\?/, (route) => {
        times += 1
        if (times > 1) return route.continue()
      })
      await page.goto('/devices')
      await page.getByRole('link', { name: 'kiosk-7' }).waitFor({ timeout: 60_000 })
      assert.ok(times > 1, 'the first was never answered')
      await page.evaluate(() => dispatchEvent(new Event('offline')))
      await page.getByRole('link', { name: 'Activities', exact: true }).click()
      await page.getByRole('link', { name: /Refresh inventory/ }).waitFor({ timeout: 60_000 })
    } catch (cause) {
      throw new Error(`asked ${times} times, the page shows: ${await page.locator('body').textContent()}`, { cause })
    } finally {
      await page.close()
    }
  })

  it('every page is readable by all, in both colours', async () => {
    const { page } = browser
    for (const scheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme: scheme })
      for (const path of [
        '/',
        '/policies',
        '/policies/new',
        '/activities',
        device,
        `${device}/settings`,
        `${device}/compliance`,
      ]) {
        // The tabs of a device are one page.
        await (path.startsWith(`${device}/`) ? page.goto(path) : browser.visit(path))
        await page.getByRole('heading', { level: 1 }).waitFor()
        await browser.loaded()
        await sound()
      }
    }
  })

  it('the page of a code needs no account, and a wrong code is told', async () => {
    const { code } = await muster.api<{ code: string }>('POST', '/invitations', {
      platform: 'linux',
      ownership: 'byod',
    })
    const { page } = browser
    await page.context().clearCookies()
    await page.goto(`/enrol/${code}`)
    await page.getByText(`--code ${code}`).waitFor()
    await sound()
    await page.goto('/enrol/00000-00000-00000-00000')
    await page.getByRole('heading', { name: 'This code does not work' }).waitFor()
    await sound()
  })

  it('an ended session comes back to the same page and what was being written', async () => {
    const { page } = browser
    await page.goto(`${device}/operations`)
    await signIn(muster.adminPassword)
    await page.getByText('Completed', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Manage' }).click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await page.getByRole('dialog').getByRole('textbox').fill('half a na')
    await page.context().clearCookies()
    await page.getByText('Your session has ended').waitFor()
    assert.equal(await page.getByRole('dialog').count(), 0)
    await signIn(muster.adminPassword)
    assert.equal(await page.getByRole('dialog').getByRole('textbox').inputValue(), 'half a na')
    await page.keyboard.press('Escape')
    await page.getByText('Completed', { exact: true }).waitFor()
    assert.equal(new URL(page.url()).pathname, `${device}/operations`)
    await page.getByRole('button', { name: /^Account of/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByLabel('User name').waitFor()
    await sound()
  })
})
