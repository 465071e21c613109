/** The catalogue: filled in, counted, complete, and without words that nothing says. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { de } from './de.ts'
import { en } from './en.ts'
import { actorName, languageName, named, readable, t, tn } from './index.ts'
import { bestOf } from './language.ts'
import { createWords } from './words.ts'

const src = new URL('..', import.meta.url).pathname

test('parameters are filled in, numbers as the reader writes them', () => {
  assert.equal(t('confirm.device', { name: 'ws-001' }), 'Device: ws-001')
  assert.equal(tn('devices.count', 1), '1 device')
  assert.equal(tn('devices.count', 1200), '1,200 devices')
})

test('the language is the first of the reader’s that there is', () => {
  assert.equal(bestOf([null, 'fr-FR', 'de-AT', 'en-GB']), 'de')
  assert.equal(bestOf(['en', 'de-DE']), 'en')
  assert.equal(bestOf(['del', 'english', '']), 'en')
  assert.equal(bestOf([]), 'en')
  assert.equal(languageName('de', 'de'), 'Deutsch')
})

test('German counts and writes numbers as Germans do', () => {
  const german = createWords(de, 'de', 'de-DE')
  assert.equal(german.tn('devices.count', 1), '1 Gerät')
  assert.equal(german.tn('devices.count', 1200), '1.200 Geräte')
  assert.equal(german.t('confirm.device', { name: 'ws-001' }), 'Gerät: ws-001')
})

test('German fills in what English does, and says all of the server’s refusals', () => {
  const filled = (text: string) => [...new Set([...text.matchAll(/\{\w+\}/g)].map(([name]) => name))].sort()
  for (const [key, text] of Object.entries(en)) {
    const german = de[key as keyof typeof en]
    assert.notEqual(german.trim(), '', key)
    assert.deepEqual(filled(german), filled(text), key)
  }
  const reference = readFileSync(join(src, '../../docs/reference/errors.md'), 'utf8')
  const codes = [...reference.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => `problem.${code}`)
  assert.ok(codes.length > 40)
  assert.deepEqual(
    codes.filter((code) => !(code in de)),
    [],
  )
  const known = new Set([...codes, ...Object.keys(en)])
  // Why a device is left out is said by the server, too.
  const others = Object.keys(de).filter((key) => !key.startsWith('refusal.'))
  assert.deepEqual(
    others.filter((key) => !known.has(key)),
    [],
  )
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
    if (key.endsWith('.other') && !/^(factGroup|formFactor)\./.test(key))
      assert.ok(keys.includes(key.replace(/other$/, 'one')), key)
  }
})

test('no word is in the catalogue that no page says', () => {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /\.tsx?$/.test(file) && !/^text.(en|de)\b/.test(file) && !file.endsWith('.test.ts'),
  )
  const code = files.map((file) => readFileSync(join(src, file), 'utf8')).join('\n')
  const families =
    /^(state|stateMeaning|ownership|ownershipShort|ownershipMeaning|formFactor|lifecycle|action|problem|identifier|factGroup|live|colors|device\.tab|enrol\.state|enrol\.stateWhy|form\.error|actor|severity|outcome|groups\.op|noun|config|alert|approval|audit|auditNoun|auditVerb|event|setupState)\./
  const unsaid = Object.keys(en).filter(
    (key) => !families.test(key) && !code.includes(`'${key.replace(/\.(one|other)$/, '')}'`),
  )
  assert.deepEqual(unsaid, [])
})
