/**
 * The administrator's work in a real browser against a real server: operations to many devices, a device's record, groups,
 * policies in order and back to an older version, people and what they may do, and what the server keeps of itself.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type OpenBrowser, openBrowser } from './browser.ts'
import { makeDebianTree } from './debian-tree.ts'
import { agentMain, type Installation, install } from './installation.ts'
import { type Running, run, runToEnd, until } from './processes.ts'

/** What the journey reads of the API's answers. */
interface Answer {
  id: string
  code: string
  revision: number
  items: { id: string; device?: string; actor?: string; value?: { defaultS?: number } }[]
  features: { settings: { text: string } }[]
}

describe("an administrator's work in a browser", { timeout: 600_000 }, () => {
  let muster: Installation
  let browser: OpenBrowser
  let folder: string
  let agent: Running | undefined
  const ids: string[] = []

  before(async () => {
    muster = await install()
    folder = await mkdtemp(join(tmpdir(), 'muster-trees-'))
    const enrolled = (['cope', 'cope', 'byod'] as const).map((ownership, i) => enrol(`ws-${i}`, ownership))
    ids.push(...(await Promise.all(enrolled)))
    agent = run(agentMain, ['run', '--root', join(folder, 'ws-0')])
    browser = await openBrowser({ baseURL: muster.url, colorScheme: 'light' })
    browser.page.setDefaultTimeout(60_000)
    await browser.page.goto('/')
    await signIn('admin', muster.adminPassword)
    await browser.page.getByRole('heading', { name: 'Home' }).waitFor()
  })
  after(async () => {
    await browser?.close()
    await agent?.stop()
    await muster?.close()
    await rm(folder, { recursive: true, force: true })
  })
  /** A device of that name, enrolled by the real agent; answers its id. */
  const enrol = async (name: string, ownership: 'cope' | 'byod'): Promise<string> => {
    const root = join(folder, name)
    await makeDebianTree(root)
    await writeFile(join(root, 'etc/machine-id'), `${name.slice(-1).padStart(32, 'c')}\n`)
    await writeFile(join(root, 'etc/hostname'), `${name}\n`)
    const { code, id } = await muster.api<Answer>('POST', '/invitations', { platform: 'linux', ownership })
    await runToEnd(agentMain, ['enroll', '--server', muster.url, '--code', code, '--root', root, '--yes'])
    const { items } = await muster.api<Answer>('GET', '/invitations?state=used')
    return items.find((one) => one.id === id)?.device ?? ''
  }
  const sound = async () => {
    assert.deepEqual(await browser.seriousFindings(), [])
    assert.deepEqual(browser.consoleErrors, [])
  }
  const signIn = async (name: string, password: string) => {
    await browser.page.getByLabel('User name').fill(name)
    await browser.page.getByRole('textbox', { name: 'Password' }).fill(password)
    await browser.page.keyboard.press('Enter')
  }
  const choose = async (box: string, option: string) => {
    await browser.page.getByRole('combobox', { name: box }).click()
    await browser.page.getByRole('option', { name: option, exact: true }).click()
  }

  it('one operation to all that match: whom it reaches is seen first, progress after, and the rest is cancelled', async () => {
    const { page } = browser
    await page.goto('/devices')
    await page.getByRole('checkbox', { name: 'Choose all on this page' }).check()
    await page.getByText('3 devices chosen').waitFor()
    await page.getByRole('button', { name: 'Send an operation' }).click()
    await choose('Choose an operation', 'Refresh inventory')
    await page.getByRole('button', { name: 'Check whom it reaches' }).click()
    await page.getByText('of 3 devices get it.').waitFor()
    await sound()
    await page.getByRole('button', { name: 'Send to 3 devices' }).click()
    await page.getByRole('heading', { name: 'Refresh inventory', level: 1 }).waitFor()
    await page.getByText('1 of 3 settled').waitFor()
    await page.getByRole('button', { name: 'Cancel the activity' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the activity' }).click()
    await page.getByText('3 of 3 settled').waitFor()
    await sound()
  })

  it('what may not be is left out with the reason, and the irreversible asks for the number in writing', async () => {
    const { page } = browser
    await page.goto('/devices')
    for (const name of ['ws-1', 'ws-2']) await page.getByRole('checkbox', { name: `Choose ${name}` }).check()
    await page.getByRole('button', { name: 'Send an operation' }).click()
    await choose('Choose an operation', 'Wipe')
    await page.getByRole('button', { name: 'Check whom it reaches' }).click()
    await page.getByText('of 2 devices get it.').waitFor()
    await page.getByText('1 device was left out').waitFor()
    await page.getByRole('dialog').getByRole('link', { name: 'ws-2' }).waitFor()
    const send = page.getByRole('button', { name: 'Send to 1 device' })
    assert.ok(await send.isDisabled())
    await page.getByLabel('Type the number of devices').fill('1')
    assert.ok(await send.isEnabled())
    await sound()
    await page.getByRole('dialog').getByRole('button', { name: 'Back' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  it('what nobody took in time is sent again as a new activity', async () => {
    const { page } = browser
    let id = ''
    let deadlineMs = 1500
    // A busy machine may take longer to hear of it than it lasts.
    await until('the activity to be taken', async () => {
      const { status, body } = await muster.ask<Answer>('POST', '/activities', {
        operation: 'device.inventory',
        target: { devices: [ids[1]] },
        deadline: new Date(Date.now() + deadlineMs).toISOString(),
      })
      deadlineMs *= 2
      id = body.id
      return status === 201
    })
    await page.goto(`/activities/${id}`)
    await page.getByRole('button', { name: 'Retry on 1 device' }).click()
    await page.getByRole('button', { name: 'Check whom it reaches' }).click()
    await page.getByRole('button', { name: 'Send to 1 device' }).click()
    await page.getByText('0 of 1 settled').waitFor()
    assert.notEqual(new URL(page.url()).pathname, `/activities/${id}`)
    await sound()
  })

  it('a device is renamed, blocked and let in; its packages are found, its messages opened and that is audited', async () => {
    const { page } = browser
    const manage = async (act: string) => {
      await page.getByRole('button', { name: 'Manage' }).click()
      await page.getByRole('menuitem', { name: act }).click()
    }
    await page.goto(`/devices/${ids[0]}`)
    await manage('Rename')
    await page.getByRole('textbox', { name: 'Name' }).fill('front-desk')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'front-desk', level: 1 }).waitFor()
    await manage('Block')
    await page.getByRole('dialog').waitFor()
    await page.keyboard.press('Escape')
    await page.waitForFunction(() => document.activeElement?.textContent === 'Manage')
    await manage('Block')
    await page.getByRole('dialog').getByRole('button', { name: 'Block' }).click()
    await page.getByText('An administrator blocked it').waitFor()
    await manage('Let it in again')
    await page.getByRole('dialog').getByRole('button', { name: 'Let it in again' }).click()
    await page.getByText('An administrator blocked it').waitFor({ state: 'detached' })
    for (const tab of ['Packages', 'Network', 'History', 'Messages']) {
      await page.getByRole('tab', { name: tab }).click()
      await browser.loaded()
      await sound()
    }
    await page.getByRole('button', { name: 'Show the contents' }).click()
    await page.getByText('Your look at these contents').waitFor()
    await page.locator('pre').first().waitFor()
    const { items } = await muster.api<Answer>('GET', '/audit?act=message.read')
    assert.equal(items[0]?.actor, 'user:admin')
  })

  it('what one types, chooses and sends stays that, with late answers, another tab and another administrator', async () => {
    const { page } = browser
    const find = page.locator('main').getByRole('searchbox')
    await page.goto('/devices')
    const found = page.waitForResponse(/devices\?q=front&/)
    await find.pressSequentially('front ')
    await found
    await page.getByRole('link', { name: 'ws-1' }).waitFor({ state: 'detached' })
    await find.pressSequentially('desk')
    assert.equal(await find.inputValue(), 'front desk')
    // A question is not turned round while it is asked.
    await page.goto(`/devices/${ids[0]}`)
    await page.getByRole('button', { name: 'Manage' }).click()
    await page.getByRole('menuitem', { name: 'Block' }).click()
    await muster.api('POST', `/devices/${ids[0]}/block`, { blocked: true })
    await page.getByText('An administrator blocked it').waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Block' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    assert.equal((await muster.api<{ blocked: boolean }>('GET', `/devices/${ids[0]}`)).blocked, true)
    await muster.api('POST', `/devices/${ids[0]}/block`, { blocked: false })
    // A double click sends once.
    let sent = 0
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/invitations')) sent += 1
    })
    await page.goto('/enrol')
    await page.getByRole('button', { name: 'Make the code' }).dblclick()
    await page.getByRole('heading', { name: 'Waiting for the device' }).waitFor()
    assert.equal(sent, 1)
    // Signed in anew in another tab, this one still saves; and who has gone on is not taken back by the answer.
    await page.goto('/groups/new')
    await page.getByRole('textbox', { name: 'Name' }).fill('Late')
    const credentials = { username: 'admin', password: muster.adminPassword }
    await page.context().request.post(`${muster.url}/api/v1/session`, { data: credentials })
    await page.route('**/api/v1/groups', async (route) => {
      const response = route.request().method() === 'POST' ? await route.fetch() : undefined
      if (response?.status() === 201) await gone
      return response === undefined ? route.continue() : route.fulfill({ response })
    })
    const gone = page.waitForURL('**/users')
    const made = page.waitForResponse((r) => r.request().method() === 'POST' && r.status() === 201)
    await page.getByRole('button', { name: 'Make the group' }).click()
    await page.getByRole('link', { name: 'Users' }).click()
    await made
    await page.getByRole('link', { name: 'Administrator' }).click()
    await page.getByRole('heading', { name: 'Administrator', level: 1 }).waitFor()
    await page.unroute('**/api/v1/groups')
    // Of two forms on one page, saving one leaves what stands in the other.
    await page.getByRole('textbox', { name: 'E-mail' }).fill('admin@example.org')
    const saved = page.waitForResponse((r) => r.request().method() === 'PUT' && r.ok())
    await page.getByRole('button', { name: 'Save' }).last().click()
    await saved
    const read = page.waitForResponse(/users\/\d+$/)
    await page.evaluate(() => dispatchEvent(new Event('visibilitychange')))
    await read
    assert.equal(await page.getByRole('textbox', { name: 'E-mail' }).inputValue(), 'admin@example.org')
    await sound()
  })

  it('disenrolling asks for the name in writing', async () => {
    const { page } = browser
    await page.goto(`/devices/${ids[1]}`)
    await page.getByRole('button', { name: 'Manage' }).click()
    await page.getByRole('menuitem', { name: 'Disenrol' }).click()
    const go = page.getByRole('dialog').getByRole('button', { name: 'Disenrol' })
    assert.ok(await go.isDisabled())
    await page.getByLabel('Type the name of the device').fill('ws-1')
    await go.click()
    await page.getByText('Leaving', { exact: true }).waitFor()
    await sound()
  })

  it('a group by query shows whom it finds; a group by hand takes devices in and out', async () => {
    const { page } = browser
    await page.goto('/devices?ownership=byod')
    await page.getByRole('link', { name: 'Save as a group' }).click()
    await page.getByText('It finds 1 device now.').waitFor()
    await page.getByRole('textbox', { name: 'Name' }).fill('Personal')
    await page.getByRole('button', { name: 'Make the group' }).click()
    await page.getByRole('heading', { name: 'Personal', level: 1 }).waitFor()
    await page.getByRole('link', { name: 'ws-2' }).waitFor()
    await sound()
    await page.goto('/groups/new')
    await page.getByRole('textbox', { name: 'Name' }).fill('Pilot')
    await page.getByRole('button', { name: 'Make the group' }).click()
    await page.getByText('No device is in it yet.').waitFor()
    await choose('Add devices', 'front-desk')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('button', { name: 'Take front-desk out of the group' }).click()
    await page.getByText('No device is in it yet.').waitFor()
    await sound()
  })

  it('policies change places by keyboard, and an older version comes back as the newest', async () => {
    const { page } = browser
    const banner = (text: string) => [{ feature: 'linux.banner', settings: { text, where: ['motd'] } }]
    const made: { id: string; revision: number }[] = []
    for (const name of ['First', 'Second'])
      made.push(await muster.api<Answer>('POST', '/policies', { name, platform: 'linux', features: banner('one') }))
    const [first, second] = made
    await muster.api<Answer>('POST', `/policies/${first?.id}/publish`)
    const { revision } = await muster.api<Answer>('GET', `/policies/${first?.id}`)
    const draft = { name: 'First', features: banner('two') }
    await muster.api<Answer>('PUT', `/policies/${first?.id}`, draft, { 'if-match': `"${revision}"` })
    await muster.api<Answer>('POST', `/policies/${first?.id}/publish`)
    await page.goto('/policies')
    await page.getByRole('button', { name: 'Move First down' }).focus()
    await page.keyboard.press('Enter')
    await until('the order to be saved', async () => {
      const { items } = await muster.api<Answer>('GET', '/policies')
      return items[0]?.id === second?.id
    })
    await sound()
    await page.goto(`/policies/${first?.id}/versions`)
    await page.getByRole('heading', { name: 'Version 2' }).waitFor()
    await page.getByRole('cell', { name: 'two' }).waitFor()
    await page.getByRole('button', { name: 'Bring it back' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Bring it back' }).click()
    await page.getByRole('heading', { name: 'Version 3' }).waitFor()
    const { features } = await muster.api<Answer>('GET', `/policies/${first?.id}`)
    assert.equal(features[0]?.settings.text, 'one')
    await sound()
  })

  it('an API client gets its secret once, and it works', async () => {
    const { page } = browser
    await page.goto('/clients')
    await page.getByRole('button', { name: 'New API client' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Export')
    await page.getByRole('checkbox', { name: 'Read devices' }).check()
    await sound()
    await page.getByRole('button', { name: 'Make the client' }).click()
    await page.getByText('The secret is shown only now.').waitFor()
    const [id, secret] = await page.getByRole('dialog').locator('pre').allTextContents()
    await page.getByRole('button', { name: 'Done' }).last().click()
    const answer = await fetch(`${muster.url}/oauth2/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    })
    assert.equal(answer.status, 200)
    await page.getByRole('button', { name: 'Revoke Export' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('button', { name: 'Revoke Export' }).waitFor({ state: 'detached' })
  })

  it('settings are refused at their field and saved; a licence text is added; the audit chain is proven', async () => {
    const { page } = browser
    await page.goto('/configuration')
    const seconds = page.getByRole('textbox', { name: 'Seconds between two polls' })
    const save = page.locator('form', { has: seconds }).getByRole('button', { name: 'Save' })
    await seconds.fill('1')
    await save.click()
    await page.getByText('At least 5.').waitFor()
    await seconds.fill('90')
    await save.click()
    await until('the setting to be saved', async () => {
      const { items } = await muster.api<Answer>('GET', '/configuration')
      return items.some((one) => one.value?.defaultS === 90)
    })
    await page.goto('/licences')
    await page.getByRole('button', { name: 'New text' }).click()
    await choose('Platform', 'Linux')
    await page.getByRole('textbox', { name: 'Language' }).fill('en')
    await page.getByRole('textbox', { name: 'Version' }).fill('1')
    await page.getByRole('textbox', { name: 'Text' }).fill('You agree.')
    await page.getByRole('button', { name: 'Add the text' }).click()
    await page.getByRole('heading', { name: 'Linux, English' }).waitFor()
    await page.goto('/audit')
    await page.getByRole('button', { name: 'Verify the chain' }).click()
    await page.getByText('The chain is whole').waitFor()
    await page.goto('/certificates')
    const root = await page.getByRole('link', { name: 'Root certificate' }).getAttribute('href')
    assert.match(await (await fetch(root ?? '')).text(), /BEGIN CERTIFICATE/)
    await sound()
  })

  it('every page is readable by all in the dark too', async () => {
    const { page } = browser
    await page.emulateMedia({ colorScheme: 'dark' })
    const pages = ['groups/new', 'alerts', 'users', 'roles', 'clients', 'licences', 'certificates', 'audit']
    for (const path of [...pages, 'configuration', 'roles/new', 'policies']) {
      await browser.visit(`/${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await browser.loaded()
      await sound()
    }
  })

  it('a role down to one operation: its user sees what it gives, and nothing else', async () => {
    const { page } = browser
    await page.goto('/roles/new')
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('messenger')
    for (const name of ['Read devices', 'Read platforms and the catalogue', 'Send: Send message'])
      await page.getByRole('checkbox', { name }).check()
    await page.getByRole('button', { name: 'Make the role' }).click()
    await page.getByRole('heading', { name: 'messenger', level: 1 }).waitFor()
    await page.goto('/users')
    await page.getByRole('button', { name: 'New user' }).click()
    await page.getByRole('textbox', { name: 'User name' }).fill('mel')
    await page.getByRole('textbox', { name: 'Password' }).fill('a long enough password 1')
    await page.getByRole('group', { name: 'Roles' }).getByRole('button', { name: 'Add' }).click()
    await choose('Role', 'messenger')
    await page.getByRole('button', { name: 'Make the user' }).click()
    await page.getByRole('heading', { name: 'mel', level: 1 }).waitFor()
    await sound()
    await page.context().clearCookies()
    await page.goto('/devices')
    await signIn('mel', 'a long enough password 1')
    await page.getByRole('checkbox', { name: 'Choose ws-2' }).check()
    assert.equal(await page.getByRole('navigation').getByRole('link', { name: 'Users' }).count(), 0)
    await page.getByRole('button', { name: 'Send an operation' }).click()
    await page.getByRole('combobox', { name: 'Choose an operation' }).click()
    assert.deepEqual(await page.getByRole('option').allTextContents(), ['Send message'])
    await sound()
  })
})
