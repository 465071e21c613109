/** A device comes, obeys and leaves: the whole way with a real core. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type AppleBench, openApple } from './bench.fixture.ts'
import { enrolled } from './device.fixture.ts'

let bench: AppleBench
before(async () => {
  bench = await openApple()
})
after(() => bench.close())

test('SCEP, Authenticate, TokenUpdate, Idle, a command and its answer, CheckOut', async () => {
  const device = await enrolled(bench.request, await bench.code('apple'))
  const first = await device.connect()
  assert.deepEqual(
    first.map((c) => c.Command.RequestType),
    ['DeviceInformation'],
  )
  const c = await bench.channelOf(device)
  assert.equal(c.lifecycle, 'active')
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
