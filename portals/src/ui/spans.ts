/** Spans of time in words. Pure. */
import { language, locale, t } from '../text/index.ts'

const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** "just now", "4 min. ago", "in 3 days". What has passed is in whole units, as ages are; what is to come is rounded: seven days are seven a second later. */
export function spoken(at: number, reference: number): string {
  const seconds = Math.round((at - reference) / 1000)
  if (Math.abs(seconds) < 10) return t('time.now')
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size)
      return relative.format(seconds < 0 ? Math.trunc(seconds / size) : Math.round(seconds / size), unit)
  }
  return relative.format(seconds, 'second')
}

/** A span of seconds in its largest whole unit: "7 days". */
export function formatSeconds(seconds: number): string {
  for (const [unit, size] of steps) {
    if (seconds >= size && seconds % size === 0) return unitOf(seconds / size, unit)
  }
  return seconds >= 3600
    ? unitOf(Math.round(seconds / 360) / 10, 'hour')
    : seconds >= 60
      ? unitOf(Math.round(seconds / 6) / 10, 'minute')
      : unitOf(seconds, 'second')
}
function unitOf(n: number, unit: string): string {
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(n)
}
