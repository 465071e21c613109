/** A feature of several profiles by commands: what is sent, in which order, and what an answer on the way means. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '@muster/contract'
import fc from 'fast-check'
import { written } from './feature.fixture.ts'
import { profileIdentifier, stepsOf } from './index.ts'

const names = { prefix: 'org.muster' }
const wire = (...ssids: string[]) =>
  written('apple.wifi', { networks: ssids.map((ssid) => ({ ssid, security: 'open' })) })
type Wire = ReturnType<typeof wire>
const has = (w: Wire, parts: readonly Wire['profiles'][number][] = w.profiles): JsonObject => ({
  'apple.profiles': parts.map((p) => ({
    identifier: profileIdentifier(names.prefix, w.feature, p.part),
    uuid: p.uuid,
  })),
})

test('only what differs is installed, what is no item any more is removed, and a repeat puts all of it', () => {
  const w = wire('a', 'b', 'c')
  const [a, b, c] = w.profiles
  assert.ok(a && b && c)
  assert.deepEqual(stepsOf(w, 'put', names, {}), [{ install: a.part }, { install: b.part }, { install: c.part }])
  assert.deepEqual(stepsOf(w, 'put', names, has(w, [a, c])), [{ install: b.part }])
  assert.deepEqual(stepsOf(w, 'put', names, has(w, [a, { ...b, uuid: 'OLD' }, c])), [{ install: b.part }])
  assert.equal(stepsOf(w, 'put', names, has(w)).length, 3)
  const less = wire('a')
  assert.deepEqual(stepsOf(less, 'put', names, has(w)), [
    { remove: profileIdentifier(names.prefix, 'apple.wifi', b.part), listed: true },
    { remove: profileIdentifier(names.prefix, 'apple.wifi', c.part), listed: true },
  ])
})

test('what is taken away is all that the device has of it, and what it was given since; others are left alone', () => {
  const w = wire('a', 'b')
  const [a, b] = w.profiles
  assert.ok(a && b)
  const foreign = { identifier: `org.other.apple.wifi.${b.part}`, uuid: 'X' }
  const facts = { 'apple.profiles': [...(has(w, [a])['apple.profiles'] as JsonObject[]), foreign] }
  assert.deepEqual(stepsOf(w, 'drop', names, facts), [
    { remove: profileIdentifier(names.prefix, 'apple.wifi', a.part), listed: true },
    { remove: profileIdentifier(names.prefix, 'apple.wifi', b.part) },
  ])
})

test('done step by step the device has what is wanted, however much of it there is and whatever it had', () => {
  const ssid = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz')
  const some = fc.uniqueArray(ssid, { minLength: 1, maxLength: 26 })
  fc.assert(
    fc.property(some, some, (before, after) => {
      const [old, now] = [wire(...before), wire(...after)]
      const device = new Map(old.profiles.map((p) => [profileIdentifier(names.prefix, old.feature, p.part), p.uuid]))
      const listed = () => ({ 'apple.profiles': [...device].map(([identifier, uuid]) => ({ identifier, uuid })) })
      const wanted = new Map(now.profiles.map((p) => [profileIdentifier(names.prefix, now.feature, p.part), p]))
      const right = () => device.size === wanted.size && [...device].every(([i, uuid]) => wanted.get(i)?.uuid === uuid)
      for (let round = 0; round < 6 && !right(); round++)
        for (const step of stepsOf(now, 'put', names, listed())) {
          if ('remove' in step) device.delete(step.remove)
          else {
            const p = now.profiles.find((x) => x.part === step.install)
            assert.ok(p)
            device.set(profileIdentifier(names.prefix, now.feature, p.part), p.uuid)
          }
        }
      assert.ok(right())
    }),
    { numRuns: 100 },
  )
})
