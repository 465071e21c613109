/** Questions gathered into statements: each answered with its own, none from before it was asked, errors to those who asked. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gather } from './gather.ts'

test('questions of one turn are one statement, and each gets its own answer', async () => {
  const statements: number[][] = []
  const ask = gather(async (keys: number[]) => {
    statements.push(keys)
    return new Map(keys.filter((k) => k % 2 === 0).map((k) => [k, `v${k}`]))
  })
  assert.deepEqual(await Promise.all([ask(2), ask(3), ask(2), ask(4)]), ['v2', undefined, 'v2', 'v4'])
  assert.deepEqual(statements, [[2, 3, 4]])
})

test('a question that comes while a statement runs is asked anew', async () => {
  let value = 'old'
  const running: (() => void)[] = []
  const ask = gather(async (keys: string[]) => {
    const seen = value
    await new Promise<void>((resolve) => running.push(resolve))
    return new Map(keys.map((k) => [k, seen]))
  })
  const first = ask('a')
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  value = 'new'
  const second = ask('a')
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  for (const go of running) go()
  assert.deepEqual(await Promise.all([first, second]), ['old', 'new'])
})

test('a thousand questions make statements of 500 keys at most, two at a time', async () => {
  let now = 0
  let most = 0
  const sizes: number[] = []
  const ask = gather(async (keys: number[]) => {
    now += 1
    most = Math.max(most, now)
    sizes.push(keys.length)
    await new Promise((resolve) => setTimeout(resolve, 2))
    now -= 1
    return new Map(keys.map((k) => [k, k * 2]))
  })
  const got = await Promise.all(Array.from({ length: 1_200 }, (_, i) => ask(i)))
  assert.deepEqual(
    got,
    Array.from({ length: 1_200 }, (_, i) => i * 2),
  )
  assert.ok(Math.max(...sizes) <= 500 && most <= 2, `${sizes} ${most}`)
})

test('an error reaches those who asked, and the next question is asked again', async () => {
  let fail = true
  const ask = gather(async (keys: string[]) => {
    if (fail) throw new Error('away')
    return new Map(keys.map((k) => [k, k]))
  })
  await assert.rejects(Promise.all([ask('a'), ask('b')]), /away/)
  fail = false
  assert.equal(await ask('a'), 'a')
})
