/** The key manager's pages speak the reader's language, and English to whoever reads none of ours. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { consentPage, signInPage } from './html.ts'
import { wordsFor } from './words.ts'

test('what the client asks for comes first, then what the browser likes best', () => {
  const language = (asked: unknown, accepted?: string) => wordsFor(asked, accepted).language
  assert.equal(language(undefined, 'de-AT,de;q=0.9,en;q=0.8'), 'de')
  assert.equal(language(undefined, 'en;q=0.3, de;q=0.7'), 'de')
  assert.equal(language(undefined, 'de;q=0, fr'), 'en')
  assert.equal(language('fr de', 'en'), 'de')
  assert.equal(language(undefined, undefined), 'en')
  assert.equal(language(['de'], 'constructor,__proto__'), 'en')
})

test('whatever a header says, there are words', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (asked, accepted) => wordsFor(asked, accepted).signIn.length > 0))
})

test('a page says its language and is in it', () => {
  const words = wordsFor(undefined, 'de')
  const page = signInPage({ words, action: '/a', client: 'Wiki <b>' })
  assert.match(page, /<html lang="de">/)
  assert.match(page, /<h1>Anmelden<\/h1>/)
  assert.match(page, /um mit <strong>Wiki &#60;b&#62;<\/strong> fortzufahren/)
  const consent = consentPage({ words, action: '/a', client: 'Wiki', user: 'Ada', scopes: ['device:read'] })
  assert.match(consent, /Verlangt wird/)
})
