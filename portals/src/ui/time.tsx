/** Times as people say them ("3 minutes ago"), kept fresh, with the exact moment one hover or focus away. */
import { Tooltip } from '@mantine/core'
import { useSyncExternalStore } from 'react'
import { language, t } from '../text/index.ts'

const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' })
const absolute = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' })
const tickMs = 5000

let now = Date.now()
const watchers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

/** One clock for all times on the page. */
function subscribe(watcher: () => void): () => void {
  watchers.add(watcher)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of watchers) each()
  }, tickMs)
  return () => {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

const steps: readonly [Intl.RelativeTimeFormatUnit, number][] = [['day', 86_400], ['hour', 3600], ['minute', 60]]

/** "just now", "4 min. ago", "in 3 days". */
export function spoken(at: number, reference: number): string {
  const seconds = Math.round((at - reference) / 1000)
  if (Math.abs(seconds) < 10) return t('time.now')
  for (const [unit, size] of steps) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit)
  }
  return relative.format(seconds, 'second')
}

export function exactTime(at: string): string {
  return absolute.format(new Date(at))
}

export function Ago({ at, focusable = false }: { at: string; focusable?: boolean }) {
  useSyncExternalStore(subscribe, () => now)
  const exact = exactTime(at)
  return (
    <Tooltip label={exact}>
      <time dateTime={at} {...(focusable ? { tabIndex: 0 } : {})}>
        {spoken(new Date(at).getTime(), Math.max(now, Date.now()))}
      </time>
    </Tooltip>
  )
}

/** "as of 4 min. ago": beside every state that may have changed since. */
export function AsOf({ at, words = 'time.asOf' }: { at: string | null | undefined; words?: 'time.asOf' | 'time.seen' | 'time.since' }) {
  if (at === null || at === undefined) return <span>{t('time.never')}</span>
  const [before, after] = t(words, { time: '\0' }).split('\0')
  return (
    <span>
      {before}
      <Ago at={at} />
      {after}
    </span>
  )
}

/** A span of seconds in its largest whole unit: "7 days". */
export function formatSeconds(seconds: number): string {
  for (const [unit, size] of steps) {
    if (seconds >= size && seconds % size === 0) return unitOf(seconds / size, unit)
  }
  return seconds >= 3600 ? unitOf(Math.round(seconds / 360) / 10, 'hour') : seconds >= 60 ? unitOf(Math.round(seconds / 6) / 10, 'minute') : unitOf(seconds, 'second')
}
function unitOf(n: number, unit: string): string {
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(n)
}
