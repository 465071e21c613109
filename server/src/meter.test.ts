/** Answers that were given before anything measures them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEarlyMeter } from './meter.ts'

test('early answers are handed on in their order, later ones at once', () => {
  const { meter, into } = createEarlyMeter()
  const measured: [string, number, number][] = []
  const first = meter('POST', '/in')
  first(200, 0.1)
  first(401, 0.2)
  assert.equal(measured.length, 0)
  into((method, route) => (status, seconds) => void measured.push([`${method} ${route}`, status, seconds]))
  assert.deepEqual(measured, [
    ['POST /in', 200, 0.1],
    ['POST /in', 401, 0.2],
  ])
  first(200, 0.3)
  meter('PUT', '/in')(200, 0.4)
  assert.deepEqual(measured.slice(2), [
    ['POST /in', 200, 0.3],
    ['PUT /in', 200, 0.4],
  ])
})

test('more than a start can bring are not kept', () => {
  const { meter, into } = createEarlyMeter()
  const measure = meter('POST', '/in')
  for (let i = 0; i < 10_100; i++) measure(200, i)
  let n = 0
  into(() => () => void n++)
  assert.equal(n, 10_000)
})
