import assert from 'node:assert/strict'
import { test } from 'node:test'
import { enrolled } from './testing/enrolled.ts'
import { snapshot } from './testing/fixtures.ts'

const state = ['/var/lib/muster-agent']

test('corporate wipe: all that is ours goes, the result and the farewell are told, everything is forgotten', async (t) => {
  const { server, root, place, once } = await enrolled(t)
  const before = snapshot(root, state)
  server.deliver('put', 'linux.wifi', { ssid: 'Office', passphrase: 'topsecret phrase' })
  server.deliver('put', 'linux.wireguard', {
    addresses: ['10.8.0.7/24'],
    peers: [{ publicKey: 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=', allowedIps: ['10.0.0.0/8'] }],
  })
  await once()
  const d = { id: 'wipe-1', name: 'device.wipe.corporate', payload: {} }
  server.deliver('operation', d.name, d.payload, { id: d.id, envelope: server.envelope(d) })
  assert.equal(await once(), 'left')
  const result = server.results().find((r) => r.id === d.id)
  assert.equal(result?.state, 'completed')
  assert.equal((result?.result as { removed: string[] } | undefined)?.removed.length, 3)
  assert.equal(server.farewell, 'corporate wipe')
  assert.deepEqual(snapshot(root, state), before)
  assert.deepEqual(snapshot(place.folder.at), {})
})

test('a wipe without a signature, or with one for another device, erases nothing and is told as an event', async (t) => {
  const { server, place, once } = await enrolled(t)
  for (const name of ['device.wipe', 'device.wipe.corporate']) {
    server.deliver('operation', name, {}, { id: `${name}-1` })
    const d = { id: `${name}-2`, name, payload: {} }
    server.deliver('operation', name, {}, { id: d.id, envelope: server.envelope(d, { device: 'another' }) })
  }
  assert.equal(await once(), 'stopped')
  const codes = server.results().map((r) => r.code)
  assert.deepEqual(codes, ['envelope-missing', 'envelope-foreign', 'envelope-missing', 'envelope-foreign'])
  assert.equal(server.syncs.flatMap((s) => s.events ?? []).filter((e) => e.type === 'agent.command-refused').length, 4)
  assert.equal(place.folder.read()?.step, 'done')
})

test('a busy package manager puts a command off; offered again under its id, it is done', async (t) => {
  let locked = true
  const { server, place, once } = await enrolled(t, {
    live: true,
    run: async () => ({
      exitCode: locked ? 100 : 0,
      stdout: '3 upgraded, 0 newly installed\n',
      stderr: locked ? 'E: Could not get lock /var/lib/dpkg/lock-frontend' : '',
      truncated: false,
      timedOut: false,
      missing: false,
      durationMs: 1,
    }),
  })
  place.tree.write('/usr/bin/apt-get', Buffer.from(''))
  const d = server.deliver('operation', 'package.update', {})
  await once()
  const put = server.results().at(-1)
  assert.deepEqual(
    [put?.id, put?.state, put?.code, put?.retryAfterS],
    [d.id, 'deferred', 'package-manager-locked', 120],
  )
  locked = false
  server.queue.push({ ...d, attempt: 2 })
  await once()
  assert.deepEqual(server.results().at(-1), {
    id: d.id,
    state: 'completed',
    result: { upgraded: 3, rebootNeeded: false },
  })
  // A third offer is answered from memory.
  locked = true
  server.queue.push({ ...d, attempt: 3 })
  await once()
  assert.equal(server.results().at(-1)?.state, 'completed')
})
