/** Times as people say them ("3 minutes ago"), kept fresh, with the exact moment one hover or focus away. */
import { Tooltip } from '@mantine/core'
import { useSyncExternalStore } from 'react'
import { locale, t } from '../text/index.ts'
import { spoken } from './spans.ts'

const absolute = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' })
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
export function AsOf({
  at,
  words = 'time.asOf',
}: {
  at: string | null | undefined
  words?: 'time.asOf' | 'time.seen' | 'time.since' | 'recovery.since'
}) {
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
