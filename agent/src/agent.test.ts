import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from '@muster/contract'
import { runAgent } from './agent.ts'
import type { Run } from './commands.ts'
import { openLedger } from './ledger.ts'
import { enrolled } from './testing/enrolled.ts'
import { type FakeServer, problem } from './testing/fake-server.ts'
import { snapshot } from './testing/fixtures.ts'

const state = ['/var/lib/muster-agent']

const last = <T>(list: readonly T[]): T => list.at(-1) as T
const managed = (server: FakeServer, id: string) => server.facts()[`managed.${id}`] as Record<string, Json>

test('one conversation: everything is told, a setting is put, its evidence follows its result', async (t) => {
  const { server, root, once } = await enrolled(t)
  const put = server.deliver('put', 'linux.banner', { text: 'Authorised use only.', where: ['console'] })
  assert.equal(await once(), 'stopped')
  assert.equal(fs.readFileSync(path.join(root, 'etc/issue'), 'utf8'), 'Authorised use only.\n')
  assert.deepEqual(server.results(), [{ id: put.id, state: 'completed', result: { files: ['/etc/issue'] } }])
  assert.equal(server.syncs[0]?.facts?.['os.name'], 'Debian GNU/Linux')
  assert.equal(server.syncs[0]?.facts?.['agent.root'], true)
  const withResult = server.syncs.findIndex((s) => s.results)
  const after = server.syncs[withResult + 1]
  assert.equal(server.syncs[withResult]?.facts, undefined)
  assert.deepEqual(
    [after?.partial, after?.facts?.['managed.linux.banner']],
    [
      true,
      {
        placed: true,
        console: 'Authorised use only.\n',
        network: 'Debian GNU/Linux 12\n',
        motd: '\nThe programs included with the Debian GNU/Linux system are free software.\n',
      },
    ],
  )
  const numbers = server.syncs.filter((s) => s.facts || s.results).map((s) => s.sequence)
  assert.deepEqual(numbers, [1, 2, 3])
})

test('drift by hand is told by itself, and nothing is told when nothing is new', async (t) => {
  const { server, root, once } = await enrolled(t)
  server.deliver('put', 'linux.banner', { text: 'Ours.', where: ['motd'] })
  await once()
  const told = server.syncs.length
  const before = server.sequence
  await once()
  // After a restart the whole inventory is told once more; then silence.
  assert.equal(server.sequence, before + 1)
  assert.ok(server.syncs.length > told)
  fs.writeFileSync(path.join(root, 'etc/motd'), 'Theirs.\n')
  await once()
  assert.equal(managed(server, 'linux.banner').motd, 'Theirs.\n')
})

test('a delivery repeated is answered from memory and not done again', async (t) => {
  const { server, root, once } = await enrolled(t)
  const put = server.deliver('put', 'linux.banner', { text: 'Once.', where: ['motd'] })
  await once()
  fs.writeFileSync(path.join(root, 'etc/motd'), 'Theirs.\n')
  server.queue.push({ ...put, attempt: 2 })
  await once()
  assert.deepEqual(
    server.results().map((r) => [r.id, r.state]),
    [
      [put.id, 'completed'],
      [put.id, 'completed'],
    ],
  )
  assert.equal(fs.readFileSync(path.join(root, 'etc/motd'), 'utf8'), 'Theirs.\n')
})

test('an answer lost: the same report comes again under the same number', async (t) => {
  const { server, options } = await enrolled(t)
  server.instead['POST /linux/agent/sync'] = ['cut']
  const stop = new AbortController()
  const running = runAgent({ ...options, signal: stop.signal }, 'run')
  await until(() => server.syncs.length > 1)
  const [first, second] = server.syncs
  assert.deepEqual({ ...second, waitS: 0 }, { ...first, waitS: 0 })
  stop.abort()
  await running
})

test('what was handed over in an answer that was lost comes again as the next sync says what is here', async (t) => {
  const { server, options, root } = await enrolled(t)
  const put = server.deliver('put', 'linux.banner', { text: 'Ours.', where: ['motd'] })
  server.instead['POST /linux/agent/sync'] = ['cut']
  const stop = new AbortController()
  const running = runAgent({ ...options, signal: stop.signal }, 'run')
  await until(() => server.results().length > 0)
  stop.abort()
  await running
  assert.deepEqual(
    server.results().map((r) => [r.id, r.state]),
    [[put.id, 'completed']],
  )
  assert.equal(fs.readFileSync(path.join(root, 'etc/motd'), 'utf8'), 'Ours.\n')
  const [started, cut, ...later] = server.syncs.map((s) => s.has)
  assert.deepEqual(
    [started, cut],
    [[], []],
    'the first of a process says it, and the next after an answer that was not read',
  )
  assert.ok(later.every((has) => has === undefined))
})

test('interrupted: what may be repeated is done again, of the rest the outcome is unknown', async (t) => {
  const { server, root, place, once } = await enrolled(t)
  const ledger = openLedger(path.join(place.folder.at, 'deliveries.jsonl'))
  const redo = {
    id: 'o1-50',
    kind: 'put' as const,
    name: 'linux.banner',
    payload: { text: 'Again.', where: ['motd'] },
    attempt: 1,
    deadline: new Date().toISOString(),
  }
  ledger.started('o1-50', { redo, setting: true })
  ledger.started('o1-51')
  ledger.close()
  await once()
  const ended = server.results().filter((r) => r.state !== 'acknowledged')
  assert.deepEqual(ended.map((r) => [r.id, r.state, r.code]).sort(), [
    ['o1-50', 'completed', undefined],
    ['o1-51', 'failed', 'outcome-unknown'],
  ])
  assert.equal(fs.readFileSync(path.join(root, 'etc/motd'), 'utf8'), 'Again.\n')
  server.deliver('operation', 'device.message', { text: 'x', title: '' }, { id: 'o1-51' })
  await once()
  assert.deepEqual(
    server
      .results()
      .filter((r) => r.id === 'o1-51')
      .map((r) => r.code),
    ['outcome-unknown', 'outcome-unknown'],
  )
})

test('a mounted tree: live acts are not applicable', async (t) => {
  const { server, once } = await enrolled(t)
  server.deliver('operation', 'device.message', { title: '', text: 'hello' })
  server.deliver('operation', 'service.restart', { service: 'cron' })
  const script = { script: 'id', interpreter: 'sh', timeoutS: 5 }
  const d = server.deliver('operation', 'script.run', script)
  d.envelope = server.envelope(d)
  await once()
  assert.deepEqual(
    server.results().map((r) => r.code),
    ['not-applicable', 'not-applicable', 'not-applicable'],
  )
})

test('a script runs only with its signature, once', async (t) => {
  const ran: string[] = []
  const run: Run = async (program, [file = '']) => {
    ran.push(`${program} ${fs.readFileSync(file, 'utf8')}`)
    return {
      exitCode: ran.length === 1 ? 0 : 7,
      stdout: 'out',
      stderr: '',
      truncated: false,
      timedOut: false,
      missing: false,
      durationMs: 5,
    }
  }
  const { server, place, once } = await enrolled(t, { run, live: true })
  const payload = { script: 'echo hello', interpreter: 'bash', timeoutS: 5 }
  const unsigned = server.deliver('operation', 'script.run', payload)
  const foreign = server.deliver('operation', 'script.run', payload)
  foreign.envelope = server.envelope({ ...foreign, id: unsigned.id })
  const good = server.deliver('operation', 'script.run', payload)
  good.envelope = server.envelope(good)
  server.queue.push({ ...good, attempt: 2 })
  const bad = server.deliver('operation', 'script.run', payload)
  bad.envelope = server.envelope(bad)
  await once()
  assert.deepEqual(ran, ['bash echo hello', 'bash echo hello'])
  const byId = new Map(server.results().map((r) => [r.id, r]))
  assert.deepEqual([byId.get(unsigned.id)?.code, byId.get(foreign.id)?.code], ['envelope-missing', 'envelope-mismatch'])
  assert.deepEqual(byId.get(good.id), {
    id: good.id,
    state: 'completed',
    result: { exitCode: 0, stdout: 'out', stderr: '', truncated: false, durationMs: 5 },
  })
  assert.deepEqual(
    [
      byId.get(bad.id)?.state,
      byId.get(bad.id)?.code,
      (byId.get(bad.id)?.result as { exitCode: number } | undefined)?.exitCode,
    ],
    ['failed', 'exit-code', 7],
  )
  assert.deepEqual(
    server.syncs.flatMap((s) => s.events ?? []).map((e) => e.type),
    ['agent.command-refused', 'agent.command-refused'],
  )
  assert.deepEqual(fs.readdirSync(path.join(place.folder.at, 'scripts')), [])
})

test('read-only: all is told, nothing is changed', async (t) => {
  const { server, root, once } = await enrolled(t, { readOnly: true })
  const before = snapshot(root, state)
  server.deliver('put', 'linux.banner', { text: 'No.', where: ['motd'] })
  server.deliver('drop', 'linux.banner', {})
  server.deliver('operation', 'service.restart', { service: 'cron' })
  server.deliver('operation', 'device.inventory', {})
  await once()
  assert.deepEqual(
    server.results().map((r) => r.code ?? r.state),
    ['read-only', 'read-only', 'read-only', 'completed'],
  )
  assert.equal(managed(server, 'linux.banner').placed, false)
  assert.equal(server.facts()['agent.readOnly'], true)
  assert.deepEqual(snapshot(root, state), before)
})

test('unknown words and parameters that do not fit are refused', async (t) => {
  const { server, once } = await enrolled(t)
  server.deliver('operation', 'device.levitate', {})
  server.deliver('put', 'linux.unknown', {})
  server.deliver('errand', 'x', {})
  server.deliver('operation', 'device.message', { text: 5 })
  server.deliver('operation', 'device.inventory', {}, { deadline: '2020-01-01T00:00:00Z' })
  await once()
  assert.deepEqual(
    server.results().map((r) => r.code),
    ['unsupported', 'unsupported', 'unsupported', 'invalid-params', 'expired'],
  )
})

test('disenrolled: as before Muster, the result told, then everything forgotten', async (t) => {
  const { server, root, place, once } = await enrolled(t)
  const before = snapshot(root, state)
  server.deliver('put', 'linux.banner', { text: 'x' })
  server.deliver('put', 'linux.ssh', { permitRootLogin: 'no' })
  server.deliver('put', 'passcode', { minLength: 14, history: 3 })
  await once()
  assert.notDeepEqual(snapshot(root, state), before)
  const leave = server.deliver('operation', 'device.disenrol', {})
  assert.equal(await once(), 'left')
  assert.deepEqual(last(server.results()), { id: leave.id, state: 'completed', result: {} })
  assert.deepEqual(snapshot(root, state), before)
  assert.deepEqual(snapshot(place.folder.at), {})
  await assert.rejects(once(), /not enrolled/)
})

test('a server that no longer knows the device: taken back and forgotten, also when even its client is gone', async (t) => {
  const { server, root, place, once } = await enrolled(t)
  const before = snapshot(root, state)
  server.deliver('put', 'linux.banner', { text: 'x' })
  await once()
  const kept = place.folder.read()
  assert.ok(kept?.token)
  place.folder.write({ ...kept, token: { ...kept.token, expiresAt: Date.now() - 1 } })
  server.gone = true
  assert.equal(await once(), 'gone')
  assert.deepEqual(snapshot(root, state), before)
  assert.equal(place.folder.read(), undefined)
})

test('a token that was refused is renewed, one that ages is renewed before its end', async (t) => {
  const { server, place, once } = await enrolled(t)
  await once()
  const kept = place.folder.read()
  assert.ok(kept)
  place.folder.write({ ...kept, token: { value: 'revoked', expiresAt: Date.now() + 3_600_000 } })
  await once()
  assert.equal(server.tokensIssued, 2)
  place.folder.write({ ...kept, token: { value: 'token-2', expiresAt: Date.now() + 60_000 } })
  await once()
  assert.equal(server.tokensIssued, 3)
})

test('a secret that has grown old is exchanged for a new one', async (t) => {
  const { server, place, once } = await enrolled(t)
  const kept = place.folder.read()
  assert.ok(kept?.client)
  place.folder.write({ ...kept, client: { ...kept.client, since: Date.now() - 91 * 86_400_000 }, token: undefined })
  await once()
  assert.equal(server.secret, 's3cret-2')
  assert.equal(place.folder.read()?.client?.secret, 's3cret-2')
  place.folder.write({ ...(place.folder.read() as typeof kept), token: undefined })
  await once()
  assert.equal(server.secret, 's3cret-2')
})

test('a report the server cannot take does not stop the rest', async (t) => {
  const { server, once } = await enrolled(t)
  server.instead['POST /linux/agent/sync'] = [problem(400, 'invalid-request')]
  await assert.rejects(once(), /invalid-request/)
  server.deliver('operation', 'device.inventory', {})
  await once()
  assert.equal(last(server.results()).state, 'completed')
})

test('a state older than the server remembers catches up', async (t) => {
  const { server, place, once } = await enrolled(t)
  server.sequence = 40
  await once()
  assert.ok((place.folder.read()?.sequence ?? 0) > 40)
  assert.equal(server.facts()['os.name'], 'Debian GNU/Linux')
})

test('held polls: what is queued arrives at once, a long script is acknowledged and ends later, stopping is quick', async (t) => {
  const run: Run = async () => {
    await sleep(6_000)
    return { exitCode: 0, stdout: '', stderr: '', truncated: false, timedOut: false, missing: false, durationMs: 1 }
  }
  const { server, options, log } = await enrolled(t, { run, live: true })
  server.waitS = 30
  const stop = new AbortController()
  const running = runAgent({ ...options, signal: stop.signal }, 'run')
  await until(() => last(server.syncs)?.waitS === 30)
  const begun = performance.now()
  const message = server.deliver('operation', 'device.inventory', {})
  await until(() => server.results().some((r) => r.id === message.id))
  assert.ok(performance.now() - begun < 15_000, 'long before the poll would have ended')
  await until(() => last(server.syncs)?.waitS === 30)
  const script = server.deliver('operation', 'script.run', { script: 'sleep 6', interpreter: 'sh', timeoutS: 60 })
  script.envelope = server.envelope(script)
  await until(() => server.results().some((r) => r.id === script.id && r.state === 'acknowledged'))
  assert.equal(last(server.syncs).take, 0)
  await until(() => server.results().some((r) => r.id === script.id && r.state === 'completed'))
  await until(() => last(server.syncs)?.waitS === 30)
  const stopping = performance.now()
  stop.abort()
  assert.equal(await running, 'stopped')
  assert.ok(performance.now() - stopping < 15_000)
  assert.deepEqual(log, [])
  assert.equal(server.syncs.flatMap((s) => s.events ?? [])[0]?.type, 'agent.started')
})

test('drift ends a held poll and is told at once', async (t) => {
  const { server, root, options } = await enrolled(t)
  server.waitS = 30
  const stop = new AbortController()
  const running = runAgent({ ...options, signal: stop.signal }, 'run')
  await until(() => last(server.syncs)?.waitS === 30)
  fs.writeFileSync(path.join(root, 'etc/motd'), 'Theirs.\n')
  await until(() => managed(server, 'linux.banner').motd === 'Theirs.\n')
  const tells = server.syncs.filter((s) => s.partial)
  assert.deepEqual(
    tells.map((s) => s.has),
    [[]],
    'what the poll may have brought just then is asked for',
  )
  await until(() => last(server.syncs)?.waitS === 30)
  assert.equal(last(server.syncs).has, undefined)
  stop.abort()
  assert.equal(await running, 'stopped')
})

test('a server in trouble is left in peace for as long as it asks', async (t) => {
  const { server, options, log } = await enrolled(t)
  server.instead['POST /linux/agent/sync'] = [
    { status: 503, body: { code: 'overloaded' }, headers: { 'retry-after': '2' } },
  ]
  const stop = new AbortController()
  const running = runAgent({ ...options, signal: stop.signal }, 'run')
  const begun = performance.now()
  await until(() => server.syncs.length > 0)
  assert.ok(performance.now() - begun >= 1990)
  assert.match(log[0] ?? '', /trying again/)
  stop.abort()
  await running
})

async function until(done: () => boolean): Promise<void> {
  const end = performance.now() + 30_000
  while (!done()) {
    assert.ok(performance.now() < end, 'it did not happen in time')
    await sleep(20)
  }
}
