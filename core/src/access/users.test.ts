/** Users, roles and sessions: nobody raises themselves, somebody always stays administrator, and an end is an end at once. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { hashPassword, verifyPassword } from './password.ts'
import { system } from './permissions.ts'
import { openWorld, password, problem, type World } from './world.ts'

let w: World
before(async () => {
  w = await openWorld()
})
after(() => w.close())

test('a password is kept as argon2id, salted, and verified', async () => {
  const [a, b] = [await hashPassword('pässword one'), await hashPassword('pässword one')]
  assert.match(a, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  assert.notEqual(a, b)
  assert.ok(await verifyPassword('pa\u0308ssword one', a), 'the same letters in another normal form')
  assert.ok(!(await verifyPassword('pässword two', a)))
  assert.ok(!(await verifyPassword('x', 'not a hash')))
})

test('weak passwords and odd names are refused by field', async () => {
  for (const bad of ['short', 'a'.repeat(9), 'a'.repeat(257), 'nul\0nul\0nul'])
    await assert.rejects(
      w.access.users.create({ name: 'weak', password: bad }, system),
      problem('invalid-request'),
      bad,
    )
  await assert.rejects(
    w.access.users.create({ name: 'same-as-name', password: 'Same-As-Name' }, system),
    problem('invalid-request'),
  )
  for (const name of ['', ' x', 'a b', 'x'.repeat(200), '-dash', 'nul\0'])
    await assert.rejects(w.access.users.create({ name }, system), problem('invalid-request'), name)
  await w.access.users.create({ name: 'Twice' }, system)
  await assert.rejects(w.access.users.create({ name: 'tWICE' }, system), problem('already-exists'))
})

test('users are made, found, listed in pages, changed by revision and removed, each act audited', async () => {
  const before = (await w.acts()).length
  const made = await w.access.users.create({ name: 'cara', displayName: 'Cara', email: 'cara@example.org' }, system)
  assert.equal((await w.access.users.byName('CARA'))?.id, made.id)
  assert.equal(await w.access.users.byName('nobody'), undefined)
  const changed = await w.access.users.update(made.id, 1, { displayName: 'Cara C.', email: null }, system)
  assert.deepEqual([changed.displayName, changed.email, changed.revision], ['Cara C.', null, 2])
  await assert.rejects(w.access.users.update(made.id, 1, { displayName: 'lost' }, system), problem('revision-mismatch'))
  for (let i = 0; i < 5; i++) await w.access.users.create({ name: `page${i}` }, system)
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const page = await w.access.users.list({ limit: 2, q: 'page', ...(cursor ? { cursor } : {}) })
    seen.push(...page.items.map((u) => u.name))
    cursor = page.next
  } while (cursor)
  assert.deepEqual(seen, ['page0', 'page1', 'page2', 'page3', 'page4'])
  assert.deepEqual((await w.access.users.list({ q: '%_' })).items, [])
  await assert.rejects(w.access.users.list({ cursor: 'nonsense' }), problem('invalid-cursor'))
  await w.access.users.remove(made.id, system)
  for (const id of [made.id, '0', 'abc', '9'.repeat(30)])
    await assert.rejects(w.access.users.get(id), problem('not-found'), id)
  assert.deepEqual((await w.acts()).slice(before), [
    'user.create',
    'user.update',
    ...Array(5).fill('user.create'),
    'user.remove',
  ])
})

test('nobody gives, takes or resets what they do not hold', async () => {
  const { users, roles, clients } = w.access
  const helpdesk = await roles.create(
    { name: 'helpdesk', permissions: ['user:read', 'user:write', 'role:write', 'client:write', 'device:read'] },
    system,
  )
  const helper = await w.user('helper', ['helpdesk'])
  const admin = await w.user('root-admin', ['administrator'])
  const by = helper.principal
  const administrator = await w.role('administrator')
  const mine = [{ role: helpdesk.id }]
  const plain = await users.create({ name: 'plain', password, roles: mine }, by)
  const refused: [string, () => Promise<unknown>][] = [
    [
      'create an administrator',
      () => users.create({ name: 'evil', roles: [{ role: helpdesk.id }, { role: administrator }] }, by),
    ],
    ['raise self', () => users.assign(helper.id, [{ role: administrator }], by)],
    ['reset a password', () => users.setPassword(admin.id, 'another password', by)],
    ['disable', () => users.disable(admin.id, true, by)],
    ['remove', () => users.remove(admin.id, by)],
    ['take roles', () => users.assign(admin.id, [], by)],
    ['make a wider role', () => roles.create({ name: 'wide', permissions: ['device:*'] }, by)],
    ['widen own role', () => roles.update(helpdesk.id, 1, { name: 'helpdesk', permissions: ['*'] }, by)],
    ['make a wider client', () => clients.create({ name: 'wide', scopes: ['device:write'] }, by)],
  ]
  for (const [what, act] of refused) await assert.rejects(act(), problem('forbidden'), what)
  assert.equal(await users.byName('evil'), undefined)
  await users.setPassword(plain.id, 'another password', by)
  await users.remove(plain.id, by)
  const group = await w.db.query<{ no: number }>(sql`insert into device_group (name) values ('g') returning no`)
  await users.assign(helper.id, [{ role: helpdesk.id, group: String(group[0]!.no) }], system)
  const limited = await w.access.principalOfSession(helper.session)
  await assert.rejects(users.create({ name: 'evil', roles: mine }, limited!), problem('forbidden'))
})

test('built-in roles are not edited, roles in use not removed, revisions compared', async () => {
  const { roles } = w.access
  await assert.rejects(
    roles.update(await w.role('viewer'), 1, { name: 'viewer', permissions: ['*'] }, system),
    problem('wrong-state'),
  )
  await assert.rejects(roles.remove(await w.role('administrator'), system), problem('wrong-state'))
  const made = await roles.create({ name: 'temp', title: 'Temp', permissions: ['device:read', 'device:read'] }, system)
  assert.deepEqual(made.permissions, ['device:read'])
  for (const bad of ['', 'device', 'device:', '*:read', 'device:*x', 'De:read', 'a:b c'])
    await assert.rejects(roles.create({ name: 'bad', permissions: [bad] }, system), problem('invalid-request'), bad)
  await assert.rejects(roles.create({ name: 'temp', permissions: [] }, system), problem('already-exists'))
  await w.access.users.create({ name: 'temp-user', roles: [{ role: made.id }] }, system)
  await assert.rejects(roles.remove(made.id, system), problem('in-use'))
  await assert.rejects(
    roles.update(made.id, 9, { name: 'temp', permissions: [] }, system),
    problem('revision-mismatch'),
  )
  assert.equal((await roles.update(made.id, 1, { name: 'temp', permissions: ['group:read'] }, system)).revision, 2)
  const count = (await w.acts()).length
  await w.access.ensureBuiltinRoles((await roles.get(await w.role('viewer'))).permissions)
  await w.access.ensureBuiltinRoles((await roles.get(await w.role('viewer'))).permissions)
  assert.ok((await w.acts()).length - count <= 2, 'a second start changes nothing')
})

test('the last active administrator stays, also when two go at once', async () => {
  const own = await openWorld()
  try {
    const { users } = own.access
    const [a, b] = [await own.user('a', ['administrator']), await own.user('b', ['administrator'])]
    const results = await Promise.allSettled([users.remove(a.id, system), users.disable(b.id, true, system)])
    assert.equal(results.filter((r) => r.status === 'fulfilled').length, 1)
    assert.ok(results.some((r) => r.status === 'rejected' && problem('last-administrator')(r.reason)))
    const left = (await users.byName('a')) ?? (await users.byName('b'))
    const ends = [
      () => users.remove(left!.id, system),
      () => users.disable(left!.id, true, system),
      () => users.assign(left!.id, [], system),
      () => users.update(left!.id, left!.revision, { disabled: true }, system),
    ]
    for (const end of ends) await assert.rejects(end(), problem('last-administrator'))
    await users.create({ name: 'no-password', roles: [{ role: await own.role('administrator') }] }, system)
    await assert.rejects(
      users.remove(left!.id, system),
      problem('last-administrator'),
      'who cannot sign in does not count',
    )
  } finally {
    await own.close()
  }
})

test('random administration never leaves the house without a key', async () => {
  const own = await openWorld()
  try {
    const { users } = own.access
    const admin = await own.role('administrator')
    const viewer = await own.role('viewer')
    const people = await Promise.all(['p0', 'p1', 'p2'].map((n) => own.user(n, ['administrator'])))
    const step = fc.record({
      who: fc.integer({ min: 0, max: 2 }),
      act: fc.constantFrom('disable', 'enable', 'demote', 'promote'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        await Promise.all(
          steps.map(async ({ who, act }) => {
            const id = people[who]!.id
            const doing =
              act === 'disable' || act === 'enable'
                ? users.disable(id, act === 'disable', system)
                : users.assign(id, [{ role: act === 'demote' ? viewer : admin }], system)
            await doing.catch((e: unknown) => assert.ok(problem('last-administrator')(e), String(e)))
          }),
        )
        const [row] = await own.db.query<{ n: number }>(
          sql`select count(*)::int n from user_role ur join app_user u on u.no = ur.user_no where ur.role_no = ${Number(admin)} and not u.disabled`,
        )
        assert.ok(row!.n >= 1)
      }),
      { numRuns: 15 },
    )
  } finally {
    await own.close()
  }
})

test('signing in: right, wrong, unknown, disabled, too often; attempts in parallel are all counted', async () => {
  const u = await w.user('sam', ['viewer'])
  const from = (remote: string, pass = password, name = 'sam') => w.access.signIn(name, pass, remote)
  assert.equal((await from('192.0.2.7', password, 'SAM')).user.id, u.id)
  for (const [name, pass] of [
    ['sam', 'wrong password'],
    ['nobody', password],
    ['sam\0', password],
    ['', ''],
  ] as const)
    await assert.rejects(from('192.0.2.8', pass, name), problem('wrong-credentials'), name)
  const results = await Promise.allSettled(Array.from({ length: 25 }, () => from('192.0.2.9', 'wrong password')))
  const codes = results.map((r) => (r.status === 'rejected' && problem('throttled')(r.reason) ? 'throttled' : 'tried'))
  assert.equal(codes.filter((c) => c === 'tried').length, 10)
  await assert.rejects(from('192.0.2.9'), problem('throttled'), 'even the right password waits')
  assert.ok(await from('192.0.2.10'), 'another place does not')
  await w.access.users.disable(u.id, true, system)
  await assert.rejects(from('192.0.2.11'), problem('wrong-credentials'))
})

test('an address signs in whose it is, where it is one user’s alone and no other user’s name', async () => {
  const make = (name: string, email: string) => w.access.users.create({ name, email, password }, system)
  const ula = await make('ula', 'Ula@example.org')
  const from = (name: string) => w.access.prove(name, password, '192.0.2.20', 'test')
  assert.equal(await from('ula@EXAMPLE.org'), ula.id)
  const named = await make('vic@example.org', 'other@example.org')
  await make('wes', 'vic@example.org')
  assert.equal(await from('vic@example.org'), named.id, 'a name goes before an address')
  await make('xia', 'ula@example.org')
  await assert.rejects(from('ula@example.org'), problem('wrong-credentials'), 'nobody knows whose it is')
  assert.equal(await from('ula'), ula.id)
  assert.ok((await w.acts()).includes('session.prove'))
})

test('an end is an end at once here, and is heard on other nodes', async (own) => {
  const other = w.node()
  try {
    const u = await w.user('tess', ['viewer'])
    const admin = await w.user('tess-admin', ['administrator'])
    assert.ok(await other.access.principalOfSession(u.session))
    await w.access.users.assign(u.id, [{ role: await w.role('operator') }], admin.principal)
    assert.ok((await w.access.principalOfSession(u.session))?.permissions.includes('operation:device.message'))
    await w.access.users.disable(u.id, true, admin.principal)
    assert.equal(await w.access.principalOfSession(u.session), undefined)
    // The caches' clock stands still: none of them ends by itself.
    const still = performance.now()
    own.mock.method(performance, 'now', () => still)
    const end = Date.now() + 20_000
    while (await other.access.principalOfSession(u.session)) {
      assert.ok(Date.now() < end, 'it is not heard')
      await new Promise((r) => setTimeout(r, 20))
    }
    const again = await w.access.users.disable(u.id, false, admin.principal)
    assert.equal(again.disabled, false)
    assert.equal(await w.access.principalOfSession(u.session), undefined, 'enabling brings no session back')
  } finally {
    await other.stop()
  }
})

test('a session is looked up once in a while, never per request, and ends by sign-out and by time', async () => {
  const u = await w.user('uma', ['viewer'])
  await w.access.principalOfSession(u.session)
  const statements = w.db.statements
  for (let i = 0; i < 50; i++) await w.access.principalOfSession(u.session)
  assert.equal(w.db.statements, statements)
  for (const forged of ['', 'x', `${u.session}x`, u.session.toLowerCase(), '\0'.repeat(43)])
    if (forged !== u.session) assert.equal(await w.access.principalOfSession(forged), undefined)
  const kept = await w.db.query<{ r: string }>(sql`select row_to_json(s)::text r from session s`)
  assert.ok(!JSON.stringify(kept).includes(u.session))
  const late = await w.access.signIn('uma', password, '192.0.2.1')
  await w.db.query(sql`update session set expires = now() where user_no = ${Number(u.id)}`)
  assert.equal(await w.access.principalOfSession(late.session), undefined)
  await w.access.signOut(u.session)
  assert.equal(await w.access.principalOfSession(u.session), undefined)
})
