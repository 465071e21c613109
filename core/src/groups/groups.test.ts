/** Groups: made, changed by two at once, filled by hand or by their query as devices change; and targets within a reach. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { isProblem, type ProblemCode } from '@muster/contract'
import sql from 'sql-template-tag'
import type { Reach } from '../access/index.ts'
import { createAudit } from '../audit/index.ts'
import { uuidv7 } from '../db/index.ts'
import { createEvents, type Events } from '../events/index.ts'
import { silentLog, type TestDatabase, testDatabase } from '../testing/index.ts'
import { createGroups, type Groups } from './groups.ts'
import { checkTarget, type Target, targetSql } from './target.ts'

let t: TestDatabase
let events: Events
let groups: Groups
const actor = 'user:admin'
before(async () => {
  t = await testDatabase()
  events = createEvents({ db: t.db, log: silentLog })
  groups = createGroups({
    db: t.db,
    events,
    audit: createAudit({ db: t.db, log: silentLog, signingKey: generateKeyPairSync('ed25519').privateKey }),
    log: silentLog,
  })
  await t.db.query(sql`insert into platform (id, title, installed, descriptors) values ('linux', 'Linux', true, '{}')`)
})
after(async () => {
  await groups.stop()
  await events.close()
  await t.close()
})

const problem = (code: ProblemCode) => (e: unknown) => isProblem(e) && e.code === code
async function device(
  o: { os?: string; owner?: number; lifecycle?: string } = {},
): Promise<{ id: string; no: number }> {
  const id = uuidv7()
  const [row] = await t.db.query<{ no: number }>(sql`
    insert into device (id, platform, ownership, os_name, owner, lifecycle) values (${id}, 'linux', 'cope', ${o.os ?? null}, ${o.owner ?? null}, ${o.lifecycle ?? 'active'}) returning no`)
  return { id, no: row!.no }
}
const members = async (group: string) =>
  (
    await t.db.query<{ device: number }>(
      sql`select device from group_member where group_no = ${Number(group)} order by device`,
    )
  ).map((r) => r.device)
const select = async (target: Target, reach: Reach = { all: true }) =>
  (await t.db.query<{ no: number }>(sql`${targetSql(target, reach)} order by d.no`)).map((r) => r.no)
const debian = { field: 'osName', op: 'eq', value: 'Debian' }

test('a group is made, found, listed by pages, changed and removed', async () => {
  const made = [
    await groups.create({ name: 'Alpha' }, actor),
    await groups.create({ name: 'Beta', description: 'b' }, actor),
    await groups.create({ name: 'Gamma' }, actor),
  ]
  assert.deepEqual(
    { ...made[1], id: '', createdAt: '' },
    { id: '', name: 'Beta', description: 'b', query: null, devices: 0, revision: 1, createdAt: '' },
  )
  const first = await groups.list({ limit: 2 })
  const rest = await groups.list({ limit: 2, cursor: first.next })
  assert.deepEqual(
    [...first.items, ...rest.items].map((g) => g.name),
    ['Alpha', 'Beta', 'Gamma'],
  )
  assert.deepEqual(
    (await groups.list({ limit: 5, q: 'ETA' })).items.map((g) => g.name),
    ['Beta'],
  )
  await assert.rejects(groups.create({ name: 'Alpha' }, actor), problem('already-exists'))
  await assert.rejects(groups.update(made[1]!.id, 1, { name: 'Alpha' }, actor), problem('already-exists'))
  for (const name of ['', ' a', 'a\0', 'x'.repeat(121)])
    await assert.rejects(groups.create({ name }, actor), problem('invalid-request'))
  await assert.rejects(groups.create({ name: 'Bad', query: { field: 'x' } }, actor), problem('invalid-query'))
  for (const id of ['0', 'x', '99999']) await assert.rejects(groups.get(id), problem('not-found'))
  await groups.remove(made[2]!.id, actor)
  await assert.rejects(groups.get(made[2]!.id), problem('not-found'))
  const audited = await t.db.query<{ act: string }>(
    sql`select act from audit where subject = ${`group:${made[2]!.id}`} order by no`,
  )
  assert.deepEqual(
    audited.map((a) => a.act),
    ['group.create', 'group.remove'],
  )
})

test('two administrators save at once: one wins, the other is told, nothing is overwritten', async () => {
  const g = await groups.create({ name: 'Raced' }, actor)
  const ends = await Promise.allSettled(
    ['one', 'two', 'three'].map((description) => groups.update(g.id, 1, { description }, actor)),
  )
  assert.equal(ends.filter((e) => e.status === 'fulfilled').length, 1)
  for (const e of ends) if (e.status === 'rejected') assert.ok(problem('revision-mismatch')(e.reason))
  assert.equal((await groups.get(g.id)).revision, 2)
})

test('a static group holds whom it is given', async () => {
  const [a, b, gone] = [await device(), await device(), await device({ lifecycle: 'removed' })]
  const g = await groups.create({ name: 'Static' }, actor)
  assert.deepEqual(await groups.change(g.id, { add: [a.id, b.id, gone.id, a.id], actor }), { added: 3, removed: 0 })
  assert.deepEqual(await groups.change(g.id, { add: [a.id], actor }), { added: 0, removed: 0 })
  assert.deepEqual(await groups.change(g.id, { add: [b.id], remove: [b.id], actor }), { added: 0, removed: 1 })
  assert.deepEqual(await members(g.id), [a.no, gone.no])
  assert.equal((await groups.get(g.id)).devices, 1)
  for (const id of ['x', uuidv7()])
    await assert.rejects(groups.change(g.id, { add: [a.id, id], actor }), problem('invalid-target'))
  const nobody: Reach = { all: false, groups: [] }
  await assert.rejects(groups.change(g.id, { add: [b.id], reach: nobody, actor }), problem('invalid-target'))
  assert.equal(await groups.refresh(), 0)
})

test('a dynamic group has its members at once, and follows its devices and its query', async () => {
  const [a, b] = [await device({ os: 'Debian' }), await device({ os: 'Fedora' })]
  await device({ os: 'Debian', lifecycle: 'removed' })
  const g = await groups.create({ name: 'Debians', query: debian }, actor)
  assert.deepEqual(await members(g.id), [a.no])
  await assert.rejects(groups.change(g.id, { add: [b.id], actor }), problem('wrong-state'))
  await groups.start()
  const heard = Promise.withResolvers<void>()
  const follower = events.follow({}, (batch) => {
    for (const e of batch)
      if (e.type === 'device.changed' && e.data.device === b.id && e.data.what.includes('groups')) heard.resolve()
  })
  await follower.ready
  await t.db.tx(async (tx) => {
    await tx.query(sql`update device set os_name = 'Debian' where no = ${b.no}`)
    await events.emit(tx, 'device.reported', { devices: [b.id] })
  })
  await heard.promise
  await follower.stop()
  assert.deepEqual(await members(g.id), [a.no, b.no])
  const updated = await groups.update(g.id, 1, { query: { not: debian } }, actor)
  assert.ok(updated.devices > 0 && !(await members(g.id)).some((m) => m === a.no || m === b.no))
  const fixed = await groups.update(g.id, 2, { query: null }, actor)
  assert.deepEqual([fixed.query, fixed.devices], [null, updated.devices])
  await groups.stop()
})

test('evaluating again changes nothing when nothing changed, and mends what is wrong', async () => {
  const a = await device({ os: 'Arch' })
  const g = await groups.create({ name: 'Arches', query: { field: 'osName', op: 'eq', value: 'Arch' } }, actor)
  const told = async () => (await t.db.query<{ n: number }>(sql`select count(*) as n from outbox`))[0]!.n
  const before = await told()
  assert.equal(await groups.refresh(), 0)
  assert.equal(await told(), before)
  const stranger = await device({ os: 'Other' })
  await t.db.query(sql`delete from group_member where device = ${a.no}`)
  await t.db.query(sql`insert into group_member (group_no, device) values (${Number(g.id)}, ${stranger.no})`)
  assert.equal(await groups.refresh({ devices: [stranger.id] }), 1)
  assert.deepEqual(await members(g.id), [])
  assert.equal(await groups.refresh({ groups: [Number(g.id)] }), 1)
  assert.deepEqual(await members(g.id), [a.no])
})

test('a group that a role is held for cannot be removed', async () => {
  const g = await groups.create({ name: 'Scoped' }, actor)
  await t.db.query(sql`
    with u as (insert into app_user (name) values ('scoped') returning no), r as (insert into role (name, permissions) values ('scoped', '{}') returning no)
    insert into user_role (user_no, role_no, group_no) select u.no, r.no, ${Number(g.id)} from u, r`)
  await assert.rejects(groups.remove(g.id, actor), problem('in-use'))
})

test('a target selects active devices within the reach', async () => {
  const [user] = await t.db.query<{ no: number }>(sql`insert into app_user (name) values ('owner') returning no`)
  const [role] = await t.db.query<{ no: number }>(
    sql`insert into role (name, permissions) values ('owners', '{}') returning no`,
  )
  await t.db.query(sql`insert into user_role (user_no, role_no) values (${user!.no}, ${role!.no})`)
  const mine = await device({ os: 'Target', owner: user!.no })
  const other = await device({ os: 'Target' })
  const created = await device({ os: 'Target', owner: user!.no, lifecycle: 'created' })
  const g = await groups.create({ name: 'Targets', query: { field: 'osName', op: 'eq', value: 'Target' } }, actor)
  const both = [mine.no, other.no]
  assert.deepEqual(await select({ groups: [g.id] }), both)
  assert.deepEqual(await select({ query: { field: 'osName', op: 'eq', value: 'Target' } }), both)
  assert.deepEqual(await select({ devices: [mine.id, other.id, created.id] }), both)
  assert.deepEqual(await select({ users: [String(user!.no)] }), [mine.no])
  assert.deepEqual(await select({ roles: [String(role!.no)] }), [mine.no])
  const own: Reach = { all: false, groups: [], owner: user!.no }
  assert.deepEqual(await select({ all: true }, own), [mine.no])
  assert.deepEqual(await select({ groups: [g.id] }, { all: false, groups: [Number(g.id)] }), both)
  assert.deepEqual(await select({ all: true }, { all: false, groups: [] }), [])
  assert.equal(await groups.preview({ field: 'osName', op: 'eq', value: 'Target' }, own), 2)
  assert.deepEqual(await checkTarget(t.db, { devices: [mine.id] }, own), { devices: [mine.id] })
  await assert.rejects(checkTarget(t.db, { devices: [other.id] }, own), problem('invalid-target'))
})

test('a target that names nobody known, or nothing at all, is refused', async () => {
  const named = async (target: unknown) => {
    try {
      await checkTarget(t.db, target)
    } catch (e) {
      return isProblem(e) ? [e.code, e.extra.unknown] : e
    }
    return 'accepted'
  }
  const ghost = uuidv7()
  assert.deepEqual(await named({ devices: [ghost, 'x'] }), ['invalid-target', [ghost, 'x']])
  for (const kind of ['groups', 'users', 'roles'])
    assert.deepEqual(await named({ [kind]: ['999999', 'x', '-1'] }), ['invalid-target', ['999999', 'x', '-1']])
  for (const bad of [
    null,
    {},
    [],
    { all: false },
    { devices: [] },
    { devices: 'x' },
    { all: true, devices: [ghost] },
    { some: 1 },
    { devices: ['a\0'] },
  ])
    assert.deepEqual(await named(bad), ['invalid-request', undefined])
  assert.deepEqual(await named({ query: { field: 'x' } }), ['invalid-query', undefined])
  assert.equal(await named({ all: true }), 'accepted')
})
