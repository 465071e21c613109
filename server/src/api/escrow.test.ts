/** Keys that devices entrusted to the server, over the network: listed by who may see the device, read by who may, for a reason that is written down. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { linux } from '@muster/plugin-linux'
import { eventually, nobody, startTestServer, type TestDevice, type TestServer } from '../testing.ts'

interface Item {
  name: string
  title: string
  readable: boolean
}

describe('escrow', { timeout: 120_000 }, () => {
  let t: TestServer
  let one: TestDevice
  let other: TestDevice
  const reason = 'Its user forgot the password'
  before(async () => {
    let keep: ((device: string, name: string, value: string) => Promise<void>) | undefined
    const platform: typeof linux = {
      ...linux,
      describe: (settings) => ({
        ...linux.describe(settings),
        escrow: [
          { id: 'disk-key', title: 'Disk key', summary: 'Opens the disk.', readable: true },
          { id: 'token', title: 'Token', summary: 'For the device alone.' },
        ],
      }),
      open: (host, settings) => {
        keep = async (device, name, value) => {
          const c = await host.find({ fact: 'device.name', value: device })
          assert.ok(c, device)
          await host.secrets.put(c, name, value)
        }
        return linux.open(host, settings)
      },
    }
    t = await startTestServer({ platforms: [platform] })
    one = await t.enrol('one')
    other = await t.enrol('other')
    await keep?.('one', 'disk-key', 'AAAA-BBBB')
    await keep?.('one', 'token', 'for machines')
    await keep?.('other', 'disk-key', 'CCCC-DDDD')
  })
  after(() => t.stop())
  const reveal = (device: string, name: string, token?: string, body: object = { reason }) =>
    t.call('POST', `/api/v1/devices/${device}/escrow/${name}/reveal`, { body: body as never, token })

  it('lists what there is, without its contents', async () => {
    const token = await t.tokenWith('device:read')
    const { items } = await t.api<{ items: Item[] }>(200, 'GET', `/devices/${one.id}/escrow`, { token })
    assert.deepEqual(
      items.map(({ name, title, readable }) => [name, title, readable]),
      [
        ['disk-key', 'Disk key', true],
        ['token', 'Token', false],
      ],
    )
    assert.equal(JSON.stringify(items).includes('AAAA'), false)
    assert.equal((await t.call('GET', `/api/v1/devices/${nobody}/escrow`, { token })).status, 404)
  })
  it('shows one to who holds the permission, and writes down who and why', async () => {
    const token = await t.tokenWith('escrow:reveal')
    const shown = await reveal(one.id, 'disk-key', token)
    assert.deepEqual([shown.status, shown.body.value], [200, 'AAAA-BBBB'])
    assert.match(shown.headers.get('cache-control') ?? '', /no-store/)
    const entry = await eventually(async () => {
      const { items } = await t.api<{ items: { act: string; subject: string; detail: object }[] }>(
        200,
        'GET',
        '/audit?limit=50',
      )
      return items.find((e) => e.act === 'escrow.reveal')
    })
    assert.deepEqual([entry.subject, entry.detail], [`device:${one.id}`, { name: 'disk-key', reason }])
    assert.equal((await reveal(other.id, 'disk-key', token)).body.value, 'CCCC-DDDD')
  })
  it('refuses everybody else, a key without a reason, and what no person reads', async () => {
    for (const scope of ['device:read', 'device:*', 'message:read', 'audit:read'])
      assert.equal((await reveal(one.id, 'disk-key', await t.tokenWith(scope))).status, 403, scope)
    for (const body of [{}, { reason: '' }, { reason: 'no' }, { reason: '          ' }, { reason, more: 1 }])
      assert.equal((await reveal(one.id, 'disk-key', undefined, body)).status, 400, JSON.stringify(body))
    for (const [device, name] of [
      [one.id, 'token'],
      [one.id, 'nothing'],
      [nobody, 'disk-key'],
    ] as const)
      assert.equal((await reveal(device, name)).status, 404, name)
  })
  it('is in no role that comes with the server but the administrator’s', async () => {
    const { items } = await t.api<{ items: { name: string; permissions: string[] }[] }>(200, 'GET', '/roles')
    for (const role of items.filter((r) => r.name !== 'administrator'))
      assert.equal(
        role.permissions.some((p) => p.startsWith('escrow')),
        false,
        role.name,
      )
  })
})
