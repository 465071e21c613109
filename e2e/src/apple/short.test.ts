/** The short way and the long one, side by side: whatever a device says and is sent, both answer the same and leave the same behind. */
import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Channel, JsonObject } from '@muster/contract'
import { type AppleBench, openApple } from './bench.fixture.ts'
import { callOf, enrolled, newKey, scep, soon, type TestDevice } from './device.fixture.ts'

let bench: AppleBench
before(async () => {
  bench = await openApple()
})
after(() => bench.close())

const key = newKey()
const roads = { long: 0, known: 0, short: 0, left: 0 }

/** A device whose requests go the short way first, or the long way alone. */
async function enrol(brief: boolean): Promise<Pair> {
  const open = bench.platforms.get('apple')
  assert.ok(open)
  const call = callOf(open, async (route, r) => {
    if (!brief) {
      roads.long += 1
      return route.handle(r)
    }
    const known = route.now?.(r)
    if (known) {
      roads.known += 1
      return known
    }
    const reply = await soon(route, r)
    if (reply) roads.short += 1
    else roads.left += 1
    return reply ?? route.handle(r)
  })
  const before = { ...roads }
  const identity = await scep(bench.request, await bench.code('apple'), key)
  const device = await enrolled(call, '', { identity })
  await device.connect(({ Command }) => ({
    Status: 'Acknowledged',
    QueryResponses: Command.RequestType === 'DeviceInformation' ? { IsSupervised: true, OSVersion: '18.1' } : undefined,
  }))
  Object.assign(roads, before)
  return { device, channel: await bench.channelOf(device), names: new Map(), given: [] }
}
interface Pair {
  device: TestDevice
  channel: Channel
  /** The commands' names in the order in which they came. */
  names: Map<string, string>
  given: string[]
  /** What it was handed and has not answered. */
  under?: string
}

type Step =
  | { do: 'send'; operation: string; params: JsonObject; urgent?: boolean }
  | { do: 'say'; status: string; which: number; more?: Record<string, string> }
  | { do: 'idle'; more?: Record<string, string> }
  | { do: 'facts'; facts: JsonObject }
  | { do: 'lapse'; what: 'due' | 'lease' }
  | { do: 'obey' }
  | { do: 'errand' }
  | { do: 'cancel' }

const operations: readonly (readonly [string, JsonObject])[] = [
  ['device.lock', {}],
  ['apple.lock', { message: 'Call <us> & them' }],
  ['apple.lock', { message: 'Again' }],
  ['device.locate', {}],
  ['device.lost-mode.enable', { message: 'Lost' }],
  ['device.reboot', { delayMinutes: 0 }],
  ['device.inventory', {}],
  ['apple.wallpaper', { image: 'AAAA' }],
  ['apple.restrictions-password.clear', {}],
]
const mores: readonly Record<string, string>[] = [{ Told: 'this' }, { MessageResult: 'Success' }, { UserID: 'nobody' }]
const rare: readonly Step[] = [
  { do: 'facts', facts: { 'apple.supervised': false } },
  { do: 'facts', facts: { 'apple.supervised': true, 'os.version': '9.0' } },
  { do: 'facts', facts: { 'apple.supervised': true, 'os.version': '18.2' } },
  { do: 'lapse', what: 'due' },
  { do: 'lapse', what: 'lease' },
  { do: 'errand' },
  { do: 'cancel' },
]

/** The same words for the same seed. */
function chanceOf(seed: string) {
  let n = 0
  const next = () => createHash('sha256').update(`${seed} ${n++}`).digest().readUInt32LE(0) / 2 ** 32
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T
  return { next, pick, below: (most: number) => Math.floor(next() * most) }
}

function drawn(by: ReturnType<typeof chanceOf>): Step {
  const kind = by.below(60)
  if (kind < 16) {
    const [operation, params] = by.pick(operations)
    return { do: 'send', operation, params }
  }
  if (kind < 50) return { do: 'obey' }
  if (kind < 53) return { do: 'idle' }
  if (kind < 58)
    return {
      do: 'say',
      status: by.pick(['Acknowledged', 'Error', 'NotNow', 'CommandFormatError', 'Idle']),
      which: by.below(4),
      ...(by.next() < 0.4 && { more: by.pick(mores) }),
    }
  return by.pick(rare)
}

/** What was answered, in words that both have in common. */
function heard(p: Pair, reply: { status: number; body?: Uint8Array | string }): string {
  const text = Buffer.from(reply.body ?? '').toString()
  const id = /<key>CommandUUID<\/key>\s*<string>([^<]+)<\/string>/.exec(text)?.[1]
  if (id === undefined) return `${reply.status} ${text}`
  p.given.unshift(id)
  p.under = id
  if (!p.names.has(id)) p.names.set(id, `command ${p.names.size + 1}`)
  return `${reply.status} ${text.replace(id, p.names.get(id) as string)}`
}

async function act(p: Pair, step: Step): Promise<string> {
  if (step.do === 'idle') return heard(p, await p.device.report('Idle', step.more))
  if (step.do === 'obey') {
    const { under } = p
    p.under = undefined
    return heard(p, await (under ? p.device.report('Acknowledged', { CommandUUID: under }) : p.device.report('Idle')))
  }
  if (step.do === 'say') {
    const id = p.given[step.which] ?? 'ozzz-1'
    return heard(p, await p.device.report(step.status, { CommandUUID: id, ...step.more }))
  }
  if (step.do === 'facts') await bench.host('apple').turn(p.channel, { take: 0, facts: step.facts, partial: true })
  if (step.do === 'errand') await bench.host('apple').errand(p.channel, 'profiles', {})
  if (step.do === 'lapse') await bench.lapse(p.channel, step.what)
  return ''
}

async function left({ channel, names }: Pair) {
  const read = (text: string) => bench.db.query<JsonObject>({ text, values: [channel.no] })
  const told = await read(
    `select r ->> 2 as state from outbox, jsonb_array_elements(data -> 'rows') r where type = 'operations.changed' and (r ->> 0)::bigint = $1 order by xid, no`,
  )
  return {
    history: await read(
      `select operation, state, reason, result - 'CommandUUID' - 'UDID' as result, attempts from history where channel = $1 order by activity`,
    ),
    open: await read(
      `select operation, state, attempts, agains, reason, safe from pending where channel = $1 order by activity`,
    ),
    unmatched: await read(`select why from unmatched where channel = $1 order by no`),
    told: told.map((r) => r.state),
    commands: names.size,
  }
}

async function run(pair: readonly Pair[], all: readonly Step[]): Promise<void> {
  let last = ''
  for (const [n, step] of all.entries()) {
    if (step.do === 'send')
      last = await bench
        .send(
          step.operation,
          step.params,
          pair.map((p) => p.channel),
        )
        .catch((e: { code?: string }) => (e.code === 'empty-target' ? last : Promise.reject(e)))
    if (step.do === 'cancel' && last !== '') await bench.cancel(last)
    const [brief, long] = [await act(pair[0] as Pair, step), await act(pair[1] as Pair, step)]
    assert.equal(brief, long, `step ${n}: ${JSON.stringify(step)}`)
    if (step.do === 'lapse') await bench.tick()
    else await bench.heard()
  }
  const [brief, long] = await Promise.all(pair.map(left))
  assert.deepEqual(brief, long)
}

test('both ways answer the same and leave the same behind, whatever is said and sent', async (t) => {
  const seed = process.env.MUSTER_SEED === 'random' ? randomUUID() : 'short'
  const by = chanceOf(seed)
  const pair = [await enrol(true), await enrol(false)]
  for (let n = 0; n < 8; n += 1) {
    const all = Array.from({ length: 30 }, () => drawn(by))
    await run(pair, all).catch((e: unknown) => {
      t.diagnostic(`seed ${seed}, ${n}: ${JSON.stringify(all)}`)
      throw e
    })
  }
  // Otherwise the two would be one. Who signs is proved with others, and so never answered at once.
  assert.ok(roads.short > 20 && roads.known === 0 && roads.left > 0, JSON.stringify(roads))
})

test('a command is fetched in one transaction and answered in another; what is known of the device is not read again', async () => {
  const [other, p] = [await enrol(true), await enrol(true)]
  const trip = async (operation: string) => {
    await bench.send(operation, {}, [other.channel, p.channel])
    // What the activity says is read once for all.
    for (let n = 0; n < 2; n += 1) await act(other, { do: 'obey' })
    const fetched = await bench.db.count(() => act(p, { do: 'obey' }))
    assert.ok(p.under, `${operation} was handed over`)
    const answered = await bench.db.count(() => act(p, { do: 'obey' }))
    return { fetched, answered }
  }
  await act(p, { do: 'idle' })
  await trip('device.lock')
  const warm = await trip('device.lock')
  assert.deepEqual([warm.fetched.transactions, warm.answered.transactions], [1, 1])
  // Its facts have changed: they are read again, by one statement more of the same transaction.
  await act(p, { do: 'facts', facts: { 'os.version': '18.3' } })
  await bench.heard()
  const changed = await trip('device.lock')
  assert.deepEqual(changed.fetched, { statements: warm.fetched.statements + 1, transactions: 1 })
  assert.deepEqual(changed.answered, warm.answered)
  const idle = await bench.db.count(() => act(p, { do: 'idle' }))
  assert.deepEqual(idle, { statements: 0, transactions: 0 })
})
