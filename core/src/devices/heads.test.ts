/** Packed heads: each comes back as it was put, forgetting and versions hold, and memory is bounded. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import type { KnownChannel } from './channels.ts'
import { createHeads } from './heads.ts'

const head: fc.Arbitrary<KnownChannel> = fc.record(
  {
    no: fc.constantFrom(1, 2, 1_023, 1_024, 1_025, 9_000_001),
    device: fc.uuid(),
    deviceNo: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    platform: fc.constantFrom('linux', 'p', 'another-one'),
    epoch: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    name: fc.oneof(
      fc.constantFrom('device', 'agent'),
      fc.string().map((s) => `user:${s}`),
    ),
    lifecycle: fc.constantFrom('created', 'active', 'disenrolling', 'removed'),
    blocked: fc.boolean(),
    ownership: fc.constantFrom('byod', 'cope', 'work-profile', 'dedicated'),
  },
  { noNullPrototype: true },
)

test('each head comes back as it was put last, with a version of its own, until it is forgotten', () => {
  const step = fc.record({ head, does: fc.constantFrom('put', 'put', 'renew', 'forget') })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const heads = createHeads(() => assert.fail('nothing is full'))
      const model = new Map<number, { head: KnownChannel; version: number }>()
      const given = new Set<number>()
      for (const s of steps) {
        const { no } = s.head
        const before = model.get(no)
        if (s.does === 'put') {
          heads.put(s.head)
          assert.ok(!given.has(heads.version(no)), 'a version is given once')
          given.add(heads.version(no))
          model.set(no, { head: s.head, version: heads.version(no) })
        } else if (s.does === 'renew') {
          heads.renew(s.head)
          if (before) model.set(no, { head: s.head, version: before.version })
        } else {
          heads.forget(no)
          model.delete(no)
        }
        for (const [n, known] of model) {
          assert.deepEqual(heads.get(n), known.head)
          const glance = heads.glance(n)
          for (const word of Object.keys(known.head) as (keyof KnownChannel)[])
            assert.equal(glance?.[word], known.head[word])
          assert.equal(heads.version(n), known.version)
        }
        if (!model.has(no))
          assert.deepEqual([heads.get(no), heads.glance(no), heads.version(no)], [undefined, undefined, 0])
      }
    }),
  )
})

const some = (no: number, name = 'device'): KnownChannel => ({
  no,
  device: randomUUID(),
  deviceNo: no,
  platform: 'p',
  epoch: 1,
  name,
  lifecycle: 'active',
  blocked: false,
  ownership: 'cope',
})

test('what was put among others long ago makes room', () => {
  const heads = createHeads(() => undefined, 2)
  for (const no of [1, 5_000, 2, 9_000]) heads.put(some(no))
  assert.deepEqual(
    [1, 2, 5_000, 9_000].map((no) => heads.version(no) > 0),
    [true, true, false, true],
  )
})

test('more names than can be numbered: everything is put anew, and whoever holds versions is told', () => {
  let anew = 0
  const heads = createHeads(() => anew++)
  for (let i = 0; i <= 0x10000; i += 1) heads.put(some(1 + (i % 50), `user:${i}`))
  assert.equal(anew, 1)
  assert.equal(heads.get(1 + (0x10000 % 50))?.name, 'user:65536')
  assert.equal(heads.get(50), undefined)
})
