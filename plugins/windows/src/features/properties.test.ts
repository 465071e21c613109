/** Every feature, for any settings that its schema takes: writing is total and stable, addresses and XML are well formed, and a device that obeys is verified. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, type JsonObject, jsonSchema, passcode, withoutSecrets } from '@muster/contract'
import { readXml } from '@muster/kit/xml'
import fc from 'fast-check'
import type { Work } from '../wire/index.ts'
import { checked, descriptorOf, device, nodesOf, obeyed, put, rowOf, win11 } from './feature.fixture.ts'
import { dropWork, windowsFeatures } from './index.ts'

type Schema = Readonly<Record<string, Json | undefined>>
/** Values as the form's schema describes them; texts with a form are taken from the examples. */
function valuesOf(schema: Schema, examples: readonly Json[]): fc.Arbitrary<Json> {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (Array.isArray(schema.anyOf)) return fc.oneof(...schema.anyOf.map((s) => valuesOf(s as Schema, examples)))
  switch (schema.type) {
    case 'boolean':
      return fc.boolean()
    case 'integer':
    case 'number': {
      const min = Math.max(Number(schema.minimum ?? 0), -1_000_000)
      return fc.integer({ min, max: Math.min(Number(schema.maximum ?? 1_000_000), 4_000_000) })
    }
    case 'array':
      return fc.array(
        valuesOf(
          (schema.items ?? {}) as Schema,
          examples.flatMap((e) => (Array.isArray(e) ? e : [])),
        ),
        {
          minLength: Number(schema.minItems ?? 0),
          maxLength: 3,
        },
      )
    case 'object':
      return objectsOf(schema, examples)
    default: {
      const shown = examples.filter((e) => typeof e === 'string')
      const free = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
      if (shown.length > 0)
        return schema.pattern ? fc.constantFrom(...shown) : fc.oneof(fc.constantFrom(...shown), free)
      return free
    }
  }
}
function objectsOf(schema: Schema, examples: readonly Json[]): fc.Arbitrary<Json> {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  const at = (name: string) =>
    examples.flatMap((e) => {
      const value = typeof e === 'object' && e !== null && !Array.isArray(e) ? e[name] : undefined
      return value === undefined ? [] : [value]
    })
  const model = Object.fromEntries(properties.map(([name, s]) => [name, valuesOf(s, at(name))]))
  return fc.record(model, { requiredKeys: (schema.required ?? []) as string[] }) as fc.Arbitrary<Json>
}

const features = [passcode, ...windowsFeatures]
const settingsOf = (id: string): fc.Arbitrary<JsonObject> => {
  const d = descriptorOf(id)
  const examples = d.examples as Json[]
  const any = valuesOf(jsonSchema(d.settings) as Schema, examples) as fc.Arbitrary<JsonObject>
  return fc
    .oneof({ weight: 4, arbitrary: any }, { weight: 1, arbitrary: fc.constantFrom(...(examples as JsonObject[])) })
    .filter((s) => d.settings.safeParse(s).success)
}
const uriForm = /^\.\/(Device\/|User\/)?Vendor\/MSFT(\/[^\s/?#<>"&]+)+$|^\.\/Dev(Detail|Info)\/\w+$/

for (const { id } of features)
  test(`${id}: any settings are written, the same twice, in a form that devices read`, () => {
    fc.assert(
      fc.property(settingsOf(id), (settings) => {
        const work = put(id, settings)
        assert.deepEqual(put(id, settings), work)
        assert.deepEqual(JSON.parse(JSON.stringify(work)), work)
        assert.ok(work.commands.length > 0)
        wellFormed(work)
        const reading = rowOf(id).from?.(obeyed(work) as unknown as Json, device())
        assert.ok(reading?.state === 'completed' || reading?.state === 'again', JSON.stringify(reading))
        const gone = dropWork(id, withoutSecrets(settings, descriptorOf(id).secret), device(win11))
        wellFormed(gone)
        assert.ok(gone.commands.every((c) => ['Delete', 'Replace', 'Get'].includes(c.verb)))
      }),
      { numRuns: 40 },
    )
  })

/** Written here, not by the administrator. */
const ours = /^<(enabled|disabled|WLANProfile|VPNProfile|AssignedAccessConfiguration|GroupConfiguration)[ />]/

function wellFormed(work: Work): void {
  const written = new Set<string>()
  for (const c of work.commands) {
    assert.match(c.uri, uriForm)
    if (work.atomic) assert.notEqual(c.verb, 'Get')
    if (c.verb === 'Get' || c.verb === 'Delete') continue
    assert.ok(!written.has(c.uri), `${c.uri} is written twice`)
    written.add(c.uri)
    assert.ok(c.format, `${c.uri} has no format`)
    if (c.data && ours.test(c.data)) readXml(Buffer.from(`<x>${c.data}</x>`))
  }
}

for (const { id } of features)
  test(`${id}: a device that has what it was told is not adrift, one that has nothing is`, () => {
    fc.assert(
      fc.property(settingsOf(id), (settings) => {
        const nodes = nodesOf(put(id, settings))
        const verdict = checked(id, settings, nodes)
        assert.notEqual(verdict.state, 'drifted', JSON.stringify(verdict))
        const none = Object.fromEntries(Object.keys(nodes).map((uri) => [uri, null]))
        const bare = checked(id, settings, none)
        assert.ok(bare.state === 'drifted' || bare.state === 'unknown', JSON.stringify(bare))
      }),
      { numRuns: 30 },
    )
  })

test('no two features write one node, but those that take any', () => {
  const free = ['windows.customUris', 'windows.admx']
  const owners = new Map<string, string>()
  for (const { id } of features.filter((f) => !free.includes(f.id)))
    fc.assert(
      fc.property(settingsOf(id), (settings) => {
        for (const uri of Object.keys(nodesOf(put(id, settings)))) {
          assert.equal(owners.get(uri) ?? id, id, uri)
          owners.set(uri, id)
        }
      }),
      { numRuns: 15 },
    )
})
