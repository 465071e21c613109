/** A device comes, obeys and leaves: the whole way with a real core. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type CoreBench, createHarness } from '@muster/core/testing'
import { apple } from '../index.ts'
import { type Call, callOf, enrolled } from './device.fixture.ts'

let bench: CoreBench
let call: Call
before(async () => {
  bench = await createHarness().open([apple])
  const open = bench.platforms.get('apple')
  assert.ok(open)
  call = callOf(open)
})
after(() => bench.close())

test('SCEP, Authenticate, TokenUpdate, Idle, a command and its answer, CheckOut', async () => {
  const device = await enrolled(call, await bench.code('apple'))
  const first = await device.connect()
  assert.deepEqual(
    first.map((c) => c.Command.RequestType),
    ['DeviceInformation'],
  )
  const c = await bench.host('apple').identify({ certificate: device.identity.certificate })
  assert.ok('no' in c && c.lifecycle === 'active')
  const activity = await bench.send('device.lock', {}, [c])
  const second = await device.connect()
  assert.deepEqual(
    second.map((x) => x.Command.RequestType),
    ['DeviceLock'],
  )
  assert.equal((await bench.operation(activity, c))?.state, 'completed')
  assert.deepEqual(await device.connect(), [])

  assert.equal((await device.checkin('CheckOut')).status, 200)
  const after = await device.report('Idle')
  assert.equal(after.status, 403)
  assert.match(String(after.body), /com\.apple\.unrecognized\.device/)
})
