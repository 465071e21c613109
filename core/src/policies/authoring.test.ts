import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isProblem, type Problem } from '@muster/contract'
import sql from 'sql-template-tag'
import { openWorld, type TestDevice, type World } from './testing.ts'

let w: World
before(async () => {
  w = await openWorld()
})
after(() => w.close())

const actor = 'user:ann'
const banner = (text: string) => [{ feature: 'toy.banner', settings: { text } }]
async function problem(work: Promise<unknown>): Promise<Problem> {
  try {
    await work
  } catch (e) {
    if (isProblem(e)) return e
    throw e
  }
  return assert.fail('nothing was refused')
}

test('two administrators editing one policy: the second is told, nothing of the first is overwritten', async () => {
  const made = await w.policies.create({ name: 'shared', platform: 'toy', features: banner('first') }, actor)
  const no = Number(made.id)
  const saves = await Promise.allSettled(
    ['Ann', 'Ben'].map((n) =>
      w.policies.saveDraft(no, made.revision, { name: 'shared', features: banner(n) }, `user:${n}`),
    ),
  )
  const refused = saves.filter((s) => s.status === 'rejected')
  assert.equal(refused.length, 1)
  const e = refused[0]?.reason as Problem
  assert.deepEqual([e.code, e.status, e.extra.revision], ['revision-mismatch', 412, made.revision + 1])
  const kept = saves.find((s) => s.status === 'fulfilled')
  const now = await w.policies.get(no)
  assert.deepEqual(now, kept?.status === 'fulfilled' && kept.value)
  assert.equal(now.revision, made.revision + 1)
  assert.equal(
    (await problem(w.policies.saveDraft(no, 99, { name: 'x', features: [] }, actor))).code,
    'revision-mismatch',
  )
  assert.equal((await problem(w.policies.saveDraft(987654, 1, { name: 'x', features: [] }, actor))).code, 'not-found')
})

test('a draft is checked whole, each fault with its own words, and nothing of it is kept', async () => {
  const [before] = await w.db.query<{ n: number }>(sql`select count(*) as n from policy`)
  const create = (o: object) =>
    problem(w.policies.create({ name: 'bad', platform: 'toy', features: [], ...o } as never, actor))
  const settings = (s: object, feature = 'toy.banner') => ({
    features: [
      { feature: 'toy.motd', settings: { text: 'fine' } },
      { feature, settings: s },
    ],
  })
  assert.equal((await create({ platform: 'nowhere' })).code, 'unknown-platform')
  assert.deepEqual(await create(settings({}, 'toy.nothing')).then((e) => [e.code, e.extra.feature]), [
    'unknown-feature',
    'toy.nothing',
  ])
  const unsupported = await problem(
    w.policies.create({ name: 'bad', platform: 'cloud', features: [{ feature: 'toy.wifi', settings: {} }] }, actor),
  )
  assert.deepEqual(
    [unsupported.code, unsupported.extra.reason],
    ['unsupported-feature', 'Cloud has no way to set Wi-Fi.'],
  )
  const wrong = await create(settings({ text: 3 }))
  assert.deepEqual(
    [wrong.code, (wrong.extra.errors as { path: string }[]).map((x) => x.path)],
    ['invalid-settings', ['/features/1/settings/text']],
  )
  const deep = await create({ features: [{ feature: 'toy.hosts', settings: { hosts: ['a', 7] } }] })
  assert.deepEqual(
    (deep.extra.errors as { path: string }[]).map((x) => x.path),
    ['/features/0/settings/hosts/1'],
  )
  assert.equal(
    (await create({ features: [{ feature: 'toy.wifi', settings: { ssid: 'x', psk: 'short' } }] })).code,
    'invalid-settings',
  )
  assert.equal(
    (await create({ features: [{ feature: 'toy.wifi', settings: { ssid: 'x', psk: '••••••••' } }] })).code,
    'invalid-settings',
    'a mask stands for nothing here',
  )
  assert.equal((await create({ features: [...banner('a'), ...banner('b')] })).code, 'invalid-request')
  assert.equal((await create({ assignment: { group: ['1'] } })).code, 'invalid-request')
  for (const assignment of [
    { groups: ['987654'] },
    { roles: ['987654'] },
    { users: ['987654'] },
    { deviceTypes: ['toy.desk'] },
  ]) {
    const e = await create({ assignment })
    assert.deepEqual(
      [e.code, (e.extra.errors as { path: string }[])[0]?.path],
      ['invalid-request', `/assignment/${Object.keys(assignment)[0]}/0`],
    )
  }
  for (const name of ['', ' x', 'x'.repeat(121), 'a\u0000b'])
    assert.equal((await create({ name })).code, 'invalid-request', JSON.stringify(name))
  await w.policies.create({ name: 'taken', platform: 'toy', features: [] }, actor)
  assert.equal((await create({ name: 'taken' })).code, 'already-exists')
  const [now] = await w.db.query<{ n: number }>(sql`select count(*) as n from policy`)
  assert.equal(now?.n, (before?.n ?? 0) + 1)
})

test('versions are published, rolled back and never changed; drafts reach nobody', async () => {
  const [d] = (await w.devices(1)) as [TestDevice]
  const text = async () =>
    (await w.policies.effective(d.no)).features.find((f) => f.feature === 'toy.banner')?.settings.text
  const made = await w.policies.create({ name: 'versions', platform: 'toy', features: banner('one') }, actor)
  const no = Number(made.id)
  assert.deepEqual([made.state, made.version, made.unpublished, await text()], ['inactive', 0, true, undefined])
  assert.equal((await problem(w.policies.activate(no, actor))).code, 'wrong-state')
  assert.deepEqual(await w.policies.publish(no, actor), { id: made.id, version: 1, devices: 1 })
  const one = await w.policies.get(no)
  assert.deepEqual([one.state, one.unpublished, await text()], ['active', false, 'one'])
  const two = await w.policies.saveDraft(
    no,
    one.revision,
    { name: 'versions', features: [{ feature: 'toy.banner', settings: { text: 'two' }, action: 'warn', graceS: 60 }] },
    actor,
  )
  assert.deepEqual([two.unpublished, await text()], [true, 'one'])
  await w.policies.publish(no, actor)
  assert.equal(await text(), 'two')
  assert.deepEqual(await w.policies.rollback(no, 1, actor), { id: made.id, version: 3, devices: 1 })
  assert.equal(await text(), 'one')
  assert.equal((await problem(w.policies.rollback(no, 9, actor))).code, 'not-found')
  const all = await w.policies.versions(no)
  assert.deepEqual(
    all.map((v) => [v.version, v.features[0]?.settings.text, v.features[0]?.action, v.features[0]?.graceS]),
    [
      [3, 'one', 'enforce', 0],
      [2, 'two', 'warn', 60],
      [1, 'one', 'enforce', 0],
    ],
  )
  const now = await w.policies.get(no)
  assert.deepEqual([now.unpublished, now.features[0]?.settings.text, now.revision], [false, 'one', two.revision + 1])
  assert.equal((await problem(w.policies.remove(no, actor))).code, 'wrong-state')
  assert.equal((await w.policies.deactivate(no, actor)).state, 'inactive')
  assert.deepEqual(
    await w.policies.publish(no, actor),
    { id: made.id, version: 3, devices: 0 },
    'put aside on purpose: it stays aside, and what was not changed makes no version',
  )
  assert.equal(await text(), undefined)
  await w.policies.remove(no, actor)
  assert.equal((await problem(w.policies.get(no))).code, 'not-found')
  const acts = await w.db.query<{ act: string }>(
    sql`select act from audit where subject = ${`policy:${no}`} order by no`,
  )
  assert.deepEqual(
    acts.map((a) => a.act),
    [
      'policy.created',
      'policy.published',
      'policy.saved',
      'policy.published',
      'policy.rolled',
      'policy.deactivated',
      'policy.removed',
    ],
  )
})

test('pressed many times at once, a change is one version', async () => {
  const made = await w.policies.create({ name: 'pressed', platform: 'toy', features: banner('once') }, actor)
  const no = Number(made.id)
  const all = await Promise.all(Array.from({ length: 8 }, () => w.policies.publish(no, actor)))
  assert.deepEqual(new Set(all.map((p) => p.version)), new Set([1]))
  assert.equal((await w.policies.versions(no)).length, 1)
  const saved = await w.policies.get(no)
  await w.policies.saveDraft(no, saved.revision, { name: 'pressed', features: banner('twice') }, actor)
  assert.equal((await w.policies.publish(no, actor)).version, 2)
})

test('places in the order: asked for, at the end, changed as a whole or not at all; lists page by them', async () => {
  await w.db.query(sql`delete from policy`)
  const make = async (name: string, priority?: number, platform = 'toy') =>
    Number((await w.policies.create({ name, platform, priority, features: [] }, actor)).id)
  const [a, b] = [await make('a'), await make('b')]
  const c = await make('c', 1)
  const far = await make('far', 50)
  await make('elsewhere', 1, 'cloud')
  const names = async () =>
    (await w.policies.list({ platform: 'toy', limit: 50 })).items.map((p) => `${p.priority}${p.name}`)
  assert.deepEqual(await names(), ['1c', '2a', '3b', '4far'])
  await w.policies.reorder('toy', [b, far, a, c], actor)
  assert.deepEqual(await names(), ['1b', '2far', '3a', '4c'])
  for (const order of [
    [a, b],
    [a, b, c, c],
    [a, b, c, 987654],
    [a, b, c, far, far],
  ])
    assert.equal((await problem(w.policies.reorder('toy', order, actor))).code, 'conflict')
  assert.equal((await problem(w.policies.reorder('nowhere', [], actor))).code, 'unknown-platform')
  assert.deepEqual(await names(), ['1b', '2far', '3a', '4c'])
  const seen: string[] = []
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await w.policies.list({ limit: 2, cursor })
    seen.push(...page.items.map((p) => p.name))
    cursor = page.next
  }
  assert.deepEqual(seen, ['elsewhere', 'b', 'far', 'a', 'c'])
  assert.equal((await problem(w.policies.list({ limit: 2, cursor: 'bm9wZQ' }))).code, 'invalid-cursor')
})
