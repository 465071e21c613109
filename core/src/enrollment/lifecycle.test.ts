/** The life of an enrolment: licence, leaving, blocking, changing hands, deadlines; and a model that random commands never break. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isProblem, type Ownership, type ProblemCode } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import type { KnownChannel } from '../devices/index.ts'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { type EnrolmentState, transitions } from './states.ts'
import { openWorld, type World } from './world.ts'

let t: TestDatabase
let w: World
before(async () => {
  t = await testDatabase()
  w = await openWorld(t.db, silentLog)
})
after(async () => {
  await w.close()
  await t.close()
})

const problem = (code: ProblemCode) => (e: unknown) => isProblem(e) && e.code === code
const fresh = async (serial?: string): Promise<KnownChannel> => {
  const identifiers = serial ? [{ kind: 'serial' as const, value: serial }] : undefined
  return (await w.enrollment.begin({ code: await w.invite(), platform: 'linux', identifiers })).channel
}
const active = async (serial?: string) => w.enrollment.activate({ channel: (await fresh(serial)).no })
const deviceRow = async (id: string) =>
  (
    await w.db.query<{ lifecycle: string; blocked: boolean; ownership: string; owner: number | null }>(
      sql`select lifecycle, blocked, ownership, owner from device where id = ${id}`,
    )
  )[0]!
const eventsOf = async (device: string) =>
  (
    await w.db.query<{ type: string }>(
      sql`select type from outbox where data ->> 'device' = ${device} order by xid, no`,
    )
  ).map((r) => r.type)
const overdue = () =>
  w.db.query(sql`update enrolment set deadline = now() - interval '1 second' where deadline is not null`)

test('activating twice is activating once', async () => {
  const c = await fresh()
  const first = await w.enrollment.activate({ channel: c.no, facts: { 'os.name': 'Debian' } })
  const told = await eventsOf(c.device)
  const again = await w.enrollment.activate({ channel: c.no, facts: { 'os.name': 'Other' } })
  assert.deepEqual([first.lifecycle, again.lifecycle], ['active', 'active'])
  assert.deepEqual(await eventsOf(c.device), told)
  assert.deepEqual(told, ['device.changed', 'device.enrolled'])
  assert.equal((await deviceRow(c.device)).lifecycle, 'active')
  await assert.rejects(w.enrollment.activate({ channel: 999_999 }), problem('not-found'))
})

test('a licence must be accepted in a version that is current, in any language', async () => {
  const c = await fresh()
  const add = (language: string, version: string) =>
    w.enrollment.licences.create({
      platform: 'linux',
      language,
      version,
      text: `text ${language} ${version}`,
      actor: 'user:admin',
    })
  await add('en', '1')
  await add('en', '2')
  await add('de', '2.de')
  await assert.rejects(add('en', '2'), problem('already-exists'))
  await assert.rejects(add('english!', '3'), problem('invalid-request'))
  const shown = async (language?: string) => (await w.enrollment.terms(c.no, language)).licence?.version
  assert.deepEqual(
    [await shown(), await shown('de'), await shown('de-AT'), await shown('fr')],
    ['2', '2.de', '2.de', '2'],
  )
  for (const accepted of [undefined, { licence: '1' }, { licence: '' }])
    await assert.rejects(w.enrollment.activate({ channel: c.no, accepted }), problem('licence-not-accepted'))
  assert.equal((await w.enrollment.terms(c.no)).accepted, false)
  assert.equal((await w.enrollment.activate({ channel: c.no, accepted: { licence: '2.de' } })).lifecycle, 'active')
  assert.equal((await w.enrollment.terms(c.no)).accepted, true)
  const windows = await w.enrollment.begin({ code: await w.invite({ platform: 'windows' }), platform: 'windows' })
  assert.equal((await w.enrollment.activate({ channel: windows.channel.no })).lifecycle, 'active')
  const page = await w.enrollment.licences.list({ platform: 'linux', limit: 2 })
  const rest = await w.enrollment.licences.list({ platform: 'linux', limit: 2, cursor: page.next })
  assert.deepEqual(
    [...page.items, ...rest.items].map((l) => l.version),
    ['2.de', '2', '1'],
  )
  await w.db.query(sql`update enrolment set licence = null`)
  await w.db.query(sql`delete from licence`)
})

test('an administrator sends a device away, and it confirms', async () => {
  const c = await active()
  assert.deepEqual(await w.enrollment.disenrol({ device: c.device, actor: 'user:admin' }), { state: 'disenrolling' })
  assert.deepEqual(await w.enrollment.disenrol({ device: c.device, actor: 'user:admin' }), { state: 'disenrolling' })
  assert.deepEqual(
    w.asked.disenrol.filter((n) => n === c.no),
    [c.no],
  )
  await assert.rejects(w.enrollment.activate({ channel: c.no }), problem('wrong-state'))
  await assert.rejects(w.enrollment.addChannel(c.no, 'agent'), problem('wrong-state'))
  assert.equal(
    await w.enrollment.confirmGone({ channel: c.no, reason: 'confirmed', actor: `device:${c.device}` }),
    true,
  )
  assert.equal(
    await w.enrollment.confirmGone({ channel: c.no, reason: 'confirmed', actor: `device:${c.device}` }),
    false,
  )
  await assert.rejects(w.enrollment.disenrol({ device: c.device, actor: 'user:admin' }), problem('wrong-state'))
  await assert.rejects(w.enrollment.disenrol({ device: 'x', actor: 'user:admin' }), problem('not-found'))
  assert.equal((await deviceRow(c.device)).lifecycle, 'removed')
})

test('an operation sent to many starts their leaving, once', async () => {
  const [a, b, waiting] = [await active(), await active(), await fresh()]
  const start = () =>
    w.db.tx((tx) => w.enrollment.startDisenrol(tx, [b.deviceNo, a.deviceNo, waiting.deviceNo], 'user:admin'))
  await start()
  await start()
  for (const c of [a, b]) assert.equal((await deviceRow(c.device)).lifecycle, 'disenrolling')
  assert.equal((await deviceRow(waiting.device)).lifecycle, 'created')
  assert.ok(!w.asked.disenrol.includes(a.no))
  const audited = await w.db.query(
    sql`select from audit where act = 'device.disenrol' and subject = any(${[a, b].map((c) => `device:${c.device}`)}::text[])`,
  )
  assert.equal(audited.length, 2)
  for (const c of [a, b]) await w.enrollment.confirmGone({ channel: c.no, reason: 'confirmed', actor: 'system' })
})

test('when an order to leave cannot be queued, the device stays', async () => {
  const c = await active()
  w.failNext('sendDisenrol')
  await assert.rejects(w.enrollment.disenrol({ device: c.device, actor: 'user:admin' }), /sendDisenrol failed/)
  assert.equal((await deviceRow(c.device)).lifecycle, 'active')
})

test('the clock ends what was abandoned and what never confirmed', async () => {
  await w.enrollment.tick()
  const [abandoned, leaving, staying] = [await fresh(), await active(), await active()]
  await w.enrollment.disenrol({ device: leaving.device, actor: 'user:admin' })
  assert.deepEqual(await w.enrollment.tick(), { abandoned: 0, disenrolled: 0 })
  await overdue()
  const ticks = await Promise.all([w.enrollment.tick(), w.enrollment.tick(), w.enrollment.tick()])
  const sum = (key: 'abandoned' | 'disenrolled') => ticks.reduce((n, t) => n + t[key], 0)
  assert.ok(sum('abandoned') >= 1)
  assert.equal(sum('disenrolled'), 1)
  for (const c of [abandoned, leaving])
    assert.equal((await eventsOf(c.device)).filter((t) => t === 'device.removed').length, 1)
  assert.equal((await deviceRow(staying.device)).lifecycle, 'active')
  const reasons = await w.db.query<{ reason: string }>(
    sql`select reason from enrolment e join channel c on c.enrolment = e.no where c.no in (${abandoned.no}, ${leaving.no}) order by c.no`,
  )
  assert.deepEqual(
    reasons.map((r) => r.reason),
    ['abandoned', 'disenrolled-unconfirmed'],
  )
})

test('many overdue ones end in batches', async () => {
  await w.db.query(sql`
    with d as (insert into device (id, platform, ownership) select gen_random_uuid(), 'linux', 'cope' from generate_series(1, 450) returning no),
    e as (insert into enrolment (device, epoch, ownership, deadline) select no, 1, 'cope', now() - interval '1 hour' from d returning no, device)
    insert into channel (enrolment, device, epoch, name) select no, device, 1, 'device' from e`)
  assert.equal((await w.enrollment.tick()).abandoned, 450)
})

test('a blocked device stays blocked when it comes again', async () => {
  const c = await active('BLOCKED-1')
  assert.equal(await w.enrollment.block({ device: c.device, on: true, actor: 'user:admin' }), true)
  assert.equal(await w.enrollment.block({ device: c.device, on: true, actor: 'user:admin' }), false)
  const again = await fresh('BLOCKED-1')
  assert.deepEqual([again.device, again.blocked], [c.device, true])
  await w.enrollment.block({ device: c.device, on: false, actor: 'user:admin' })
  assert.equal((await w.enrollment.activate({ channel: again.no })).blocked, false)
})

test('one more channel of the same enrolment', async () => {
  const c = await active()
  const user = await w.enrollment.addChannel(c.no, 'user:501', { 'user.name': 'ada' })
  const again = await w.enrollment.addChannel(user.no, 'user:501')
  assert.deepEqual([user.device, user.epoch, user.name, again.no], [c.device, c.epoch, 'user:501', user.no])
  for (const name of ['user:', 'root', '', 'user:a\0', `user:${'x'.repeat(200)}`])
    await assert.rejects(w.enrollment.addChannel(c.no, name), problem('invalid-request'))
  await w.enrollment.confirmGone({ channel: user.no, reason: 'left', actor: `device:${c.device}` })
  assert.equal((await w.db.query(sql`select from channel where device = ${c.deviceNo} and closed is null`)).length, 0)
  await assert.rejects(w.enrollment.addChannel(c.no, 'agent'), problem('device-gone'))
})

test('a new ownership ends the epoch, and the same credentials open the next', async () => {
  const owner = await w.user('hedy')
  const { channel: c } = await w.enrollment.begin({
    code: await w.invite(),
    platform: 'linux',
    client: { id: 'own', secretHash: Buffer.alloc(32) },
  })
  await w.enrollment.activate({ channel: c.no })
  await w.enrollment.bindCredential(w.db, { channel: c.no, kind: 'certificate', hash: Buffer.alloc(32, 9) })
  await w.enrollment.addChannel(c.no, 'user:1')
  await w.db.query(sql`update channel set push = '{"token":1}', state = '{"seq":4}' where no = ${c.no}`)
  await w.db.query(sql`insert into seen (channel, at, expect_s) values (${c.no}, now(), 60)`)
  assert.deepEqual(
    await w.enrollment.setOwnership({ device: c.device, ownership: 'byod', owner, actor: 'user:admin' }),
    { epoch: 2, changed: true },
  )
  assert.deepEqual(await w.enrollment.setOwnership({ device: c.device, ownership: 'byod', actor: 'user:admin' }), {
    epoch: 2,
    changed: false,
  })
  const [now] = await w.db.query<{ no: number; epoch: number; push: unknown; state: unknown }>(
    sql`select no, epoch, push, state from channel where device = ${c.deviceNo} and closed is null and name = 'device'`,
  )
  assert.deepEqual({ ...now, no: 0 }, { no: 0, epoch: 2, push: { token: 1 }, state: { seq: 4 } })
  const bound = await w.db.query<{ channel: number }>(
    sql`select channel from credential where channel = ${now!.no} and revoked is null union all select channel from oauth_client where id = 'own' and revoked is null`,
  )
  assert.deepEqual(
    bound.map((b) => b.channel),
    [now!.no, now!.no, now!.no],
  )
  assert.equal((await w.db.query(sql`select from seen where channel = ${now!.no}`)).length, 1)
  assert.deepEqual(await deviceRow(c.device), { lifecycle: 'active', blocked: false, ownership: 'byod', owner })
  assert.ok(w.asked.closed.includes(c.no))
  assert.deepEqual(
    w.asked.moved.filter((m) => m.from === c.no),
    [{ from: c.no, to: now!.no }],
  )
  await assert.rejects(
    w.enrollment.setOwnership({ device: c.device, owner: 999_999, actor: 'user:admin' }),
    problem('invalid-request'),
  )
  await w.enrollment.confirmGone({ channel: now!.no, reason: 'left', actor: 'x' })
  await assert.rejects(
    w.enrollment.setOwnership({ device: c.device, ownership: 'cope', actor: 'user:admin' }),
    problem('wrong-state'),
  )
})

test('the table of transitions is the one in the design', () => {
  assert.deepEqual(transitions, {
    created: ['active', 'removed'],
    active: ['disenrolling', 'removed'],
    disenrolling: ['removed'],
    removed: [],
  })
})

// the model ---------------------------------------------------------------------------------------------------------
type Command =
  | 'begin'
  | 'activate'
  | 'disenrol'
  | 'gone'
  | 'block'
  | 'unblock'
  | 'tick'
  | 'late'
  | 'own-byod'
  | 'own-cope'
interface Model {
  state: EnrolmentState
  epoch: number
  blocked: boolean
  ownership: Ownership
  late: boolean
}
const commands: readonly Command[] = [
  'begin',
  'activate',
  'disenrol',
  'gone',
  'block',
  'unblock',
  'tick',
  'late',
  'own-byod',
  'own-cope',
]

/** What the rules say must follow: the next model, or undefined when the command is refused and changes nothing. */
function expected(m: Model, c: Command): Model | undefined {
  const open = m.state !== 'removed'
  if (c === 'begin') return { ...m, state: 'created', epoch: m.epoch + 1, ownership: 'cope', late: false }
  if (c === 'activate')
    return m.state === 'created' ? { ...m, state: 'active', late: false } : m.state === 'active' ? m : undefined
  if (c === 'disenrol') {
    if (m.state === 'created') return { ...m, state: 'removed', late: false }
    if (m.state === 'active') return { ...m, state: 'disenrolling', late: false }
    return open ? m : undefined
  }
  if (c === 'gone') return { ...m, state: 'removed', late: false }
  if (c === 'block' || c === 'unblock') return { ...m, blocked: c === 'block' }
  if (c === 'late') return { ...m, late: m.state === 'created' || m.state === 'disenrolling' }
  if (c === 'tick') return m.late ? { ...m, state: 'removed', late: false } : m
  const ownership = c === 'own-byod' ? 'byod' : 'cope'
  if (m.state !== 'created' && m.state !== 'active') return undefined
  return ownership === m.ownership ? m : { ...m, ownership, epoch: m.epoch + 1 }
}

async function run(c: Command, device: string, serial: string): Promise<void> {
  const actor = 'user:admin'
  const [row] = await w.db.query<{ no: number }>(
    sql`select c.no from channel c join device d on d.no = c.device where d.id = ${device}::uuid order by c.no desc limit 1`,
  )
  const channel = row!.no
  if (c === 'begin') await fresh(serial)
  else if (c === 'activate') await w.enrollment.activate({ channel })
  else if (c === 'disenrol') await w.enrollment.disenrol({ device, actor })
  else if (c === 'gone') await w.enrollment.confirmGone({ channel, reason: 'left', actor })
  else if (c === 'block' || c === 'unblock') await w.enrollment.block({ device, on: c === 'block', actor })
  else if (c === 'tick') await w.enrollment.tick()
  else if (c === 'late') await overdue()
  else await w.enrollment.setOwnership({ device, ownership: c === 'own-byod' ? 'byod' : 'cope', actor })
}

async function actual(device: string): Promise<{
  rows: (Model & { open: boolean })[]
  device: { lifecycle: string; blocked: boolean; ownership: string }
}> {
  const rows = await w.db.query<Model & { open: boolean }>(sql`
    select e.state, e.epoch, e.blocked, e.ownership, coalesce(e.deadline < now(), false) as late, e.state <> 'removed' as open from enrolment e join device d on d.no = e.device where d.id = ${device} order by epoch`)
  const { owner: _, ...row } = await deviceRow(device)
  return { rows, device: row }
}

test('random commands never leave the table of transitions, never open two enrolments, and the epoch grows by one', async () => {
  let n = 0
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...commands), { minLength: 1, maxLength: 14 }), async (sequence) => {
      const serial = `MODEL-${n++}`
      const { device } = await fresh(serial)
      let model: Model = { state: 'created', epoch: 1, blocked: false, ownership: 'cope', late: false }
      for (const command of sequence) {
        const next = expected(model, command)
        if (next) await run(command, device, serial)
        else await assert.rejects(run(command, device, serial), isProblem)
        const now = await actual(device)
        const last = now.rows.at(-1)!
        const wanted = next ?? model
        assert.deepEqual(
          { state: last.state, epoch: last.epoch, ownership: last.ownership, late: last.late },
          { state: wanted.state, epoch: wanted.epoch, ownership: wanted.ownership, late: wanted.late },
          command,
        )
        assert.deepEqual(now.device, { lifecycle: wanted.state, blocked: wanted.blocked, ownership: wanted.ownership })
        assert.deepEqual(
          now.rows.map((r) => r.epoch),
          now.rows.map((_, i) => i + 1),
        )
        assert.ok(now.rows.filter((r) => r.open).length <= 1)
        assert.ok(
          wanted.epoch !== model.epoch ||
            wanted.state === model.state ||
            transitions[model.state].includes(wanted.state),
        )
        model = wanted
      }
    }),
    { numRuns: 40 },
  )
})

test('commands at once on one device leave one open enrolment and unbroken epochs', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(fc.constantFrom(...commands), { minLength: 4, maxLength: 10 }),
      async (salt, sequence) => {
        const serial = `STORM-${salt}-${Math.random()}`
        const { device } = await active(serial)
        const ends = await Promise.allSettled(sequence.map((c) => run(c, device, serial)))
        for (const e of ends) if (e.status === 'rejected') assert.ok(isProblem(e.reason), String(e.reason))
        const now = await actual(device)
        assert.deepEqual(
          now.rows.map((r) => r.epoch),
          now.rows.map((_, i) => i + 1),
        )
        assert.ok(now.rows.filter((r) => r.open).length <= 1)
        assert.ok(now.rows.slice(0, -1).every((r) => !r.open))
        assert.equal(now.device.lifecycle, now.rows.at(-1)!.state)
        const stray = await w.db.query(
          sql`select from channel c join enrolment e on e.no = c.enrolment join device d on d.no = c.device where d.id = ${device} and (c.closed is null) <> (e.state <> 'removed')`,
        )
        assert.equal(stray.length, 0)
      },
    ),
    { numRuns: 15 },
  )
})
