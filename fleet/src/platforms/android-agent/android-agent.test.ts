/** Simulated Android devices: they know every word that an agent knows, answer as the descriptors promise, and show what is in force. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  androidFeatureMeans,
  androidFeatures,
  androidOperationMeans,
  type FeatureDescriptor,
  type JsonObject,
  type OperationDescriptor,
  passcode,
} from '@muster/contract'
import type { Machine } from '../../agent-channel/index.ts'
import { createRandom, keyOf } from '../../random.ts'
import { simulator } from './index.ts'

function machine(no: number, ownership: string): Machine {
  const identity = simulator.identity(createRandom(keyOf('android', no)), no)
  return {
    identity,
    world: simulator.world(identity, 0),
    settings: {},
    ownership,
    changes: 0,
    now: Date.UTC(2026, 0, 1),
  }
}
const descriptors: readonly FeatureDescriptor[] = [passcode as FeatureDescriptor, ...androidFeatures]
const machines = [...Array(60).keys()].flatMap((no) =>
  ['cope', 'dedicated', 'work-profile', 'byod'].map((ownership) => machine(no, ownership)),
)

test('every operation and feature that the specification lists is simulated, and no other', () => {
  assert.deepEqual([...simulator.operations.keys()].sort(), Object.keys(androidOperationMeans).sort())
  assert.deepEqual([...simulator.features.keys()].sort(), Object.keys(androidFeatureMeans).sort())
})

test('each operation is done by some device and refused by none without a reason; results are as the descriptor promises', () => {
  for (const { words, act, refusal } of simulator.operations.values()) {
    let done = 0
    for (const m of machines) {
      for (const example of (words as OperationDescriptor).examples) {
        const params = words.params.parse(example.params) as JsonObject
        if (words.id === 'android.file.get') (m.world.files as JsonObject)[String(params.path)] = {}
        if (words.id === 'android.app.update') (m.world.apps as JsonObject)[String(params.packageName)] = 1
        const why = refusal?.(params, m)
        if (why) {
          assert.match(why.code, /^[a-z][a-z0-9-]*$/)
          assert.ok(why.text.length > 10, words.id)
          continue
        }
        const effect = act(params, m)
        assert.equal(
          words.result.safeParse(effect.result).success,
          true,
          `${words.id}: ${JSON.stringify(effect.result)}`,
        )
        done += 1
      }
    }
    assert.ok(done > 0, `${words.id} is done by nobody`)
  }
})

test('each feature can be had by some device; drift shows in its evidence, and secrets never do', () => {
  const constant = new Set(['android.encryption'])
  for (const f of simulator.features.values()) {
    const able = machines.filter((m) => f.refuses?.(m.identity, m) === undefined)
    assert.ok(able.length > 0, `${f.id} is had by nobody`)
    const [m] = able
    if (!m) continue
    const words = descriptors.find((d) => d.id === f.id)
    for (const example of words?.examples ?? []) {
      const settings = f.settings.parse(example) as JsonObject
      f.put?.(settings, m)
      const before = f.evidence(settings, m)
      for (const name of words?.secret ?? [])
        if (settings[name] !== undefined)
          assert.ok(!JSON.stringify(before).includes(JSON.stringify(settings[name])), f.id)
      assert.deepEqual(JSON.parse(JSON.stringify(before)), before, 'JSON')
      const after = f.evidence(f.drift(settings, 0.3, m), m)
      if (!constant.has(f.id)) assert.notDeepEqual(after, before, `${f.id} shows no drift`)
    }
  }
})

test('who they are: serial numbers and IMEIs differ, IMEIs check, and each way of being managed occurs', () => {
  const serials = new Set(machines.map((m) => m.identity.facts['device.serial']))
  assert.equal(serials.size, 60)
  for (const { identity } of machines) {
    const imei = identity.identifiers.find((i) => i.kind === 'imei')?.value
    if (imei === undefined) continue
    const sum = [...imei].reduce((total, d, i) => {
      const twice = Number(d) * (i % 2 === 1 ? 2 : 1)
      return total + (twice > 9 ? twice - 9 : twice)
    }, 0)
    assert.equal(sum % 10, 0, imei)
  }
  const ways = new Set(
    machines.map((m) => {
      const { 'android.mode': mode, 'android.companyOwned': company } = simulator.groups.management?.(m) ?? {}
      return `${mode} ${company}`
    }),
  )
  assert.deepEqual([...ways].sort(), ['device-owner true', 'plain false', 'profile-owner false', 'profile-owner true'])
})
