/** Every schema of every platform can be made, and is what the form, the client and the reference are made from; starting makes none of them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textIn } from '@muster/contract'
import { createCatalog, createRegistry } from '@muster/core'
import { installedPlatforms } from './platforms.ts'

test('nobody looks at a schema while platforms are put together', () => {
  const { operations, features } = createRegistry(installedPlatforms)
  const early = [...operations.values(), ...features.values()].flatMap((d) =>
    ['params', 'settings']
      .filter((key) => Object.hasOwn(d, key) && !Object.getOwnPropertyDescriptor(d, key)?.get)
      .map(() => d.id),
  )
  // Some stand there from the start: small ones. What is new is written with a function.
  assert.ok(early.length < (operations.size + features.size) / 4, `made at once: ${early.join(', ')}`)
})

test('every schema can be made, and its examples fit it', () => {
  const registry = createRegistry(installedPlatforms)
  const catalog = createCatalog(registry)
  assert.equal(catalog.operations.length, registry.operations.size)
  assert.equal(catalog.features.length, registry.features.size)
  for (const d of registry.features.values())
    for (const e of d.examples) assert.ok(d.settings.safeParse(e).success, `an example of ${d.id}`)
  for (const d of registry.operations.values())
    for (const e of d.examples) {
      assert.ok(d.params.safeParse(e.params).success, `params of ${d.id}`)
      assert.ok(e.result === undefined || d.result.safeParse(e.result).success, `result of ${d.id}`)
    }
})

test('every operation, feature and fact speaks every language; what is said of them in sentences differs', () => {
  const registry = createRegistry(installedPlatforms)
  const [english, german] = [createCatalog(registry, 'en'), createCatalog(registry, 'de')]
  const sentences = (c: typeof english) => [...c.operations, ...c.features].map((d) => [d.id, d.summary] as const)
  const others = new Map(sentences(german))
  for (const [id, summary] of sentences(english)) assert.notEqual(others.get(id), summary, `${id} is told in English`)
  for (const d of [...registry.operations.values(), ...registry.features.values()])
    assert.ok(typeof d.title === 'object' && d.title.de.trim() !== '', `${d.id} has an English title alone`)
  for (const { descriptors } of registry.platforms.values())
    for (const fact of descriptors.facts) assert.doesNotMatch(textIn(fact.title, 'de'), /^Evidence: /, fact.id)
})
