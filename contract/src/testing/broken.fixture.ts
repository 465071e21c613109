/** Platforms that break one promise each: the suite must find every one of them. Named by the first argument. */
import { argv } from 'node:process'
import { z } from 'zod'
import { type FeatureRow, type OperationRow, operation, type Platform } from '../index.ts'
import { conformance } from './conformance.ts'
import { pull } from './toys/pull.ts'

const rows = pull.rows({})
const lock = rows.operations['pull.lock']?.[0] as OperationRow
const wifi = rows.features['pull.wifi']?.[0] as FeatureRow
const withLock = (change: Partial<OperationRow>): Platform => ({
  ...pull,
  rows: () => ({ ...rows, operations: { ...rows.operations, 'pull.lock': [{ ...lock, ...change }] } }),
})
const withWifi = (change: Partial<FeatureRow>): Platform => ({
  ...pull,
  rows: () => ({ ...rows, features: { ...rows.features, 'pull.wifi': [{ ...wifi, ...change }] } }),
})
const odd = operation({ ...pull.describe({}).operations[0], id: 'Pull Lock' } as Parameters<typeof operation>[0])
let calls = 0
function call(): number {
  calls += 1
  return calls
}

const broken: Record<string, () => Platform> = {
  none: () => pull,
  'wire differs': () => withLock({ to: () => ({ type: 'Loock' }) }),
  'writes differently each time': () =>
    withLock({ to: (p) => ({ type: 'Lock', text: call() > 1 ? 'again' : (p.text ?? null) }) }),
  'writes to what it was given': () => withLock({ to: (p) => Object.assign(p, { type: 'Lock' }) }),
  'reads differently': () => withLock({ from: () => ({ state: 'completed' }) }),
  'throws at odd replies': () =>
    withLock({
      from: (reply) =>
        lock.from(
          JSON.parse(JSON.stringify((reply as { status: string }).status.length > 0 ? reply : reply)),
          {} as never,
        ),
    }),
  'an outcome that is none': () =>
    withLock({
      from: (reply) => (typeof reply === 'number' ? ({ state: 'fine' } as never) : lock.from(reply, {} as never)),
    }),
  'a failure without a reason': () =>
    withLock({
      from: (reply) => (typeof reply === 'number' ? ({ state: 'failed' } as never) : lock.from(reply, {} as never)),
    }),
  'when throws': () => withLock({ when: (c) => (c.facts.a as { b: string }).b !== 'no' || { code: 'no', text: '' } }),
  'no example': () => withLock({ examples: [] }),
  'an example its schema refuses': () => withLock({ examples: [{ in: { text: 7 }, wire: { type: 'Lock', text: 7 } }] }),
  'a channel that is none': () => withLock({ channel: 'fax' as never }),
  'a row without a descriptor': () => ({
    ...pull,
    rows: () => ({ ...rows, operations: { ...rows.operations, 'pull.fly': [lock] } }),
  }),
  'a descriptor without a row': () => ({
    ...pull,
    describe: (s) => ({
      ...pull.describe(s),
      operations: [...pull.describe(s).operations, operation({ ...odd, id: 'pull.fly' })],
    }),
  }),
  'an id that is none': () => ({
    ...pull,
    describe: (s) => ({ ...pull.describe(s), operations: [...pull.describe(s).operations, odd] }),
  }),
  'describes differently each time': () => ({
    ...pull,
    describe: (s) => ({ ...pull.describe(s), facts: [{ id: `f${call()}`, title: 'F', type: 'string' }] }),
  }),
  'a schema that cannot be published': () => ({
    ...pull,
    describe: (s) => ({ ...pull.describe(s), settings: z.object({ at: z.date().optional() }) }),
  }),
  'a check that throws': () =>
    withWifi({
      check: (_, facts) => ((facts['os.version'] as string).length > 0 ? { state: 'verified' } : { state: 'verified' }),
    }),
  'a check that remembers': () =>
    withWifi({
      check: (_s, facts) =>
        call() % 2 && facts ? { state: 'verified' } : { state: 'unknown', reason: { code: 'x', text: '' } },
    }),
  'a check that takes silence for drift': () =>
    withWifi({ check: () => ({ state: 'drifted', reason: { code: 'x', text: '' } }) }),
}

const make = broken[argv[2] ?? '']
if (!make) {
  process.stdout.write(JSON.stringify(Object.keys(broken)))
} else conformance(make(), undefined, { facts: { 'pull.supervised': true } })
