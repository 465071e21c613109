/** The catalogue: filled in, counted, complete, and without words that nothing says. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { en } from './en.ts'
import { actorName, named, readable, t, tn } from './index.ts'

const src = new URL('..', import.meta.url).pathname

test('parameters are filled in, numbers as the reader writes them', () => {
  assert.equal(t('confirm.device', { name: 'ws-001' }), 'Device: ws-001')
  assert.equal(tn('devices.count', 1), '1 device')
  assert.equal(tn('devices.count', 1200), '1,200 devices')
})

test('ids without words of their own are made readable', () => {
  assert.equal(named('state', 'violated'), 'Not compliant')
  assert.equal(named('state', 'acknowledged'), 'Acknowledged')
  assert.equal(readable('maxFailed_attempts'), 'Max failed attempts')
  assert.equal(readable('useTLS'), 'Use TLS')
  assert.deepEqual(['user:ada', 'client:ci', 'system', 'odd'].map(actorName), [
    'ada',
    'API client ci',
    'Muster itself',
    'odd',
  ])
})

test('every count has both its forms', () => {
  const keys = Object.keys(en)
  for (const key of keys) {
    if (key.endsWith('.one')) assert.ok(keys.includes(key.replace(/one$/, 'other')), key)
    if (key.endsWith('.other') && key !== 'factGroup.other') assert.ok(keys.includes(key.replace(/other$/, 'one')), key)
  }
})

test('no word is in the catalogue that no page says', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/.test(file) && !file.endsWith('en.ts') && !file.endsWith('.test.ts'),
  )
  const code = files.map((file) => readFileSync(join(src, file), 'utf8')).join('\n')
  const families =
    /^(state|stateMeaning|ownership|ownershipShort|ownershipMeaning|formFactor|lifecycle|action|problem|identifier|factGroup|live|colors|device\.tab|enrol\.state|enrol\.stateWhy|form\.error|actor|severity|outcome|groups\.op|noun|config|alert|audit)\./
  const unsaid = Object.keys(en).filter(
    (key) => !families.test(key) && !code.includes(`'${key.replace(/\.(one|other)$/, '')}'`),
  )
  assert.deepEqual(unsaid, [])
})
