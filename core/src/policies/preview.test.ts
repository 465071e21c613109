/** A preview is judged by what publishing then does: the same devices, the same settings, and nothing written before. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import type { Assignment, Draft } from './model.ts'
import { openWorld, type TestDevice, type World } from './testing.ts'

let w: World
const reach = { all: true } as const
before(async () => {
  w = await openWorld()
})
after(() => w.close())
beforeEach(async () => {
  await w.db.query(
    sql`delete from policy; truncate channel_set, feature_state; update device set lifecycle = 'removed'`,
  )
})

const banner = (text: string) => ({ feature: 'toy.banner', settings: { text } })
const draft = async (name: string, features: Draft['features'], assignment?: Assignment) =>
  Number((await w.policies.create({ name, platform: 'toy', features, assignment }, 'user:test')).id)
const settings = async (d: TestDevice) =>
  Object.fromEntries((await w.policies.effective(d.no)).features.map((f) => [f.feature, f.settings]))
const written = () =>
  w.db.query(
    sql`select (select count(*) from settings_set) as sets, (select count(*) from channel_set) as channels, (select count(*) from outbox) as events, (select count(*) from audit) as acts, (select sum(draft_revision) from policy) as drafts`,
  )
async function listed(policy: number, pick: string, limit = 100) {
  const ids: string[] = []
  let cursor: string | undefined
  do {
    const page = await w.policies.previewDevices({ policy, reach, pick, limit, cursor })
    ids.push(...page.items.map((d) => d.id))
    cursor = page.next
  } while (cursor !== undefined)
  return ids
}

test('who gains, loses, changes or stays, with the devices behind each count, and nothing is written', async () => {
  const phones = await w.devices(3, { formFactor: 'phone' })
  const laptops = await w.devices(5)
  const servers = await w.devices(2, { formFactor: 'server' })
  const no = await w.policy('all round', [banner('one')], { assignment: { formFactors: ['phone', 'laptop'] } })
  const policy = await w.policies.get(no)
  await w.policies.saveDraft(
    no,
    policy.revision,
    { name: 'all round', assignment: { formFactors: ['laptop', 'server'] }, features: [banner('two')] },
    'user:test',
  )
  const before = await written()
  const p = await w.policies.preview({ policy: no, reach })
  assert.deepEqual([p.version, p.active, p.devices], [2, true, 10])
  assert.deepEqual(
    [p.reached.devices, p.gains.devices, p.loses.devices, p.changes.devices, p.same.devices],
    [7, 2, 3, 5, 0],
  )
  const ids = (some: TestDevice[]) => some.map((d) => d.id)
  assert.deepEqual(await listed(no, p.gains.pick), ids(servers))
  assert.deepEqual(await listed(no, p.loses.pick, 2), ids(phones))
  assert.deepEqual(await listed(no, p.changes.pick, 2), ids(laptops))
  assert.deepEqual(await listed(no, 'nonsense'), [])
  const [feature] = p.features
  assert.deepEqual(
    [feature?.feature, feature?.delivers.devices, feature?.removes.devices, feature?.cannot],
    ['toy.banner', 7, 3, []],
  )
  assert.deepEqual(await written(), before)
  await w.policies.publish(no, 'user:test')
  assert.deepEqual(await settings(servers[0] as TestDevice), { 'toy.banner': { text: 'two' } })
  assert.deepEqual(await settings(phones[0] as TestDevice), {})
})

test('what cannot be delivered is counted by its reason: what rows say of facts, and variables without a value', async () => {
  await w.devices(4, { facts: { version: 1 } })
  await w.devices(3, { facts: { version: 2 }, variables: { room: '7' } })
  const none = await w.devices(1)
  const no = await draft('newer', [{ feature: 'toy.newer', settings: { text: 'x' } }, banner('in {{room}}')])
  const p = await w.policies.preview({ policy: no, reach })
  const [room, newer] = p.features
  assert.equal(newer?.delivers.devices, 3)
  assert.deepEqual(
    newer?.cannot.map((c) => [c.reason.code, c.devices]),
    [['too-old', 5]],
  )
  assert.equal(room?.delivers.devices, 3)
  assert.deepEqual(
    room?.cannot.map((c) => [c.reason.code, c.devices]),
    [['missing-variable', 5]],
  )
  assert.equal((await listed(no, newer?.cannot[0]?.pick ?? '')).length, 5)
  const one = await w.policies.whatIf({ policy: no, reach }, none[0]?.no ?? 0)
  assert.deepEqual(
    one.features.map((f) => [f.feature, f.outcome, f.reason?.code]),
    [
      ['toy.banner', 'cannot', 'missing-variable'],
      ['toy.newer', 'cannot', 'too-old'],
    ],
  )
})

test('features that write the same are told of: within one policy, and where two meet', async () => {
  await w.devices(2)
  await w.policy('paths', [{ feature: 'toy.hosts', settings: { hosts: ['/etc/a', '/etc/b'] } }])
  await w.policy('elsewhere', [{ feature: 'toy.hosts', settings: { hosts: ['/etc/c'] } }], {
    assignment: { formFactors: ['server'] },
  })
  const no = await draft('motd', [{ feature: 'toy.motd', settings: { text: '/etc/b' } }])
  const same = async (policy: number) =>
    (await w.policies.preview({ policy, reach })).conflicts.filter((c) => c.rule === 'same')
  const [met, ...more] = await same(no)
  assert.deepEqual(more, [])
  assert.deepEqual(
    [met?.feature, met?.other?.feature, met?.with.name, met?.own, met?.devices, met?.keys],
    ['toy.motd', 'toy.hosts', 'paths', false, 2, ['/etc/b']],
  )
  assert.equal((await listed(no, met?.pick ?? '')).length, 2)
  const both = await draft(
    'both',
    [
      { feature: 'toy.hosts', settings: { hosts: ['/etc/x'] } },
      { feature: 'toy.motd', settings: { text: '/etc/x' } },
      banner('/etc/x'),
    ],
    { formFactors: ['kiosk'] },
  )
  assert.deepEqual(
    (await same(both)).map((c) => [c.feature, c.other?.feature, c.own, c.devices, c.keys]),
    [['toy.hosts', 'toy.motd', true, 0, ['/etc/x']]],
  )
})

test('conflicts say which value wins and why, and lists that are united', async () => {
  const [d] = await w.devices(2)
  await w.policy('first', [banner('of the first'), { feature: 'toy.hosts', settings: { hosts: ['a'] } }])
  const no = await draft('second', [banner('of the second'), { feature: 'toy.hosts', settings: { hosts: ['b'] } }])
  const p = await w.policies.preview({ policy: no, reach })
  assert.deepEqual(
    p.conflicts.map((c) => [c.feature, c.with.name, c.rule, c.wins, c.devices, c.ours, c.theirs]),
    [
      ['toy.banner', 'first', 'priority', false, 2, { text: 'of the second' }, { text: 'of the first' }],
      ['toy.hosts', 'first', 'union', false, 2, { hosts: ['b'] }, { hosts: ['a'] }],
    ],
  )
  assert.deepEqual(
    p.features.map((f) => [f.feature, f.delivers.devices, f.overridden.devices]),
    [
      ['toy.banner', 0, 2],
      ['toy.hosts', 2, 0],
    ],
  )
  const what = await w.policies.whatIf({ policy: no, reach }, d?.no ?? 0)
  assert.deepEqual([what.before, what.after], [false, true])
  assert.deepEqual(
    what.features.map((f) => [f.feature, f.outcome, f.before?.settings, f.after?.settings, f.after?.policy.name]),
    [
      ['toy.banner', 'overridden', { text: 'of the first' }, { text: 'of the first' }, 'first'],
      ['toy.hosts', 'delivers', { hosts: ['a'] }, { hosts: ['a', 'b'] }, 'first'],
    ],
  )
  // Of a policy that is not yet: first in the order, it wins.
  const created = { name: 'third', platform: 'toy', priority: 1, features: [banner('of the third')] }
  const third = await w.policies.preview({ created, reach })
  assert.deepEqual([third.policy, third.priority, third.version, third.gains.devices], [null, 1, 1, 2])
  assert.deepEqual(
    third.conflicts.map((c) => [c.with.name, c.wins]),
    [['first', true]],
  )
})

test('turning off, a draft of the request, an inactive policy, and what cannot be asked', async () => {
  await w.devices(2)
  const no = await w.policy('base', [banner('one')])
  const off = await w.policies.preview({ policy: no, reach, act: 'deactivate' })
  assert.deepEqual([off.active, off.loses.devices, off.features[0]?.removes.devices], [false, 2, 2])
  const other = {
    name: 'base',
    features: [banner('one'), { feature: 'toy.wifi', settings: { ssid: 'x', psk: 'a long secret' } }],
  }
  const p = await w.policies.preview({ policy: no, reach, draft: other })
  assert.deepEqual(
    [p.changes.devices, ...p.features.map((f) => [f.feature, f.delivers.devices, f.unchanged.devices])],
    [2, ['toy.banner', 0, 2], ['toy.wifi', 2, 0]],
  )
  assert.ok(!JSON.stringify(p).includes('a long secret'))
  await w.policies.deactivate(no, 'user:test')
  const inactive = await w.policies.preview({ policy: no, reach })
  assert.deepEqual([inactive.active, inactive.gains.devices], [false, 2])
  assert.equal((await w.policies.preview({ policy: no, reach, act: 'activate' })).gains.devices, 2)
  assert.equal((await w.policies.preview({ policy: no, reach: { all: false, groups: [] } })).devices, 0)
  await assert.rejects(w.policies.preview({ policy: 999_999, reach }), { code: 'not-found' })
  const fresh = await draft('fresh', [])
  await assert.rejects(w.policies.preview({ policy: fresh, reach, act: 'activate' }), { code: 'wrong-state' })
  await assert.rejects(
    w.policies.preview({ policy: no, reach, draft: { name: 'x', features: [banner(7 as never)] } }),
    {
      code: 'invalid-settings',
    },
  )
})

test('whatever the policies are, publishing does what the preview said', async () => {
  const kinds = ['phone', 'laptop', 'server'] as const
  const said = fc.record({
    banner: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    hosts: fc.option(fc.constantFrom<string[]>(['a'], ['b'], ['a', 'b']), { nil: undefined }),
    forms: fc.subarray([...kinds]),
  })
  const featuresOf = (s: { banner?: string; hosts?: string[] }) => [
    ...(s.banner === undefined ? [] : [banner(s.banner)]),
    ...(s.hosts === undefined ? [] : [{ feature: 'toy.hosts', settings: { hosts: s.hosts } }]),
  ]
  let round = 0
  await fc.assert(
    fc.asyncProperty(fc.array(said, { minLength: 1, maxLength: 3 }), said, fc.nat(2), async (policies, next, at) => {
      await w.db.query(
        sql`delete from policy; truncate channel_set, feature_state; update device set lifecycle = 'removed'`,
      )
      round += 1
      const devices = (await Promise.all(kinds.map((formFactor) => w.devices(1, { formFactor })))).flat()
      const made: number[] = []
      for (const [i, p] of policies.entries())
        made.push(await w.policy(`p${round}.${i}`, featuresOf(p), { assignment: { formFactors: p.forms } }))
      const no = made[at % made.length] ?? 0
      const { name, revision } = await w.policies.get(no)
      await w.policies.saveDraft(
        no,
        revision,
        { name, assignment: { formFactors: next.forms }, features: featuresOf(next) },
        'user:test',
      )
      const p = await w.policies.preview({ policy: no, reach })
      const before = await Promise.all(devices.map(settings))
      const guesses = await Promise.all(devices.map((d) => w.policies.whatIf({ policy: no, reach }, d.no)))
      const published = await w.policies.publish(no, 'user:test')
      const then = await Promise.all(devices.map(settings))
      assert.equal(p.reached.devices, published.devices)
      for (const [i, guess] of guesses.entries()) {
        for (const f of guess.features) {
          assert.deepEqual(f.before?.settings, before[i]?.[f.feature], f.feature)
          assert.deepEqual(f.after?.settings, then[i]?.[f.feature], f.feature)
        }
        const own = new Set(guess.features.map((f) => f.feature))
        for (const feature of ['toy.banner', 'toy.hosts'])
          if (!own.has(feature)) assert.deepEqual(then[i]?.[feature], before[i]?.[feature], 'nothing else moves')
      }
    }),
    { numRuns: 40 },
  )
})
