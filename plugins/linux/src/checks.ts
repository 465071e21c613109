/** Judges what the agent found against what was demanded. Stricter than demanded is good enough. Pure. */
import type { Json, JsonObject, linuxBanner, linuxSsh, passcode, Verdict } from '@muster/contract'
import type { z } from 'zod'

type Banner = z.output<typeof linuxBanner.settings>
type Ssh = z.output<typeof linuxSsh.settings>
type Passcode = z.output<typeof passcode.settings>

/** `evidence`: { console, network, motd }, each the text found or null. */
export function checkBanner(settings: Banner, evidence: Readonly<JsonObject>): Verdict {
  const wrong = settings.where.filter((place) => trimmed(evidence[place]) !== settings.text.trim())
  if (wrong.length === 0) return { state: 'verified' }
  const found = Object.fromEntries(wrong.map((place) => [place, evidence[place] ?? null]))
  return drifted('banner-differs', `The banner differs: ${wrong.join(', ')}.`, found)
}

/** `evidence`: { values: { <setting>: value in force }, sources: { <setting>: file }, matched: [settings that a Match block overrides] }. */
export function checkSsh(settings: Ssh, evidence: Readonly<JsonObject>): Verdict {
  const values = asObject(evidence.values)
  const demanded = Object.entries(settings).filter(([, v]) => v !== undefined)
  const wrong = demanded.filter(([name, v]) => values[name] !== v).map(([name]) => name)
  if (wrong.length > 0) {
    const sources = asObject(evidence.sources)
    const found = Object.fromEntries(
      wrong.map((n) => [
        n,
        { demanded: (settings as JsonObject)[n] ?? null, found: values[n] ?? null, file: sources[n] ?? null },
      ]),
    )
    return drifted('ssh-differs', `In force is something else: ${wrong.join(', ')}.`, found)
  }
  const matched = Array.isArray(evidence.matched) ? evidence.matched : []
  const overridden = demanded.map(([n]) => n).filter((n) => matched.includes(n))
  if (overridden.length === 0) return { state: 'verified' }
  return failed(
    'ssh-match-overrides',
    `A Match block of the SSH server's configuration sets it otherwise for some: ${overridden.join(', ')}.`,
    { matched: overridden },
  )
}

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
  const wrong = demands.filter(([name, meets]) => !meets(number(values[name]), settings[name])).map(([name]) => name)
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
  if (needed.length === 0) return { state: 'verified' }
  return failed(
    'pam-missing',
    `The rules are written, but the sign-in stack (PAM) does not ask them. Install and enable: ${needed.join(', ')}.`,
    { missing: needed },
  )
}

function drifted(code: string, text: string, evidence: Json): Verdict {
  return { state: 'drifted', reason: { code, text }, evidence }
}
function failed(code: string, text: string, evidence: Json): Verdict {
  return { state: 'failed', reason: { code, text }, evidence }
}
function trimmed(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value.trim() : undefined
}
function number(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0
}
function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}
