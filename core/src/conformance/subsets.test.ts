/** The core with no platform, one, or several; and with one that was there before. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cloud, pull, rounds } from '@muster/contract/testing'
import { system } from '../access/index.ts'
import { createHarness, testDatabase } from '../testing/index.ts'

const harness = createHarness()

test('with no platform the core starts, and says what it cannot do', async () => {
  const bench = await harness.open([])
  try {
    const { core } = bench
    assert.deepEqual(core.platforms.catalog().platforms, [])
    assert.deepEqual(core.platforms.routes(), [])
    assert.deepEqual(core.platforms.jobs(), [])
    assert.ok(core.platforms.catalog().operations.some((o) => o.id === 'device.inventory'))
    await assert.rejects(bench.code('pull'), { code: 'unknown-platform' })
    await assert.rejects(
      core.operations.send({ operation: 'pull.lock', params: {}, target: { all: true }, principal: system }),
      { code: 'unknown-operation' },
    )
    await assert.rejects(
      core.operations.send({ operation: 'device.inventory', params: {}, target: { all: true }, principal: system }),
      { code: 'empty-target' },
    )
    await assert.rejects(core.policies.create({ name: 'p', platform: 'pull', features: [] }, 'system'), {
      code: 'unknown-platform',
    })
    await assert.rejects(core.platforms.invite('pull', { code: 'x', url: 'u', server: 's', ownership: 'cope' }), {
      code: 'unknown-platform',
    })
    await bench.tick()
    assert.equal((await core.reports.summary({ all: true })).devices, 0)
  } finally {
    await bench.close()
  }
})

test('with several, each does its own, and one act reaches all of them', async () => {
  const bench = await harness.open([pull, cloud, rounds])
  try {
    const all = [await bench.enrol('pull'), await bench.enrol('cloud'), await bench.enrol('rounds')]
    assert.deepEqual(
      bench.core.platforms.catalog().platforms.map((p) => p.id),
      ['pull', 'cloud', 'rounds'],
    )
    assert.deepEqual(bench.core.platforms.catalog().operations.find((o) => o.id === 'device.inventory')?.platforms, [
      'pull',
      'cloud',
      'rounds',
    ])
    const a = await bench.send('device.inventory', {}, all)
    for (const c of all) {
      const [d] = await bench.host(c.platform).turn(c, { take: 1 })
      assert.ok(d)
      await bench.host(c.platform).turn(c, { said: [{ id: d.id, state: 'completed' }], take: 0 })
    }
    assert.deepEqual((await bench.core.operations.activity(Number(a))).counts, { completed: 3 })
    const sent = await bench.core.operations.send({
      operation: 'rounds.exec',
      params: { path: './x' },
      target: { all: true },
      principal: system,
    })
    assert.deepEqual([sent.targets, sent.refused.map((r) => r.code)], [1, ['unsupported', 'unsupported']])
    assert.deepEqual(
      (await bench.core.platforms.invite('cloud', { code: 'C', url: 'u', server: 's', ownership: 'cope' })).steps,
      [{ text: 'Scan this.', qr: 'C' }],
    )
  } finally {
    await bench.close()
  }
})

test('a platform that was removed: its devices stay readable, nothing is queued for them, and it can come back', async () => {
  const installed = { database: await testDatabase(), keysDir: await mkdtemp(join(tmpdir(), 'muster-keys-')) }
  try {
    const before = await harness.open([pull, rounds], {}, { installed })
    const c = await before.enrol('pull', { facts: { 'device.name': 'Old phone' } })
    const a = await before.send('pull.lock', {}, [c])
    const [given] = await before.host('pull').turn(c, { take: 1 })
    await before.host('pull').turn(c, { said: [{ id: given?.id ?? '', state: 'completed' }], take: 0 })
    const waiting = await before.send('pull.lock', {}, [c])
    await before.publish('pull', { passcode: { minLength: 8 } })
    await before.close()

    const without = await harness.open([rounds], {}, { installed })
    const { core } = without
    const { items } = await core.reports.list({ reach: { all: true }, limit: 10 })
    assert.deepEqual(
      items.map((d) => [d.name, d.platform]),
      [['Old phone', 'pull']],
    )
    const page = await core.reports.page(c.device, system)
    assert.equal(
      page.operations.every((o) => !o.available),
      true,
    )
    const timeline = await core.operations.ofDevice(await core.devices.no(c.device), { limit: 10 })
    assert.deepEqual(
      timeline.items.map((o) => [o.operation, o.state]),
      [
        ['pull.lock', 'pending'],
        ['pull.lock', 'completed'],
      ],
    )
    assert.equal((await core.operations.activity(Number(a))).operation, 'pull.lock')
    assert.deepEqual(
      (await core.policies.effective(await core.devices.no(c.device))).features.map((f) => f.feature),
      ['passcode'],
    )
    await assert.rejects(
      core.operations.send({
        operation: 'device.inventory',
        params: {},
        target: { devices: [c.device] },
        principal: system,
      }),
      { code: 'empty-target' },
    )
    await assert.rejects(
      core.operations.send({ operation: 'pull.lock', params: {}, target: { devices: [c.device] }, principal: system }),
      { code: 'unknown-operation' },
    )
    const [row] = await without.db.query<{ installed: boolean }>({
      text: `select installed from platform where id = 'pull'`,
    })
    assert.equal(row?.installed, false)
    await without.tick()
    await without.close()

    const back = await harness.open([pull, rounds], {}, { installed })
    const [d] = await back.host('pull').turn(c, { take: 1 })
    assert.equal(d?.kind === 'operation' && d.operation, 'pull.lock')
    assert.equal((await back.operation(waiting, c))?.state, 'sent')
    await back.close()
  } finally {
    await installed.database.close()
    await rm(installed.keysDir, { recursive: true })
  }
})

test('two platforms may not claim one word, nor a row speak one that nobody described', async () => {
  const twin = { ...pull, id: 'twin' }
  await assert.rejects(harness.open([pull, twin]), /pull\.lock is described already/)
  await assert.rejects(harness.open([pull, pull]), /installed twice/)
  const silent = { ...rounds, describe: () => ({ ...rounds.describe({}), operations: [] }) }
  await assert.rejects(harness.open([silent]), /rounds\.set has no descriptor/)
})
