/** What is remembered of devices' facts: only what rows look at, never what was told to be forgotten, and shared by all that are alike. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@muster/contract'
import type { Sqlish } from '../db/index.ts'
import type { KnownDetail } from './channels.ts'
import { createGlances } from './glances.ts'

const names = ['os.name', 'os.version']
const one = { device: 'a', deviceNo: 1 }
const two = { device: 'b', deviceNo: 2 }

/** A database that knows these facts, and counts how often it was asked. */
function world(facts: Record<number, JsonObject>) {
  let silent = 0
  const asked: unknown[] = []
  const gate = { wait: Promise.resolve() }
  const glances = createGlances({ names, busSilentMs: () => silent })
  const db = {
    query: async (q: { values: [number[], string[]] }) => {
      asked.push(q.values[0])
      const rows = q.values[0].map((no) => ({ id: no === 1 ? 'a' : 'b', facts: facts[no] ?? {} }))
      await gate.wait
      return rows
    },
  } as unknown as Sqlish
  return {
    glances,
    db,
    asked,
    gate,
    silent: (ms: number) => {
      silent = ms
    },
  }
}

test('what is read once is known until it is heard of, and those that are alike share it', async () => {
  const { glances, db, asked } = world({
    1: { 'os.version': '18', 'os.name': 'iOS' },
    2: { 'os.name': 'iOS', 'os.version': '18' },
  })
  assert.equal(glances.of(one), undefined)
  await glances.read(db, [one, two])
  assert.deepEqual(glances.of(one), { 'os.name': 'iOS', 'os.version': '18' })
  assert.equal(glances.of(one), glances.of(two))
  assert.ok(Object.isFrozen(glances.of(one)))
  await glances.read(db, [one, two])
  assert.deepEqual(asked, [[1, 2]], 'not asked again')
  glances.forget(['a'])
  assert.equal(glances.of(one), undefined)
  assert.ok(glances.of(two))
  await glances.read(db, [one, two])
  assert.deepEqual(asked, [[1, 2], [1]])
  glances.forgetAll()
  assert.equal(glances.of(two), undefined)
})

test('what was heard of while it was read is not believed', async () => {
  const { glances, db, gate } = world({ 1: { 'os.name': 'iOS' }, 2: { 'os.name': 'iOS' } })
  const { promise, resolve } = Promise.withResolvers<void>()
  gate.wait = promise
  const reading = glances.read(db, [one, two])
  glances.forget(['a'])
  resolve()
  await reading
  assert.equal(glances.of(one), undefined)
  assert.ok(glances.of(two))
  await glances.read(db, [one])
  assert.ok(glances.of(one), 'the next reading is')
  const all = Promise.withResolvers<void>()
  gate.wait = all.promise
  glances.forget(['a'])
  const again = glances.read(db, [one])
  glances.forgetAll()
  all.resolve()
  await again
  assert.equal(glances.of(one), undefined)
})

test('nothing is believed while the bus is silent', async () => {
  const { glances, db, silent } = world({ 1: { 'os.name': 'iOS' } })
  await glances.read(db, [one])
  silent(6_000)
  assert.equal(glances.of(one), undefined)
  silent(0)
  assert.ok(glances.of(one))
})

test('of details that somebody else reads it keeps what rows look at', async () => {
  const { glances } = world({})
  const detail = { device: 'a', facts: { 'os.name': 'iOS', 'apple.apps': ['many'] } } as unknown as KnownDetail
  const read = await glances.during(async () => new Map([[7, detail]]))
  assert.equal(read.get(7), detail)
  assert.deepEqual(glances.of(one), { 'os.name': 'iOS' })
})

test('more devices than there is room for: the latest are known', async () => {
  const { glances } = world({})
  const of = (n: number) =>
    ({ device: `d${n}`, facts: { 'os.name': 'iOS', 'os.version': String(n) } }) as unknown as KnownDetail
  const some = new Map(Array.from({ length: 120_000 }, (_, n) => [n, of(n)]))
  await glances.during(async () => some)
  assert.equal(glances.of({ device: 'd1' }), undefined)
  assert.deepEqual(glances.of({ device: 'd119999' }), { 'os.name': 'iOS', 'os.version': '119999' })
})
