/** What platforms say to people, in every language: the same steps in other words. */
import assert from 'node:assert/strict'
import type { Platform, SetupDescriptor, Step, Words } from '../index.ts'

/** The steps of two languages: the same commands, links and files, and no text that was left as it is. */
export function inOtherWords(english: readonly Step[], german: readonly Step[]): void {
  const bare = (steps: readonly Step[]) => steps.map(({ text: _, ...rest }) => rest)
  assert.deepEqual(bare(german), bare(english))
  for (const [i, step] of english.entries()) assert.notEqual(german[i]?.text, step.text)
}

/** Sentences differ; a title may be a name that is the same everywhere. */
function inBothLanguages(sentence: Words): void {
  for (const text of Object.values(sentence)) assert.match(text, /^\S.*\S$/s)
  assert.notEqual(sentence.de, sentence.en)
}

/** The set-up of a platform: every summary in both languages, every title there. */
export function setupInBothLanguages(platform: Platform, settings: Parameters<Platform['describe']>[0]): void {
  const steps: readonly SetupDescriptor[] = platform.describe(settings).setup ?? []
  for (const one of steps.flatMap((step) => [step, ...step.actions])) {
    inBothLanguages(one.summary)
    for (const title of Object.values(one.title)) assert.match(title, /^\S.*\S$/s)
  }
}
