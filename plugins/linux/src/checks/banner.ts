/** Judges the login banner. */
import type { JsonObject, linuxBanner, Verdict } from '@muster/contract'
import { asText, drifted, verified } from './verdicts.ts'

type Banner = ReturnType<typeof linuxBanner.settings.parse>

/** `evidence`: { console, network, motd }, each the text found or null. */
export function checkBanner(settings: Banner, evidence: Readonly<JsonObject>): Verdict {
  const wrong = settings.where.filter((place) => asText(evidence[place])?.trim() !== settings.text.trim())
  if (wrong.length === 0) return verified
  const found = Object.fromEntries(wrong.map((place) => [place, evidence[place] ?? null]))
  return drifted('banner-differs', `The banner differs: ${wrong.join(', ')}.`, found)
}
