/** A device's identity is renewed before it ends: told by the server, fetched anew with a key of its own, and used from then on. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { type TestDatabase, testDatabase } from '@muster/core/testing'
import { type AppleDevice, type AppleGround, appleGround } from './apple-ground.ts'
import { deviceUnderTest } from './linux-device.ts'
import { until } from './processes.ts'

describe('apple: the next identity', { timeout: 300_000 }, () => {
  let database: TestDatabase
  let ground: AppleGround
  let devices: AppleDevice[]
  before(async () => {
    database = await testDatabase({ migrated: false })
    // Recurring work begins when a node for it starts, which is later here.
    ground = await appleGround({ DATABASE_URL: database.url, MUSTER_ROLES: 'api,devices' })
    // Signed in binary and in XML, a phone and a Mac.
    devices = [await ground.start({ no: 8 }), await ground.start({ no: 0 })]
  })
  after(async () => {
    await ground?.close()
    await database?.close()
  })
  const certificateOf = (d: AppleDevice) =>
    new X509Certificate((d.device.kept() as unknown as { certificate: string }).certificate)

  it('a device whose certificate ends within the month gets another for a new key, and goes on with it', async () => {
    for (const d of devices) {
      const seen = deviceUnderTest(ground.muster, d.id, () => undefined)
      const told = async () => (await seen.facts())['apple.managedApps'] !== undefined
      await until('the first inventory', told, { withinMs: 90_000, last: () => d.lines.slice(-4) })
    }
    const before = devices.map(certificateOf)
    await database.db.query({
      text: `update certificate set not_after = now() + interval '20 days' where channel is not null`,
    })
    const worker = await ground.muster.secondNode({ MUSTER_ROLES: 'worker', MUSTER_HTTPS_PORT: 'off' })
    const said = () => [ground.muster.server, worker.server].map((s) => s.output().slice(-2000))
    for (const [i, d] of devices.entries()) {
      await until('the renewal', async () => certificateOf(d).fingerprint256 !== before[i]?.fingerprint256, {
        withinMs: 120_000,
        last: () => ({ lines: d.lines.slice(-8), said: said() }),
      })
      assert.ok(!certificateOf(d).publicKey.equals(before[i]?.publicKey as X509Certificate['publicKey']))
      const done = await deviceUnderTest(ground.muster, d.id, () => undefined).sent('device.inventory', {})
      assert.equal(done.state, 'completed')
      assert.equal(d.device.standing(), 'enrolled')
    }
  })
})
