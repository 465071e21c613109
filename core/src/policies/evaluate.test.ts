import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { formFactors, ownerships } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import type { Assignment } from './model.ts'
import { openWorld, type TestDevice, type World } from './testing.ts'

let w: World
before(async () => {
  w = await openWorld()
})
after(() => w.close())
beforeEach(async () => {
  await w.db.query(
    sql`delete from policy; truncate channel_set, feature_state, unmatched; update device set lifecycle = 'removed'`,
  )
})

const banner = (text: string) => [{ feature: 'toy.banner', settings: { text } }]
const stamps = () =>
  w.db.query(sql`select channel, xmin::text, ctid::text, xmax::text from channel_set order by channel`)
const evaluate = (scope: Parameters<World['policies']['evaluateScope']>[1]) =>
  w.tx((tx) => w.policies.evaluateScope(tx, scope))
async function textOf(d: TestDevice): Promise<string | undefined> {
  return (await w.policies.effective(d.no)).features.find((f) => f.feature === 'toy.banner')?.settings.text as
    | string
    | undefined
}

test('publishing costs the same statements for a thousand devices as for ten, and an unchanged fleet is not written', async () => {
  const costs: number[] = []
  for (const [i, n] of [10, 1000].entries()) {
    await w.db.query(sql`update device set lifecycle = 'removed'`)
    await w.devices(n)
    const made = await w.policies.create(
      { name: `cost ${i}`, platform: 'toy', features: banner(`cost ${i}`) },
      'user:test',
    )
    costs.push(
      await w.statements(async () =>
        assert.deepEqual(await w.policies.publish(Number(made.id), 'user:test'), {
          id: made.id,
          version: 1,
          devices: n,
        }),
      ),
    )
    await w.policies.deactivate(Number(made.id), 'user:test')
  }
  assert.equal(costs[1], costs[0])
  assert.ok((costs[1] ?? 99) <= 25, String(costs))
  const before = await stamps()
  assert.ok(before.length >= 1000)
  assert.deepEqual(await evaluate({ platform: 'toy' }), [])
  assert.deepEqual(await stamps(), before, 'not even locked')
  const [o] = await w.db.query<{ n: number }>(sql`select count(*) as n from outbox`)
  await evaluate({ platform: 'toy' })
  assert.equal((await w.db.query<{ n: number }>(sql`select count(*) as n from outbox`))[0]?.n, o?.n)
})

test('a batch of turns costs the same statements for three hundred channels as for three', async () => {
  const devices = await w.devices(300)
  await w.policy('batch', banner('Hello'))
  const details = await Promise.all(devices.map((d) => w.detail(d)))
  const facts = { 'toy.banner': { text: 'Hello' } }
  const { tx, policies } = w
  const batch = async (some: typeof details) => {
    let got: Awaited<ReturnType<typeof policies.take>> = []
    const take = await w.statements(async () => {
      got = await tx((t) => policies.take(t, wanting(some)))
    })
    assert.equal(got.length, some.length)
    const said = got.map((x) => ({ channel: x.channel, id: x.id, outcome: { state: 'completed' as const } }))
    const settle = await w.statements(() => tx((t) => policies.settle(t, said)))
    const reports = some.map((channel) => ({ channel, facts }))
    return [take, settle, await w.statements(() => tx((t) => policies.verdicts(t, reports)))]
  }
  const wanting = (some: typeof details) => some.map((channel) => ({ channel, take: 5 }))
  const [take = 0, ...rest] = await batch(details.slice(0, 3))
  // The first batch also reads the set once.
  assert.deepEqual(await batch(details.slice(3)), [take - 1, ...rest])
  const nothing = await w.statements(() => tx((t) => policies.take(t, wanting(details))))
  assert.equal(nothing, 3, 'BEGIN, one look, COMMIT')
  assert.equal((await w.db.query(sql`select from feature_state where state = 'verified'`)).length, 300)
})

test('the first policy wins, order can change, and an equal version asks nothing of devices', async () => {
  const [d] = (await w.devices(1)) as [TestDevice]
  const a = await w.policy('a', banner('A'))
  const b = await w.policy('b', banner('B'))
  assert.equal(await textOf(d), 'A')
  await w.policies.reorder('toy', [b, a], 'user:test')
  assert.equal(await textOf(d), 'B')
  for (const x of await w.take(d)) await w.say(d, x.id, { state: 'completed' })
  assert.deepEqual(await w.policies.waitingChannels(), [])
  await w.policies.rollback(b, 1, 'user:test')
  const view = await w.policies.effective(d.no)
  assert.deepEqual(
    [view.features[0]?.policy.version, view.applied, view.features[0]?.state],
    [2, view.desired, 'acknowledged'],
  )
  assert.deepEqual(await w.policies.waitingChannels(), [])
  await w.policies.deactivate(b, 'user:test')
  assert.equal(await textOf(d), 'A')
  assert.deepEqual(await w.policies.waitingChannels(), [d.channel])
})

test('what was interrupted is not mistaken for applied when the policy goes back', async () => {
  const [d] = (await w.devices(1)) as [TestDevice]
  await w.policy('a', banner('A'))
  for (const x of await w.take(d)) await w.say(d, x.id, { state: 'completed' })
  const b = await w.policies.create({ name: 'b', platform: 'toy', priority: 1, features: banner('B') }, 'user:test')
  await w.policies.publish(Number(b.id), 'user:test')
  assert.equal((await w.take(d)).length, 1)
  await w.policies.deactivate(Number(b.id), 'user:test')
  const [back] = await w.take(d)
  assert.deepEqual(back?.kind === 'setting' && back.settings, { text: 'A' })
})

test('devices that no policy ever reached have no row', async () => {
  await w.devices(5)
  await evaluate({ platform: 'toy' })
  assert.deepEqual(await stamps(), [])
})

test('events name what changed: channels that wait, devices whose settings differ', async () => {
  const devices = await w.devices(3)
  const [from] = await w.db.query<{ no: number }>(sql`select coalesce(max(no), 0) as no from outbox`)
  await w.policy('events', banner('Hello'))
  const events = await w.db.query<{ type: string; data: Record<string, unknown> }>(
    sql`select type, data from outbox where no > ${from?.no} and type in ('channels.waiting', 'settings.changed') order by type`,
  )
  assert.deepEqual(
    events.map((e) => [e.type, e.data.channels ?? [...(e.data.devices as string[])].sort()]),
    [
      ['channels.waiting', devices.map((d) => d.channel)],
      ['settings.changed', devices.map((d) => d.id).sort()],
    ],
  )
})

test('an assignment reaches exactly the devices that match all that is set', async () => {
  const users = [await w.user('u1'), await w.user('u2'), await w.user('u3')]
  const roles = (
    await w.db.query<{ no: number }>(
      sql`insert into role (name, permissions) values ('r1', '{}'), ('r2', '{}') returning no`,
    )
  ).map((r) => r.no)
  await w.db.query(
    sql`insert into user_role (user_no, role_no) values (${users[0]}, ${roles[0]}), (${users[1]}, ${roles[0]}), (${users[1]}, ${roles[1]})`,
  )
  const groups = (
    await w.db.query<{ no: number }>(sql`insert into device_group (name) values ('g1'), ('g2') returning no`)
  ).map((r) => r.no)
  const rolesOf = [[roles[0]], [roles[0], roles[1]], []]
  const fleet: { d: TestDevice; owner: number | undefined; ownership: string; formFactor: string; groups: number[] }[] =
    []
  for (let i = 0; i < 36; i++) {
    const o = {
      owner: [...users, undefined][i % 4],
      ownership: ownerships[i % 3] ?? 'byod',
      formFactor: ['phone', 'server', 'laptop'][Math.floor(i / 4) % 3] ?? 'other',
    }
    const [d] = (await w.devices(1, o)) as [TestDevice]
    const mine = groups.filter((_, g) => (i + g) % 3 === 0 && i % 5 !== 0)
    for (const g of mine) await w.db.query(sql`insert into group_member (group_no, device) values (${g}, ${d.no})`)
    fleet.push({ d, ...o, owner: o.owner, groups: mine })
  }
  await w.devices(3, { platform: 'cloud' })
  const some = <T>(of: readonly T[]) => fc.option(fc.subarray([...of], { minLength: 0 }), { nil: undefined })
  const ids = (of: readonly number[]) => some(of.map(String))
  const assignment: fc.Arbitrary<Assignment> = fc.record({
    roles: ids(roles),
    users: ids(users),
    groups: ids(groups),
    ownership: some(ownerships.slice(0, 3)),
    deviceTypes: some(['toy.portable']),
    formFactors: some(formFactors.slice(0, 4)),
  })
  const within = <T>(list: readonly T[] | undefined, has: (t: T) => boolean) => !list?.length || list.some(has)
  const no = await w.policy('assigned', banner('Hello'))
  await fc.assert(
    fc.asyncProperty(assignment, async (a) => {
      await w.db.query(sql`truncate channel_set`)
      await w.db.query(sql`update policy_version set assignment = ${JSON.stringify(a)}::jsonb where policy = ${no}`)
      const expected = fleet.filter((f) => {
        const own = f.owner === undefined ? -1 : users.indexOf(f.owner)
        return (
          within(a.users, (u) => Number(u) === f.owner) &&
          within(a.roles, (r) => (rolesOf[own] ?? []).includes(Number(r))) &&
          within(a.groups, (g) => f.groups.includes(Number(g))) &&
          within(a.ownership, (o) => o === f.ownership) &&
          within(a.deviceTypes, () => ['phone', 'laptop'].includes(f.formFactor)) &&
          within(a.formFactors, (x) => x === f.formFactor)
        )
      })
      assert.deepEqual(
        await evaluate({ platform: 'toy' }),
        expected.map((f) => f.d.channel),
      )
      await w.db.query(sql`truncate channel_set`)
      assert.deepEqual(
        await evaluate({ devices: fleet.map((f) => f.d.no) }),
        expected.map((f) => f.d.channel),
      )
    }),
    { numRuns: 40 },
  )
})

test('a change of a device and a change of a policy at the same time end as if one came after the other', async () => {
  const [before, after] = [await w.user('before'), await w.user('after')]
  const [other] = (await w.devices(1)) as [TestDevice]
  for (let round = 0; round < 8; round++) {
    const [d] = (await w.devices(1, { owner: before })) as [TestDevice]
    const made = await w.policies.create(
      {
        name: `race ${round}`,
        platform: 'toy',
        priority: 1,
        assignment: { users: [String(after)] },
        features: banner(`race ${round}`),
      },
      'user:test',
    )
    const move = () =>
      w.tx(async (tx) => {
        await tx.query(sql`update device set owner = ${after} where no = ${d.no}`)
        await w.policies.evaluateScope(tx, { devices: [d.no] })
      })
    await Promise.all(
      round % 2
        ? [move(), w.policies.publish(Number(made.id), 'user:test')]
        : [w.policies.publish(Number(made.id), 'user:test'), move()],
    )
    assert.equal(await textOf(d), `race ${round}`)
  }
  assert.equal(await textOf(other), undefined)
})

test('the follower evaluates devices that enrol, owners whose roles change, and groups that moved', async () => {
  const owner = await w.user('followed')
  const [role] = await w.db.query<{ no: number }>(
    sql`insert into role (name, permissions) values ('followed', '{}') returning no`,
  )
  const [group] = await w.db.query<{ no: number }>(
    sql`insert into device_group (name) values ('followed') returning no`,
  )
  await w.policy('by role', banner('role'), { assignment: { roles: [String(role?.no)] } })
  await w.policy('by group', [{ feature: 'toy.motd', settings: { text: 'group' } }], {
    assignment: { groups: [String(group?.no)] },
  })
  const [owned, grouped] = [...(await w.devices(1, { owner })), ...(await w.devices(1))] as [TestDevice, TestDevice]
  const follower = w.policies.follow()
  await follower.ready
  const until = async (d: TestDevice, feature: string) => {
    for (let i = 0; i < 1_000; i++) {
      if ((await w.policies.effective(d.no)).features.some((f) => f.feature === feature)) return
      await new Promise((r) => setTimeout(r, 25))
    }
    assert.fail(`${feature} never came`)
  }
  await w.tx(async (tx) => {
    await tx.query(sql`insert into user_role (user_no, role_no) values (${owner}, ${role?.no})`)
    await tx.query(
      sql`insert into outbox (type, data) values ('user.changed', ${JSON.stringify({ user: owner, what: 'roles' })}::jsonb)`,
    )
  })
  await until(owned, 'toy.banner')
  await w.tx(async (tx) => {
    await tx.query(sql`insert into group_member (group_no, device) values (${group?.no}, ${grouped.no})`)
    await tx.query(
      sql`insert into outbox (type, data) values ('group.changed', ${JSON.stringify({ group: group?.no })}::jsonb)`,
    )
  })
  await until(grouped, 'toy.motd')
  await follower.stop()
})
