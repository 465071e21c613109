/** The console over many devices: page by page, filters kept by name, everything that matches in one act, and a policy's effect seen before it is published. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { testDatabase } from '@muster/core/testing'
import { type OpenBrowser, openBrowser } from './browser.ts'
import { type Installation, install } from './installation.ts'

const devices = 120
/** Enrolled devices as enrolling would have left them; each tenth is somebody's own. */
const fleet = `
  with made as (
    insert into device (id, platform, name, ownership, form_factor, os_name, os_version, facts, facts_at, lifecycle)
    select gen_random_uuid(), 'linux', 'ws-' || lpad(n::text, 3, '0'), case when n % 10 = 0 then 'byod' else 'cope' end, case when n % 3 = 0 then 'server' else 'laptop' end, 'Debian', '13',
      jsonb_build_object('os.name', 'Debian', 'network.hostname', 'ws-' || n || '.example'), now(), 'active'
    from generate_series(1, $1::integer) n returning no, ownership),
  enrolled as (insert into enrolment (device, epoch, ownership, state, activated) select no, 1, ownership, 'active', now() from made returning no, device),
  opened as (insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from enrolled returning no)
  insert into seen (channel, at, expect_s) select no, now(), 86400 from opened`

describe('the console over many devices', { timeout: 600_000 }, () => {
  let muster: Installation
  let browser: OpenBrowser
  let database: Awaited<ReturnType<typeof testDatabase>>
  before(async () => {
    database = await testDatabase({ alone: true })
    muster = await install({ DATABASE_URL: database.url })
    await database.db.query({ text: fleet, values: [devices] })
    browser = await openBrowser({ baseURL: muster.url, colorScheme: 'light' })
    browser.page.setDefaultTimeout(60_000)
    const { page } = browser
    await page.goto('/')
    await page.getByLabel('User name').fill('admin')
    await page.getByRole('textbox', { name: 'Password' }).fill(muster.adminPassword)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Home' }).waitFor()
  })
  after(async () => {
    await browser?.close()
    await muster?.close()
    await database?.close()
  })
  const sound = async () => {
    assert.deepEqual(await browser.seriousFindings(), [])
    assert.deepEqual(browser.consoleErrors, [])
  }
  const rows = () => browser.page.getByRole('table', { name: 'Devices' }).locator('tbody tr')
  const search = () => new URL(browser.page.url()).searchParams

  it('shows one page at a time, and the way back', async () => {
    const { page } = browser
    await page.goto('/devices')
    await page.getByText('Devices 1 to 50').waitFor()
    assert.equal(await rows().count(), 50)
    await page.getByRole('button', { name: 'Next page' }).click()
    await page.getByText('Devices 51 to 100').waitFor()
    await page.getByRole('link', { name: 'ws-070' }).waitFor()
    await page.getByRole('button', { name: 'Next page' }).click()
    await page.getByText('Devices 101 to 120').waitFor()
    assert.equal(await rows().count(), 20)
    assert.ok(await page.getByRole('button', { name: 'Next page' }).isDisabled())
    await sound()
    await page.getByRole('link', { name: 'ws-005' }).click()
    await page.getByRole('heading', { name: 'ws-005', level: 1 }).waitFor()
    await page.goBack()
    await page.getByText('Devices 101 to 120').waitFor()
    await page.getByRole('button', { name: 'Previous page' }).click()
    await page.getByText('Devices 51 to 100').waitFor()
    await page.getByRole('button', { name: 'First page' }).click()
    await page.getByText('Devices 1 to 50').waitFor()
    assert.equal(search().size, 0)
  })

  it('keeps filters by name: saved, picked, shared, renamed, set anew and removed', async () => {
    const { page } = browser
    const menu = () => page.getByRole('button', { name: 'Saved queries' }).click()
    await page.goto('/devices?ownership=byod')
    await page.getByText('12 devices', { exact: true }).waitFor()
    await menu()
    await page.getByRole('menuitem', { name: 'Save these filters' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('Personal ones')
    await page.getByLabel('Share with everybody').check()
    await sound()
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await page.getByRole('dialog').first().waitFor({ state: 'detached' })
    await page.goto('/devices?q=ws-0&from=1')
    await page.getByText('Devices 1 to 50').waitFor()
    await menu()
    await page.getByRole('menuitem', { name: 'Personal ones' }).waitFor()
    await sound()
    await page.getByRole('menuitem', { name: 'Personal ones' }).click()
    await page.getByText('12 devices', { exact: true }).waitFor()
    assert.deepEqual([...search()], [['ownership', 'byod']])
    await page.goto('/devices?q=ws-00')
    await page.getByText('9 devices', { exact: true }).waitFor()
    await menu()
    await page.getByRole('menuitem', { name: 'Manage' }).click()
    await sound()
    await page.getByRole('button', { name: 'Set “Personal ones” to these filters' }).click()
    await page.getByRole('dialog').first().waitFor({ state: 'detached' })
    await menu()
    await page.getByRole('menuitem', { name: 'Manage' }).click()
    await page.getByRole('button', { name: 'Rename or share' }).click()
    await page.getByRole('dialog').getByLabel('Name').fill('The first nine')
    await page.getByLabel('Share with everybody').uncheck()
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await page.getByRole('dialog').first().waitFor({ state: 'detached' })
    const { items } = await muster.api<{ items: object[] }>('GET', '/queries')
    assert.deepEqual(items, [], 'no longer everybody’s')
    await menu()
    await page.getByRole('menuitem', { name: 'Manage' }).click()
    await page.getByRole('button', { name: 'Remove: The first nine' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').first().waitFor({ state: 'detached' })
    await menu()
    await page.getByText('No saved query yet').waitFor()
    await page.keyboard.press('Escape')
  })

  it('sends to everything that a search shows, not only to the page', async () => {
    const { page } = browser
    await page.goto('/devices?q=ws-')
    await page.getByRole('checkbox', { name: 'Choose all on this page' }).check()
    await page.getByRole('button', { name: 'Choose all that match' }).click()
    await page.getByRole('button', { name: 'Send an operation' }).click()
    await page.getByRole('combobox', { name: 'Choose an operation' }).click()
    await page.getByRole('option', { name: 'Refresh inventory', exact: true }).click()
    await page.getByRole('button', { name: 'Check whom it reaches' }).click()
    await page.getByText(`of ${devices} devices get it.`).waitFor()
    await page.getByRole('button', { name: `Send to ${devices} devices` }).click()
    await page.getByText(`0 of ${devices} settled`).waitFor()
    await sound()
  })

  it('tells who asked for what, and leads from the log to it', async () => {
    const { page } = browser
    await page.goto('/activities')
    await page.getByRole('combobox', { name: 'Operation' }).fill('Wipe')
    await page.getByRole('option', { name: 'Wipe', exact: true }).click()
    await page.getByText('Nothing matches').waitFor()
    assert.equal(search().get('operation'), 'device.wipe')
    await page.goto('/activities?operation=device.inventory')
    await page.getByText('by admin').first().waitFor()
    await page.goto('/audit?act=operation.device.inventory')
    await page
      .getByRole('cell', { name: /^Refresh inventory/ })
      .first()
      .waitFor()
    await sound()
    await page
      .getByRole('link', { name: /^Activity \d+$/ })
      .first()
      .click()
    await page.getByRole('heading', { name: 'Refresh inventory', level: 1 }).waitFor()
  })

  it('invites the people of a file: nobody while one of them is unknown, then each with a code of their own', async () => {
    const { page } = browser
    const people = ['ada', 'bob', 'cyd']
    for (const name of people) await muster.api('POST', '/users', { name, email: `${name}@example.org`, roles: [] })
    const file = (text: string) => ({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from(text) })
    await page.goto('/enrol')
    await page.getByText('Invite many at once').waitFor()
    const choose = page.locator('input[type=file]')
    await choose.setInputFiles(file('user\r\nada\r\nnobody\r\n'))
    await page.getByRole('button', { name: 'Make 2 codes' }).click()
    await page.getByText('Line 3: nobody').waitFor()
    await sound()
    assert.deepEqual((await muster.api<{ items: unknown[] }>('GET', '/invitations')).items, [])
    await choose.setInputFiles(file('e-mail;department\nADA@example.org;1\nbob;2\n"cyd";3\n'))
    await page.getByRole('button', { name: 'Make 3 codes' }).click()
    await page.getByText('3 of 3 codes made').waitFor()
    const downloaded = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download 3 codes' }).click()
    const lines = readFileSync(await (await downloaded).path(), 'utf8')
      .trim()
      .split('\r\n')
    assert.deepEqual(
      lines.map((line) => line.split(',')[0]),
      ['user', ...people],
    )
    const { items } = await muster.api<{ items: { user: { name: string } }[] }>('GET', '/invitations')
    assert.deepEqual(items.map((one) => one.user.name).sort(), people)
    // The codes of many are known only here: making one more does not lose them.
    await page.getByRole('button', { name: 'Make the code' }).click()
    await page.getByRole('heading', { name: 'Waiting for the device' }).waitFor()
    await page.getByRole('button', { name: 'Make another' }).click()
    await page.getByRole('button', { name: 'Download 3 codes' }).waitFor()
    await sound()
  })

  it('shows what a policy will do before it is published, whom it meets, and what it means for one device', async () => {
    const { page } = browser
    const passcode = (minLength: number) => [{ feature: 'passcode', settings: { minLength } }]
    const base = await muster.api<{ id: string }>('POST', '/policies', {
      name: 'Base',
      platform: 'linux',
      features: passcode(8),
    })
    await muster.api('POST', `/policies/${base.id}/publish`)
    const strict = await muster.api<{ id: string }>('POST', '/policies', {
      name: 'Servers',
      platform: 'linux',
      priority: 1,
      assignment: { formFactors: ['server'] },
      features: passcode(14),
    })
    await page.goto(`/policies/${strict.id}`)
    await page.getByRole('button', { name: 'Publish' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Of 120 active devices').waitFor()
    await dialog.getByText('This policy stands higher: its value is used.').waitFor()
    await dialog.getByRole('button', { name: 'New: 40 devices' }).click()
    await dialog.getByRole('link', { name: 'ws-003' }).waitFor()
    await sound()
    await page.emulateMedia({ colorScheme: 'dark' })
    await sound()
    await page.emulateMedia({ colorScheme: 'light' })
    await dialog.getByRole('button', { name: 'Cancel' }).last().click()
    const { items } = await muster.api<{ items: { id: string }[] }>('GET', '/devices?q=ws-003')
    await page.goto(`/devices/${items[0]?.id}/settings`)
    await page.getByRole('combobox', { name: 'Policy with unpublished changes' }).click()
    await page.getByRole('option', { name: 'Servers' }).click()
    await page.getByText('It will reach this device.').waitFor()
    await page.getByRole('cell', { name: '14' }).waitFor()
    await sound()
  })

  it('reads all facts of a device once, and then only how it stands', async () => {
    const { page } = browser
    const { items } = await muster.api<{ items: { id: string }[] }>('GET', '/devices?q=ws-007')
    const id = items[0]?.id ?? ''
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname + new URL(request.url()).search))
    // The page's own clock: it looks again every few seconds.
    await page.clock.install()
    await page.goto(`/devices/${id}`)
    await page.getByRole('heading', { name: 'ws-007', level: 1 }).waitFor()
    const looks = () => asked.filter((path) => path.includes(`ids=${id}`)).length
    for (const until = Date.now() + 60_000; looks() < 4 && Date.now() < until; ) {
      const look = page.waitForResponse((response) => response.url().includes(`ids=${id}`))
      await page.clock.runFor(10_000)
      await look
    }
    assert.ok(looks() >= 4)
    const whole = asked.filter((path) => path === `/api/v1/devices/${id}`).length
    assert.ok(whole <= 2, `${whole} times`)
    await database.db.query({ text: `update seen set at = now() - interval '3 days', expect_s = 60` })
    await page.clock.runFor(10_000)
    await page.getByText('Unreachable').first().waitFor()
  })
})
