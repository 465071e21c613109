/** The common password rules as Apple's `com.apple.mobiledevice.passwordpolicy`. */
import { passcode } from '@muster/contract'
import { profileRow } from './row.ts'

export const passcodeRow = profileRow(passcode, (s) => ({
  title: 'Password rules',
  payloads: [
    {
      PayloadType: 'com.apple.mobiledevice.passwordpolicy',
      forcePIN: true,
      allowSimple: s.minClasses < 2,
      requireAlphanumeric: s.minClasses >= 2,
      // Apple counts the characters that are neither letter nor digit, at most four of them.
      minComplexChars: s.minClasses >= 4 ? 1 : 0,
      minLength: Math.min(s.minLength, 16),
      ...(s.maxAgeDays > 0 && { maxPINAgeInDays: s.maxAgeDays }),
      ...(s.history > 0 && { pinHistory: s.history }),
      ...(s.maxFailedAttempts > 0 && { maxFailedAttempts: Math.min(11, Math.max(2, s.maxFailedAttempts)) }),
    },
  ],
}))
