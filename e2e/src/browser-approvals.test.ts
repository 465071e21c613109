/** The guard against destruction in a real browser: what one person asked for stands, and a second one, by keyboard alone, lets it go or ends it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type OpenBrowser, openBrowser } from './browser.ts'
import { makeDebianTree } from './debian-tree.ts'
import { agentMain, type Installation, install } from './installation.ts'
import { runToEnd } from './processes.ts'

interface Answer {
  id: string
  code: string
  state: string
  approval?: string
  inForce?: boolean
  counts: Record<string, number>
  items: { id: string; name: string; device?: string }[]
}
const second = { name: 'second', password: 'another horse battery staple' }

describe('a second administrator decides', { timeout: 300_000 }, () => {
  let muster: Installation
  let browser: OpenBrowser
  let folder: string
  const ids: string[] = []

  before(async () => {
    // Accounts settle at once: the second one is made a moment before it decides.
    muster = await install({ MUSTER_GUARD: '{"settleHours":0}' })
    folder = await mkdtemp(join(tmpdir(), 'muster-trees-'))
    for (const name of ['ws-0', 'ws-1']) ids.push(await enrol(name))
    const { items } = await muster.api<Answer>('GET', '/roles')
    const role = items.find((r) => r.name === 'administrator')?.id
    assert.equal((await muster.api<Answer>('GET', '/approvals')).inForce, false, 'one alone could let nothing go')
    await muster.api('POST', '/users', { ...second, displayName: 'Second', roles: [{ role }] })
    browser = await openBrowser({ baseURL: muster.url, colorScheme: 'light' })
    browser.page.setDefaultTimeout(60_000)
    await browser.page.goto('/approvals')
    await browser.page.getByLabel('User name').fill(second.name)
    await browser.page.getByRole('textbox', { name: 'Password' }).fill(second.password)
    await browser.page.keyboard.press('Enter')
    await browser.page.getByRole('heading', { name: 'Approvals' }).waitFor()
  })
  after(async () => {
    await browser?.close()
    await muster?.close()
    await rm(folder, { recursive: true, force: true })
  })
  const enrol = async (name: string): Promise<string> => {
    const root = join(folder, name)
    await makeDebianTree(root)
    await writeFile(join(root, 'etc/machine-id'), `${name.slice(-1).padStart(32, 'd')}\n`)
    await writeFile(join(root, 'etc/hostname'), `${name}\n`)
    const { code, id } = await muster.api<Answer>('POST', '/invitations', { platform: 'linux', ownership: 'cope' })
    await runToEnd(agentMain, ['enroll', '--server', muster.url, '--code', code, '--root', root, '--yes'])
    const { items } = await muster.api<Answer>('GET', '/invitations?state=used')
    return items.find((one) => one.id === id)?.device ?? ''
  }
  const ask = async (): Promise<string> => {
    const sent = await muster.api<Answer>('POST', '/activities', {
      operation: 'device.wipe.corporate',
      target: { devices: ids },
    })
    assert.equal(sent.approval, 'waiting')
    return sent.id
  }
  const counts = async (activity: string) => (await muster.api<Answer>('GET', `/activities/${activity}`)).counts
  const sound = async () => {
    assert.deepEqual(await browser.seriousFindings(), [])
    assert.deepEqual(browser.consoleErrors, [])
  }

  it('sees who asked for what, and lets it go', async () => {
    const { page } = browser
    await page.getByText('Nothing waits for approval').waitFor()
    const activity = await ask()
    const approve = page.getByRole('button', { name: /^Approve: / })
    await approve.waitFor()
    await page.getByText('2 devices').waitFor()
    await page.getByText('ws-0, ws-1').waitFor()
    await sound()
    await approve.focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Number of devices (2), to confirm').waitFor()
    await sound()
    await page.keyboard.type('2')
    await page.keyboard.press('Enter')
    await page.getByText('Nothing waits for approval').waitFor()
    assert.deepEqual(await counts(activity), { held: 2 }, 'held as every wipe is, and still to be cancelled')
    await muster.api('POST', `/activities/${activity}/cancel`)
  })

  it('or ends it, and the list keeps what was decided', async () => {
    const { page } = browser
    const activity = await ask()
    await page.getByRole('button', { name: /^Decline: / }).focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Note (for the audit log)').fill('not these')
    await page.getByRole('dialog').getByRole('button', { name: 'Decline' }).press('Enter')
    await page.getByText('Nothing waits for approval').waitFor()
    assert.deepEqual(await counts(activity), { cancelled: 2 })
    await page.getByText('All', { exact: true }).click()
    await page.getByText('Declined').waitFor()
    await page.getByText('Approved').waitFor()
    await page.getByText('not these').waitFor()
    await sound()
  })

  it('the activity, the list of them and the timelines of its devices say that it waits', async () => {
    const { page } = browser
    const activity = await ask()
    const badge = page.getByText('Waits for approval', { exact: true })
    await browser.visit('/activities')
    await badge.waitFor()
    await browser.visit(`/activities/${activity}`)
    await page.getByText('nothing goes out until another administrator approves it').first().waitFor()
    await sound()
    await browser.visit(`/devices/${ids[0]}/operations`)
    await badge.waitFor()
    await sound()
    await page.getByRole('link', { name: 'To the approvals' }).click()
    await page.getByRole('heading', { name: 'Approvals' }).waitFor()
    await muster.api('POST', `/activities/${activity}/cancel`)
  })

  it('tiles of a device do not overlap at 360 pixels, in German too', async () => {
    const { page } = browser
    await page.setViewportSize({ width: 360, height: 740 })
    await browser.visit(`/devices/${ids[0]}`)
    await page.getByRole('button', { name: /^Account of/ }).click()
    await page.getByRole('menuitemradio', { name: 'Deutsch' }).click()
    const badge = page.getByText('Keine Richtlinie', { exact: true })
    await badge.waitFor()
    const found = await page.evaluate(() => {
      const boxes = [...document.querySelectorAll('main .mantine-Badge-root')].map((e) => e.getBoundingClientRect())
      const labels = [...document.querySelectorAll('main .mantine-Badge-label')]
      const cut = labels.filter((e) => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 1)
      const over = boxes.flatMap((a, i) =>
        boxes.slice(i + 1).filter((b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom),
      )
      return { tiles: labels.length >= 5, over: over.length, cut: cut.map((e) => e.textContent) }
    })
    assert.deepEqual(found, { tiles: true, over: 0, cut: [] })
    await sound()
  })

  it('nobody approves what they asked for themselves', async () => {
    const activity = await ask()
    const own = await muster.ask<{ code: string }>('POST', `/approvals/${activity}/decide`, { approve: true })
    assert.deepEqual([own.status, own.body.code], [403, 'own-approval'])
    assert.deepEqual(await counts(activity), { held: 2 })
  })
})
