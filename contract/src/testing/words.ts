/** The suite's first part: a platform's words. Every row has a descriptor and examples that its schema accepts; describing is pure. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  commonOperations,
  type Descriptors,
  type FeatureDescriptor,
  type FeatureRow,
  type Json,
  jsonSchema,
  type OperationDescriptor,
  type OperationRow,
  type Platform,
  passcode,
} from '../index.ts'
import { setupInBothLanguages } from './languages.ts'

const idForm = /^[a-z][a-z0-9]*(\.[a-z][A-Za-z0-9-]*)*$/
const kinds = ['device', 'user', 'agent']

export interface Words {
  readonly descriptors: Descriptors
  readonly operations: ReadonlyMap<string, OperationDescriptor>
  readonly features: ReadonlyMap<string, FeatureDescriptor>
  readonly operationRows: readonly (readonly [string, OperationRow])[]
  readonly featureRows: readonly (readonly [string, FeatureRow])[]
}

/** The platform's own words and the common ones that it may speak. */
export function wordsOf(platform: Platform, settings: Json): Words {
  const descriptors = platform.describe(settings)
  const rows = platform.rows(settings)
  const flat = <R>(all: Readonly<Record<string, readonly R[]>>) =>
    Object.entries(all).flatMap(([id, list]) => list.map((row) => [id, row] as const))
  return {
    descriptors,
    operations: new Map([...commonOperations, ...descriptors.operations].map((d) => [d.id, d])),
    features: new Map([passcode, ...descriptors.features].map((d) => [d.id, d])),
    operationRows: flat(rows.operations),
    featureRows: flat(rows.features),
  }
}

export function testWords(platform: Platform, settings: Json): void {
  const words = wordsOf(platform, settings)
  const own = [...words.descriptors.operations, ...words.descriptors.features]

  test('what an administrator sets up is said in every language', () => setupInBothLanguages(platform, settings))
  test('ids have the form of ids, and none is described twice', () => {
    assert.match(platform.id, /^[a-z][a-z0-9-]*$/)
    const ids = [...own, ...words.descriptors.events, ...words.descriptors.facts].map((d) => d.id)
    for (const d of own) assert.match(d.id, idForm)
    for (const d of words.descriptors.facts) assert.match(d.id, /^[a-zA-Z][\w-]*(\.[\w-]+)*$/)
    const words2 = own.map((d) => d.id)
    assert.equal(new Set(words2).size, words2.length, `described twice among ${ids.join(', ')}`)
    assert.equal(platform.migrations.length, new Set(platform.migrations.map((m) => m.name)).size)
  })
  test('every row has a descriptor, a channel that exists and an example; every word of its own has a row', () => {
    const rows = platform.rows(settings)
    for (const [id, row] of words.operationRows) assertRow(id, row, words.operations.has(id))
    for (const [id, row] of words.featureRows) assertRow(id, row, words.features.has(id))
    for (const d of words.descriptors.operations) assert.ok(rows.operations[d.id]?.length, `no row speaks ${d.id}`)
    for (const d of words.descriptors.features) assert.ok(rows.features[d.id]?.length, `no row speaks ${d.id}`)
  })
  test('schemas accept the examples', () => {
    for (const [id, row] of words.operationRows)
      for (const e of row.examples)
        assert.ok(
          words.operations.get(id)?.params.safeParse(e.in).success,
          `${id} does not take ${JSON.stringify(e.in)}`,
        )
    for (const [id, row] of words.featureRows)
      for (const e of row.examples)
        assert.ok(
          words.features.get(id)?.settings.safeParse(e.in).success,
          `${id} does not take ${JSON.stringify(e.in)}`,
        )
    for (const d of words.descriptors.operations)
      for (const e of d.examples) assert.ok(d.params.safeParse(e.params).success, `${d.id}: its own example is refused`)
    for (const d of words.descriptors.features)
      for (const e of d.examples) assert.ok(d.settings.safeParse(e).success, `${d.id}: its own example is refused`)
    assert.ok(words.descriptors.settings.safeParse(settings).success, 'the platform does not take its own settings')
  })
  test('describing is pure, and every schema can be published', () => {
    assert.deepEqual(published(platform.describe(settings)), published(platform.describe(settings)))
    const ids = (all: Readonly<Record<string, readonly unknown[]>>) =>
      Object.entries(all).map(([id, list]) => [id, list.length])
    assert.deepEqual(ids(platform.rows(settings).operations), ids(platform.rows(settings).operations))
    assert.deepEqual(ids(platform.rows(settings).features), ids(platform.rows(settings).features))
  })
}

function assertRow(id: string, row: OperationRow | FeatureRow, described: boolean): void {
  assert.ok(described, `${id} has no descriptor`)
  assert.ok(kinds.includes(row.channel), `${id}: no kind of channel is called ${row.channel}`)
  assert.ok(row.examples.length > 0, `${id} has no example`)
}

function published(d: Descriptors): unknown {
  const operations = d.operations.map((o) => ({ ...o, params: jsonSchema(o.params), result: jsonSchema(o.result) }))
  const features = d.features.map((f) => ({ ...f, settings: jsonSchema(f.settings) }))
  return JSON.parse(JSON.stringify({ ...d, settings: jsonSchema(d.settings), operations, features }))
}
