/** The one suite that every platform passes: its words, its translations, and, with a harness, its life within a real core. */
import { describe } from 'node:test'
import type { Json, JsonObject, Ownership, Platform } from '../index.ts'
import type { Harness } from './harness.ts'
import { testLife } from './life.ts'
import { testTranslation } from './translation.ts'
import { testWords } from './words.ts'

export interface ConformanceOptions {
  /** The platform's settings as an administrator saved them. */
  settings?: Json
  /** What a device reports with which every row's `when` agrees; by the id of its word, where no device can do all. */
  facts?: JsonObject | ((id: string) => JsonObject)
  ownership?: Ownership
}

/** Registers tests with node:test. Without a harness only what needs no core is tested. */
export function conformance(platform: Platform, harness?: Harness, o: ConformanceOptions = {}): void {
  const settings = o.settings ?? {}
  const given = o.facts ?? {}
  const facts = typeof given === 'function' ? given : () => given
  describe(`${platform.id} conforms`, () => {
    describe('words', () => testWords(platform, settings))
    describe('translation', () => testTranslation(platform, settings, facts))
    if (harness)
      describe('life', () => testLife(platform, harness, { settings, facts, ownership: o.ownership ?? 'cope' }))
  })
}
