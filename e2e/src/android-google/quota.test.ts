/** One operation to many phones, against a quota: nothing is lost, nothing is done twice, over refusals and a restart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Channel } from '@muster/contract'
import { openGoogle } from './bench.fixture.ts'

const many = 12

test('a quota that is used up, and a server that stops in the middle', async () => {
  const bench = await openGoogle({ settings: { requestsPerSecond: 200, inFlight: 5 } })
  try {
    await bench.ready()
    const invitations = await Promise.all(Array.from({ length: many }, () => bench.invite('cope')))
    const phones = invitations.map(({ qr }) => bench.google.enrol(qr))
    const channels: Channel[] = []
    await bench.until(async () => {
      const found = await Promise.all(phones.map((p) => bench.channelOf(p)))
      channels.splice(0, channels.length, ...found.flatMap((c) => (c?.lifecycle === 'active' ? [c] : [])))
      return channels.length === many
    }, 'all came in')
    await bench.evaluate('android')
    await bench.deliver()

    bench.google.quota({ requests: 6, perS: 5 })
    const issued = () => bench.google.seen.requests['enterprises.devices.issueCommand'] ?? 0
    const before = issued()
    const activity = await bench.send('device.reboot', { delayMinutes: 0, message: '' }, channels)
    assert.equal(issued(), before, 'queued, whatever Google takes')
    const job = bench.core.platforms.jobs().find((j) => j.name === 'android.deliver')
    const stop = new AbortController()
    setTimeout(() => stop.abort(), 100)
    await job?.run(stop.signal)
    const counts = async () => (await bench.core.operations.activity(Number(activity))).counts
    const midway = await counts()
    assert.ok((midway.pending ?? 0) > 0, `stopped in the middle: ${JSON.stringify(midway)}`)
    assert.ok(!midway.failed)

    for (const end = Date.now() + 60_000; (await counts()).pending; await new Promise((r) => setTimeout(r, 200))) {
      assert.ok(Date.now() < end, `it went on: ${JSON.stringify(await counts())}`)
      await bench.tick()
      await bench.deliver()
    }
    const refused = bench.google.seen.refused
    assert.ok(
      Object.keys(refused).some((k) => k.endsWith('429')),
      'the quota was met',
    )
    bench.google.quota(undefined)
    await bench.until(async () => (await counts()).completed === many, 'all ended')
    assert.deepEqual(
      phones.map((p) => p.phone.reboots),
      phones.map(() => 1),
    )
  } finally {
    await bench.close()
  }
})

test('many phones with equal settings: one document, one request each, and none where nothing differs', async () => {
  const bench = await openGoogle()
  try {
    await bench.ready()
    const phones: Awaited<ReturnType<typeof bench.phone>>[] = []
    for (let i = 0; i < 8; i += 1) phones.push(await bench.phone('cope'))
    const seen = (method: string) => bench.google.seen.requests[`enterprises.${method}`] ?? 0
    const before = [seen('policies.patch'), seen('devices.patch')]
    await bench.publish('android', { 'android.camera': { blocked: true } })
    await bench.until(
      async () =>
        (await Promise.all(phones.map((p) => bench.settings(p.channel)))).every(
          (s) => s['android.camera']?.state === 'verified',
        ),
      'all have it',
    )
    assert.deepEqual([seen('policies.patch'), seen('devices.patch')], [(before[0] ?? 0) + 1, (before[1] ?? 0) + 8])
    await bench.evaluate('android')
    await bench.deliver()
    assert.deepEqual([seen('policies.patch'), seen('devices.patch')], [(before[0] ?? 0) + 1, (before[1] ?? 0) + 8])
  } finally {
    await bench.close()
  }
})
