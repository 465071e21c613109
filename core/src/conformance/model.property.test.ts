/** Operations against a model of the table of transitions: whatever is sent, fetched, said, repeated, cancelled or left to time, in any order, both agree. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Channel, Outcome } from '@muster/contract'
import { pull } from '@muster/contract/testing'
import fc from 'fast-check'
import sql from 'sql-template-tag'
import { type CoreBench, createHarness } from '../testing/index.ts'

type State =
  | 'held'
  | 'pending'
  | 'sent'
  | 'acknowledged'
  | 'deferred'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'expired'
  | 'superseded'
interface Op {
  readonly activity: number
  readonly channel: number
  readonly kind: Kind
  state: State
  attempts: number
  agains: number
  unreadable: number
  cancelling: boolean
  kept: boolean
  /** Came back and rests. */
  rests: boolean
}
type Kind = 'pull.lock' | 'device.inventory' | 'pull.wipe'
interface Device {
  channel: number
  blocked: boolean
}
interface Model {
  ops: Op[]
  devices: Device[]
}
interface Real {
  channels: Channel[]
  serials: string[]
}
type Command = fc.AsyncCommand<Model, Real>

const open: readonly State[] = ['held', 'pending', 'sent', 'acknowledged', 'deferred']
const isOpen = (o: Op) => open.includes(o.state)
const safe = (o: Op) => o.kind === 'device.inventory'
const said: readonly Outcome['state'][] = [
  'completed',
  'failed',
  'acknowledged',
  'deferred',
  'again',
  'returned',
  'unreadable',
]
const reason = { code: 'said', text: 'The device said so.' }

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([pull])
})
after(() => bench.close())

/** The table, in the model's words. */
function report(o: Op, outcome: Outcome['state']): void {
  if (!isOpen(o) || o.attempts === 0) return
  if (outcome === 'completed' || outcome === 'failed' || outcome === 'acknowledged') o.state = outcome
  else if (outcome === 'unreadable') {
    o.unreadable += 1
    if (o.unreadable === 3) o.state = 'failed'
    o.rests = false
  } else if (o.cancelling) o.state = 'cancelled'
  else if (o.state === 'acknowledged') return
  else if (outcome === 'deferred') o.state = 'deferred'
  else if (outcome === 'again' && o.agains === 16) o.state = 'failed'
  else {
    o.state = 'pending'
    o.attempts -= 1
    o.rests = outcome === 'returned'
    if (outcome === 'again') Object.assign(o, { agains: o.agains + 1, kept: true })
  }
}

function taken(m: Model, d: Device, n: number, again: boolean): Op[] {
  if (d.blocked) return []
  const ready = m.ops.filter(
    (o) => o.channel === d.channel && ((o.state === 'pending' && !o.rests) || (again && o.state === 'deferred')),
  )
  ready.sort((a, b) => Number(b.kept) - Number(a.kept) || a.activity - b.activity)
  const going = ready.slice(0, n)
  for (const o of going) Object.assign(o, { state: 'sent', attempts: o.attempts + 1, rests: false })
  return going
}

async function agree(m: Model): Promise<void> {
  const nos = m.ops.map((o) => o.activity)
  const rows = await bench.db.query<{
    activity: number
    state: State
    attempts: number
    cancelling: boolean | null
  }>(sql`
    select activity, state, attempts, cancelling from pending where activity = any(${nos}::bigint[]) union all select activity, state, attempts, null from history where activity = any(${nos}::bigint[]) order by 1`)
  const shown = m.ops.map((o) => ({
    activity: o.activity,
    state: o.state,
    attempts: o.attempts,
    cancelling: isOpen(o) ? o.cancelling : null,
  }))
  assert.deepEqual(rows, shown)
}

const wireId = (o: Op) => `o${o.channel.toString(36)}-${o.activity.toString(36)}`
function outcomeOf(state: Outcome['state']): Outcome {
  if (state === 'again') return { state, kept: 'more' }
  if (state === 'completed' || state === 'acknowledged') return { state }
  return { state, reason }
}

class Send implements Command {
  readonly device: number
  readonly kind: Kind
  constructor(device: number, kind: Kind) {
    this.device = device
    this.kind = kind
  }
  check = () => true
  async run(m: Model, r: Real) {
    const d = m.devices[this.device] as Device
    const activity = Number(await bench.send(this.kind, {}, [r.channels[this.device] as Channel]))
    if (safe({ kind: this.kind } as Op))
      for (const o of m.ops)
        if (
          o.kind === this.kind &&
          o.channel === d.channel &&
          ['held', 'pending', 'deferred'].includes(o.state) &&
          !o.cancelling
        )
          o.state = 'superseded'
    m.ops.push({
      activity,
      channel: d.channel,
      kind: this.kind,
      state: this.kind === 'pull.wipe' ? 'held' : 'pending',
      attempts: 0,
      agains: 0,
      unreadable: 0,
      cancelling: false,
      kept: false,
      rests: false,
    })
    await agree(m)
  }
  toString = () => `send(${this.device}, ${this.kind})`
}

interface Saying {
  op: number
  outcome: Outcome['state']
  /** Of any operation, also a settled one, one that was never sent, or another device's. */
  stray: boolean
}

/** One exchange: something said of any operations, own or another device's, and then what the device fetches. */
class Exchange implements Command {
  readonly device: number
  readonly says: readonly Saying[]
  readonly take: number
  readonly again: boolean
  constructor(device: number, says: readonly Saying[], take: number, again: boolean) {
    this.device = device
    this.says = says
    this.take = take
    this.again = again
  }
  check = () => true
  async run(m: Model, r: Real) {
    const d = m.devices[this.device] as Device
    const likely = m.ops.filter((o) => o.channel === d.channel && isOpen(o) && o.attempts > 0)
    const heard = this.says.flatMap((s) => {
      const from = s.stray || likely.length === 0 ? m.ops : likely
      const o = from[s.op % Math.max(1, from.length)]
      return o ? [{ o, outcome: s.outcome }] : []
    })
    const wiped = (o: Op) => o.channel === d.channel && o.kind === 'pull.wipe' && o.state === 'completed'
    const before = m.ops.filter(wiped).length
    for (const h of heard) if (h.o.channel === d.channel) report(h.o, h.outcome)
    const ends = m.ops.filter(wiped).length > before
    const expected = taken(m, d, this.take, this.again).map((o) => [wireId(o), o.attempts])
    const given = await bench.host('pull').turn(r.channels[this.device] as Channel, {
      said: heard.map((h) => ({ id: wireId(h.o), ...outcomeOf(h.outcome) })),
      take: this.take,
      deferred: this.again ? 'again' : 'skip',
    })
    assert.deepEqual(
      given.map((x) => [x.id, x.attempt]),
      expected,
    )
    // Its rest must not end by itself while the model runs.
    await bench.db.query(
      sql`update pending set due = now() + interval '1 hour' where state = 'pending' and due is not null`,
    )
    // A device that is wiped is gone, whatever it was given in the same breath.
    if (ends) await new ReEnrol(this.device).run(m, r)
    else await agree(m)
  }
  toString = () =>
    `exchange(${this.device}, [${this.says.map((s) => `${s.op}:${s.outcome}`).join(' ')}], take ${this.take}${this.again ? ' again' : ''})`
}

class Cancel implements Command {
  readonly op: number
  constructor(op: number) {
    this.op = op
  }
  check = (m: Readonly<Model>) => m.ops.length > 0
  async run(m: Model) {
    const sent = m.ops.filter((o) => isOpen(o) && o.attempts > 0 && !o.cancelling)
    const from = this.op % 3 > 0 && sent.length > 0 ? sent : m.ops
    const o = from[this.op % from.length] as Op
    await bench.cancel(String(o.activity))
    if (['held', 'pending', 'deferred'].includes(o.state)) o.state = 'cancelled'
    else if (isOpen(o)) o.cancelling = true
    await agree(m)
  }
  toString = () => `cancel(${this.op})`
}

class Lapse implements Command {
  readonly device: number
  readonly what: 'due' | 'lease' | 'deadline'
  constructor(device: number, what: 'due' | 'lease' | 'deadline') {
    this.device = device
    this.what = what
  }
  check = () => true
  async run(m: Model, r: Real) {
    await bench.lapse(r.channels[this.device] as Channel, this.what)
    await bench.tick()
    for (const o of m.ops) if (isOpen(o) && o.channel === m.devices[this.device]?.channel) this.pass(o)
    await agree(m)
  }
  pass(o: Op) {
    if (this.what === 'deadline')
      o.state = o.cancelling ? 'cancelled' : o.state === 'acknowledged' ? 'failed' : 'expired'
    else if (this.what === 'due')
      Object.assign(o, { state: o.state === 'held' || o.state === 'deferred' ? 'pending' : o.state, rests: false })
    else if (o.state === 'sent')
      o.state = safe(o) && !o.cancelling && o.attempts < 5 ? 'pending' : o.cancelling ? 'cancelled' : 'failed'
  }
  toString = () => `lapse(${this.device}, ${this.what})`
}

class Block implements Command {
  readonly device: number
  constructor(device: number) {
    this.device = device
  }
  check = () => true
  async run(m: Model, r: Real) {
    const d = m.devices[this.device] as Device
    d.blocked = !d.blocked
    await bench.block(r.channels[this.device] as Channel, d.blocked)
    await agree(m)
  }
  toString = () => `block(${this.device})`
}

class ReEnrol implements Command {
  readonly device: number
  constructor(device: number) {
    this.device = device
  }
  check = () => true
  async run(m: Model, r: Real) {
    const d = m.devices[this.device] as Device
    for (const o of m.ops) if (o.channel === d.channel && isOpen(o)) o.state = 'cancelled'
    r.channels[this.device] = await enrol(r.serials[this.device] as string)
    d.channel = (r.channels[this.device] as Channel).no
    await bench.heard()
    await agree(m)
  }
  toString = () => `enrol(${this.device})`
}

const enrol = (serial: string) =>
  bench.enrol('pull', { facts: { 'device.identifiers': [{ kind: 'serial', value: serial }] } })
/** Mostly the same one, so that much happens to it. */
const device = fc.nat({ max: 4 }).map((n) => (n === 4 ? 1 : 0))
const says = fc.array(
  fc.record({
    op: fc.nat({ max: 3 }),
    outcome: fc.constantFrom(...said, 'deferred', 'again', 'returned', 'unreadable', 'unreadable'),
    stray: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  }),
  { maxLength: 3 },
)
const exchange = fc.tuple(device, says, fc.nat({ max: 4 }), fc.boolean()).map((a) => new Exchange(...a))
const commands = fc.commands(
  [
    fc.tuple(device, fc.constantFrom<Kind>('pull.lock', 'device.inventory', 'pull.wipe')).map((a) => new Send(...a)),
    exchange,
    exchange,
    exchange,
    exchange,
    fc.nat({ max: 30 }).map((op) => new Cancel(op)),
    fc.tuple(device, fc.constantFrom<'due' | 'lease' | 'deadline'>('due', 'lease')).map((a) => new Lapse(...a)),
    fc
      .tuple(device, fc.constantFrom<'due' | 'lease' | 'deadline'>('due', 'lease', 'lease', 'deadline'))
      .map((a) => new Lapse(...a)),
    fc
      .tuple(device, fc.integer({ min: 0, max: 3 }))
      .map(([d, rare]) => (rare === 0 ? new Block(d) : rare === 1 ? new ReEnrol(d) : new Exchange(d, [], 2, true))),
  ],
  { maxCommands: 120, size: 'max' },
)

async function allEnded(m: Model, r: Real): Promise<void> {
  for (let i = 0; i < r.channels.length; i++) await new Lapse(i, 'deadline').run(m, r)
  const nos = m.ops.map((o) => o.activity)
  const [left] =
    await bench.db.query(sql`select (select count(*) from pending where activity = any(${nos}::bigint[])) as open,
    (select count(*) from history where activity = any(${nos}::bigint[])) as settled, (select coalesce(sum(n), 0)::integer from tally where activity = any(${nos}::bigint[])) as counted`)
  assert.deepEqual(left, { open: 0, settled: m.ops.length, counted: m.ops.length })
  for (const o of m.ops) assert.deepEqual((await bench.core.operations.activity(o.activity)).counts, { [o.state]: 1 })
}

test('any interleaving agrees with the table; everything ends in history exactly once, and is counted once', {
  timeout: 240_000,
}, async () => {
  let steps = 0
  await fc.assert(
    fc.asyncProperty(commands, async (list) => {
      const serials = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')]
      const real: Real = { channels: [await enrol(serials[0] as string), await enrol(serials[1] as string)], serials }
      const model: Model = { ops: [], devices: real.channels.map((c) => ({ channel: c.no, blocked: false })) }
      await fc.asyncModelRun(() => ({ model, real }), list)
      await allEnded(model, real)
      steps += model.ops.length
    }),
    { numRuns: Number(process.env.MUSTER_RUNS ?? 25) },
  )
  assert.ok(steps > 50, `only ${steps} operations were tried`)
})

test('the same all at once: many connections, cancels and ticks race, and still each ends exactly once', {
  timeout: 120_000,
}, async () => {
  const channels = await Promise.all(Array.from({ length: 8 }, () => enrol(randomBytes(8).toString('hex'))))
  const activities: number[] = []
  const host = bench.host('pull')
  const work = channels.flatMap((c, i) => [
    ...Array.from(
      { length: 6 },
      async () =>
        void activities.push(Number(await bench.send(i % 2 ? 'pull.lock' : 'device.inventory', {}, channels))),
    ),
    ...Array.from({ length: 10 }, async (_, n) => {
      const given = await host.turn(c, { take: 3, deferred: n % 2 ? 'again' : 'skip' })
      const answers = given.map((d) => ({ id: d.id, ...outcomeOf(said[(n + i) % said.length] as Outcome['state']) }))
      await Promise.all([host.turn(c, { said: answers, take: 2 }), host.turn(c, { said: answers, take: 0 })])
    }),
    bench.core.operations.tick(),
  ])
  const cancels = (async () => {
    for (let i = 0; i < 10; i++) {
      const activity = activities[i]
      if (activity !== undefined) await bench.cancel(String(activity))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  await Promise.all([...work, cancels])
  for (const c of channels) await bench.lapse(c, 'deadline')
  await bench.tick()
  const wrong = await bench.db.query(sql`
    select a.no, a.targets, (select count(*) from history h where h.activity = a.no) as settled, (select coalesce(sum(n), 0) from tally t where t.activity = a.no) as counted, (select count(*) from pending p where p.activity = a.no) as open
    from activity a where a.no = any(${activities}::bigint[])
      and (a.targets <> (select count(*) from history h where h.activity = a.no) or a.targets <> (select coalesce(sum(n), 0) from tally t where t.activity = a.no) or exists (select from pending p where p.activity = a.no))`)
  assert.deepEqual(wrong, [])
  assert.equal(activities.length, 48)
})
