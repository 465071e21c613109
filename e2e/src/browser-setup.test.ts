/** Setting a platform up in a real browser: the push certificate asked for, refused when it does not fit, brought along, and seen to be ready. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { testCertificate } from '@muster/push/testing'
import { type OpenBrowser, openBrowser } from './browser.ts'
import { type Installation, install } from './installation.ts'

const topic = 'com.apple.mgmt.External.browser'
const file = (name: string, text: string) => ({ name, mimeType: 'application/x-pem-file', buffer: Buffer.from(text) })

describe('a platform is set up in a browser', { timeout: 300_000 }, () => {
  let muster: Installation
  let browser: OpenBrowser
  before(async () => {
    muster = await install()
    browser = await openBrowser({ baseURL: muster.url })
    browser.page.setDefaultTimeout(60_000)
    await browser.page.goto('/platforms')
    await browser.page.getByLabel('User name').fill('admin')
    await browser.page.getByRole('textbox', { name: 'Password' }).fill(muster.adminPassword)
    await browser.page.keyboard.press('Enter')
  })
  after(async () => {
    await browser?.close()
    await muster?.close()
  })
  /** The step's card: other platforms have steps of their own beside it. */
  const step = () =>
    browser.page
      .locator('section')
      .filter({ has: browser.page.getByRole('heading', { name: 'Apple: Push certificate' }) })
  const sound = async () => {
    assert.deepEqual(await browser.seriousFindings(), [])
    assert.deepEqual(browser.consoleErrors, [])
  }

  it('gives the request, whose key stays', async () => {
    const { page } = browser
    await page.getByRole('heading', { name: 'Apple: Push certificate' }).waitFor()
    await step().getByText('Not set up').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Upload the certificate' }).isDisabled())
    await sound()
    await page.getByRole('button', { name: 'Get the request' }).click()
    await sound()
    await page.getByRole('dialog').getByRole('button', { name: 'Get the request' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download push.csr' }).click(),
    ])
    assert.match(await readFile(await download.path(), 'utf8'), /^-----BEGIN CERTIFICATE REQUEST-----/)
    await step().getByText('Begun').waitFor()
    await sound()
  })

  it('refuses what does not fit in words, and is ready with what does', async () => {
    const { page } = browser
    const right = testCertificate({ name: 'APSP', uid: topic })
    const other = testCertificate({ name: 'other', uid: topic })
    await page.getByRole('button', { name: 'Bring certificate and key along' }).click()
    const dialog = page.getByRole('dialog')
    const choose = async (name: string, text: string) => {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), dialog.getByLabel(name).click()])
      await chooser.setFiles(file(`${name}.pem`, text))
    }
    await choose('The certificate', right.certificateText)
    await choose('Its key', other.keyText)
    await dialog.getByRole('button', { name: 'Bring certificate and key along' }).click()
    await dialog.getByText('The certificate was not made for this key.').waitFor()
    await sound()
    await choose('Its key', right.keyText)
    await dialog.getByRole('button', { name: 'Bring certificate and key along' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText(topic).waitFor()
    await step().getByText('Ready').waitFor()
    await sound()
  })
})
