import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fillVariables, type JsonObject, type Outcome } from '@muster/contract'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { bornStates, transitions } from './machine.ts'
import type { SettingDelivery, SettingState } from './model.ts'
import { openWorld, type TestDevice, type World } from './testing.ts'

let w: World
before(async () => {
  w = await openWorld()
})
after(() => w.close())

type Rows = Map<string, { state: SettingState; delivery: number; verb: string }>
async function rows(): Promise<Rows> {
  const all = await w.db.query<{ key: string; state: SettingState; delivery: number; verb: string }>(
    sql`select channel || ' ' || feature as key, state, delivery, verb from feature_state`,
  )
  return new Map(all.map((r) => [r.key, r]))
}

const reason = { code: 'x', text: 'X' }
const command = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('take' as const), device: fc.nat(2), n: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('say' as const),
      device: fc.nat(2),
      which: fc.nat(20),
      outcome: fc.constantFrom<Outcome>(
        { state: 'completed' },
        { state: 'completed' },
        { state: 'completed' },
        { state: 'failed', reason },
        { state: 'acknowledged' },
        { state: 'deferred', reason },
        { state: 'again', kept: 1 },
        { state: 'returned', reason },
        { state: 'unreadable', reason },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('report' as const),
      device: fc.nat(2),
      texts: fc.dictionary(fc.constantFrom('toy.banner', 'toy.motd', 'toy.newer'), fc.constantFrom('A', 'B')),
      version: fc.constantFrom(1, 2),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      features: fc.uniqueArray(
        fc.record({
          feature: fc.constantFrom('toy.banner', 'toy.motd', 'toy.newer'),
          text: fc.constantFrom('A', 'B', '{{v}}'),
          action: fc.constantFrom('enforce' as const, 'warn' as const),
        }),
        { selector: (f) => f.feature },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('tick' as const, 'due' as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('off' as const, 'on' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('variables' as const),
      device: fc.nat(2),
      v: fc.option(fc.constantFrom('A', 'B'), { nil: undefined }),
    }),
  },
)
type Command = typeof command extends fc.Arbitrary<infer C> ? C : never

async function run(
  c: Command,
  no: number,
  platform: string,
  fleet: readonly TestDevice[],
  said: Map<number, string[]>,
  bodies: Map<number, Body>,
): Promise<void> {
  const d = 'device' in c ? fleet[c.device] : undefined
  const supported = (f: string) => platform === 'toy' || f !== 'toy.newer'
  switch (c.do) {
    case 'take':
      if (!d) return
      for (const x of await w.take(d, c.n)) {
        said.get(d.channel)?.push(x.id)
        await handed(bodies.get(d.channel) ?? new Map(), [x])
      }
      return
    case 'say': {
      const ids = (d && said.get(d.channel)) ?? []
      const id = ids[ids.length - 1 - (c.which % Math.max(1, ids.length))]
      if (d && id) await w.say(d, id, c.outcome)
      return
    }
    case 'report':
      if (!d) return
      await w.db.query(
        sql`update device set facts = jsonb_build_object('version', ${c.version}::int) where no = ${d.no}`,
      )
      await w.report(d, {
        version: c.version,
        ...Object.fromEntries(Object.entries(c.texts).map(([f, text]) => [f, { text }])),
      })
      return
    case 'publish': {
      const { revision, name } = await w.policies.get(no)
      await w.policies.saveDraft(
        no,
        revision,
        {
          name,
          features: c.features
            .filter((f) => supported(f.feature))
            .map((f) => ({ feature: f.feature, settings: { text: f.text }, action: f.action })),
        },
        'user:test',
      )
      await w.policies.publish(no, 'user:test')
      return
    }
    case 'due':
      await w.db.query(
        sql`update feature_state set due = now() where due is not null; update feature_state set lease = now() where lease is not null; update channel_set set due = now() where due is not null`,
      )
      return
    case 'tick':
      await w.tx((tx) => w.policies.tick(tx))
      return
    case 'off':
      await w.policies.deactivate(no, 'user:test')
      return
    case 'on':
      await w.policies.activate(no, 'user:test')
      return
    case 'variables':
      if (!d) return
      await w.db.query(
        sql`update device set variables = ${JSON.stringify(c.v === undefined ? {} : { v: c.v })}::jsonb where no = ${d.no}`,
      )
      await w.detail(d).then((channel) => w.tx((tx) => w.policies.variablesChanged(tx, [channel])))
  }
}

function checkMoves(was: Rows, now: Rows, c: Command): void {
  for (const [key, row] of now) {
    const old = was.get(key)
    const why = `${c.do}: ${key} ${old?.verb} ${old?.state} -> ${row.verb} ${row.state}`
    if (!old || old.delivery !== row.delivery) assert.ok(bornStates.includes(row.state), `born ${why}`)
    else {
      assert.equal(row.verb, old.verb, why)
      assert.ok(row.state === old.state || transitions[old.state].includes(row.state), why)
    }
  }
  for (const [key, old] of was)
    if (!now.has(key))
      assert.ok(old.verb === 'drop' || old.state !== 'sent' || c.do !== 'report', `${c.do}: ${key} vanished`)
}

/** What a device that does all it is handed has: feature -> settings. */
type Body = Map<string, JsonObject>
async function handed(body: Body, all: readonly SettingDelivery[]): Promise<void> {
  for (const x of all) {
    if (x.kind === 'setting' && x.verb === 'put') body.set(x.feature, x.settings)
    else if (x.kind === 'setting') body.delete(x.feature)
    else {
      body.clear()
      for (const f of await w.policies.desired(x.set)) body.set(f.feature, fill(f.settings, x.channel.variables))
    }
  }
}
function fill(settings: JsonObject, values: Readonly<Record<string, string>>): JsonObject {
  const filled = fillVariables(settings, values)
  return 'settings' in filled ? filled.settings : {}
}

/** In the end every device gets what it should have, whatever happened before. */
async function settleAll(fleet: readonly TestDevice[], bodies: Map<number, Body>): Promise<void> {
  await w.db.query(sql`update device set variables = '{"v": "A"}', facts = '{"version": 2}'`)
  for (const d of fleet) {
    const channel = await w.detail(d)
    const body = bodies.get(d.channel) ?? new Map()
    await w.tx((tx) => w.policies.variablesChanged(tx, [channel]))
    await w.report(d, { version: 2 })
    // Refused variables, refused rows and answers that went missing come back one after the other.
    for (let round = 0; round < 30; round++) {
      await w.db.query(
        sql`update feature_state set due = now() where due is not null; update feature_state set lease = now() where lease is not null; update channel_set set due = now() where due is not null`,
      )
      await w.tx((tx) => w.policies.tick(tx))
      const got = await w.take(d, 10)
      await handed(body, got)
      for (const x of got) await w.say(d, x.id, { state: 'completed' })
      if (got.length === 0) break
    }
    const [head] = await w.db.query<{ settled: boolean; open: number }>(
      sql`select cs.desired = cs.applied as settled, (select count(*) from feature_state f where f.channel = cs.channel and (f.state in ('pending', 'sent'))) as open from channel_set cs where cs.channel = ${d.channel}`,
    )
    if (head)
      assert.deepEqual(
        head,
        { settled: true, open: 0 },
        JSON.stringify(await w.db.query(sql`select * from feature_state where channel = ${d.channel}`)),
      )
    const view = await w.policies.effective(d.no)
    for (const f of view.features) {
      if (f.state === 'acknowledged' || f.state === 'verified')
        assert.deepEqual(body.get(f.feature), fill(f.settings, channel.variables), f.feature)
      else assert.ok(['failed', 'drifted', 'removing'].includes(f.state), `${f.feature} is ${f.state}`)
    }
    for (const feature of body.keys())
      assert.ok(
        view.features.some((f) => f.feature === feature),
        `${feature} is still there`,
      )
  }
}

for (const platform of ['toy', 'cloud']) {
  test(`no sequence of turns, reports and publishing leaves the table of transitions (${platform})`, async () => {
    let name = 0
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 40 }), async (commands) => {
        await w.db.query(
          sql`delete from policy; truncate channel_set, feature_state, unmatched; update device set lifecycle = 'removed'`,
        )
        const fleet = await w.devices(3, { platform })
        const said = new Map(fleet.map((d) => [d.channel, [] as string[]]))
        const bodies = new Map(fleet.map((d): [number, Body] => [d.channel, new Map()]))
        const no = await w.policy(`life ${name++}`, [{ feature: 'toy.banner', settings: { text: 'A' } }], { platform })
        let was = await rows()
        for (const c of commands) {
          await run(c, no, platform, fleet, said, bodies)
          const now = await rows()
          checkMoves(was, now, c)
          was = now
        }
        await settleAll(fleet, bodies)
      }),
      { numRuns: 25 },
    )
  })
}
