/** The simulated fleet against a real server: it knows every word that the server offers, does every operation, holds every setting, and its record agrees with the history. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Activity, Catalog, DeviceSummary, EffectivePolicy, Operation, OperationPage } from '@muster/client'
import { checkRecord, platforms, type RecordLine, readHistory, runFleet } from '@muster/fleet'
import { type CliInstallation, installCli } from './testing/installation.ts'

let cli: CliInstallation
let catalog: Catalog
before(async () => {
  cli = await installCli({ alone: true })
  catalog = await api<Catalog>('GET', '/catalog')
})
after(() => cli.close())

async function api<T>(method: string, path: string, body?: unknown): Promise<T> {
  const { MUSTER_URL: url, MUSTER_CLIENT: client = '' } = cli.env
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  const asked = { method: 'POST', body: form, headers: { authorization: `Basic ${btoa(client)}` } }
  const { access_token } = (await (await fetch(`${url}/oauth2/token`, asked)).json()) as { access_token: string }
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${access_token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    body: body ? JSON.stringify(body) : undefined,
  })
  const text = await response.text()
  // A busy machine lets go of what can wait, and says so.
  if (response.status === 503 && /"code":"overloaded"/.test(text)) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    return api(method, path, body)
  }
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`)
  return (text === '' ? undefined : JSON.parse(text)) as T
}
async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + 60_000
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    assert.ok(Date.now() < end, `${what} does not come`)
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
}

describe('the words', () => {
  it('of each platform are those that the server offers', () => {
    for (const platform of platforms.values()) {
      const offered = catalog.platforms.find((p) => p.id === platform.id)?.support
      assert.ok(offered, `the server has no platform ${platform.id}`)
      const sorted = (words: readonly string[]) => [...words].sort()
      assert.deepEqual(sorted(platform.words.operations), sorted(offered.operations), `${platform.id}: operations`)
      assert.deepEqual(sorted(platform.words.features), sorted(offered.features), `${platform.id}: features`)
    }
  })
})

describe('simulated Linux devices', () => {
  const lines: RecordLine[] = []
  const stop = new AbortController()
  let running: ReturnType<typeof runFleet>
  let devices: DeviceSummary[]
  before(async () => {
    running = runFleet({
      server: cli.server.publicUrl,
      devices: 12,
      platform: 'linux',
      seed: 'four',
      client: { id: 'boot', secret: cli.env.MUSTER_CLIENT?.split(':')[1] ?? '' },
      preset: 'calm',
      signal: stop.signal,
      watch: (line) => lines.push(line),
    })
    running.catch(() => undefined)
    devices = await until('12 devices', async () => {
      const { items } = await api<{ items: DeviceSummary[] }>('GET', '/devices?limit=200')
      return items.filter((d) => d.lifecycle === 'active').length === 12 ? items : undefined
    })
  })
  after(async () => {
    stop.abort()
    await running
  })
  const one = (form: string) => devices.find((d) => d.formFactor === form) ?? assert.fail(`no ${form} with this seed`)
  /** Sends it and waits for its end on every device. */
  async function sent(operation: string, params: object, of: DeviceSummary[]): Promise<Operation[]> {
    const target = { devices: of.map((d) => d.id) }
    const { id } = await api<{ id: string }>('POST', '/activities', { operation, params, target })
    return until(`the end of ${operation}`, async () => {
      const activity = await api<Activity>('GET', `/activities/${id}`)
      // What destroys is held for ten minutes, so that it can be taken back: here they are over.
      if (activity.counts.held)
        await cli.database.db.query({ text: `update pending set due = now() where state = 'held'` })
      const open = ['held', 'pending', 'sent', 'acknowledged', 'deferred'] as const
      if (open.some((state) => (activity.counts[state] ?? 0) > 0)) return undefined
      return (await api<OperationPage>('GET', `/activities/${id}/devices?limit=200`)).items
    })
  }
  const facts = async (d: DeviceSummary) =>
    (await api<{ facts: { [id: string]: unknown } }>('GET', `/devices/${d.id}`)).facts
  const versionIn = (all: { [id: string]: unknown }, name: string) =>
    (all['software.packages'] as { name: string; version: string }[]).find((p) => p.name === name)?.version

  it('report only facts that the platform declares, and the ones that a real one has', async () => {
    const declared = new Set(catalog.platforms.find((p) => p.id === 'linux')?.facts.map((f) => f.id))
    for (const d of devices) {
      const told = await facts(d)
      assert.deepEqual(
        Object.keys(told).filter((id) => !declared.has(id)),
        [],
      )
      for (const id of ['software.packages', 'users.accounts', 'storage.mounts', 'network.listening', 'hardware.disks'])
        assert.ok(Array.isArray(told[id]), `${d.name}: ${id}`)
    }
  })

  it('do each operation as a real one would', async () => {
    const all = new Map(catalog.operations.map((o) => [o.id, o]))
    const done = new Set<string>()
    const [laptop, server] = [one('laptop'), one('server')]
    const result = async (operation: string, params: object, d: DeviceSummary) => {
      done.add(operation)
      const [row] = await sent(operation, params, [d])
      return { state: row?.state, code: row?.reason?.code, result: row?.result as { [k: string]: unknown } | null }
    }
    const counted = await result('device.inventory', {}, laptop)
    // Whether the agent is outdated is the server's own judgement.
    const reported = Object.keys(await facts(laptop)).filter((id) => id !== 'agent.outdated')
    assert.equal(counted.result?.facts, reported.length)
    assert.deepEqual((await result('device.message', { text: 'Hello' }, laptop)).result, { shownTo: 1 })
    assert.deepEqual((await result('device.lock', {}, server)).result, { sessions: 0 })
    assert.deepEqual((await result('device.ring', {}, laptop)).result, { by: 'loudspeaker' })
    assert.equal((await result('device.locate', {}, server)).code, 'not-applicable')
    assert.equal((await result('device.reboot', { delayMinutes: 1 }, laptop)).state, 'completed')
    assert.equal((await result('device.shutdown', { delayMinutes: 60 }, server)).state, 'completed')
    assert.deepEqual((await result('service.restart', { service: 'cron' }, laptop)).result, { state: 'active' })
    assert.equal((await result('service.restart', { service: 'absent' }, laptop)).code, 'unknown-service')
    const script = await result('script.run', { script: 'hostname\nuname -r; echo done' }, laptop)
    assert.equal(script.result?.stdout, `${laptop.name}\n${(await facts(laptop))['os.kernel']}\ndone\n`)
    const wrong = await result('script.run', { script: 'frobnicate' }, laptop)
    assert.deepEqual([wrong.state, wrong.code, wrong.result?.exitCode], ['failed', 'exit-code', 127])
    const log = await result('logs.collect', { source: 'agent', lines: 5 }, laptop)
    assert.match(String(log.result?.text), /muster-agent\[412\]: script ended with exit code 127\n$/)

    assert.equal(versionIn(await facts(laptop), 'telnetd'), undefined)
    await result('package.install', { packages: ['telnetd', 'htop'] }, laptop)
    const told = await until('the new packages', async () => {
      const f = await facts(laptop)
      return versionIn(f, 'telnetd') === undefined ? undefined : f
    })
    assert.ok((told['network.listening'] as { port: number }[]).some((p) => p.port === 23))
    assert.equal((await result('package.install', { packages: ['no-such-thing'] }, laptop)).code, 'apt-failed')
    assert.equal((await result('package.remove', { packages: ['coreutils'] }, laptop)).code, 'apt-failed')
    const removed = await result('package.remove', { packages: ['telnetd'] }, laptop)
    assert.deepEqual(removed.result, { packages: [{ name: 'telnetd', version: null }], changed: true })
    const updated = await result('package.update', {}, laptop)
    assert.ok(Number(updated.result?.upgraded) > 3)
    assert.equal((await result('package.update', {}, laptop)).result?.upgraded, 0)

    const [first, second, third] = devices.filter((d) => d.id !== laptop.id && d.id !== server.id)
    assert.ok(first && second && third)
    assert.deepEqual((await result('device.wipe', {}, first)).result, { begins: true })
    assert.equal((await result('device.wipe.corporate', {}, second)).state, 'completed')
    assert.equal((await result('device.disenrol', {}, third)).state, 'completed')
    for (const d of [first, second, third])
      await until(`the end of ${d.name}`, async () =>
        (await api<{ lifecycle: string }>('GET', `/devices/${d.id}`)).lifecycle === 'removed' ? true : undefined,
      )
    devices = devices.filter((d) => ![first, second, third].includes(d))
    const offered = catalog.platforms.find((p) => p.id === 'linux')?.support.operations ?? []
    assert.deepEqual(
      offered.filter((id) => all.has(id) && !done.has(id)),
      [],
      'each operation was tried',
    )
  })

  it('hold every feature: put by a policy, found verified with the evidence of a real agent', async () => {
    const offered = catalog.platforms.find((p) => p.id === 'linux')?.support.features ?? []
    const features = offered.map((id) => ({
      feature: id,
      settings: catalog.features.find((f) => f.id === id)?.examples[0],
    }))
    const draft = { name: 'Everything', platform: 'linux', assignment: {}, features }
    const { id } = await api<{ id: string }>('POST', '/policies', draft)
    await api('POST', `/policies/${id}/publish`)
    await api('POST', `/policies/${id}/activate`)
    const seen = new Set<string>()
    for (const d of [one('laptop'), one('server')]) {
      const settled = await until(`the settings of ${d.name}`, async () => {
        const { features: all } = await api<EffectivePolicy>('GET', `/devices/${d.id}/effective-policy`)
        const resting = ['verified', 'failed', 'not-applicable']
        return all.length === offered.length && all.every((f) => resting.includes(f.state)) ? all : undefined
      })
      for (const f of settled) {
        if (f.state === 'verified') seen.add(f.feature)
        else assert.equal(f.state, 'not-applicable', `${d.name} ${f.feature}: ${JSON.stringify(f.reason)}`)
      }
    }
    assert.deepEqual(offered.filter((f) => !seen.has(f)).sort(), [], 'each is verified somewhere')
  })

  it('and their record agrees with the history', async () => {
    stop.abort()
    const report = await running
    assert.deepEqual(
      [report.devices.enrolled, report.devices.left, report.devices.gone],
      [12, 3, 0],
      JSON.stringify(report.errors),
    )
    const [id = '', secret = ''] = cli.env.MUSTER_CLIENT?.split(':') ?? []
    const of = new Set(lines.filter((l) => l.event === 'enrolled').map((l) => l.device))
    const checked = await checkRecord(
      lines,
      readHistory({ server: cli.server.publicUrl, client: { id, secret }, devices: of }),
    )
    assert.deepEqual(checked.violations, [])
    assert.ok(checked.executed >= 17, `${checked.executed}`)
  })
})

describe('muster fleet', () => {
  it('runs devices against the server, and says what it cannot simulate', async () => {
    const state = join(cli.folder, 'fleet.state')
    const args = ['fleet', '--devices', '3', '--duration', '1s', '--preset', 'calm', '--seed', 'cli', '--state', state]
    const report = await cli.okJson<{ devices: { enrolled: number }; events: { enrolled?: number } }>(args)
    assert.deepEqual([report.devices.enrolled, report.events.enrolled], [3, 3])
    const again = await cli.okJson<typeof report>(args)
    assert.deepEqual([again.devices.enrolled, again.events.enrolled], [3, undefined], 'the same devices live on')
    assert.equal((await cli.muster(['fleet', '--devices', 'many'])).code, 2)
    assert.equal((await cli.muster(['fleet', '--devices', '1'], { env: { MUSTER_CLIENT: '' } })).code, 2)
    const foreign = await cli.muster(['fleet', '--devices', '1', '--platform', 'symbian'])
    assert.deepEqual([foreign.code, /There are: linux/.test(foreign.err)], [2, true])
  })
})
