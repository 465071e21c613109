/** A whole node with its recurring work: what waits is delivered, due and cleaned up by itself, and stopping leaves nothing behind. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { cloud, fakeCloud, pull } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import { createHarness, testDatabase } from '../testing/index.ts'
import { phone } from './world.ts'

async function until(what: () => Promise<boolean> | boolean, name: string): Promise<void> {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    if (await what()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail(`it did not come: ${name}`)
}

test('a worker beside a gateway on one database: work queued on the one is done by the other', {
  timeout: 180_000,
}, async () => {
  const maker = await fakeCloud()
  const installed = { database: await testDatabase(), keysDir: await mkdtemp(join(tmpdir(), 'muster-keys-')) }
  const settings = { cloud: { url: maker.url } }
  const gateway = await createHarness().open([pull, cloud], settings, { installed })
  const worker = await createHarness().open([pull, cloud], settings, { installed, worker: true })
  try {
    // Enrolled on the gateway; the worker hears of it and evaluates its policies.
    const tablet = await gateway.enrol('cloud')
    await gateway.publish('cloud', { 'cloud.kiosk': { app: 'till' } })
    await until(() => maker.devices.has(tablet.device), 'the document')
    const a = await gateway.send('cloud.reboot', {}, [tablet])
    await until(() => maker.operations.size > 0, 'the operation')
    maker.finish([...maker.operations.keys()][0] ?? '', { done: true })
    await until(async () => (await gateway.operation(a, tablet))?.state === 'completed', 'its end')

    const p = await phone(gateway)
    await p.idle()
    const held = await gateway.send('pull.wipe', {}, [p.channel])
    await gateway.lapse(p.channel, 'due')
    await until(async () => (await gateway.operation(held, p.channel))?.state === 'pending', 'the release')
    let command = await p.idle()
    await until(async () => {
      command ??= await p.idle()
      return command !== undefined
    }, 'the command on the other node')
    assert.equal(command?.command.type, 'Erase')
    // A device speaks with either node.
    await worker
      .call('pull', 'POST', '/connect', { headers: {}, body: { status: 'Idle' } })
      .then((r) => assert.equal(r.status, 401))
    await worker.host('pull').turn(p.channel, { said: [{ id: command?.id ?? '', state: 'completed' }], take: 0 })
    assert.equal((await gateway.operation(held, p.channel))?.state, 'completed')
    await until(
      async () =>
        (await gateway.db.query<{ n: number }>(sql`select count(*) as n from audit where seq is null`))[0]?.n === 0,
      'the seal of the audit',
    )
  } finally {
    await gateway.close()
    await worker.close()
    await maker.close()
    await installed.database.close()
    await rm(installed.keysDir, { recursive: true })
  }
})
