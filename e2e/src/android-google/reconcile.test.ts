/** What no notification told is found all the same: ends of commands, devices that came or went, documents and pointers that somebody changed. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type GoogleBench, openGoogle } from './bench.fixture.ts'

let bench: GoogleBench
before(async () => {
  bench = await openGoogle()
  await bench.ready()
  await bench.setup('google-notifications', 'push', {
    topic: `projects/${bench.google.project}/topics/android`,
    pusher: 'push@fleet.iam.gserviceaccount.com',
  })
})
after(() => bench?.close())

const due = async () => {
  await bench.db.query({ text: 'update plugin_android.command set next = now()' })
  await bench.job('android.google.commands')
}

test('a device that nobody told of comes in by the list', async () => {
  const { channel } = await bench.phoneFetched('cope')
  assert.equal(channel.lifecycle, 'active')
})

test('a list that Google does not know how to go on with is begun anew', async () => {
  await bench.db.query({ text: "update plugin_android.sweep set page = 'of long ago', begun = now()" })
  const { device } = await bench.phoneFetched()
  assert.ok(await bench.channelOf(device))
})

test('the end of a command is asked for, and a device that never answers lets it end by time', async () => {
  const { device, channel } = await bench.phoneFetched('cope')
  const locked = await bench.send('device.lock', {}, [channel])
  await bench.until(async () => {
    await due()
    return (await bench.operation(locked, channel))?.state === 'completed'
  }, 'its end was found')
  device.phone.online = false
  const open = await bench.send('device.lock', {}, [channel])
  await bench.deliver()
  await due()
  assert.equal((await bench.operation(open, channel))?.state, 'acknowledged')
  await bench.lapse(channel, 'deadline')
  await bench.tick()
  assert.match((await bench.operation(open, channel))?.state ?? '', /^(failed|expired)$/)
})

test('a work profile that its user removed, and a device deleted elsewhere, are gone at the next look', async () => {
  const { device, channel } = await bench.phoneFetched('byod')
  device.enterprise.devices.delete(device.name)
  await bench.db.query({ text: 'update plugin_android.sweep set at = now()' })
  await new Promise((r) => setTimeout(r, 5))
  await bench.sweep()
  assert.equal((await bench.host('android').detail(channel)).lifecycle, 'removed')
})

test('who was pointed elsewhere is pointed back; a document that was changed is written again', async () => {
  const { device, channel } = await bench.phoneFetched('cope')
  await bench.publish('android', { 'android.camera': { blocked: true } })
  await bench.until(() => device.phone.applied?.policy.cameraAccess === 'CAMERA_ACCESS_DISABLED', 'it has its document')
  const mine = String(device.resource.policyName)
  device.resource.policyName = `${device.enterprise.name}/policies/other`
  await bench.sweep()
  assert.equal(device.resource.policyName, mine)
  const policy = device.enterprise.policies.get(mine) as { version?: string; cameraAccess?: string }
  device.enterprise.policies.set(mine, { ...policy, cameraAccess: 'CAMERA_ACCESS_USER_CHOICE', version: '77' })
  await bench.job('android.google.documents')
  const after = device.enterprise.policies.get(mine) as { cameraAccess?: string }
  assert.equal(after.cameraAccess, 'CAMERA_ACCESS_DISABLED')
  await bench.until(async () => {
    await bench.sweep()
    return (await bench.settings(channel))['android.camera']?.state === 'verified'
  }, 'it holds')
  await bench.publish('android', {})
})

test('a token whose invitation was withdrawn is withdrawn at Google', async () => {
  const { qr } = await bench.invite('cope')
  const [row] = await bench.db.query<{ no: number }>({ text: 'select no from invitation order by no desc limit 1' })
  await bench.core.enrollment.invitations.revoke(String(row?.no), 'user:admin')
  await bench.job('android.google.tokens')
  assert.throws(() => bench.google.enrol(qr))
})
