/** The command line against a real server: what it prints, what it refuses, and its exit codes. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testDatabase } from '@muster/core/testing'
import { param } from './commands/send.ts'
import { plain } from './terminal.ts'
import { createBrowser } from './testing/browser.ts'
import { enrolDevice } from './testing/device.ts'
import { adminPassword, type CliInstallation, installCli, type Ran } from './testing/installation.ts'

let cli: CliInstallation
let folder: string
let env: NodeJS.ProcessEnv
const muster: CliInstallation['muster'] = (args, o) => cli.muster(args, o)
const ok: CliInstallation['ok'] = (args, o) => cli.ok(args, o)
const okJson: CliInstallation['okJson'] = (args, o) => cli.okJson(args, o)

before(async () => {
  cli = await installCli()
  ;({ folder, env } = cli)
})
after(() => cli.close())

describe('invite and devices', () => {
  it('prints code, link, QR code and steps', async () => {
    const out = await ok(['invite', '--platform', 'linux', '--user', 'admin', '--expires', '2h'])
    const code = /Code +(\S+)/.exec(out)?.[1]
    assert.ok(code)
    assert.match(out, new RegExp(`Link +${cli.server.publicUrl}/enrol/${code}`))
    assert.match(out, /[▀▄█]{4}/)
    assert.match(out, new RegExp(`muster-agent enroll .*--code ${code}`))
    assert.doesNotMatch(await ok(['invite', '--platform', 'linux', '--no-qr']), /[▀▄█]{4}/)
  })
  it('lists and shows nothing where nothing is', async () => {
    assert.match(await ok(['devices']), /^NAME +PLATFORM/)
    assert.deepEqual(await okJson(['devices', 'list']), [])
    const none = await muster(['devices', 'show', 'web-01'])
    assert.deepEqual([none.code, none.err], [1, 'error: No device is called web-01. (not-found)\n'])
  })
})

describe('send', () => {
  it('says why nothing was sent', async () => {
    const nobody = await muster(['send', 'device.inventory', '--all'])
    assert.equal(nobody.code, 1)
    assert.match(nobody.err, /empty-target/)
    const unknown = await muster(['send', 'device.fly', '--all'])
    assert.match(unknown.err, /unknown-operation/)
    const invalid = await muster(['send', 'device.message', '--all', '--param', 'title:=7'])
    assert.match(invalid.err, /invalid-params[\s\S]*params\.title/)
  })
  it('takes one way of naming devices, and parameters it can read', async () => {
    for (const args of [
      ['--all', '--device', 'x'],
      [],
      ['--all', '--param', 'nonsense'],
      ['--all', '--param', 'a:={'],
      ['--query', '{'],
      ['--all', '--deadline', 'tomorrow'],
    ]) {
      const ran = await muster(['send', 'device.message', ...args])
      assert.equal(ran.code, 2, `${args.join(' ')}: ${ran.err}`)
    }
  })
  it('reads parameters by the schema of the operation', () => {
    const types = { n: { type: 'integer' }, s: { type: 'string' }, o: { type: 'object' } }
    assert.deepEqual(param('n=7', types), ['n', 7])
    assert.deepEqual(param('s=7', types), ['s', '7'])
    assert.deepEqual(param('s=a=b', types), ['s', 'a=b'])
    assert.deepEqual(param('o={"a":1}', types), ['o', { a: 1 }])
    assert.deepEqual(param('x:=[1]', types), ['x', [1]])
    assert.throws(() => param('n=x', types), /not JSON/)
  })
})

describe('send to devices', () => {
  /** Answers what waits for the devices until the command has ended. */
  async function answered(
    args: string[],
    devices: Awaited<ReturnType<typeof enrolDevice>>[],
    state: (name: string) => string,
  ): Promise<Ran> {
    let over = false
    const running = muster(args).finally(() => {
      over = true
    })
    while (!over) {
      for (const d of devices)
        await d.answer((name) => ({
          state: state(name),
          ...(state(name) === 'failed' ? { code: 'no', text: 'It would not.' } : { result: { shownTo: 1 } }),
        }))
      await new Promise((r) => setTimeout(r, 50))
    }
    return running
  }
  it('follows the operation to its end on every device, and fails when one failed', async () => {
    const devices = []
    for (const name of ['web-01', 'web-02']) {
      const { code } = await okJson<{ code: string }>(['invite', '--platform', 'linux'])
      devices.push(await enrolDevice(cli.server.publicUrl, code, name))
    }
    await ok(['devices', 'show', 'web-01'])
    assert.match(await ok(['devices', 'keys', 'web-01']), /^NAME +TITLE +SINCE +READABLE/)
    assert.deepEqual(await okJson(['devices', 'keys', 'web-01']), [])
    assert.equal((await muster(['devices', 'key', 'web-01', 'disk-key'])).code, 2, 'without a reason')
    const kept = await muster(['devices', 'key', 'web-01', 'disk-key', '--reason', 'Ticket 4711'])
    assert.deepEqual([kept.code, kept.out], [1, ''])
    assert.match(kept.err, /not-found/)
    const one = await answered(
      ['send', 'device.message', '--device', 'web-01', '--param', 'text=Hello'],
      devices,
      () => 'completed',
    )
    assert.deepEqual([one.code, one.err], [0, ''])
    assert.match(one.out, /^Activity \d+: 1 device\n[\s\S]*1 completed\nweb-01: completed \{"shownTo":1\}\n$/)
    const all = await answered(
      ['--json', 'send', 'device.message', '--all', '--param', 'text=Hello'],
      devices,
      () => 'failed',
    )
    const told = JSON.parse(all.out) as {
      counts: Record<string, number>
      devices: { state: string; reason: { text: string } }[]
    }
    assert.deepEqual([all.code, told.counts.failed, told.devices[0]?.reason.text], [1, 2, 'It would not.'])
    const query = ['--query', '{"field":"name","op":"eq","value":"web-02"}']
    assert.match(await ok(['send', 'device.inventory', '--preview', ...query]), /sent to 1 of 1 devices/)
    const late = await muster(['send', 'device.inventory', '--device', 'web-02', '--timeout', '1s'])
    assert.deepEqual([late.code, /goes on without/.test(late.err)], [1, true])
    assert.match(
      await ok(['send', 'device.inventory', '--device', 'web-02', '--no-wait']),
      /^Activity \d+: 1 device\n$/,
    )
  })
})

describe('users and clients', () => {
  it('makes an administrator, and sets passwords', async () => {
    const made = await okJson<{ id: string; password: string; roles: { name: string }[] }>([
      'user',
      'add',
      'anna',
      '--role',
      'administrator',
    ])
    assert.deepEqual(
      made.roles.map((r) => r.name),
      ['administrator'],
    )
    assert.ok(made.password.length >= 16)
    assert.match(
      await ok(['user', 'passwd', 'anna', '--password-stdin'], { input: 'a very long word\n' }),
      /is set\.\n$/,
    )
    assert.equal(await signIn('anna', 'a very long word'), 200)
    await ok(['user', 'disable', 'anna'])
    assert.equal(await signIn('anna', 'a very long word'), 401)
    await ok(['user', 'enable', 'anna'])
    assert.match(await ok(['user', 'list']), /anna +administrator +active/)
    const refused = await muster(['user', 'add', 'anna'])
    assert.match(refused.err, /already-exists/)
    assert.match((await muster(['user', 'add', 'x', '--role', 'king'])).err, /administrator, employee/)
    const short = await muster(['user', 'passwd', 'anna', '--password-stdin'], { input: 'short' })
    assert.equal(short.code, 1)
  })
  it('makes clients whose secret works until it is rotated or revoked', async () => {
    const { client, secret } = await okJson<{ client: { id: string }; secret: string }>([
      'client',
      'add',
      'export',
      '--scope',
      'device:read',
    ])
    const as = async (word: string) =>
      (await muster(['devices'], { env: { MUSTER_CLIENT: `${client.id}:${word}` } })).code
    assert.equal(await as(secret), 0)
    const forbidden = await muster(['user', 'list'], { env: { MUSTER_CLIENT: `${client.id}:${secret}` } })
    assert.match(forbidden.err, /forbidden[\s\S]*user:read/)
    const rotated = await okJson<{ secret: string }>(['client', 'rotate', client.id])
    assert.deepEqual([await as(secret), await as(rotated.secret)], [1, 0])
    await ok(['client', 'revoke', client.id])
    assert.equal(await as(rotated.secret), 1)
  })
})

describe('audit', () => {
  it('verifies a server, its database, and an export; finds what was changed', async () => {
    assert.match(await ok(['audit', 'verify']), /entries: the chain holds/)
    assert.match(await ok(['audit', 'verify', '--local']), /entries: the chain holds/)
    const [file, key] = [join(folder, 'chain.jsonl'), join(folder, 'audit.pub')]
    await ok(['audit', 'export', file, '--key', key])
    assert.match(await ok(['audit', 'verify', file]), /Signatures were not checked/)
    assert.match(await ok(['audit', 'verify', file, '--key', key]), /the chain holds\.\n$/)
    await writeFile(file, (await readFile(file, 'utf8')).replace('"user.create"', '"user.greet"'))
    const broken = await muster(['--json', 'audit', 'verify', file, '--key', key])
    assert.deepEqual([broken.code, (JSON.parse(broken.out) as { ok: boolean }).ok], [1, false])
    await writeFile(file, '')
    assert.equal((await muster(['audit', 'verify', file, '--key', key])).code, 1, 'an emptied export')
    await writeFile(file, 'not an export\n')
    assert.equal((await muster(['audit', 'verify', file])).code, 2)
    assert.equal((await muster(['audit', 'verify', join(folder, 'nowhere')])).code, 2)
  })
})

describe('login', () => {
  it('signs in with the device code, keeps the token for its owner alone, and signs out', async () => {
    const prompted = Promise.withResolvers<string>()
    const signedIn = muster(['login'], {
      env: { MUSTER_CLIENT: '' },
      onErr: (text) => prompted.resolve(/Open +(\S+)/.exec(text)?.[1] ?? ''),
    })
    await approve(await prompted.promise)
    const ran = await signedIn
    assert.equal(ran.code, 0, ran.err)
    assert.equal(ran.out, 'Signed in as admin.\n')
    const file = env.MUSTER_TOKEN_FILE!
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    const asAdmin = { env: { MUSTER_CLIENT: '' } }
    assert.equal((await muster(['user', 'add', 'by-admin', '--role', 'administrator'], asAdmin)).code, 0)
    // Over for several commands at once: it is renewed once, for all of them.
    for (let round = 0; round < 2; round++) {
      await writeFile(
        file,
        (await readFile(file, 'utf8')).replace(/"expires": "[^"]+"/, '"expires": "2020-01-01T00:00:00Z"'),
      )
      const ran = await Promise.all(['devices', 'groups', 'alerts'].map((what) => muster([what, 'list'], asAdmin)))
      assert.deepEqual(
        ran.map((one) => one.err),
        ['', '', ''],
      )
    }
    assert.equal((await muster(['login', '--out'], asAdmin)).code, 0)
    const out = await muster(['devices'], asAdmin)
    assert.deepEqual([out.code, out.err.includes('muster login')], [1, true])
  })
})

describe('the program', () => {
  it('tells wrong usage from refusal and from an absent server', async () => {
    assert.equal((await muster(['frobnicate'])).code, 2)
    assert.equal((await muster(['invite'])).code, 2)
    assert.equal((await muster(['devices', 'list', '--liveness', 'asleep'])).code, 2)
    assert.equal((await muster(['--help'])).code, 0)
    assert.equal((await muster(['--version'])).code, 0)
    const away = await muster(['devices'], { env: { MUSTER_URL: 'http://127.0.0.1:9' } })
    assert.deepEqual([away.code, away.err.startsWith('error: ')], [3, true])
    assert.equal((await muster(['devices'], { env: { MUSTER_URL: 'no address' } })).code, 2)
    assert.equal((await muster(['devices'], { env: { MUSTER_CLIENT: 'boot:wrong-secret-wrong' } })).code, 1)
  })
  it('migrates the database, and says when there is nothing to do', async () => {
    assert.equal(await ok(['migrate']), 'The database is up to date.\n')
    const empty = await testDatabase({ migrated: false })
    const ran = await muster(['--json', 'migrate'], { env: { DATABASE_URL: empty.url } })
    await empty.close()
    assert.ok((JSON.parse(ran.out) as { applied: string[] }).applied.length > 0)
    assert.equal((await muster(['migrate'], { env: { MUSTER_HTTP_PORT: 'x' } })).code, 2)
  })
  it('trusts the root it is given, in a process of its own', async () => {
    const ca = join(folder, 'root.pem')
    await writeFile(ca, cli.server.core.certificates.authorities().root.pem)
    const https = { MUSTER_URL: `https://localhost:${cli.server.ports.https}` }
    assert.equal((await spawned(['devices'], { ...https, MUSTER_CA: ca })).code, 0)
    const stranger = await spawned(['devices'], https)
    assert.deepEqual([stranger.code, /certificate/.test(stranger.err)], [3, true])
  })
  it('does not let names from devices steer the terminal', () => {
    assert.equal(plain('a\u001b[31mb\rc\u009bd'), 'a [31mb c d')
  })
})

function spawned(args: string[], more: NodeJS.ProcessEnv): Promise<Ran> {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { env: { ...process.env, ...env, ...more } }, (error, out, err) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err }),
    )
  })
}
/** What the person does: opens the link, confirms the code, signs in, agrees. */
async function approve(link: string): Promise<void> {
  const browser = createBrowser()
  const code = new URL(link).searchParams.get('user_code') ?? ''
  const confirm = await browser.submit(await browser.go(link.replace(cli.server.publicUrl, env.MUSTER_URL!)), {
    user_code: code,
  })
  const signInPage = await browser.submit(confirm, { confirm: 'yes' })
  const consent = await browser.submit(signInPage, { username: 'admin', password: adminPassword })
  const done = await browser.submit(consent)
  assert.match(done.html, /<h1>Done<\/h1>/)
}
async function signIn(username: string, password: string): Promise<number> {
  return (
    await fetch(`${env.MUSTER_URL}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username, password }),
    })
  ).status
}
