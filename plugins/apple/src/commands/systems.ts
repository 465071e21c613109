/** Which devices know a command, in one short word for each system: `i10.3!x` is iOS and iPadOS 10.3, supervised only, not on personal enrolments. */
import type { ChannelDetail, Reason } from '@muster/contract'
import { available, systemsOf } from '../profiles/index.ts'

export type When = (c: ChannelDetail) => true | Reason

/** `i4.0 m10.7x t10.2!`: letter, first version, `!` supervised alone, `x` not where a person enrolled the device with an account. */
export const readSystems = systemsOf

/** Facts that `on` looks at. */
export const systemFacts = ['os.name', 'os.version', 'apple.enrollmentId', 'apple.supervised'] as const

/** All must agree; the first that does not gives the reason. */
export function on(words: string, ...more: readonly When[]): When {
  const to = readSystems(words)
  /** By facts that many devices share, which nobody changes: nothing else is looked at. */
  const known = new WeakMap<object, true | Reason>()
  return (c) => {
    if (!Object.isFrozen(c.facts)) return ask(c)
    const answer = known.get(c.facts) ?? ask(c)
    known.set(c.facts, answer)
    return answer
  }
  function ask(c: ChannelDetail): true | Reason {
    for (const can of [(d: ChannelDetail) => available(to, d), ...more]) {
      const answer = can(c)
      if (answer !== true) return answer
    }
    return true
  }
}

/** Refused only where the device has said otherwise. */
export function unless(fact: string, value: boolean, code: string, text: string): When {
  return (c) => (c.facts[fact] === value ? { code, text } : true)
}
const notShared = unless('apple.sharedIpad', false, 'not-shared', 'Only iPads that several users share know it.')
/** iPhones are never shared, whatever they say. */
export const sharedIpad: When = (c) =>
  notShared(c.facts['os.name'] === 'iOS' ? { ...c, facts: { 'apple.sharedIpad': false } } : c)
export const onSharedIpads = { and: [sharedIpad], looks: ['apple.sharedIpad'] } as const
