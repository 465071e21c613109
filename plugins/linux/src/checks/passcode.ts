/** Judges password rules. Stricter than demanded is good enough. */
import type { JsonObject, passcode, Verdict } from '@muster/contract'
import { asNumber, asObject, drifted, failed, verified } from './verdicts.ts'

type Passcode = ReturnType<typeof passcode.settings.parse>

/** `evidence`: { values: { minLength, minClasses, maxAgeDays, history, maxFailedAttempts }, pam: { quality, history, lock } }. */
export function checkPasscode(settings: Passcode, evidence: Readonly<JsonObject>): Verdict {
  const values = asObject(evidence.values)
  const demands: [keyof Passcode, (found: number, demanded: number) => boolean][] = [
    ['minLength', (found, demanded) => found >= demanded],
    ['minClasses', (found, demanded) => demanded <= 1 || found >= demanded],
    ['maxAgeDays', (found, demanded) => demanded === 0 || (found > 0 && found <= demanded)],
    ['history', (found, demanded) => found >= demanded],
    ['maxFailedAttempts', (found, demanded) => demanded === 0 || (found > 0 && found <= demanded)],
  ]
  const wrong = demands.filter(([name, meets]) => !meets(asNumber(values[name]), settings[name])).map(([name]) => name)
  if (wrong.length > 0) {
    const found = Object.fromEntries(wrong.map((n) => [n, { demanded: settings[n], found: values[n] ?? null }]))
    return drifted('passcode-differs', `Weaker than demanded: ${wrong.join(', ')}.`, found)
  }
  const pam = asObject(evidence.pam)
  const needed = [
    ...(pam.quality === false ? ['pam_pwquality'] : []),
    ...(settings.history > 0 && pam.history === false ? ['pam_pwhistory'] : []),
    ...(settings.maxFailedAttempts > 0 && pam.lock === false ? ['pam_faillock'] : []),
  ]
  if (needed.length === 0) return verified
  return failed(
    'pam-missing',
    `The rules are written, but the sign-in stack (PAM) does not ask them. Install and enable: ${needed.join(', ')}.`,
    { missing: needed },
  )
}
