/** The small mechanisms: draws that repeat, a heap that keeps order, percentiles that are true. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createHeap } from './agenda.ts'
import { createBehaviour, presets } from './behaviour.ts'
import { createHistogram } from './histogram.ts'
import { linuxSimulator as simulator } from './platforms/index.ts'
import { createRandom, draw, keyOf } from './random.ts'

test('draws repeat, lie in [0, 1), and are spread evenly whatever grows', () => {
  for (const grows of ['no', 'n', 'm'] as const) {
    const bins = new Array<number>(20).fill(0)
    for (let i = 0; i < 20_000; i += 1) {
      const at = (n: 'no' | 'n' | 'm') => (grows === n ? i : 3)
      const x = draw(keyOf('s', at('no')), 4, at('n'), at('m'))
      assert.equal(x, draw(keyOf('s', at('no')), 4, at('n'), at('m')))
      bins[Math.floor(x * 20)] = (bins[Math.floor(x * 20)] ?? 0) + 1
    }
    for (const n of bins) assert.ok(n > 850 && n < 1150, `${grows}: ${bins}`)
  }
})

test('habits show at their rates and do not follow one another', () => {
  let [both, defers, fails] = [0, 0, 0]
  for (let no = 0; no < 200; no += 1) {
    const b = createBehaviour('x', no, { ...presets.calm, defer: 0.3, fail: 0.3 })
    for (let n = 0; n < 100; n += 1) {
      const [d, f] = [b.does('defer', n), b.does('fail', n)]
      defers += Number(d)
      fails += Number(f)
      both += Number(d && f)
      assert.ok(!b.does('drift', n))
    }
  }
  assert.ok(
    Math.abs(defers / 20_000 - 0.3) < 0.015 &&
      Math.abs(fails / 20_000 - 0.3) < 0.015 &&
      Math.abs(both / 20_000 - 0.09) < 0.01,
    `${defers} ${fails} ${both}`,
  )
})

test('identities: the same for the same seed, and no two devices alike', () => {
  const of = (seed: string, no: number) => simulator.identity(createRandom(keyOf(seed, no)), no)
  assert.deepEqual(of('a', 7), of('a', 7))
  const values = new Set<string>()
  for (const seed of ['a', 'b'])
    for (let no = 0; no < 3000; no += 1) for (const { value } of of(seed, no).identifiers) values.add(value)
  assert.ok(values.size >= 3 * 6000 - 2, `${values.size}`)
})

test('the heap gives back in order of time, and equals in order of coming', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(20), fc.constant('pop' as const)), { maxLength: 200 }), (steps) => {
      const heap = createHeap()
      const model: { due: number; i: number }[] = []
      const got: number[] = []
      const wanted: number[] = []
      const pop = () => {
        heap.pop()?.()
        model.sort((a, b) => a.due - b.due || a.i - b.i)
        const first = model.shift()
        if (first) wanted.push(first.i)
      }
      steps.forEach((s, i) => {
        if (s === 'pop') {
          pop()
          return
        }
        heap.push(s, () => got.push(i))
        model.push({ due: s, i })
      })
      while (model.length > 0) pop()
      assert.deepEqual(got, wanted)
      assert.equal(heap.due(), Number.POSITIVE_INFINITY)
    }),
  )
})

test('percentiles are true to 2 % over the whole range', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.02, max: 600_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
      (values) => {
        const h = createHistogram()
        for (const v of values) h.add(v)
        const sorted = values.toSorted((a, b) => a - b)
        const { n, p50, p99, max } = h.percentiles()
        const near = (got: number, share: number) => {
          const exact = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
          assert.ok(Math.abs(got - exact) <= 0.021 * exact + 0.01, `${got} for ${exact}`)
        }
        assert.equal(n, values.length)
        assert.ok(Math.abs(max - (sorted.at(-1) ?? 0)) < 0.01)
        near(p50, 0.5)
        near(p99, 0.99)
      },
    ),
  )
})
