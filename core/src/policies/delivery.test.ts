import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import sql from 'sql-template-tag'
import { openWorld, type TestDevice, type World } from './testing.ts'

let w: World
before(async () => {
  w = await openWorld()
})
after(() => w.close())

const done = { state: 'completed' } as const
const text = (t: string) => [{ feature: 'toy.banner', settings: { text: t } }]
/** Deactivates and forgets all policies, so that each test begins with none. */
async function clear() {
  const { items } = await w.policies.list({ limit: 200 })
  for (const p of items) {
    if (p.state === 'active') await w.policies.deactivate(Number(p.id), 'user:test')
    await w.policies.remove(Number(p.id), 'user:test')
  }
  await w.db.query(sql`truncate channel_set, feature_state, unmatched`)
  await w.db.query(sql`update device set lifecycle = 'removed'`)
  w.told.length = 0
}
async function one(o?: Parameters<World['devices']>[1]): Promise<TestDevice> {
  const [d] = await w.devices(1, o)
  assert.ok(d)
  return d
}
async function apply(d: TestDevice): Promise<string[]> {
  const got = await w.take(d)
  for (const x of got) await w.say(d, x.id, done)
  return got.map((x) => (x.kind === 'setting' ? `${x.verb} ${x.feature}` : `document ${x.set}`))
}
const head = async (d: TestDevice) =>
  (
    await w.db.query<{ desired: number; applied: number | null; redo: string[] }>(
      sql`select desired, applied, redo from channel_set where channel = ${d.channel}`,
    )
  )[0]

/** Time enough for what is right to count as lasting. */
const pass = (d: TestDevice) =>
  w.db.query(
    sql`update feature_state set verified_at = verified_at - interval '16 minutes' where channel = ${d.channel}`,
  )

test('pending -> sent -> acknowledged -> verified, and what each step leaves', async () => {
  await clear()
  const d = await one()
  await w.policy('steps', [...text('Hello'), { feature: 'toy.motd', settings: { text: 'Day' } }])
  assert.deepEqual(await w.policies.waitingChannels(), [d.channel])
  assert.deepEqual(
    await w
      .take(d, 1)
      .then((all) => all.map((x) => x.kind === 'setting' && [x.feature, x.verb, x.attempt, x.settings])),
    [['toy.banner', 'put', 1, { text: 'Hello' }]],
  )
  const [motd] = await w.take(d)
  assert.equal(motd?.kind === 'setting' && motd.feature, 'toy.motd')
  assert.deepEqual(await w.take(d), [])
  assert.deepEqual(await w.states(d), { 'toy.banner': 'sent', 'toy.motd': 'sent' })
  const [b] = await w.db.query<{ delivery: number }>(
    sql`select delivery from feature_state where feature = 'toy.banner'`,
  )
  await w.say(d, `s${d.channel.toString(36)}-${b?.delivery.toString(36)}`, done)
  await w.say(d, motd?.id ?? '', done)
  const settled = await head(d)
  assert.equal(settled?.applied, settled?.desired)
  assert.deepEqual(await w.policies.waitingChannels(), [])
  await w.report(d, { 'toy.banner': { text: 'Hello' }, 'toy.motd': { text: 'Day' } })
  assert.deepEqual(await w.states(d), { 'toy.banner': 'verified', 'toy.motd': 'verified' })
  assert.deepEqual(
    w.told.map((t) => [t.feature, t.state, t.weak ?? false]),
    [
      ['toy.banner', 'unknown', true],
      ['toy.motd', 'unknown', true],
      ['toy.banner', 'compliant', false],
      ['toy.motd', 'compliant', false],
    ],
  )
  const view = await w.policies.effective(d.no)
  assert.equal(view.desired, view.applied)
  assert.deepEqual(
    view.features.map((f) => [f.feature, f.state, f.policy.name, f.policy.version, f.origins['']?.version]),
    [
      ['toy.banner', 'verified', 'steps', 1, 1],
      ['toy.motd', 'verified', 'steps', 1, 1],
    ],
  )
  assert.ok(view.features.every((f) => f.verifiedAt !== null))
})

test('an equal report writes nothing, a report of facts that no policy asks for neither', async () => {
  await clear()
  const d = await one()
  await w.policy('quiet', text('Hello'))
  await apply(d)
  await w.report(d, { 'toy.banner': { text: 'Hello' } })
  const stamp = async () =>
    (
      await w.db.query(
        sql`select xmin::text, ctid::text from feature_state where channel = ${d.channel} union all select xmin::text, ctid::text from channel_set where channel = ${d.channel}`,
      )
    ).map((r) => JSON.stringify(r))
  const written = await stamp()
  await w.report(d, { 'toy.banner': { text: 'Hello' }, other: 1 })
  await w.report(d, { other: 2 }, {})
  // The lock itself marks channel_set with xmax, never with a new version.
  assert.deepEqual(await stamp(), written)
})

test('facts and results of one message are judged together, whichever is written first', async () => {
  await clear()
  const d = await one()
  await w.policy('together', text('Hello'))
  const [x] = await w.take(d)
  const channel = await w.detail(d)
  await w.tx(async (tx) => {
    await w.policies.verdicts(tx, [{ channel, facts: { 'toy.banner': { text: 'Hello' } } }])
    await w.policies.settle(tx, [{ channel, id: x?.id, outcome: done }])
  })
  assert.deepEqual(await w.states(d), { 'toy.banner': 'verified' })
})

test('drift is enforced: only what drifted, with a new delivery, five tries with growing waits, then escalated', async () => {
  await clear()
  const d = await one()
  await w.policy('drift', [...text('Hello'), { feature: 'toy.motd', settings: { text: 'Day' } }])
  await apply(d)
  const good = { 'toy.banner': { text: 'Hello' }, 'toy.motd': { text: 'Day' } }
  const bad = { ...good, 'toy.banner': { text: 'Hacked' } }
  await w.report(d, good)
  w.told.length = 0
  assert.deepEqual(await w.report(d, bad), [d.channel])
  assert.deepEqual(await w.states(d), { 'toy.banner': 'drifted', 'toy.motd': 'verified' })
  assert.deepEqual(
    w.told.map((t) => [t.feature, t.state, t.evidence, t.exhausted ?? false]),
    [['toy.banner', 'violated', { text: 'Hacked' }, false]],
  )
  const ids = new Set<string>()
  const waits: number[] = []
  for (let n = 0; n < 5; n++) {
    if (n > 0) {
      const channel = await w.detail(d)
      for (const deferred of ['skip', 'again'] as const)
        assert.deepEqual(
          await w.tx((tx) => w.policies.take(tx, [{ channel, take: 5, deferred }])),
          [],
          'not before its time',
        )
      const [row] = await w.db.query<{ s: number }>(
        sql`select extract(epoch from due - now())::float8 as s from feature_state where feature = 'toy.banner' and channel = ${d.channel}`,
      )
      waits.push(row?.s ?? 0)
      await w.db.query(sql`update feature_state set due = now() where due is not null and channel = ${d.channel}`)
    }
    const got = await w.take(d)
    assert.deepEqual(
      got.map((x) => x.kind === 'setting' && x.feature),
      ['toy.banner'],
    )
    ids.add(got[0]?.id ?? '')
    await w.say(d, got[0]?.id ?? '', done)
    await w.report(d, bad)
  }
  assert.equal(ids.size, 5)
  assert.ok(
    waits.every((s, i) => s > (waits[i - 1] ?? 50)),
    String(waits),
  )
  assert.equal(w.told.filter((t) => t.exhausted).length, 1)
  await w.report(d, bad)
  assert.deepEqual(await w.take(d), [])
  assert.deepEqual((await head(d))?.redo, [])
  await w.report(d, good)
  assert.deepEqual(await w.states(d), { 'toy.banner': 'verified', 'toy.motd': 'verified' })
  assert.deepEqual(await w.report(d, bad), [], 'right for a moment only')
  await w.report(d, good)
  await pass(d)
  assert.deepEqual(await w.report(d, bad), [d.channel], 'once right, it is enforced anew')
  await w.report(d, good)
  assert.deepEqual(await w.take(d), [], 'it came right by itself')
})

test('what somebody else sets as often as it is put right ends after five tries, and begins anew when it has held', async () => {
  await clear()
  const d = await one()
  await w.policy('tug', text('Hello'))
  await apply(d)
  const found = (own: string) => ({ 'toy.banner': { text: own } })
  const [good, bad] = [found('Hello'), found('Mine')]
  await w.report(d, good)
  await pass(d)
  w.told.length = 0
  for (let n = 0; n < 5; n++) {
    await w.report(d, bad)
    if (n > 0) assert.deepEqual(await w.take(d), [], 'not before its time')
    await w.db.query(sql`update feature_state set due = now() where due is not null and channel = ${d.channel}`)
    assert.deepEqual(await apply(d), ['put toy.banner'])
    await w.report(d, good)
  }
  assert.deepEqual(await w.report(d, bad), [])
  assert.deepEqual(await w.take(d), [])
  assert.equal(w.told.at(-1)?.exhausted, true)
  await w.report(d, good)
  await pass(d)
  await w.report(d, good)
  assert.deepEqual(await w.report(d, bad), [d.channel])
})

test('warn and monitor record drift and deliver nothing', async () => {
  for (const action of ['warn', 'monitor'] as const) {
    await clear()
    const d = await one()
    await w.policy(action, [{ feature: 'toy.banner', settings: { text: 'Hello' }, action }])
    await apply(d)
    await w.report(d, { 'toy.banner': { text: 'Hello' } })
    w.told.length = 0
    assert.deepEqual(await w.report(d, { 'toy.banner': { text: 'Other' } }), [])
    assert.deepEqual(await w.take(d), [])
    assert.deepEqual(
      w.told.map((t) => [t.action, t.state]),
      [[action, 'violated']],
    )
    assert.deepEqual(await w.states(d), { 'toy.banner': 'drifted' })
  }
})

test('a policy that goes away drops what was put, and only that', async () => {
  await clear()
  const d = await one()
  const no = await w.policy('gone', [
    ...text('Hello'),
    { feature: 'toy.motd', settings: { text: 'Day' } },
    { feature: 'toy.newer', settings: { text: 'New' } },
  ])
  const [first] = await w.take(d, 1)
  await w.say(d, first?.id ?? '', done)
  await w.policies.deactivate(no, 'user:test')
  const drops = await w.take(d)
  assert.deepEqual(
    drops.map((x) => x.kind === 'setting' && [x.verb, x.feature, x.settings]),
    [['drop', 'toy.banner', { text: 'Hello' }]],
  )
  assert.deepEqual(await w.states(d), { '-toy.banner': 'sent' })
  assert.deepEqual(
    (await w.policies.effective(d.no)).features.map((f) => f.state),
    ['removing'],
  )
  await w.say(d, drops[0]?.id ?? '', done)
  assert.deepEqual(await w.states(d), {})
  const after = await head(d)
  assert.equal(after?.applied, after?.desired)
})

test('puts precede drops: nothing is taken away while its replacement is open', async () => {
  await clear()
  const d = await one()
  const old = await w.policy('old', text('Hello'))
  await apply(d)
  await w.policy('new', [{ feature: 'toy.motd', settings: { text: 'Day' } }])
  await w.policies.deactivate(old, 'user:test')
  const [put, ...rest] = await w.take(d)
  assert.deepEqual([put?.kind === 'setting' && put.feature, rest], ['toy.motd', []])
  await w.say(d, put?.id ?? '', { state: 'deferred', reason: { code: 'busy', text: 'Busy.' } })
  assert.deepEqual(await w.take(d), [], 'deferred is open still')
  const channel = await w.detail(d)
  const [again] = await w.tx((tx) => w.policies.take(tx, [{ channel, take: 5, deferred: 'again' }]))
  assert.deepEqual([again?.id, again?.attempt], [put?.id, 2])
  assert.deepEqual(await w.say(d, again?.id ?? '', done), [d.channel])
  assert.deepEqual(await apply(d), ['drop toy.banner'])
  assert.deepEqual(await w.states(d), { 'toy.motd': 'acknowledged' })
})

test('the id is stable over redelivery; five lost answers are the end; a late one counts until then', async () => {
  await clear()
  const d = await one()
  await w.policy('lost', text('Hello'))
  const ids = new Set<string>()
  for (let n = 1; n <= 5; n++) {
    const [x] = await w.take(d)
    assert.equal(x?.attempt, n)
    ids.add(x?.id ?? '')
    assert.deepEqual(await w.take(d), [])
    await w.db.query(
      sql`update feature_state set lease = now() - interval '1 second'; update channel_set set due = now() - interval '1 second'`,
    )
    assert.deepEqual(await w.tx((tx) => w.policies.tick(tx)), [d.channel])
    assert.deepEqual(await w.states(d), { 'toy.banner': n < 5 ? 'pending' : 'failed' })
  }
  assert.equal(ids.size, 1)
  assert.deepEqual(
    w.told.map((t) => [t.state, t.reason?.code, t.deviceId]),
    [['violated', 'no-answer', d.id]],
  )
  assert.deepEqual(await w.take(d), [])
  assert.deepEqual(await w.tx((tx) => w.policies.tick(tx)), [])

  await clear()
  const late = await one()
  await w.policy('late', text('Hello'))
  const [x] = await w.take(late)
  await w.db.query(
    sql`update feature_state set lease = now() - interval '1 second'; update channel_set set due = now() - interval '1 second'`,
  )
  await w.tx((tx) => w.policies.tick(tx))
  await w.say(late, x?.id ?? '', done)
  assert.deepEqual(await w.states(late), { 'toy.banner': 'acknowledged' })
})

test('what the device says it does not have is offered again at once, what it has is not; five times at most', async () => {
  await clear()
  const [d, other] = (await w.devices(2)) as [TestDevice, TestDevice]
  await w.policy('missing', [...text('Hello'), { feature: 'toy.motd', settings: { text: 'Day' } }])
  const [banner, motd] = await w.take(d)
  const [theirs] = await w.take(other)
  assert.ok(banner && motd && theirs)
  const says = (has: string[]) => w.tx((tx) => w.policies.missing(tx, [{ channel: d.channel, has }]))
  assert.deepEqual(await says([banner.id, motd.id]), [])
  assert.deepEqual(await says([banner.id, theirs.id, 'nonsense']), [d.channel])
  const again = await w.take(d)
  assert.deepEqual(
    again.map((x) => [x.id, x.attempt]),
    [[motd.id, 2]],
  )
  assert.deepEqual(await w.take(other), [])
  let given = 0
  for (let n = 0; n < 6; n++) {
    await says([banner.id])
    given += (await w.take(d)).length
  }
  assert.equal(given, 3)
  await w.say(d, banner.id, done)
  assert.deepEqual(await w.states(d), { 'toy.banner': 'acknowledged', 'toy.motd': 'sent' })
})

test('unknown, foreign, unsent and settled reports change nothing and are recorded; repeats are not even that', async () => {
  await clear()
  const [d, other] = (await w.devices(2)) as [TestDevice, TestDevice]
  await w.policy('strange', text('Hello'))
  const [x] = await w.take(d)
  const why = async () =>
    (await w.db.query<{ why: string }>(sql`select why from unmatched order by no`)).map((r) => r.why)
  await w.say(other, x?.id ?? '', done)
  await w.say(d, `s${d.channel.toString(36)}-zzzzz`, done)
  await w.say(d, 'nonsense', done)
  await w.tx(async (tx) => w.policies.settle(tx, [{ channel: await w.detail(d), ref: 'nobody', outcome: done }]))
  assert.deepEqual(await why(), ['foreign', 'unknown', 'unknown', 'unknown'])
  assert.deepEqual(await w.states(d), { 'toy.banner': 'sent' })
  await w.say(d, x?.id ?? '', { state: 'returned', reason: { code: 'quota', text: 'Quota.' } })
  await w.say(d, x?.id ?? '', done)
  assert.deepEqual(await w.states(d), { 'toy.banner': 'pending' }, 'it never left us, so it cannot be done')
  assert.equal((await why()).at(-1), 'unsent')
  await w.db.query(sql`update feature_state set due = null`)
  const [again] = await w.take(d)
  assert.deepEqual([again?.id, again?.attempt], [x?.id, 1])
  await w.say(d, x?.id ?? '', done)
  await w.say(d, x?.id ?? '', done)
  assert.equal((await why()).length, 5)
  await w.report(d, { 'toy.banner': { text: 'Hello' } })
  await w.say(d, x?.id ?? '', { state: 'failed', reason: { code: 'late', text: 'Late.' } })
  assert.equal((await why()).at(-1), 'settled')
  assert.deepEqual(await w.states(d), { 'toy.banner': 'verified' })
})

test('the other side may name a delivery; a reply is read by the row, and an unreadable one is quarantined after three', async () => {
  await clear()
  const d = await one()
  await w.policy('ref', [...text('Hello'), { feature: 'toy.motd', settings: { text: 'Day' }, action: 'monitor' }])
  const [x, y] = await w.take(d)
  const channel = await w.detail(d)
  const say = (s: object) => w.tx((tx) => w.policies.settle(tx, [{ channel, ...s } as never]))
  await say({ id: x?.id, ref: 'lro/1', outcome: { state: 'again', kept: { step: 2 } } })
  const [second] = await w.take(d)
  assert.deepEqual([second?.id, second?.attempt, second?.kind === 'setting' && second.kept], [x?.id, 1, { step: 2 }])
  await say({ ref: 'lro/1', outcome: { reply: { state: 'completed' } } })
  for (let n = 0; n < 3; n++) {
    if (n > 0)
      await w.db.query(
        sql`update feature_state set state = 'sent', due = null, lease = now() + interval '1 minute' where feature = 'toy.motd'`,
      )
    await say({ id: y?.id, outcome: { state: 'unreadable', reason: { code: 'x', text: 'X' } } })
  }
  assert.deepEqual(await w.states(d), { 'toy.banner': 'acknowledged', 'toy.motd': 'failed' })
})

test('variables are filled in per device; a missing one fails that feature alone; a change redelivers only what uses it', async () => {
  await clear()
  const [ann, nobody] = [await one({ variables: { name: 'Ann' } }), await one()]
  await w.policy('vars', [
    { feature: 'toy.banner', settings: { text: 'Hi {{name}}' } },
    { feature: 'toy.motd', settings: { text: 'Day' } },
  ])
  assert.deepEqual(
    (await w.take(ann)).map((x) => x.kind === 'setting' && x.settings),
    [{ text: 'Hi Ann' }, { text: 'Day' }],
  )
  assert.deepEqual(
    (await w.take(nobody)).map((x) => x.kind === 'setting' && x.feature),
    ['toy.motd'],
  )
  assert.deepEqual(await w.states(nobody), { 'toy.banner': 'failed', 'toy.motd': 'sent' })
  assert.deepEqual(
    w.told.map((t) => [t.device, t.feature, t.state, t.reason?.code]),
    [[nobody.no, 'toy.banner', 'violated', 'missing-variable']],
  )
  assert.equal(
    (await w.db.query(sql`select from settings_set s join channel_set c on c.desired = s.no group by s.no`)).length,
    1,
    'both share one set',
  )
  for (const d of [ann, nobody])
    await w.db.query(
      sql`update feature_state set state = 'acknowledged', lease = null where state = 'sent' and channel = ${d.channel}`,
    )
  await w.report(ann, { 'toy.banner': { text: 'Hi Ann' } })
  assert.deepEqual(await w.states(ann), { 'toy.banner': 'verified', 'toy.motd': 'acknowledged' })
  const changed = async (d: TestDevice, v: Record<string, string>) => {
    await w.db.query(sql`update device set variables = ${JSON.stringify(v)}::jsonb where no = ${d.no}`)
    const channel = await w.detail(d)
    return w.tx((tx) => w.policies.variablesChanged(tx, [channel]))
  }
  assert.deepEqual(await changed(ann, { name: 'Ann', unused: 'x' }), [])
  assert.deepEqual(await changed(ann, { name: 'Bea' }), [ann.channel])
  assert.deepEqual(await changed(nobody, { name: 'Cid' }), [nobody.channel])
  assert.deepEqual(
    (await w.take(ann)).map((x) => x.kind === 'setting' && x.settings),
    [{ text: 'Hi Bea' }],
  )
  assert.deepEqual(
    (await w.take(nobody)).map((x) => x.kind === 'setting' && x.settings),
    [{ text: 'Hi Cid' }],
  )
})

test('a refused setting that is only watched is not offered again, also when a variable brought it', async () => {
  await clear()
  const d = await one({ variables: { name: 'Ann' } })
  await w.policy('watched', [{ feature: 'toy.banner', settings: { text: 'Hi {{name}}' }, action: 'monitor' }])
  await apply(d)
  await w.db.query(sql`update device set variables = '{"name": "Bea"}' where no = ${d.no}`)
  const channel = await w.detail(d)
  await w.tx((tx) => w.policies.variablesChanged(tx, [channel]))
  const [x] = await w.take(d)
  await w.say(d, x?.id ?? '', { state: 'failed', reason: { code: 'no-space', text: 'Disk full.' } })
  assert.deepEqual(await w.take(d), [])
  assert.deepEqual(await w.policies.waitingChannels(), [])
})

test('what the device cannot do is not applicable with the reason, and is delivered once it can', async () => {
  await clear()
  const d = await one({ facts: { version: 1 } })
  await w.policy('newer', [{ feature: 'toy.newer', settings: { text: 'New' } }])
  assert.deepEqual(await w.take(d), [])
  const [f] = (await w.policies.effective(d.no)).features
  assert.deepEqual([f?.state, f?.reason?.code], ['not-applicable', 'too-old'])
  const settled = await head(d)
  assert.equal(settled?.applied, settled?.desired)
  await w.db.query(sql`update device set facts = '{"version": 2}' where no = ${d.no}`)
  assert.deepEqual(await w.report(d, { version: 2 }), [d.channel])
  assert.deepEqual(await apply(d), ['put toy.newer'])
  assert.deepEqual(await w.states(d), { 'toy.newer': 'acknowledged' })
})

test('secrets are sealed in every table, masked to readers, and travel beside the settings only where the row asks', async () => {
  await clear()
  const d = await one()
  const no = await w.policy('wifi', [{ feature: 'toy.wifi', settings: { ssid: 'Office', psk: 'correct horse' } }])
  const [x] = await w.take(d)
  assert.deepEqual(
    [x?.kind === 'setting' && x.settings, x?.secrets],
    [
      { ssid: 'Office', level: 1 },
      { psk: 'correct horse', unlock: `of ${d.channel}` },
    ],
  )
  const [found] = await w.db.query<{ n: number }>(
    sql`select (select count(*) from policy where draft::text like '%correct horse%') + (select count(*) from policy_version where features::text like '%correct horse%') + (select count(*) from set_feature where settings::text like '%correct horse%') as n`,
  )
  assert.equal(found?.n, 0)
  const shown = await w.policies.get(no)
  assert.deepEqual(shown.features[0]?.settings, { ssid: 'Office', level: 1, psk: '••••••••' })
  assert.equal(
    JSON.stringify([
      await w.policies.effective(d.no),
      await w.policies.versions(no),
      await w.policies.desired(Number((await head(d))?.desired)),
    ]).includes('correct'),
    false,
  )
  await w.say(d, x?.id ?? '', done)
  assert.deepEqual(
    w.told.map((t) => [t.state, t.reason?.code, t.weak ?? false]),
    [['unknown', 'not-checkable', false]],
  )
  await w.policies.saveDraft(
    no,
    shown.revision,
    { name: 'wifi', features: [{ feature: 'toy.wifi', settings: { ssid: 'Office', psk: '••••••••' } }] },
    'user:test',
  )
  await w.policies.publish(no, 'user:test')
  assert.deepEqual(await w.take(d), [], 'the secret was not changed, so nothing is delivered')
  await w.policies.saveDraft(
    no,
    shown.revision + 1,
    { name: 'wifi', features: [{ feature: 'toy.wifi', settings: { ssid: 'Office', psk: 'another one' } }] },
    'user:test',
  )
  await w.policies.publish(no, 'user:test')
  assert.deepEqual(
    (await w.take(d)).map((y) => y.secrets.psk),
    ['another one'],
  )
})

test('a platform of documents gets one per set, told what it replaces; its answer is the answer of each feature', async () => {
  await clear()
  const d = await one({ platform: 'cloud' })
  const no = await w.policy('cloudy', [...text('Hello'), { feature: 'toy.motd', settings: { text: 'Day' } }], {
    platform: 'cloud',
  })
  const [x] = await w.take(d)
  assert.ok(x?.kind === 'document')
  assert.equal(x.replaces, undefined)
  assert.equal(x.id, `d${d.channel.toString(36)}-${x.set.toString(36)}`)
  assert.deepEqual(
    (await w.policies.desired(x.set)).map((f) => f.settings),
    [{ text: 'Hello' }, { text: 'Day' }],
  )
  assert.deepEqual(await w.take(d), [])
  await w.say(d, x.id, done)
  assert.deepEqual(await w.states(d), { '*': 'acknowledged', 'toy.banner': 'acknowledged', 'toy.motd': 'acknowledged' })
  await w.report(d, { 'toy.banner': { text: 'Hello' }, 'toy.motd': { text: 'Day' } })
  assert.deepEqual(await w.report(d, { 'toy.banner': { text: 'Bad' }, 'toy.motd': { text: 'Day' } }), [d.channel])
  const [again] = await w.take(d)
  assert.ok(again?.kind === 'document' && again.set === x.set)
  await w.say(d, again.id, done)
  assert.deepEqual(await w.states(d), { '*': 'acknowledged', 'toy.banner': 'acknowledged', 'toy.motd': 'verified' })
  const view = await w.policies.get(no)
  await w.policies.saveDraft(no, view.revision, { name: 'cloudy', features: text('Bye') }, 'user:test')
  await w.policies.publish(no, 'user:test')
  const [next] = await w.take(d)
  assert.ok(next?.kind === 'document')
  assert.deepEqual([next.replaces, next.set === x.set], [x.set, false])
  await w.say(d, x.id, done)
  assert.deepEqual(
    await w.states(d),
    { '*': 'sent', 'toy.banner': 'acknowledged', 'toy.motd': 'verified' },
    'the old document is not the new one',
  )
  await w.say(d, next.id, done)
  assert.deepEqual(await w.states(d), { '*': 'acknowledged', 'toy.banner': 'acknowledged' })
  await w.policies.deactivate(no, 'user:test')
  const [none] = await w.take(d)
  assert.ok(none?.kind === 'document')
  assert.deepEqual(await w.policies.desired(none.set), [])
  await w.say(d, none.id, done)
  assert.deepEqual(await w.states(d), { '*': 'acknowledged' })
  assert.deepEqual(await w.policies.waitingChannels(), [])
})

test('a refused setting is tried again after a while where it is enforced, and not where it is only watched', async () => {
  await clear()
  const d = await one()
  await w.policy('refused', [...text('Hello'), { feature: 'toy.motd', settings: { text: 'Day' }, action: 'warn' }])
  for (const x of await w.take(d))
    await w.say(d, x.id, { state: 'failed', reason: { code: 'no-space', text: 'Disk full.' } })
  assert.deepEqual(
    w.told.map((t) => [t.feature, t.state, t.reason?.code]),
    [
      ['toy.banner', 'violated', 'no-space'],
      ['toy.motd', 'violated', 'no-space'],
    ],
  )
  assert.deepEqual(await w.take(d), [])
  await w.db.query(
    sql`update feature_state set due = now() where due is not null; update channel_set set due = now() where due is not null`,
  )
  assert.deepEqual(await w.tx((tx) => w.policies.tick(tx)), [d.channel])
  assert.deepEqual(await apply(d), ['put toy.banner'])
  assert.deepEqual(await w.states(d), { 'toy.banner': 'acknowledged', 'toy.motd': 'failed' })
  const settled = await head(d)
  assert.equal(settled?.applied, settled?.desired)
})

test('blocked channels and those not yet active are given nothing; closed ones are owed nothing', async () => {
  await clear()
  const d = await one()
  await w.policy('blocked', text('Hello'))
  assert.deepEqual(await w.take(d, 5, { blocked: true }), [])
  assert.deepEqual(await w.take(d, 5, { lifecycle: 'created' }), [])
  assert.equal((await w.take(d)).length, 1)
  await w.tx((tx) => w.policies.closed(tx, [d.channel]))
  assert.deepEqual(await w.states(d), {})
  assert.deepEqual(await w.policies.waitingChannels(), [])
})
