import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FeatureDescriptor, Json, JsonObject } from '@muster/contract'
import fc from 'fast-check'
import { type Contribution, contentHash, effectiveSettings, originOf, setHash } from './merge.ts'
import { features } from './testing.ts'

const known = new Map<string, FeatureDescriptor>(features.map((f) => [f.id, f]))
const say = fc.oneof(
  fc.record({ feature: fc.constant('toy.banner'), settings: fc.record({ text: fc.string({ maxLength: 20 }) }) }),
  fc.record({
    feature: fc.constant('toy.hosts'),
    settings: fc.record(
      {
        hosts: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 3 }),
        note: fc.string({ maxLength: 5 }),
      },
      { requiredKeys: ['hosts'] },
    ),
  }),
)
const action = fc.constantFrom('enforce' as const, 'warn' as const, 'monitor' as const)
const policies = fc
  .array(
    fc.record({
      version: fc.nat(9),
      features: fc.uniqueArray(
        fc.tuple(say, action).map(([s, a]) => ({ ...s, settings: s.settings as JsonObject, action: a, graceS: 0 })),
        { selector: (f) => f.feature },
      ),
    }),
    { maxLength: 5 },
  )
  .map((all): Contribution[] => all.map((p, i) => ({ ...p, policy: i + 1 })))

function leaves(value: Json, at = ''): string[] {
  if (value === null || typeof value !== 'object') return [at]
  return Object.entries(value).flatMap(([key, v]) => leaves(v, `${at}/${key}`))
}
function valueAt(value: Json, pointer: string): Json | undefined {
  return pointer
    .split('/')
    .slice(1)
    .reduce<Json | undefined>((v, key) => (v as Record<string, Json>)?.[key], value)
}

test('every value has an origin, and the policy it names says that value', () => {
  fc.assert(
    fc.property(policies, (all) => {
      for (const f of effectiveSettings(all, known)) {
        for (const at of leaves(f.settings)) {
          const origin = originOf(f.origins, at)
          const said = all
            .find((p) => p.policy === origin?.policy && p.version === origin.version)
            ?.features.find((x) => x.feature === f.feature)
          assert.ok(said, `${at} of ${f.feature}`)
          const value = valueAt(f.settings, at)
          const list = at.split('/')[1] ?? ''
          if (Array.isArray(said.settings[list])) assert.ok((said.settings[list] as Json[]).includes(value ?? null))
          else assert.deepEqual(valueAt(said.settings, at), value)
        }
      }
    }),
  )
})

test('the first policy wins a feature whole, whatever comes after it', () => {
  fc.assert(
    fc.property(policies, policies, (first, rest) => {
      const behind = rest.map((p) => ({ ...p, policy: p.policy + 100 }))
      const alone = effectiveSettings(first, known).filter((f) => f.feature === 'toy.banner')
      const both = effectiveSettings([...first, ...behind], known).filter((f) => f.feature === 'toy.banner')
      if (alone.length > 0) assert.deepEqual(both, alone)
    }),
  )
})

test('united lists hold each item once, the first policy first; a union too long for the schema leaves the first alone', () => {
  fc.assert(
    fc.property(policies, (all) => {
      const f = effectiveSettings(all, known).find((x) => x.feature === 'toy.hosts')
      if (!f) return
      const lists = all.flatMap((p) =>
        p.features.filter((x) => x.feature === 'toy.hosts').map((x) => x.settings.hosts as string[]),
      )
      const union = [...new Set(lists.flat())]
      assert.deepEqual(f.settings.hosts, union.length <= 5 ? union : lists[0])
    }),
  )
})

test('equal sets have equal hashes; another author makes another set of the same content', () => {
  fc.assert(
    fc.property(policies, (all) => {
      const one = effectiveSettings(all, known)
      assert.deepEqual(setHash('toy', one), setHash('toy', effectiveSettings(structuredClone(all), known)))
      assert.notDeepEqual(setHash('toy', one), setHash('cloud', one))
      const later = effectiveSettings(
        all.map((p) => ({ ...p, version: p.version + 1 })),
        known,
      )
      assert.equal(contentHash(one), contentHash(later))
      if (one.length > 0) assert.notDeepEqual(setHash('toy', one), setHash('toy', later))
    }),
  )
})
