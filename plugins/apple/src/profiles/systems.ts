/** Systems in one short word each: `i11.3!x` is iOS and iPadOS 11.3, supervised alone, not where a person enrolled the device with an account. */
import type { Availability, Since, System } from './availability.ts'

const letters: Readonly<Record<string, System>> = { i: 'iOS', m: 'macOS', t: 'tvOS', v: 'visionOS', w: 'watchOS' }

export function systemsOf(words: string): Availability {
  const found: Partial<Record<System, Since>> = {}
  for (const word of words.split(' ')) {
    const [, letter, version, supervised, personal] = /^([imtvw])(\d[\d.]*)?(!)?(x)?$/.exec(word) ?? []
    const system = letter && letters[letter]
    if (!system) throw new Error(`no system is called ${word}`)
    found[system] = {
      ...(version && { version }),
      ...(supervised && { supervised: true }),
      ...(personal && { personal: false }),
    }
  }
  return found
}
