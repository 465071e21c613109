/** What a plugin is given and what it is not: errands, escrow, waking and calls out, each within its own platform. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { type Channel, type PlatformHost, Problem, type Wake } from '@muster/contract'
import { cloud, pull, rounds } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import { type CoreBench, createHarness } from '../testing/index.ts'
import { phone } from './world.ts'

let bench: CoreBench
const woken: { channel: number; wake: Wake }[] = []
let logged: { o: object; m: string }[] = []
const answers = createServer((_, response) => response.end('{"ok":true}'))
const elsewhere = createServer((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end())
const origin = (s: typeof answers) => `http://127.0.0.1:${(s.address() as AddressInfo).port}`

before(async () => {
  for (const s of [answers, elsewhere]) await new Promise<void>((resolve) => s.listen(0, '127.0.0.1', resolve))
  const log = {
    info: (o: object, m: string) => void logged.push({ o, m }),
    warn: (o: object, m: string) => void logged.push({ o, m }),
    error: (o: object, m: string) => void logged.push({ o, m }),
  }
  const pusher = { push: (channel: number, wake: Wake) => void woken.push({ channel, wake }) }
  bench = await createHarness().open(
    [pull, rounds, { ...cloud, origins: () => [origin(answers), origin(elsewhere)] }],
    {},
    { pusher, log },
  )
})
after(async () => {
  await bench.close()
  for (const s of [answers, elsewhere]) s.close()
})

test('every method refuses a channel of another platform, also one that says it is ours', async () => {
  const mine = await bench.enrol('pull')
  const host = bench.host('rounds')
  const turn = { take: 1, said: [{ id: 'o1-1', state: 'completed' as const }] }
  const methods: Record<string, (c: Channel) => Promise<unknown>> = {
    detail: (c) => host.detail(c),
    terms: (c) => host.terms(c),
    channel: (c) => host.channel(c, 'user:1', {}),
    key: (c) => host.key(c, 'k'),
    activate: (c) => host.activate(c, {}),
    turn: (c) => host.turn(c, turn),
    'turn of several': (c) => host.turn([c], turn),
    wait: (c) => host.wait(c, AbortSignal.timeout(10)),
    errand: (c) => host.errand(c, 'e', {}),
    gone: (c) => host.gone(c, { code: 'left', text: '' }),
    issue: (c) => host.certificates.issue(c, new Uint8Array()),
    revoke: (c) => host.certificates.revoke(c),
    secret: (c) => host.secrets.put(c, 's', 'v'),
  }
  const before = await bench.kept(mine)
  for (const [name, call] of Object.entries(methods)) {
    for (const c of [mine, { ...mine, platform: 'rounds' }])
      await assert.rejects(call(c), (e: unknown) => e instanceof Problem && e.code === 'foreign-device', name)
    await assert.rejects(
      call({ ...mine, no: 999_999 }),
      (e: unknown) => e instanceof Problem && e.code === 'device-gone',
      name,
    )
  }
  assert.deepEqual(await bench.kept(mine), before)
  host.sentBytes({ ...mine, platform: 'rounds' }, new TextEncoder().encode('forged'))
  await bench.host('pull').turn(mine, { take: 0, raw: new TextEncoder().encode('true') })
  assert.deepEqual(
    await bench.db.query(sql`select outbounds from message where channels @> array[${mine.no}]::bigint[]`),
    [{ outbounds: [false] }],
  )
  await bench.host('pull').key(mine, 'a key of pull')
  assert.deepEqual(await host.identify({ key: 'a key of pull' }), { refused: 'foreign' })
  assert.equal(await host.find({ fact: 'device.name', value: 'x' }), undefined)
  await assert.rejects(host.begin(await bench.code('pull'), {}), { code: 'invitation-platform' })
  await assert.rejects(host.invitation(await bench.code('pull')), { code: 'invitation-platform' })
})

test('a key lets in whom it was made for, until the device is gone', async () => {
  const host = bench.host('pull')
  const c = await bench.enrol('pull')
  assert.deepEqual(await host.identify({ key: 'one' }), { refused: 'unknown' })
  await host.key(c, 'one')
  await host.key(c, 'one')
  const known = await host.identify({ key: 'one' })
  assert.ok(!('refused' in known))
  assert.equal(known.no, c.no)
  await assert.rejects(host.key(await bench.enrol('pull'), 'one'), { code: 'conflict' })
  await host.gone(c, { code: 'left', text: 'The person removed it.' })
  assert.deepEqual(await host.identify({ key: 'one' }), { refused: 'gone' })
  await assert.rejects(host.key(c, 'two'), { code: 'device-gone' })
  await assert.rejects(host.errand(c, 'pull.x', {}), { code: 'device-gone' })
  await assert.rejects(host.secrets.put(c, 'x', 'y'), { code: 'device-gone' })
})

test('an errand: same queue, same promises, not an administrator’s act', async () => {
  const p = await phone(bench)
  await bench.host('pull').errand(p.channel, 'pull.renew', { n: 1 }, 'renew')
  await bench.host('pull').errand(p.channel, 'pull.renew', { n: 2 }, 'renew')
  await bench.host('pull').errand(p.channel, 'pull.versions', {})
  await bench.heard()
  const first = await p.idle()
  assert.deepEqual(
    first?.command,
    { type: 'pull.renew', payload: { n: 2 } },
    'the newer took the place of the one that waited',
  )
  await bench.lapse(p.channel, 'lease')
  await bench.tick()
  assert.equal((await p.idle())?.id, first?.id, 'handed over again with the same id')
  const second = await p.answer(first?.id ?? '', 'Acknowledged')
  assert.equal(second?.command.type, 'pull.versions')
  await p.answer(second?.id ?? '', 'Acknowledged')
  const no = await bench.core.devices.no(p.channel.device)
  assert.deepEqual((await bench.core.operations.ofDevice(no, { limit: 10 })).items, [])
  assert.deepEqual(
    (await bench.core.operations.activities({ limit: 100 })).items.filter((a) => a.operation.startsWith('pull.renew')),
    [],
  )
  const states = await bench.db.query(
    sql`select state, count(*) as n from history where channel = ${p.channel.no} group by 1 order by 1`,
  )
  assert.deepEqual(states, [
    { state: 'completed', n: 2 },
    { state: 'superseded', n: 1 },
  ])
})

test('what was entrusted to us reaches only the row that needs it, and each reading is written down', async () => {
  const [p, other] = [await phone(bench), await phone(bench)]
  await bench.host('pull').secrets.put(p.channel, 'unlock-token', 'old')
  await bench.host('pull').secrets.put(p.channel, 'unlock-token', 'T0P')
  await bench.host('pull').secrets.put(p.channel, 'another', 'hidden')
  await bench.send('pull.unlock', {}, [p.channel, other.channel])
  assert.deepEqual((await p.idle())?.command, { type: 'Unlock', token: 'T0P' })
  assert.deepEqual((await other.idle())?.command, { type: 'Unlock', token: null }, 'no other device’s')
  const [kept] = await bench.db.query<{ n: number }>(
    sql`select count(*) as n from escrow where position('T0P'::bytea in sealed) > 0`,
  )
  assert.equal(kept?.n, 0)
  const { items } = await bench.core.audit.list({ limit: 50, subject: `device:${p.channel.device}` })
  assert.deepEqual(
    items.map((e) => e.act).filter((a) => a.startsWith('escrow')),
    ['escrow.read', 'escrow.put', 'escrow.put', 'escrow.put'],
  )
})

async function woke(c: Channel): Promise<void> {
  const has = () => woken.some((w) => w.channel === c.no)
  for (const end = performance.now() + 30_000; !has() && performance.now() < end; )
    await new Promise((r) => setTimeout(r, 20))
  assert.ok(has(), `channel ${c.no} is not woken: ${JSON.stringify(woken)}`)
}

test('a sleeping device is woken when something waits, by the way its plugin names; a blocked one is left alone', async () => {
  const first = await phone(bench)
  await first.idle({ push: 'token-0' })
  await bench.send('pull.lock', {}, [first.channel])
  const waker = bench.core.platforms.wake()
  try {
    // Whoever begins wakes all that work waits for: what is woken after that was told of.
    await woke(first.channel)
    const [p, silent, blocked] = [await phone(bench), await phone(bench), await phone(bench)]
    await p.idle({ push: 'token-1' })
    await blocked.idle({ push: 'token-2' })
    await bench.block(blocked.channel, true)
    await bench.heard()
    woken.length = 0
    await bench.send('pull.lock', {}, [p.channel, silent.channel, blocked.channel], { urgent: true })
    await woke(p.channel)
    assert.deepEqual(woken, [{ channel: p.channel.no, wake: { via: 'apns', to: 'token-1', urgent: true } }])
  } finally {
    await waker.stop()
  }
})

test('a device that puts off is not woken for it', async () => {
  const waker = bench.core.platforms.wake()
  try {
    const p = await phone(bench)
    await p.idle({ push: 'token-3' })
    await bench.send('pull.lock', {}, [p.channel])
    const command = await p.idle()
    await woke(p.channel)
    await bench.heard()
    woken.length = 0
    await p.answer(command?.id ?? '', 'NotNow')
    await bench.heard()
    await new Promise((r) => setTimeout(r, 200))
    assert.deepEqual(
      woken.filter((w) => w.channel === p.channel.no),
      [],
    )
  } finally {
    await waker.stop()
  }
})

test('a long poll ends when something comes to wait, or with its signal', async () => {
  const host = bench.host('pull')
  const p = await phone(bench)
  await bench.heard()
  await p.idle()
  const started = performance.now()
  const held = host.wait(p.channel, AbortSignal.timeout(60_000))
  await bench.send('pull.lock', {}, [p.channel])
  await held
  assert.ok(performance.now() - started < 30_000)
  const command = await p.idle()
  await p.answer(command?.id ?? '', 'Acknowledged')
  await bench.heard()
  await p.idle()
  const ends = AbortSignal.timeout(50)
  await host.wait(p.channel, ends)
  assert.equal(ends.aborted, true)
  assert.equal(bench.core.devices.waiting.held(), 0)
})

test('calls out go only where the settings say, follow no redirect, and are logged', async () => {
  const { fetch } = bench.host('cloud')
  logged = []
  assert.deepEqual(await (await fetch(`${origin(answers)}/x?secret=1`)).json(), { ok: true })
  assert.deepEqual(
    logged.map((l) => [l.m, (l.o as { path?: string }).path]),
    [['called out', '/x']],
  )
  for (const url of [
    'http://127.0.0.1:1/',
    'http://localhost:80/',
    'file:///etc/hostname',
    `${origin(answers).replace('127.0.0.1', 'localhost')}/`,
  ])
    await assert.rejects(fetch(url), { name: 'OutboundRefused' }, url)
  await assert.rejects(fetch(`${origin(elsewhere)}/`))
  await assert.rejects(bench.host('pull').fetch(origin(answers)), { name: 'OutboundRefused' })
})

test('a plugin’s statements see its own tables alone', async () => {
  const { sql: query }: PlatformHost = bench.host('cloud')
  await query`insert into document (name, hash) values (${'mine'}, ${"'; drop table document; --"})`
  assert.deepEqual(await query`select name, hash from document where name = ${'mine'}`, [
    { name: 'mine', hash: "'; drop table document; --" },
  ])
  await assert.rejects(query`select * from device`)
  await assert.rejects(bench.host('pull').sql`select * from document`)
})
