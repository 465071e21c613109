/** The specification of the Android agent lists every word that an agent is given, and every old code finds its new word. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  androidFeatureMeans,
  androidFeatures,
  androidOperationMeans,
  androidOperations,
  commonOperations,
  jsonSchema,
  passcode,
} from '@muster/contract'
import { androidAgentPage } from './android-agent.ts'

interface Part {
  properties?: Readonly<Record<string, Part>>
}
const page = readFileSync(new URL('../../docs/platforms/android-agent.md', import.meta.url), 'utf8')

test('every operation and feature has its part, with means, levels, settings and answer', () => {
  for (const id of [...Object.keys(androidOperationMeans), ...Object.keys(androidFeatureMeans)])
    assert.ok(page.includes(`\n### \`${id}\`\n`), `${id} is not on the page: npm run generate`)
  assert.equal(androidAgentPage(page), page, 'npm run generate')
})

test('the table of means speaks of words that exist, and of all that are Android’s own', () => {
  const operations = new Set([...commonOperations, ...androidOperations].map((d) => d.id))
  for (const id of Object.keys(androidOperationMeans)) assert.ok(operations.has(id), id)
  for (const d of androidOperations) assert.ok(Object.hasOwn(androidOperationMeans, d.id), d.id)
  assert.deepEqual(Object.keys(androidFeatureMeans).sort(), [passcode, ...androidFeatures].map((d) => d.id).sort())
  for (const [id, { members }] of Object.entries(androidFeatureMeans)) {
    const words = [passcode, ...androidFeatures].find((d) => d.id === id)
    const schema = jsonSchema(words?.settings as typeof passcode.settings) as Part
    for (const place of Object.keys(members ?? {})) {
      const [first = '', second] = place.split('.')
      const found = schema.properties?.[first]
      assert.ok(second === undefined ? found : found?.properties?.[second], `${id} has no setting ${place}`)
    }
  }
})

test('words of which the page speaks exist', () => {
  const words = new Set([...Object.keys(androidOperationMeans), ...Object.keys(androidFeatureMeans)])
  const part = page.slice(page.indexOf('## Coming from'), page.indexOf('<!-- From here on'))
  for (const line of part.split('\n').filter((l) => l.startsWith('| `')))
    for (const [, word = ''] of (line.split('|')[2] ?? '').matchAll(/`([a-z][\w.-]*)`/g))
      assert.ok(words.has(word), `${word} is no word of the agent`)
})
