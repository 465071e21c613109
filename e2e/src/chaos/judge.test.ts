/** The judge is silent about the truth, and each of its rules speaks when the evidence is tampered with. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordLine } from '@muster/fleet'
import { type Evidence, judge } from './judge.ts'

const device = '0198a000-0000-7000-8000-000000000001'
const at = Date.parse('2026-01-01T00:00:00Z')
const line = (n: number, event: RecordLine['event'], more: Partial<RecordLine> = {}): RecordLine => ({
  n,
  t: at + n * 1000,
  device,
  event,
  ...more,
})
const done = { kind: 'operation', name: 'device.message', outcome: 'completed' } as const

/** One device, two activities (o1-5 completed, o1-6 cancelled), one policy with two versions. */
function truth(): Evidence {
  const event = (no: number, type: string, data: Record<string, unknown>) => ({ id: `7.${no}`, type, data })
  const outbox = [
    event(1, 'webhook.changed', { webhook: 1, what: 'created' }),
    event(2, 'device.enrolled', { device, epoch: 1 }),
    event(3, 'activity.created', { activity: 5 }),
    event(4, 'channels.waiting', { channels: [1] }),
    event(5, 'operations.changed', { rows: [[1, 5, 'sent']] }),
    event(6, 'operations.changed', { rows: [[1, 5, 'completed']] }),
    event(7, 'activity.created', { activity: 6 }),
    event(8, 'policy.changed', { policy: 2, version: 1, what: 'published' }),
    event(9, 'policy.changed', { policy: 2, version: 2, what: 'published' }),
  ]
  const entry = (act: string, subject: string, detail = {}) => ({ act, subject, detail, sealed: true })
  const activity = (no: number, cancelled: boolean) => ({
    no,
    operation: 'device.message',
    actor: 'client:chaos',
    idem: `chaos-${no}`,
    targets: 1,
    urgent: false,
    cancelled,
  })
  const row = (no: number, state: string, code?: string) => ({
    device,
    channel: 1,
    activity: no,
    id: `o1-${no}`,
    state,
    reason: code === undefined ? null : { code },
    updatedAt: new Date(at + 60_000).toISOString(),
    open: false,
  })
  const types = ['device.enrolled', 'activity.created', 'operations.changed', 'policy.changed']
  const heard = outbox.map(({ id, type }) => ({ id, type }))
  return {
    facts: {
      operations: [row(5, 'completed'), row(6, 'cancelled', 'cancelled')],
      activities: [activity(5, false), activity(6, true)],
      tally: [
        { activity: 5, state: 'completed', n: 1 },
        { activity: 6, state: 'cancelled', n: 1 },
      ],
      devices: [{ id: device, lifecycle: 'active' }],
      enrolments: [{ device, epoch: 1 }],
      versions: [
        { policy: 2, version: 1, current: 2 },
        { policy: 2, version: 2, current: 2 },
      ],
      outbox,
      audit: [
        entry('device.activate', `device:${device}`, { epoch: 1 }),
        entry('operation.device.message', 'activity:5'),
        entry('operation.device.message', 'activity:6'),
        entry('activity.cancel', 'activity:6'),
        entry('policy.created', 'policy:2'),
        entry('policy.published', 'policy:2', { version: 1 }),
        entry('policy.published', 'policy:2', { version: 2 }),
      ],
      unmatched: [],
      unsettled: [],
    },
    journal: {
      sent: [5, 6].map((n) => ({
        key: `chaos-${n}`,
        operation: 'device.message',
        urgent: false,
        askedAt: at + n * 1000,
        answers: [{ id: String(n), targets: 1, at: at + n * 1000 + 500 }],
      })),
      acknowledged: [
        { what: 'policy', id: '2', at },
        { what: 'publish', id: '2', version: 2, at },
        { what: 'cancel', id: '6', cancelled: 1, at },
      ],
      disenrolled: new Set(),
      answers: {},
      refusals: {},
    },
    groups: [
      {
        name: 'base',
        devices: new Set([device]),
        stays: true,
        record: [
          line(1, 'enrolled'),
          line(2, 'received', { ...done, id: 'o1-5', attempt: 1, asked: 1 }),
          line(3, 'executed', { ...done, id: 'o1-5' }),
          line(4, 'concluded', { ...done, id: 'o1-5' }),
          line(5, 'reported', { ...done, id: 'o1-5' }),
          line(6, 'acknowledged-by-server', { ...done, id: 'o1-5', time: 'from a clock that was stepped' }),
        ],
      },
    ],
    stream: heard.filter((e) => e.type !== 'channels.waiting'),
    hook: { types, heard: heard.filter((e) => types.includes(e.type)) },
    audit: { ok: true, text: '' },
  }
}
async function rules(change: (e: Mutable) => void): Promise<string[]> {
  const evidence = truth()
  change(evidence as Mutable)
  return [...new Set((await judge(evidence)).violations.map((v) => v.rule))]
}
/** The evidence, to be tampered with. */
type Deep<T> =
  T extends ReadonlySet<infer U>
    ? Set<U>
    : T extends readonly (infer U)[]
      ? Deep<U>[]
      : T extends object
        ? { -readonly [K in keyof T]: Deep<T[K]> }
        : T
type Mutable = Deep<Evidence>

/** The first activity ended as unknown, so many seconds after the beginning; its result was told at 5 s and answered at 6 s. */
const unknownAt = (second: number) => (e: Mutable) => {
  const row = e.facts.operations[0]
  const tally = e.facts.tally[0]
  if (!row || !tally) return
  Object.assign(row, { state: 'failed', reason: { code: 'outcome-unknown' } })
  Object.assign(row, { updatedAt: new Date(at + second * 1000).toISOString() })
  tally.state = 'failed'
  const ended = e.facts.outbox.find((x) => x.id === '7.6')
  if (ended) ended.data = { rows: [[1, 5, 'failed']] }
}

test('an end that nobody knows may come before the answer to a result, never after it', async () => {
  assert.deepEqual(await rules(unknownAt(5.5)), [])
  assert.deepEqual(await rules(unknownAt(7)), ['outcome-differs'])
})

test('the truth holds', async () => {
  const { violations, ...counts } = await judge(truth())
  assert.deepEqual(violations, [])
  assert.deepEqual(counts, { commands: 2, executed: 1, acknowledged: 1, unknown: 0, late: 0 })
})

const tampered: readonly [string, (e: Mutable) => void, readonly string[]][] = [
  [
    'an acknowledged result is gone',
    (e) => {
      e.facts.operations[0] = { ...e.facts.operations[0]!, state: 'sent', open: true }
    },
    ['acknowledged-open'],
  ],
  ['an acknowledged activity is gone', (e) => void e.facts.activities.pop(), ['acknowledged-missing']],
  [
    'an activity has two rows for a device',
    (e) => void e.facts.operations.push(e.facts.operations[1]!),
    ['row-twice', 'tally-differs', 'event-missing'],
  ],
  ['an activity lost a row', (e) => void e.facts.operations.pop(), ['rows-differ', 'acknowledged-missing']],
  [
    'a key made two activities',
    (e) => {
      e.facts.activities[1]!.idem = 'chaos-5'
    },
    ['key-twice', 'acknowledged-missing'],
  ],
  [
    'counts that are not true',
    (e) => {
      e.facts.tally[0]!.n = 2
    },
    ['tally-differs'],
  ],
  ['a published version is gone', (e) => void e.facts.versions.pop(), ['acknowledged-missing', 'versions-broken']],
  ['an activity without an audit entry', (e) => void e.facts.audit.splice(1, 1), ['audit-missing']],
  ['a publish that is in the audit twice', (e) => void e.facts.audit.push(e.facts.audit[6]!), ['audit-twice']],
  [
    'an entry outside the chain',
    (e) => {
      e.facts.audit[0]!.sealed = false
    },
    ['audit-unsealed'],
  ],
  [
    'a broken chain',
    (e) => {
      e.audit.ok = false
    },
    ['audit-broken'],
  ],
  [
    'an event that was never written',
    (e) => {
      for (const list of [e.facts.outbox, e.stream, e.hook.heard])
        list.splice(
          list.findIndex((x) => x.id === '7.6'),
          1,
        )
    },
    ['event-missing'],
  ],
  [
    'an event that was written twice',
    (e) => {
      for (const list of [e.facts.outbox, e.stream, e.hook.heard] as { id: string; type: string; data?: unknown }[][])
        list.push({ id: '7.99', type: 'activity.created', data: { activity: 5 } })
    },
    ['event-twice'],
  ],
  ['a stream with a gap', (e) => void e.stream.splice(2, 1), ['stream-gap']],
  ['a stream out of order', (e) => void e.stream.reverse(), ['stream-order']],
  ['a webhook that says things twice', (e) => void e.hook.heard.push(e.hook.heard[0]!), ['webhook-twice']],
  [
    'an enrolment that was taken back',
    (e) => {
      e.facts.devices[0]!.lifecycle = 'created'
    },
    ['enrolment-lost'],
  ],
  [
    'a device that was told to go though nobody let it go',
    (e) => void e.groups[0]!.record.push(line(7, 'gone')),
    ['enrolment-lost'],
  ],
  [
    'a later one is handed over before an earlier one',
    (e) => {
      const [received] = e.groups[0]!.record.splice(1, 1)
      e.groups[0]!.record.splice(1, 0, { ...received!, id: 'o1-6', n: 2 }, { ...received!, n: 3, asked: 2 })
    },
    ['order'],
  ],
]
for (const [name, change, expected] of tampered)
  test(name, async () => {
    const found = await rules(change)
    assert.ok(found.includes(expected[0] as string), `${expected[0]} is not among ${found}`)
  })
