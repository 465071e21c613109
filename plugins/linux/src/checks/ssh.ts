/** Judges the SSH server's configuration. */
import type { JsonObject, linuxSsh, Verdict } from '@muster/contract'
import { asObject, drifted, failed, verified } from './verdicts.ts'

type Ssh = ReturnType<typeof linuxSsh.settings.parse>

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
  if (overridden.length === 0) return verified
  return failed(
    'ssh-match-overrides',
    `A Match block of the SSH server's configuration sets it otherwise for some: ${overridden.join(', ')}.`,
    { matched: overridden },
  )
}
