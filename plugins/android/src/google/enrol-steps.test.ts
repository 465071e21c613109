/** The steps that a token is used by: each in both languages, with the same token. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inOtherWords } from '@muster/contract/testing'
import { awayText, tokenSteps } from './enrol-steps.ts'

test('each step is said in German too, with the same token', () => {
  for (const ownership of ['cope', 'dedicated', 'byod', 'work-profile'] as const) {
    const said = (language?: string) => tokenSteps({ value: 'ABCD', qr: '' }, { ownership, language })
    assert.ok(said().every((s) => [s.command, s.qr].some((v) => v?.includes('ABCD'))))
    inOtherWords(said(), said('de'))
  }
  assert.notEqual(awayText('de'), awayText())
})
