/**
 * Password rules in the policy document: `passwordPolicies`. Failed attempts are left to Android, which makes people wait ever longer: what Google
 * offers (maximumFailedPasswordsForWipe) erases the device, and that is not what these settings ask for.
 */
import { type JsonObject, passcode } from '@muster/contract'
import { documentRow } from './part.ts'

/** Kinds of characters -> Google's passwordQuality: with one kind any PIN is good. */
const quality = ['NUMERIC', 'ALPHANUMERIC', 'COMPLEX', 'COMPLEX'] as const

export const googlePasscode = documentRow(passcode, {
  part: (s): JsonObject => {
    const rules = {
      passwordQuality: quality[s.minClasses - 1] ?? 'COMPLEX',
      passwordMinimumLength: s.minLength,
      ...classes(s.minClasses),
      ...(s.history > 0 ? { passwordHistoryLength: s.history } : {}),
      ...(s.maxAgeDays > 0 ? { passwordExpirationTimeout: `${s.maxAgeDays * 86_400}s` } : {}),
    }
    return { passwordPolicies: [{ passwordScope: 'SCOPE_DEVICE', ...rules }] }
  },
  wires: [
    {
      passwordPolicies: [
        {
          passwordScope: 'SCOPE_DEVICE',
          passwordQuality: 'COMPLEX',
          passwordMinimumLength: 12,
          passwordMinimumLetters: 1,
          passwordMinimumNumeric: 1,
          passwordMinimumSymbols: 1,
          passwordHistoryLength: 5,
          passwordExpirationTimeout: '7776000s',
        },
      ],
    },
  ],
})

/** Google takes these with COMPLEX alone. */
function classes(n: number): JsonObject {
  if (n < 3) return {}
  const three = { passwordMinimumLetters: 1, passwordMinimumNumeric: 1, passwordMinimumSymbols: 1 }
  return n === 3 ? three : { ...three, passwordMinimumLowerCase: 1, passwordMinimumUpperCase: 1 }
}
