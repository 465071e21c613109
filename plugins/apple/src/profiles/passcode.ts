/** The common password rules as Apple's `com.apple.mobiledevice.passwordpolicy`. */
import {
  type ChannelDetail,
  passcode as descriptor,
  feature,
  type JsonObject,
  type Reason,
  type Verdict,
} from '@muster/contract'
import { maybe, whole } from '@muster/kit/words'
import { available, before, isPersonal, systemOf } from './availability.ts'
import { field, objectOf, written } from './fields.ts'
import { knowsNative } from './native.ts'
import { profileFeature } from './row.ts'
import { systemsOf } from './systems.ts'

type Rules = ReturnType<typeof descriptor.settings.parse>
/** The payload's own bound of `minLength`. */
const longest = 16

/** Before these versions the declaration knew less than the profile. */
const full = systemsOf('i16.2 m13.1')
const saysAll = (c: ChannelDetail): boolean => knowsNative(c, 'passcode.settings') && available(full, c) === true

export const passcode = profileFeature(descriptor, {
  to: { iOS: {}, macOS: { personal: false }, visionOS: { version: '2.0' }, watchOS: { version: '10.0' } },
  build: (s, c) => {
    const exact = knowsExpressions(c.facts) ? expressionOf(s) : undefined
    return [
      {
        PayloadType: 'com.apple.mobiledevice.passwordpolicy',
        forcePIN: true,
        allowSimple: s.minClasses < 2,
        requireAlphanumeric: !exact && s.minClasses >= 2,
        // Apple counts characters that are neither letter nor digit: with letters and digits they are a third kind.
        minComplexChars: !exact && s.minClasses >= 3 ? 1 : 0,
        minLength: Math.min(s.minLength, longest),
        ...(exact && { customRegex: exact }),
        ...(s.maxAgeDays > 0 && { maxPINAgeInDays: s.maxAgeDays }),
        ...(s.history > 0 && { pinHistory: s.history }),
        // The rule is about locking: phones, tablets and watches would erase themselves instead. They lock for ever longer by themselves.
        ...(systemOf(c.facts) === 'macOS' &&
          s.maxFailedAttempts > 0 && { maxFailedAttempts: Math.min(11, Math.max(2, s.maxFailedAttempts)) }),
      },
    ]
  },
  native: (s, c) => {
    if (!saysAll(c)) return undefined
    const exact = knowsExpressions(c.facts) ? expressionOf(s) : undefined
    const mac = systemOf(c.facts) === 'macOS'
    return [
      {
        type: 'passcode.settings',
        payload: {
          RequirePasscode: true,
          RequireComplexPasscode: s.minClasses >= 2,
          RequireAlphanumericPasscode: !exact && s.minClasses >= 2,
          MinimumComplexCharacters: !exact && s.minClasses >= 3 ? 1 : 0,
          MinimumLength: Math.min(s.minLength, longest),
          ...(exact && {
            CustomRegex: { Regex: exact.passwordContentRegex, Description: exact.passwordContentDescription },
          }),
          ...(s.maxAgeDays > 0 && { MaximumPasscodeAgeInDays: s.maxAgeDays }),
          ...(s.history > 0 && { PasscodeReuseLimit: s.history }),
          ...(mac &&
            s.maxFailedAttempts > 0 && { MaximumFailedAttempts: Math.min(11, Math.max(2, s.maxFailedAttempts)) }),
        },
      },
    ]
  },
  upon: ['apple.passcodePresent', 'apple.passcodeCompliant', 'apple.passcodeCompliantWithProfiles'],
  holds: (s, facts) => {
    const reason = beyond(s, facts)
    if (reason) return { state: 'failed', reason }
    return complies(facts)
  },
})

/** macOS 14 takes a regular expression (ICU) beside. */
function knowsExpressions(facts: Readonly<JsonObject>): boolean {
  return systemOf(facts) === 'macOS' && typeof facts['os.version'] === 'string' && !before(facts['os.version'], '14.0')
}

/** Each choice of so many of the four kinds of characters, where the payload's own words say too little. */
function expressionOf(s: Rules): { passwordContentRegex: string; passwordContentDescription: JsonObject } | undefined {
  if (s.minClasses < 2 && s.minLength <= longest) return undefined
  const kinds = ['[a-z]', '[A-Z]', '[0-9]', '[^a-zA-Z0-9]']
  const choices = [...Array(16).keys()]
    .map((bits) => kinds.filter((_, i) => bits & (1 << i)))
    .filter((chosen) => chosen.length === s.minClasses)
    .map((chosen) => chosen.map((kind) => `(?=.*${kind})`).join(''))
  return {
    passwordContentRegex: `^(${choices.join('|')}).{${s.minLength},}$`,
    passwordContentDescription: {
      default: `At least ${s.minLength} characters of ${s.minClasses} kinds: small and capital letters, digits, others.`,
    },
  }
}

/** What the rules demand and this system cannot be told to demand. */
function beyond(s: Rules, facts: Readonly<JsonObject>): Reason | undefined {
  const system = systemOf(facts)
  if (!system || knowsExpressions(facts)) return undefined
  if (isPersonal(facts) && (s.minLength > 6 || s.minClasses > 1))
    return {
      code: 'cannot-demand',
      text: 'A device that its user enrolled with an account demands six digits at most.',
    }
  if (s.minLength > longest)
    return { code: 'cannot-demand', text: `This system cannot demand more than ${longest} characters.` }
  if (s.minClasses > 3)
    return { code: 'cannot-demand', text: 'This system cannot demand small and capital letters both.' }
  return undefined
}

/** The profile is there; whether the password follows it is another matter. */
function complies(facts: Readonly<JsonObject>): Verdict | undefined {
  if (facts['apple.passcodePresent'] === false)
    return { state: 'failed', reason: { code: 'no-passcode', text: 'The device has no passcode yet.' } }
  // This minds mail accounts too, and is told at once; who enrolled with an account tells nothing else.
  const all = facts['apple.passcodeCompliant']
  if (all !== true && (facts['apple.passcodeCompliantWithProfiles'] ?? all) === false)
    return {
      state: 'failed',
      reason: { code: 'passcode-not-compliant', text: 'The passcode does not follow the rules yet.' },
    }
  return undefined
}

const lockFields = {
  idleMinutes: field('maxInactivity', whole('Minutes without use until it locks, at most', 1, 15)),
  graceMinutes: field('maxGracePeriod', whole('Minutes until the passcode is asked for', 0, 240, '0: at once')),
  resetMinutes: field(
    'minutesUntilFailedLoginReset',
    whole('Minutes until a Mac lets someone try again', 1, 1440, 'After too many wrong passwords'),
  ),
  changeNow: field('changeAtNextAuth', maybe('Passwords change at the next sign-in', 'Macs')),
}
/** Beside the common rules, which say nothing of them; the strictest of all profiles counts. */
export const autoLock = profileFeature(
  feature({
    id: 'apple.autoLock',
    title: { en: 'Automatic lock', de: 'Automatische Sperre' },
    summary: {
      en: 'When a device locks itself, and for how long it opens without the passcode.',
      de: 'Wann sich ein Gerät selbst sperrt und wie lange es sich ohne Code öffnet.',
    },
    settings: () =>
      objectOf(lockFields).refine((s) => Object.values(s).some((v) => v !== undefined), 'set at least one'),
    merge: { rule: 'priority' },
    examples: [{ idleMinutes: 5, graceMinutes: 0, resetMinutes: 10, changeNow: false }],
  }),
  {
    to: { iOS: {}, macOS: { personal: false }, visionOS: { version: '2.0' }, watchOS: { version: '10.0' } },
    build: (s, c) => {
      const { minutesUntilFailedLoginReset, changeAtNextAuth, ...all } = written(lockFields, s as JsonObject)
      const mac = systemOf(c.facts) === 'macOS'
      return [
        {
          PayloadType: 'com.apple.mobiledevice.passwordpolicy',
          ...all,
          ...(mac && minutesUntilFailedLoginReset !== undefined && { minutesUntilFailedLoginReset }),
          ...(mac && changeAtNextAuth !== undefined && { changeAtNextAuth }),
        },
      ]
    },
    native: (s, c) => {
      if (!saysAll(c)) return undefined
      const mac = systemOf(c.facts) === 'macOS'
      const keys = {
        MaximumInactivityInMinutes: s.idleMinutes,
        MaximumGracePeriodInMinutes: s.graceMinutes,
        ...(mac && { FailedAttemptsResetInMinutes: s.resetMinutes, ChangeAtNextAuth: s.changeNow }),
      }
      const payload = Object.fromEntries(Object.entries(keys).filter(([, v]) => v !== undefined)) as JsonObject
      return [{ type: 'passcode.settings', payload }]
    },
  },
)
