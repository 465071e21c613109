/** One device under arbitrary deliveries, repeats, restarts and lost answers: what it promises must hold in any order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@muster/contract'
import fc from 'fast-check'
import { createBehaviour, presets } from '../behaviour.ts'
import { linuxSimulator as simulator } from '../platforms/index.ts'
import { createRecord, type RecordLine } from '../record.ts'
import { createDevice, type Device } from './device.ts'
import { type Delivery, newDisk, type Report } from './disk.ts'

interface Bench {
  device: Device
  lines: RecordLine[]
  now: { ms: number }
}
function bench(seed: string, preset: keyof typeof presets): Bench {
  const now = { ms: Date.UTC(2026, 0, 1) }
  const lines: RecordLine[] = []
  const record = createRecord({ now: () => now.ms, watch: (l) => lines.push(l) })
  const device = createDevice(
    {
      no: 0,
      seed,
      simulator,
      behaviour: createBehaviour(seed, 0, presets[preset]),
      record,
      now: () => now.ms,
      deferS: 5,
      laterS: 2,
    },
    { ...newDisk(0, { bootAt: 0, software: { added: {}, removed: [], outdated: [] }, log: [] }), device: 'd' },
  )
  return { device, lines, now }
}
const names = ['device.message', 'service.restart', 'device.inventory', 'unknown.thing'] as const
function operation(no: number): Delivery {
  const name = names[no % names.length] ?? ''
  const payload: JsonObject =
    name === 'device.message' ? { text: 'x' } : name === 'service.restart' ? { service: 'cron' } : {}
  return { id: `o1-${no}`, kind: 'operation', name, payload, attempt: 1, deadline: '2027-01-01T00:00:00.000Z' }
}
function setting(no: number, kind: 'put' | 'drop'): Delivery {
  return {
    id: `s1-${kind}${no}`,
    kind,
    name: 'linux.banner',
    payload: kind === 'put' ? { text: `t${no}`, where: ['console'] } : {},
    attempt: 1,
    deadline: '2027-01-01T00:00:00.000Z',
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant('give' as const), no: fc.nat(12) }),
  fc.record({ do: fc.constant('put' as const), no: fc.nat(3) }),
  fc.record({ do: fc.constant('drop' as const), no: fc.nat(3) }),
  fc.record({ do: fc.constantFrom('sync', 'lost', 'restart', 'wait', 'drift') }),
)

test('in any order: no effect twice, reports repeat word for word, numbers grow, and every end is told', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.constantFrom('usual' as const, 'rough' as const),
      fc.array(step, { maxLength: 80 }),
      (seed, preset, steps) => {
        const b = bench(seed, preset)
        const told = new Map<string, string>()
        let lost: string | undefined
        let number = 0
        function sync(answered: boolean): void {
          const report: Report | undefined = b.device.report()
          if (!report) return
          const text = JSON.stringify(report)
          if (lost !== undefined) assert.equal(text, lost)
          else assert.equal(report.sequence, ++number)
          lost = answered ? undefined : text
          if (!answered) return
          // A duplicate of an earlier word may follow the end in one report; the end is what counts.
          for (const r of report.results ?? [])
            if (told.get(r.id) !== 'completed' && told.get(r.id) !== 'failed') told.set(r.id, r.state)
          b.device.taken(report.sequence, '2026-01-01T00:00:00.000Z')
        }
        steps.forEach((s, i) => {
          if (s.do === 'give') b.device.receive([operation(s.no)], b.lines.length)
          else if (s.do === 'put' || s.do === 'drop') b.device.receive([setting(s.no, s.do)], b.lines.length)
          else if (s.do === 'sync' || s.do === 'lost') sync(s.do === 'sync')
          else if (s.do === 'restart') b.device.restart()
          else if (s.do === 'drift') b.device.drift(i)
          else b.now.ms += 3000
          b.device.work()
        })
        b.now.ms += 60_000
        b.device.work()
        for (let i = 0; i < 10; i += 1) sync(true)
        assert.equal(b.device.report(), undefined)

        const effects = new Map<string, number>()
        for (const l of b.lines.filter((x) => x.event === 'executed' && !x.repeatable))
          effects.set(l.id ?? '', (effects.get(l.id ?? '') ?? 0) + 1)
        for (const [id, n] of effects) assert.equal(n, 1, `${id} took effect ${n} times`)
        for (const l of b.lines.filter((x) => x.event === 'concluded')) assert.equal(told.get(l.id ?? ''), l.outcome)
        for (const l of b.lines.filter((x) => x.event === 'received'))
          assert.ok(
            told.has(l.id ?? '') || b.device.disk.memory.ledger[l.id ?? ''] === undefined,
            `${l.id} was answered`,
          )
      },
    ),
    { numRuns: 300 },
  )
})

test('evidence follows what is in force: put, changed by hand, put again, taken back', () => {
  const { device } = bench('calm', 'calm')
  const evidence = () => device.facts()['managed.linux.banner'] as { placed: boolean; console: string }
  const before = evidence()
  assert.equal(before.placed, false)
  device.receive([setting(1, 'put')], 0)
  assert.deepEqual([evidence().placed, evidence().console], [true, 't1\n'])
  device.taken(device.report()?.sequence ?? 0, '')
  device.drift(1)
  assert.match(evidence().console, /^Welcome to room/)
  assert.deepEqual(Object.keys(device.report()?.facts ?? {}), ['managed.linux.banner'])
  device.receive([setting(2, 'put')], 0)
  assert.equal(evidence().console, 't2\n')
  device.receive([setting(3, 'drop')], 0)
  assert.deepEqual(evidence(), before)
})

test('a signed command without a good signature is refused, and nothing happens', () => {
  const { device, lines } = bench('calm', 'calm')
  device.receive(
    [
      { ...operation(0), name: 'script.run', payload: { script: 'id' } },
      { ...operation(1), name: 'script.run', payload: { script: 'id' }, envelope: 'a.b.c' },
    ],
    0,
  )
  assert.deepEqual(
    lines.filter((l) => l.event === 'concluded').map((l) => l.code),
    ['envelope-missing', 'envelope-invalid'],
  )
  assert.ok(!lines.some((l) => l.event === 'executed'))
})

test('memory of deliveries is bounded, and what the server does not know yet is never forgotten', () => {
  const { device } = bench('calm', 'calm')
  for (let i = 0; i < 3000; i += 1) {
    device.receive([{ ...operation(0), id: `o1-${i}` }], 0)
    if (i >= 50) {
      const report = device.report()
      if (i % 2 && report) device.taken(report.sequence, '')
    }
  }
  assert.ok(Object.keys(device.disk.memory.ledger).length <= 1100)
  assert.ok(JSON.stringify(device.disk).length < 400_000)
})
