/** Devices as lists, pages and numbers show them: every filter, nothing beyond a reader's reach, and each greyed button with its reason. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Channel } from '@muster/contract'
import { pull, rounds } from '@muster/contract/testing'
import sql from 'sql-template-tag'
import { type Principal, type Reach, system } from '../access/index.ts'
import type { DeviceFilter } from '../queries/index.ts'
import { type CoreBench, createHarness } from '../testing/index.ts'

let bench: CoreBench
let ada = 0
let group = ''
const devices: Record<string, Channel> = {}
const all: Reach = { all: true }

before(async () => {
  bench = await createHarness().open([pull, rounds])
  const { core, db } = bench
  ada = Number((await core.access.users.create({ name: 'ada' }, system)).id)
  const named = (name: string, more = {}) => ({ 'device.name': name, ...more })
  devices.phone = await bench.enrol('pull', {
    ownership: 'byod',
    facts: named('Phone', {
      'device.serial': 'SN-100%',
      'device.formFactor': 'phone',
      'os.name': 'PullOS',
      'network.hostname': 'phone.example',
      'device.identifiers': [{ kind: 'imei', value: '350000000000009' }],
    }),
  })
  devices.quiet = await bench.enrol('pull', { facts: named('Quiet', { 'pull.supervised': false }) })
  devices.pc = await bench.enrol('rounds', {
    facts: named('PC', { 'device.formFactor': 'desktop', 'device.model': 'under_score' }),
  })
  devices.gone = await bench.enrol('rounds', { facts: named('Gone') })
  await db.query(sql`update device set owner = ${ada} where id = ${devices.phone.device}::uuid`)
  group = (await core.groups.create({ name: 'Desks' }, 'system')).id
  await core.groups.change(group, { add: [devices.pc.device], actor: 'system' })
  await bench.host('rounds').gone(devices.gone, { code: 'left', text: '' })
  await bench.host('pull').turn(devices.phone, { take: 0, expectInS: 900 })
  await core.devices.seen.flush()
  await db.query(
    sql`insert into seen (channel, at, expect_s) values (${devices.quiet.no}, now() - interval '1 day', 60) on conflict (channel) do update set at = excluded.at, expect_s = excluded.expect_s`,
  )
  await db.query(sql`delete from seen where channel = ${devices.pc.no}`)
  await db.query(sql`update device set created = now() - interval '30 days' where id = ${devices.pc.device}::uuid`)
  await db.query(
    sql`insert into compliance (device, feature, state, action) select no, 'passcode', 'violated', 'warn' from device where id = ${devices.phone.device}::uuid`,
  )
  await db.query(
    sql`insert into compliance (device, feature, state, action) select no, 'passcode', 'compliant', 'warn' from device where id = ${devices.pc.device}::uuid`,
  )
})
after(() => bench.close())

const names = async (f: DeviceFilter & { reach?: Reach }) =>
  (await bench.core.reports.list({ reach: all, limit: 50, ...f })).items.map((d) => d.name).sort()

test('each filter finds what it names, and only that', async () => {
  const cases: [DeviceFilter, string[]][] = [
    [{}, ['PC', 'Phone', 'Quiet']],
    [{ platform: 'pull' }, ['Phone', 'Quiet']],
    [{ ownership: 'byod' }, ['Phone']],
    [{ formFactor: 'desktop' }, ['PC']],
    [{ lifecycle: 'removed' }, ['Gone']],
    [{ lifecycle: 'active' }, ['PC', 'Phone', 'Quiet']],
    [{ liveness: 'reachable' }, ['Phone']],
    [{ liveness: 'unreachable' }, ['Quiet']],
    [{ liveness: 'inactive' }, ['PC']],
    [{ compliance: 'violated' }, ['Phone']],
    [{ compliance: 'compliant' }, ['PC']],
    [{ compliance: 'none' }, ['Quiet']],
    [{ group }, ['PC']],
    [{ group: 'nonsense' }, []],
    [{ owner: String(ada) }, ['Phone']],
    [{ owner: '999' }, []],
    [{ platform: 'pull', ownership: 'cope' }, ['Quiet']],
    [{ q: 'pho' }, ['Phone']],
    [{ q: 'sn-100%' }, ['Phone']],
    [{ q: '%' }, ['Phone']],
    [{ q: '_' }, ['PC']],
    [{ q: '\\' }, []],
    [{ q: 'ADA' }, ['Phone']],
    [{ q: 'phone.example' }, ['Phone']],
    [{ q: '350000000000009' }, ['Phone']],
    [{ q: "'; drop table device; --\0\ud800" }, []],
  ]
  for (const [filter, expected] of cases) assert.deepEqual(await names(filter), expected, JSON.stringify(filter))
})

test('a list goes on where it ended, and each device stands in it once', async () => {
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page: { items: { name: string }[]; next?: string } = await bench.core.reports.list({
      reach: all,
      limit: 1,
      cursor,
    })
    seen.push(...page.items.map((d) => d.name))
    cursor = page.next
  } while (cursor !== undefined)
  assert.deepEqual(seen, ['PC', 'Quiet', 'Phone'])
  await assert.rejects(bench.core.reports.list({ reach: all, limit: 1, cursor: 'nonsense' }), {
    code: 'invalid-cursor',
  })
})

test('nothing beyond the reach: lists, pages and numbers', async () => {
  const reaches: [Reach, string[]][] = [
    [{ all: false, groups: [] }, []],
    [{ all: false, groups: [Number(group)] }, ['PC']],
    [{ all: false, groups: [], owner: ada }, ['Phone']],
    [{ all: false, groups: [Number(group)], owner: ada }, ['PC', 'Phone']],
  ]
  for (const [reach, expected] of reaches) {
    assert.deepEqual(await names({ reach }), expected)
    assert.equal((await bench.core.reports.summary(reach)).devices, expected.length)
    const reader: Principal = { ...system, permissions: ['device:read'], reach }
    for (const [name, c] of [
      ['Phone', devices.phone],
      ['PC', devices.pc],
    ] as const) {
      const page = bench.core.reports.page(c?.device ?? '', reader)
      if (expected.includes(name)) assert.equal((await page).name, name)
      else await assert.rejects(page, { code: 'not-found' })
    }
  }
  await assert.rejects(bench.core.reports.page('nonsense', system), { code: 'not-found' })
  await assert.rejects(bench.core.reports.page('01930000-0000-7000-8000-00000000dead', system), { code: 'not-found' })
})

test('the numbers of the first page are those of the lists', async () => {
  await bench.send('pull.lock', {}, [devices.phone as Channel])
  const s = await bench.core.reports.summary(all)
  assert.equal(s.devices, 3)
  assert.deepEqual(s.platform, { pull: 2, rounds: 1 })
  assert.deepEqual(s.ownership, { byod: 1, cope: 2 })
  assert.deepEqual(s.lifecycle, { active: 3, removed: 1 })
  assert.deepEqual(s.liveness, { reachable: 1, unreachable: 1, inactive: 1 })
  assert.deepEqual(s.compliance, { violated: 1, compliant: 1, none: 1 })
  assert.deepEqual(s.operations, { pending: 1 })
  for (const kind of ['platform', 'ownership', 'liveness', 'compliance'] as const) {
    for (const [word, n] of Object.entries(s[kind]))
      assert.equal((await names({ [kind]: word })).length, n, `${kind} ${word}`)
  }
})

test('settings on their way are not yet known to hold: page, list, filter and number say so alike', async () => {
  await bench.publish('rounds', { 'rounds.node': { path: './p', value: 'x' } })
  const pc = devices.pc as Channel
  const shown = async () => ({
    page: (await bench.core.reports.page(pc.device, system)).compliance,
    list: await names({ compliance: 'unknown' }),
    number: (await bench.core.reports.summary(all)).compliance.unknown,
    own: (await bench.core.compliance.ofDevice(await bench.core.devices.no(pc.device))).state,
  })
  assert.deepEqual(await shown(), { page: 'unknown', list: ['PC'], number: 1, own: 'unknown' })
})

test('every known operation stands on the page, with the reason where it cannot be sent', async () => {
  const offered = async (c: Channel | undefined, reader: Principal = system) => {
    const { operations } = await bench.core.reports.page(c?.device ?? '', reader)
    assert.deepEqual(
      operations.map((o) => o.id),
      [...bench.core.registry.operations.keys()],
    )
    const own = /^(pull|rounds)\.|^device\.(inventory|message|disenrol)$/
    return Object.fromEntries(
      operations.filter((o) => own.test(o.id)).map((o) => [o.id, o.available || o.reason?.code]),
    )
  }
  assert.deepEqual(await offered(devices.phone), {
    'device.inventory': true,
    'device.message': true,
    'device.disenrol': true,
    'pull.lock': true,
    'pull.unlock': true,
    'pull.wipe': 'wipe-byod',
    'rounds.set': 'unsupported',
    'rounds.exec': 'unsupported',
  })
  const quiet = await offered(devices.quiet)
  assert.deepEqual([quiet['pull.lock'], quiet['pull.wipe']], ['not-supervised', true])
  const pc = await offered(devices.pc)
  assert.deepEqual([pc['rounds.set'], pc['device.message'], pc['device.inventory']], [true, 'unsupported', true])
  const gone = await offered(devices.gone)
  assert.deepEqual([gone['rounds.set'], gone['pull.lock']], ['not-active', 'unsupported'])
  const reader: Principal = { ...system, permissions: ['device:read', 'operation:device.inventory'] }
  const limited = await offered(devices.phone, reader)
  assert.deepEqual(
    [limited['device.inventory'], limited['pull.lock'], limited['rounds.set']],
    [true, 'forbidden', 'forbidden'],
  )
  // What is offered can be sent, and what is not cannot.
  const quietly = { target: { devices: [devices.quiet?.device ?? ''] }, principal: system }
  for (const [operation, params] of [
    ['device.inventory', {}],
    ['device.message', { text: 'x' }],
    ['pull.lock', {}],
    ['pull.unlock', {}],
    ['pull.wipe', {}],
    ['rounds.exec', { path: './x' }],
  ] as const) {
    const { targets } = await bench.core.operations.preview({ operation, params, ...quietly })
    assert.equal(targets, quiet[operation] === true ? 1 : 0, operation)
  }
})

test('an operation for some of a reader’s devices is offered on those alone', async () => {
  const grants = [
    { permissions: ['device:read'], reach: all },
    { permissions: ['operation:pull.lock'], reach: { all: false as const, groups: [], owner: ada } },
  ]
  const reader: Principal = {
    ...system,
    permissions: ['device:read', 'operation:pull.lock'],
    reach: { all: false, groups: [] },
    grants,
  }
  const lock = async (c: Channel | undefined) =>
    (await bench.core.reports.page(c?.device ?? '', reader)).operations.find((o) => o.id === 'pull.lock')
  assert.equal((await lock(devices.phone))?.available, true)
  const other = await bench.enrol('pull')
  const refused = await lock(other)
  assert.deepEqual([refused?.available, refused?.reason?.code], [false, 'forbidden'])
})

test('what a device told and what passed over its wire, newest first; contents only for who asks, and that is written down', async () => {
  const c = devices.pc as Channel
  const no = await bench.core.devices.no(c.device)
  const at = (s: number) => new Date(Date.now() - s * 1000).toISOString()
  for (let i = 0; i < 3; i++)
    await bench.host('rounds').turn(c, {
      events: [{ type: `e${i}`, at: at(30 - i), data: { i } }],
      raw: new TextEncoder().encode(`message ${i}`),
      take: 0,
    })
  const first = await bench.core.reports.events(no, { limit: 2 })
  assert.deepEqual(
    first.items.map((e) => e.type),
    ['e2', 'e1'],
  )
  assert.deepEqual(
    (await bench.core.reports.events(no, { limit: 2, cursor: first.next })).items.map((e) => e.type),
    ['e0'],
  )
  const device = { no, id: c.device }
  const shut = await bench.core.reports.messages(device, { limit: 10 })
  assert.deepEqual(
    shut.items.map((m) => [m.direction, m.size, m.content]),
    [
      ['in', 9, undefined],
      ['in', 9, undefined],
      ['in', 9, undefined],
    ],
  )
  const open = await bench.core.reports.messages(device, { limit: 2, reader: 'user:eve' })
  assert.deepEqual(
    open.items.map((m) => m.content),
    ['message 2', 'message 1'],
  )
  assert.deepEqual(
    (await bench.core.reports.messages(device, { limit: 2, cursor: open.next, reader: 'user:eve' })).items.map(
      (m) => m.content,
    ),
    ['message 0'],
  )
  const { items } = await bench.core.audit.list({ subject: `device:${c.device}`, limit: 50 })
  assert.equal(items.filter((e) => e.act === 'message.read' && e.actor === 'user:eve').length, 2)
})

test('who asks for the numbers while they are counted shares the next count, which sees what was written before', async () => {
  const { db, core } = bench
  const before = db.statements
  const first = core.reports.summary(all)
  await db.query(sql`update device set blocked = blocked where false`)
  const [...later] = await Promise.all([first, ...Array.from({ length: 20 }, () => core.reports.summary(all))])
  assert.ok(later.every((s) => s.devices === later[0]?.devices))
  // Two counts of two statements, and what goes on in the background; each by itself would be more than forty.
  assert.ok(db.statements - before < 20, `${db.statements - before} statements`)
  assert.equal((await core.reports.summary({ all: false, groups: [] })).devices, 0)
})
