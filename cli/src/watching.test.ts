/** The command line for those who watch over an installation: saved queries, alerts, webhooks, the doctor's eyes, secrets in policies. */
import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { enrolDevice } from './testing/device.ts'
import { type CliInstallation, installCli } from './testing/installation.ts'

let cli: CliInstallation
before(async () => {
  cli = await installCli({ alone: true, webhooks: { networks: ['127.0.0.0/8'], plainHttp: true } })
  for (const name of ['kiosk-1', 'laptop-1']) {
    const { code } = await cli.okJson<{ code: string }>(['invite', '--platform', 'linux'])
    await enrolDevice(cli.server.publicUrl, code, name)
  }
})
after(() => cli.close())

describe('saved queries', () => {
  it('are saved, used by the list, replaced and removed', async () => {
    const saved = await cli.ok(['queries', 'save', 'kiosks', '--q', 'kiosk', '--platform', 'linux'])
    assert.equal(saved, 'kiosks: q=kiosk platform=linux\n')
    const found = await cli.okJson<{ name: string }[]>(['devices', 'list', '--query', 'kiosks'])
    assert.deepEqual(
      found.map((d) => d.name),
      ['kiosk-1'],
    )
    assert.deepEqual(await cli.okJson(['devices', 'list', '--query', 'kiosks', '--platform', 'none']), [])
    await cli.ok(['queries', 'save', 'kiosks', '--q', 'laptop'])
    assert.match(await cli.ok(['queries']), /^NAME +FOR +FILTER.*\nkiosks +yours +q=laptop/)
    await cli.ok(['queries', 'remove', 'kiosks'])
    const gone = await cli.muster(['devices', 'list', '--query', 'kiosks'])
    assert.deepEqual([gone.code, /No saved query is called kiosks\. There are: none/.test(gone.err)], [1, true])
  })
  it('take no words that the list does not know', async () => {
    assert.equal((await cli.muster(['queries', 'save', 'x', '--liveness', 'asleep'])).code, 2)
    assert.equal((await cli.muster(['devices', 'list', '--limit', 'many'])).code, 2)
    assert.equal((await cli.muster(['queries', 'save', 'x', '--group', 'nobody'])).code, 1)
  })
})

describe('alerts', () => {
  it('are listed, and acknowledged one by one', async () => {
    assert.equal(await cli.ok(['alerts', '--type', 'no.such']), 'No alerts.\n')
    const checked = await cli.muster(['--json', 'alerts', '--check', '--all'])
    assert.equal(checked.code, (JSON.parse(checked.out) as unknown[]).length > 0 ? 1 : 0)
    assert.equal((await cli.muster(['alerts', 'acknowledge', '999999'])).code, 1)
    assert.equal((await cli.muster(['alerts', '--severity', 'mild'])).code, 2)
  })
})

describe('webhooks', () => {
  const got: { type?: string }[] = []
  let receiver: Server
  before(async () => {
    receiver = createServer(async (q, s) => {
      let text = ''
      for await (const chunk of q) text += String(chunk)
      got.push(JSON.parse(text) as { type?: string })
      s.writeHead(q.url === '/refuses' ? 503 : 204).end()
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  })
  after(() => new Promise((resolve) => receiver.close(resolve)))

  it('are added, tested, paused, resumed, rotated and removed', async () => {
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
    const made = await cli.okJson<{ webhook: { id: string }; secret: string }>(['webhooks', 'add', `${url}/hook`])
    const { id } = made.webhook
    assert.match(await cli.ok(['webhooks', 'test', id]), /^Taken: 204 \(\d+ ms\)\n$/)
    assert.ok(got.length > 0)
    assert.match(await cli.ok(['webhooks', 'pause', id]), /paused/)
    assert.match(await cli.ok(['webhooks']), /paused/)
    await cli.ok(['webhooks', 'resume', id, '--from-now'])
    assert.notEqual((await cli.okJson<{ secret: string }>(['webhooks', 'rotate', id])).secret, made.secret)
    assert.equal((await cli.muster(['webhooks', 'replay', id])).code, 2)
    assert.equal((await cli.muster(['webhooks', 'replay', id, '--since', 'lately'])).code, 2)
    await cli.ok(['webhooks', 'replay', id, '--since', new Date(Date.now() - 60_000).toISOString()])
    assert.match(await cli.ok(['webhooks', 'deliveries', id]), /^AT +TYPE +STATE/)
    const deaf = await cli.okJson<{ webhook: { id: string } }>(['webhooks', 'add', `${url}/refuses`])
    const refused = await cli.muster(['webhooks', 'test', deaf.webhook.id])
    assert.deepEqual([refused.code, /Not taken/.test(refused.out)], [1, true])
    for (const one of [id, deaf.webhook.id]) await cli.ok(['webhooks', 'remove', one])
    assert.deepEqual(await cli.okJson(['webhooks', 'list']), [])
    assert.equal((await cli.muster(['webhooks', 'add', 'nonsense'])).code, 1)
  })
})

describe('secrets in policies', () => {
  const file = () => join(cli.folder, 'wifi.yaml')
  const wifi = (passphrase: string, more = '') =>
    writeFile(
      file(),
      `policies:\n  - name: Office\n    platform: linux\n    features:\n      linux.wifi:\n        settings: { ssid: Office, passphrase: ${passphrase}${more} }\n`,
    )
  const tried = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
    const ran = await cli.muster(['policy', ...args, file()], { env })
    assert.doesNotMatch(ran.out + ran.err, /correct horse|wrong zebra/, 'a secret is never shown')
    return ran
  }
  it('are never shown, and that one changed is told when it is applied', async () => {
    await wifi('{ $env: WIFI }')
    const first = { WIFI: 'correct horse battery' }
    assert.equal((await tried(['diff'], first)).code, 1)
    assert.equal((await tried(['apply'], first)).code, 0)
    const [made] = await cli.okJson<{ version: number }[]>(['policy', 'list'])
    const same = await tried(['diff'], first)
    assert.deepEqual(
      [same.code, /\? Office\n +features\.linux\.wifi\.settings\.passphrase: a secret/.test(same.out)],
      [0, true],
    )
    assert.match((await tried(['apply'], first)).err, /^the same secrets: Office\n$/)
    assert.equal((await cli.okJson<{ version: number }[]>(['policy', 'list']))[0]?.version, made?.version)
    assert.match((await tried(['apply'], { WIFI: 'wrong zebra battery' })).err, /^done: secrets Office\n$/)
    assert.equal((await cli.okJson<{ version: number }[]>(['policy', 'list']))[0]?.version, (made?.version ?? 0) + 1)
  })
  it('nor when they come, go, or stand beside another change', async () => {
    await wifi('correct horse staple', ', hidden: true')
    const changed = await tried(['diff'])
    assert.match(changed.out, /settings\.hidden: false -> true\n[\s\S]*settings\.passphrase: a secret/)
    await writeFile(file(), 'policies:\n  - name: Office\n    platform: linux\n')
    assert.equal((await tried(['apply'])).code, 0)
    await wifi('correct horse staple')
    const added = await tried(['diff'])
    assert.match(added.out, /features\.linux\.wifi: nothing -> .*"passphrase":"•+"/)
    const json = await cli.ok(['--json', 'policy', 'apply', file()])
    assert.doesNotMatch(json, /horse/)
  })
  it('and what is wrong in a file is told by line and column', async () => {
    const wrong: [string, RegExp][] = [
      ['policies:\n  - name: a\n    platform: 7\n', /line 3, column 15: policies\.0\.platform/],
      ['policies:\n  - name: a\n    platform: linux\n    colour: red\n', /line 2, column 5: policies\.0: .*colour/],
      ['policies:\n  - {name: a\n', /line \d+, column \d+/],
    ]
    for (const [text, told] of wrong) {
      await writeFile(file(), text)
      const ran = await cli.muster(['policy', 'diff', file()])
      assert.equal(ran.code, 2)
      assert.match(ran.err, told)
    }
  })
})

describe('send for people', () => {
  it('shows a bar that is rewritten in place', async () => {
    const args = ['send', 'device.inventory', '--device', 'laptop-1', '--timeout', '1s']
    const ran = await cli.muster(args, { interactive: true })
    assert.match(ran.out.replaceAll('\u001b[K', ''), /\r\[-{20}\] {2}0\/1 {2}\d+ s {2}1 pending/)
    assert.equal(ran.code, 1)
  })
})

describe('doctor', () => {
  it('looks at the settings of the database, and at who may enter the folder of keys', async () => {
    const keys = join(cli.folder, 'var/keys')
    await chmod(keys, 0o755)
    try {
      const { out } = await cli.muster(['doctor'])
      assert.match(out, /key files +warning +.*keys can be entered by others/)
      assert.match(out, /settings +(ok|FAILED|warning) /)
    } finally {
      await chmod(keys, 0o700)
    }
  })
})
