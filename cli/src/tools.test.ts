/** The command line's tools for administrators: groups, policies from a file, backups, the doctor, against a real server. */
import assert from 'node:assert/strict'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { silentLog, testDatabase } from '@muster/core/testing'
import { startServer } from '@muster/server'
import { checkDatabase } from './doctor/database.ts'
import { enrolDevice } from './testing/device.ts'
import { type CliInstallation, installCli } from './testing/installation.ts'

let cli: CliInstallation
let folder: string
const muster = (args: string[], env: NodeJS.ProcessEnv = {}) => cli.muster(args, { env })
const ok = (args: string[], env: NodeJS.ProcessEnv = {}) => cli.ok(args, { env })
const okJson = <T>(args: string[], env: NodeJS.ProcessEnv = {}) => cli.okJson<T>(args, { env })

before(async () => {
  cli = await installCli()
  folder = cli.folder
})
after(() => cli.close())

describe('groups', () => {
  it('are made, filled, listed and removed', async () => {
    const { code } = await okJson<{ code: string }>(['invite', '--platform', 'linux'])
    await enrolDevice(cli.server.publicUrl, code, 'kiosk-1')
    await ok(['groups', 'create', 'kiosks', '--description', 'in the hall'])
    assert.match(await ok(['groups', 'members', 'kiosks', '--add', 'kiosk-1']), /kiosk-1 +linux/)
    assert.match(await ok(['groups']), /kiosks +1 +by hand +in the hall/)
    assert.deepEqual(await okJson(['groups', 'members', 'kiosks', '--remove', 'kiosk-1']), [])
    const twice = await muster(['groups', 'create', 'kiosks'])
    assert.deepEqual([twice.code, /already-exists/.test(twice.err)], [1, true])
    assert.equal((await muster(['groups', 'create', 'x', '--query', '{'])).code, 2)
    assert.match(
      (await muster(['groups', 'create', 'x', '--query', '{"field":"name","op":"nonsense","value":1}'])).err,
      /invalid-query|invalid-request/,
    )
    await ok(['groups', 'create', 'passing'])
    await ok(['groups', 'remove', 'passing'])
    assert.equal((await muster(['groups', 'remove', 'passing'])).code, 1)
  })
})

describe('policies from a file', () => {
  const file = () => join(folder, 'policies.yaml')
  const write = (text: string) => writeFile(file(), text)
  const banner = (text: string, name = 'Banner', more = '') => `
  - name: ${name}
    platform: linux
    assignment: { groups: [kiosks] }${more}
    features:
      linux.banner:
        settings: { text: ${JSON.stringify(text)} }
`
  it('shows what would change, does it, and then finds nothing to change', async () => {
    await write(`policies:${banner('Hands off')}`)
    const diff = await muster(['policy', 'diff', file()])
    assert.equal(diff.code, 1, diff.err)
    assert.match(diff.out, /\+ Banner \(linux\)/)
    assert.deepEqual(await okJson(['policy', 'list']), [])
    await ok(['policy', 'apply', file()])
    const [made] = await okJson<{ name: string; state: string; version: number; unpublished: boolean }[]>([
      'policy',
      'list',
    ])
    assert.deepEqual([made?.name, made?.state, made?.version, made?.unpublished], ['Banner', 'active', 1, false])
    assert.match(await ok(['policy', 'apply', file(), '--check']), /Nothing to change/)
    assert.match(await ok(['policy', 'diff', file()]), /Nothing to change/)
  })
  it('changes just what differs, and takes away only with --prune', async () => {
    await write(
      `policies:${banner('Second', 'Second')}${banner('Hands on', 'Banner', '\n    description: for guests')}`,
    )
    const plan = await muster(['--json', 'policy', 'diff', file()])
    const { steps, applied } = JSON.parse(plan.out) as {
      steps: { do: string; name?: string; changes?: { path: string }[] }[]
      applied: boolean
    }
    assert.deepEqual(
      steps.map((s) => s.do),
      ['create', 'change', 'order'],
    )
    assert.deepEqual(
      [plan.code, applied, steps[1]?.changes?.map((c) => c.path)],
      [1, false, ['description', 'features.linux.banner.settings.text']],
    )
    await ok(['policy', 'apply', file()])
    assert.match(await ok(['policy', 'diff', file()]), /Nothing to change/)
    const listed = await okJson<{ name: string }[]>(['policy', 'list'])
    assert.deepEqual(
      listed.map((p) => p.name),
      ['Second', 'Banner'],
    )
    await write(`policies:${banner('Second', 'Second')}`)
    assert.match(await ok(['policy', 'apply', file()]), /Nothing to change/)
    assert.match((await muster(['policy', 'diff', file(), '--prune'])).out, /- Banner \(linux\)/)
    await ok(['policy', 'apply', file(), '--prune'])
    assert.deepEqual(
      (await okJson<{ name: string }[]>(['policy', 'list'])).map((p) => p.name),
      ['Second'],
    )
  })
  it('writes what it reads', async () => {
    const text = await ok(['policy', 'get'])
    assert.match(text, /groups:\n +- kiosks/)
    await write(text)
    assert.match(await ok(['policy', 'diff', file()]), /Nothing to change/)
    assert.equal((await muster(['policy', 'get', 'Nowhere'])).code, 2)
  })
  it('takes values from the environment, and says which is missing', async () => {
    await write(
      'policies:\n  - name: Second\n    platform: linux\n    assignment: { groups: [kiosks] }\n    features: { linux.banner: { settings: { text: { $env: BANNER } } } }\n',
    )
    const missing = await muster(['policy', 'diff', file()])
    assert.equal(missing.code, 2)
    assert.match(missing.err, /BANNER/)
    assert.match(
      (await muster(['policy', 'diff', file()], { BANNER: 'from outside' })).out,
      /"Second" -> "from outside"/,
    )
  })
  it('refuses what is no policy file', async () => {
    const bad = [
      'policies: [',
      'policies: 7',
      'x: 1',
      'policies:\n  - {name: a}',
      `policies:${banner('a')}${banner('b')}`,
      'policies:\n  - {name: a, platform: linux, assignment: {groups: [nobody]}}',
      'policies:\n  - &a {name: a, platform: linux}\n  - *a',
      'policies:\n  - {name: a, name: b, platform: linux}',
    ]
    for (const text of bad) {
      await write(text)
      const ran = await muster(['policy', 'apply', file()])
      assert.equal(ran.code, 2, `${text}: ${ran.out}${ran.err}`)
    }
    assert.equal((await muster(['policy', 'apply', join(folder, 'absent')])).code, 2)
    await write('policies:\n  - {name: a, platform: linux, features: {linux.nothing: {}}}')
    assert.match((await muster(['policy', 'apply', file()])).err, /unknown-feature/)
  })
})

describe('backup', () => {
  const passphrase = { MUSTER_BACKUP_PASSPHRASE: 'correct horse battery staple' }
  it('is made beside a running server, checked, and restored on an empty machine in recovery mode', async () => {
    const file = join(folder, 'all.backup')
    assert.match(await ok(['backup', 'create', file, '--with-keys'], passphrase), /rows of \d+ tables/)
    assert.match(await ok(['backup', 'check', file]), /Sound: .* with key files/)
    assert.equal((await muster(['backup', 'create', file])).code, 1)
    assert.equal((await muster(['backup', 'create', `${file}2`, '--with-keys'])).code, 2)
    const fresh = await testDatabase({ migrated: false })
    const there = { DATABASE_URL: fresh.url, MUSTER_DATA: join(folder, 'fresh') }
    const wrong = await muster(['backup', 'restore', file], {
      ...there,
      MUSTER_BACKUP_PASSPHRASE: 'something else entirely',
    })
    assert.deepEqual([wrong.code, /passphrase-wrong/.test(wrong.err)], [1, true])
    assert.match(await ok(['backup', 'restore', file], { ...there, ...passphrase }), /recovery mode/)
    const full = await muster(['backup', 'restore', file], { ...there, ...passphrase })
    assert.match(full.err, /database-not-empty/)
    const restored = await startServer({
      dataDir: join(folder, 'fresh'),
      databaseUrl: fresh.url,
      httpPort: 0,
      httpsPort: null,
      portal: false,
      log: silentLog,
    })
    const at = { ...there, MUSTER_URL: restored.publicUrl }
    try {
      assert.equal((await okJson<{ active: boolean }>(['recovery'], at)).active, true)
      assert.match(await ok(['devices'], at), /kiosk-1/)
      const wipe = await muster(['send', 'device.wipe', '--device', 'kiosk-1', '--no-wait'], at)
      assert.match(wipe.err, /recovery-mode/)
      await ok(['recovery', 'end'], at)
      assert.equal((await okJson<{ active: boolean }>(['recovery', 'status'], at)).active, false)
      assert.match(await ok(['audit', 'verify'], at), /the chain holds/)
      const rotated = await okJson<{ from: string; to: string }>(['keys', 'rotate'], there)
      assert.notEqual(rotated.from, rotated.to)
      assert.equal((await okJson<{ from: string }>(['keys', 'rotate'], there)).from, rotated.to)
      const none = await muster(['keys', 'rotate'], { MUSTER_DATA: join(folder, 'nothing') })
      assert.deepEqual([none.code, /no key yet/.test(none.err)], [2, true])
    } finally {
      await restored.stop()
      await fresh.close()
    }
  })
  it('works on the embedded database, with the server running and without', async () => {
    const embedded = { DATABASE_URL: '', MUSTER_DATA: join(folder, 'embedded') }
    await ok(['migrate'], embedded)
    await ok(['backup', 'create', join(folder, 'cold.backup')], embedded)
    const running = await startServer({
      dataDir: embedded.MUSTER_DATA,
      httpPort: 0,
      httpsPort: null,
      portal: false,
      log: silentLog,
    })
    try {
      await ok(['backup', 'create', join(folder, 'warm.backup')], embedded)
      assert.equal((await fetch(`${running.publicUrl}/readyz`)).status, 200, 'the database is still there')
    } finally {
      await running.stop()
    }
    const cut = join(folder, 'cut.backup')
    await writeFile(cut, (await readFile(join(folder, 'warm.backup'))).subarray(0, 500))
    const elsewhere = { DATABASE_URL: '', MUSTER_DATA: join(folder, 'elsewhere') }
    assert.match((await muster(['backup', 'restore', cut], elsewhere)).err, /backup-damaged/)
    assert.match((await muster(['backup', 'restore', join(folder, 'warm.backup')], elsewhere)).err, /keys-missing/)
  })
})

describe('doctor', () => {
  it('finds nothing wrong where nothing is, and says it for programs too', async () => {
    const { out } = await muster(['--json', 'doctor'])
    const { ok: well, findings } = JSON.parse(out) as {
      ok: boolean
      findings: { check: string; state: string; text: string }[]
    }
    // The database of the tests trades durability for speed; that it is seen is right. How fast and how full this machine is, nobody promised.
    const machine = ['settings', 'latency', 'disk']
    const wrong = findings.filter((f) => f.state !== 'ok' && !machine.includes(f.check))
    assert.deepEqual(wrong, [])
    for (const check of machine) assert.ok(findings.some((f) => f.check === check))
    const durable = !findings.some((f) => /fsync is off/.test(f.text))
    assert.equal(well, durable)
    for (const check of [
      'http port',
      'data folder',
      'key files',
      'database',
      'clock',
      'schema',
      'master key',
      'certificates',
    ])
      assert.ok(
        findings.some((f) => f.check === check),
        check,
      )
    assert.match((await muster(['doctor'])).out, /http port +ok .*served by a Muster/)
  })
  it('takes a slow answer for no other clock', async (own) => {
    const asked = Date.now()
    let n = 0
    own.mock.method(Date, 'now', () => asked + 10_000 * Math.min(n++, 1))
    const findings = await checkDatabase(cli.database.db, join(folder, 'var/keys'))
    own.mock.restoreAll()
    const clock = findings.find((f) => f.check === 'clock')
    assert.deepEqual([clock?.state, n > 1], ['ok', true], clock?.text)
  })
  it('names what is wrong: a taken port, open keys, no database', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, resolve))
    const key = join(folder, 'var/keys/audit.pem')
    await chmod(key, 0o644)
    try {
      const { port } = other.address() as AddressInfo
      const ran = await muster(['doctor'], {
        MUSTER_HTTP_PORT: String(port),
        DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
      })
      assert.equal(ran.code, 1)
      assert.match(ran.out, /http port +FAILED .*used by something else/)
      assert.match(ran.out, /key files +FAILED +audit.pem can be read by others/)
      assert.match(ran.out, /database +FAILED/)
    } finally {
      await chmod(key, 0o600)
      other.close()
    }
  })
})
