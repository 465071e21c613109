/** Finding channels by foreign names and by facts: many at once by one statement, each its own, and none that is not surely meant. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { cloud } from '@muster/contract/testing'
import { type CoreBench, createHarness } from '../testing/index.ts'
import { createFind } from './find.ts'

let bench: CoreBench
before(async () => {
  bench = await createHarness().open([cloud])
})
after(() => bench.close())

test('a crowd of names is looked up by one statement, and one for the channels they lead to', async () => {
  const many = await Promise.all(
    Array.from({ length: 40 }, (_, i) => bench.enrol('cloud', { facts: { 'device.serial': `N${i}` } })),
  )
  const host = bench.host('cloud')
  for (const c of many) await bench.send('cloud.reboot', {}, [c])
  for (const [i, c] of many.entries()) {
    const [d] = await host.turn(c, { take: 1 })
    await host.turn(c, { said: [{ id: d?.id ?? '', ref: `job ${i}`, state: 'acknowledged' }], take: 0 })
  }
  const find = createFind(bench.db, 'cloud')
  const got: (number | undefined)[][] = []
  const spent = await bench.db.count(async () => {
    const by = (name: (i: number) => Parameters<typeof find>[0]) =>
      Promise.all([...many.map((_, i) => find(name(i))), find(name(1000))])
    for (const list of [
      await by((i) => ({ ref: `job ${i}` })),
      await by((i) => ({ fact: 'device.serial', value: `N${i}` })),
    ])
      got.push(list.map((c) => c?.no))
  })
  const expected = [...many.map((c) => c.no), undefined]
  assert.deepEqual(got, [expected, expected])
  // By fact one more, which tells the planner to go by the index.
  assert.equal(spent.statements, 5)
})

test('what two devices say, another platform’s, or one that left leads to nobody; a name that no database holds spoils nobody’s', async () => {
  const [x, y] = [
    await bench.enrol('cloud', { facts: { 'device.model': 'twin' } }),
    await bench.enrol('cloud', { facts: { 'device.model': 'twin' } }),
  ]
  const find = createFind(bench.db, 'cloud')
  const model = { fact: 'device.model', value: 'twin' }
  const list = await Promise.all([find({ ref: 'a\0b' }), find({ ref: '\ud800' }), find(model)])
  assert.deepEqual(list, [undefined, undefined, undefined])
  await bench.host('cloud').gone(x, { code: 'left', text: 'It left.' })
  assert.equal((await find(model))?.no, y.no)
  assert.equal(await createFind(bench.db, 'other')(model), undefined)
})
