/** Permissions and reach: what a pattern holds, what a role for some devices may give, and that reach in SQL is reach in words. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isProblem } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { type TestDatabase, testDatabase } from '../testing/index.ts'
import {
  corePermissions,
  covers,
  demandAll,
  everywhere,
  type Grant,
  grantOf,
  may,
  narrowed,
  type Principal,
  type Reach,
  reachFor,
  reachSql,
  together,
} from './permissions.ts'

let t: TestDatabase
before(async () => {
  t = await testDatabase()
})
after(() => t.close())

const user = (...grants: Grant[]): Principal => ({
  kind: 'user',
  id: '1',
  name: 'u',
  actor: 'user:u',
  user: 1,
  grants,
  ...together(grants),
})
const role = (permissions: string[], group: number | null = null, own = false) =>
  grantOf({ permissions, own, group }, 1)

test('a pattern holds what it begins with', () => {
  assert.ok(
    covers('*', 'device:read') &&
      covers('device:*', 'device:read') &&
      covers('device:*', 'device:*') &&
      covers('operation:device.*', 'operation:device.lock') &&
      covers('a:b', 'a:b'),
  )
  assert.ok(
    !covers('device:*', '*') &&
      !covers('device:*', 'devices:read') &&
      !covers('device:read', 'device:*') &&
      !covers('a:b', 'a:bc'),
  )
})

test('scopes narrow permissions and never widen them', () => {
  const p: Principal = {
    kind: 'client',
    id: 'c',
    name: 'c',
    actor: 'client:c',
    permissions: ['device:*'],
    scopes: ['device:read', 'user:write'],
    reach: everywhere,
  }
  assert.ok(may(p, 'device:read'))
  assert.ok(!may(p, 'device:write') && !may(p, 'user:write'))
  assert.ok(!may({ ...p, scopes: [] }, 'device:read'))
})

test('a role held for one group gives nothing that reaches everyone', () => {
  const p = user(role(['*'], 7))
  for (const open of ['device:write', 'operation:device.wipe', 'activity:read', 'policy:read'])
    assert.ok(may(p, open), open)
  for (const shut of [
    'user:write',
    'role:write',
    'client:write',
    'policy:write',
    'policy:publish',
    'configuration:write',
    'invitation:write',
    'audit:read',
    'group:write',
    '*',
  ])
    assert.ok(!may(p, shut), shut)
  assert.throws(
    () => demandAll(p, ['device:read']),
    (e) => isProblem(e) && e.code === 'forbidden',
  )
})

test('each permission reaches only as far as the roles that give it', () => {
  const p = user(
    role(['device:read']),
    role(['operation:device.lock', 'device:read'], 7),
    role(['device:read', 'operation:device.message'], null, true),
  )
  assert.deepEqual(reachFor(p, 'device:read'), { all: true })
  assert.deepEqual(reachFor(p, 'operation:device.lock'), { all: false, groups: [7] })
  assert.deepEqual(reachFor(p, 'operation:device.message'), { all: false, groups: [], owner: 1 })
  assert.deepEqual(reachFor(p, 'user:read'), { all: false, groups: [] })
  assert.deepEqual(p.reach, { all: false, groups: [] }, 'what is not asked by permission is the part that all share')
  assert.deepEqual(narrowed(p, 'operation:device.lock').reach, { all: false, groups: [7] })
})

test('demandAll wants each permission everywhere', () => {
  demandAll(user(role(['*'])), ['*', 'user:write'])
  for (const p of [user(role(['user:*'])), user(role(['device:read'], 3)), user()])
    assert.throws(
      () => demandAll(p, ['device:read']),
      (e) => isProblem(e) && e.code === 'forbidden',
    )
})

const pattern = fc.oneof(
  fc.constantFrom('*', 'device:*', 'operation:*', 'user:*', 'operation:device.*'),
  fc.constantFrom(...corePermissions, 'operation:device.lock'),
)
const grants = fc.array(
  fc
    .record({
      permissions: fc.array(pattern, { maxLength: 4 }),
      own: fc.boolean(),
      group: fc.option(fc.integer({ min: 1, max: 4 })),
    })
    .map((r) => grantOf(r, 1)),
  { maxLength: 4 },
)

test("more roles never take anything away, and the common reach is within each permission's", () => {
  const within = (a: Reach, b: Reach) =>
    b.all || (!a.all && a.groups.every((g) => b.groups.includes(g)) && (a.owner === undefined || a.owner === b.owner))
  fc.assert(
    fc.property(grants, grants, fc.constantFrom(...corePermissions, 'operation:device.lock'), (a, b, permission) => {
      const less = user(...a)
      const more = user(...a, ...b)
      if (may(less, permission)) {
        assert.ok(may(more, permission))
        assert.ok(within(reachFor(less, permission), reachFor(more, permission)))
        assert.ok(within(less.reach, reachFor(less, permission)))
      }
    }),
  )
})

test('reach in SQL picks the devices that reach in words names', async () => {
  await t.db.query(sql`insert into platform (id, title, installed, descriptors) values ('toy', 'Toy', true, '{}')`)
  await t.db.query({ text: `insert into app_user (name) select 'u' || i from generate_series(1, 3) i` })
  await t.db.query({ text: `insert into device_group (name) select 'g' || i from generate_series(1, 3) i` })
  await t.db.query({
    text: `insert into device (id, platform, ownership, owner) select gen_random_uuid(), 'toy', 'cope', nullif(i % 4, 0) from generate_series(1, 24) i`,
  })
  await t.db.query({
    text: 'insert into group_member (group_no, device) select g.no, d.no from device_group g, device d where d.no % (g.no + 1) = 0',
  })
  const devices = await t.db.query<{ no: number; owner: number | null; groups: number[] }>({
    text: 'select no, owner, array(select group_no::int from group_member m where m.device = d.no) groups from device d order by no',
  })
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: 4 })),
      fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      fc.boolean(),
      async (groups, owner, all) => {
        const reach: Reach = all ? { all } : { all, groups, ...(owner === undefined ? {} : { owner }) }
        const expected = devices
          .filter((d) => all || d.groups.some((g) => groups.includes(g)) || (owner !== undefined && d.owner === owner))
          .map((d) => d.no)
        assert.deepEqual(
          (await t.db.query<{ no: number }>(sql`select d.no from device d where ${reachSql(reach)} order by 1`)).map(
            (r) => r.no,
          ),
          expected,
        )
        assert.deepEqual(
          (
            await t.db.query<{ no: number }>(sql`select no from device where ${reachSql(reach, 'device')} order by 1`)
          ).map((r) => r.no),
          expected,
        )
      },
    ),
    { numRuns: 40 },
  )
})
