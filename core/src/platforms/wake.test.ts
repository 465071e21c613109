/** Waking: one node at a time, again while work waits, and a dead address is forgotten, told of, and not brought back. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Channel, ChannelDetail, Json, OpenPlatform, PushPorts, Wake } from '@muster/contract'
import { pull } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import { type CoreBench, createHarness, silentLog } from '../testing/index.ts'
import { createWaker } from './wake.ts'

let bench: CoreBench
let ports: PushPorts | undefined
const woken: { channel: number; platform: string; to: Json }[] = []
const credential = { id: '1', client: 'c', secret: 's' }
before(async () => {
  bench = await createHarness().open(
    [
      {
        ...pull,
        open: async (...args) => ({
          ...(await pull.open(...args)),
          credential: async (name: string) => (name === 'known' ? credential : undefined),
        }),
      },
    ],
    {},
    {
      pusher: {
        push: (channel: number, wake: Wake, platform: string) => void woken.push({ channel, platform, to: wake.to }),
        connect: (given) => {
          ports = given
        },
      },
    },
  )
})
after(() => bench?.close())

const until = async (what: () => boolean) => {
  for (const end = Date.now() + 20_000; !what() && Date.now() < end; ) await new Promise((r) => setTimeout(r, 20))
  assert.ok(what(), 'it did not come')
}
async function sleeper(push: Json): Promise<Channel> {
  const c = await bench.enrol('pull')
  await bench.host('pull').turn(c, { take: 0, push })
  return c
}
const pushOf = async (c: Channel) => (await bench.host('pull').detail(c)).push

test('what waited before is woken at the start; two wakers do not both', async () => {
  const c = await sleeper('address')
  await bench.send('pull.lock', {}, [c])
  const wakers = [bench.core.platforms.wake(), bench.core.platforms.wake()]
  try {
    await until(() => woken.length > 0)
    assert.deepEqual(woken, [{ channel: c.no, platform: 'pull', to: 'address' }])
    woken.length = 0
    const other = await sleeper('another')
    await bench.heard()
    await bench.send('pull.lock', {}, [other])
    await until(() => woken.length > 0)
    await bench.heard()
    assert.equal(woken.filter((w) => w.channel === other.no).length, 1)
  } finally {
    await Promise.all(wakers.map((w) => w.stop()))
  }
})

test('credentials are the platform’s own', async () => {
  assert.deepEqual(await ports?.credential('pull', 'known'), credential)
  assert.equal(await ports?.credential('pull', 'other'), undefined)
  assert.equal(await ports?.credential('nobody', 'known'), undefined)
})

test('a dead address is cleared only while it stands, audited, and an alert', async () => {
  const c = await sleeper({ token: 'a', magic: 'm' })
  await ports?.dead(c.no, { token: 'b' }, 'Unregistered')
  assert.deepEqual(await pushOf(c), { token: 'a', magic: 'm' }, 'the device has given another one meanwhile')
  await Promise.all([1, 2].map(() => ports?.dead(c.no, { token: 'a' }, 'Unregistered')))
  assert.equal(await pushOf(c), null)
  const alerts = await bench.db.query<{ type: string; data: Json }>(
    sql`select x.type, x.data from device_event x join device d on d.no = x.device where d.id = ${c.device}::uuid and x.type = 'device.unwakeable'`,
  )
  assert.deepEqual(alerts, [{ type: 'device.unwakeable', data: { channel: c.name, reason: 'Unregistered' } }])
  const { items } = await bench.core.audit.list({ limit: 10, subject: `device:${c.device}` })
  assert.equal(items.filter((i) => i.act === 'device.push-address-dead').length, 1)
})

test('a device that does not come is woken again after 1, 2, 4 minutes and so on, then each hour', async () => {
  const [c, quiet] = [await sleeper('slept'), await sleeper('nothing waits')]
  await bench.send('pull.lock', {}, [c])
  const again: number[] = []
  const { core } = bench
  const waker = createWaker({
    ...core,
    db: bench.db,
    log: silentLog,
    raise: async () => undefined,
    pusher: { push: (no: number) => void again.push(no) },
    opened: new Map([
      ['pull', { wake: (of: ChannelDetail) => ({ via: 'test', to: of.push }) } as unknown as OpenPlatform],
    ]),
  })
  const waited = async (minutes: number): Promise<boolean> => {
    await bench.db.query(
      sql`update pending set updated = now() - ${minutes} * interval '1 minute' where channel = ${c.no}`,
    )
    again.length = 0
    await waker.again(30)
    assert.ok(!again.includes(quiet.no))
    return again.includes(c.no)
  }
  // Far enough from the borders for a database that answers late.
  const times = [0, 0.5, 1.1, 1.6, 2.1, 3, 4.2, 7, 8.3, 16.3, 30, 32.1, 63, 64.1, 100, 123, 124.2, 184.3, 200]
  const woke: number[] = []
  for (const minutes of times) if (await waited(minutes)) woke.push(minutes)
  assert.deepEqual(woke, [1.1, 2.1, 4.2, 8.3, 16.3, 32.1, 64.1, 124.2, 184.3])
})
