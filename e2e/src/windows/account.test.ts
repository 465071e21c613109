/** DM accounts with a real core behind them: found by name, nonces by compare-and-set, and worth nothing once the enrolment is over. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Channel } from '@muster/contract'
import { openWindows, password, type WindowsBench } from './bench.fixture.ts'
import { enrol, newDeviceId } from './client.fixture.ts'

let bench: WindowsBench
before(async () => {
  bench = await openWindows()
})
after(() => bench.close())

interface Kept {
  channel: number
  device_id: string
  secrets: Uint8Array
  client_nonce: Uint8Array
  server_nonce: Uint8Array
}
const rows = (deviceId: string) =>
  bench.db.query<Kept>({
    text: 'select * from plugin_windows.dm_account where device_id = $1 order by channel',
    values: [deviceId],
  })
const proof = { username: 'ada', password }

test('what is kept of a secret opens nothing without the server’s key', async () => {
  const e = await enrol(bench.request, { proof })
  const [kept, ...others] = await rows(e.deviceId)
  assert.ok(kept && others.length === 0)
  const secret = e.document.values.get('/APPLICATION/APPAUTH#1/AAUTHSECRET') ?? ''
  assert.equal(secret.length, 43)
  const everything = JSON.stringify(kept, (_k, v) =>
    v?.type === 'Buffer' ? Buffer.from(v.data).toString('latin1') : v,
  )
  assert.ok(!everything.includes(secret))
  assert.equal(
    Buffer.from(kept.client_nonce).toString('base64'),
    e.document.values.get('/APPLICATION/APPAUTH#1/AAUTHDATA'),
  )
})

test('a crowd of enrolments: each has its own account, written with few statements', async () => {
  const codes = await Promise.all(Array.from({ length: 12 }, () => bench.code('windows')))
  const ids = codes.map(() => newDeviceId())
  const devices = await Promise.all(
    codes.map((code, i) => {
      const deviceId = ids[i] ?? ''
      const items = { MAC: [deviceId.slice(0, 12)] }
      return enrol(bench.request, { proof: { username: 'x', password: code }, deviceId, items })
    }),
  )
  const channels = new Set<number>()
  for (const d of devices) {
    const c = await bench.host('windows').identify({ certificate: d.certificate }, true)
    assert.ok('no' in c)
    const [kept] = await rows(d.deviceId)
    assert.equal(kept?.channel, c.no)
    channels.add(c.no)
  }
  assert.equal(channels.size, devices.length)
})

test('the key of an account ends with its enrolment', async () => {
  const host = bench.host('windows')
  const e = await enrol(bench.request, { proof })
  const c = await host.identify({ certificate: e.certificate }, true)
  assert.ok('no' in c)
  const [kept] = await rows(e.deviceId)
  assert.ok(kept)
  const [, , key = ''] = host.vault.open(`dm-account|${c.no}`, kept.secrets).split(' ')
  const known = await host.identify({ key }, true)
  assert.equal((known as Channel).no, c.no)
  await host.gone(c, { code: 'left', text: 'It left.' })
  assert.ok('refused' in (await host.identify({ key }, true)))
})
