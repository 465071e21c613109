/** Any JSON the API shows (facts, settings, results), in a form a person reads. */
import { Code, Text } from '@mantine/core'
import type { Json } from '../api/index.ts'
import { formatNumber, t } from '../text/index.ts'
import { exactTime, formatSeconds } from './time.tsx'
import classes from './ui.module.css'

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/
const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

export function formatBytes(bytes: number): string {
  const step = bytes > 0 ? Math.min(byteUnits.length - 1, Math.floor(Math.log2(bytes) / 10)) : 0
  return new Intl.NumberFormat('en', { style: 'unit', unit: byteUnits[step] ?? 'byte', maximumFractionDigits: 1 }).format(bytes / 1024 ** step)
}

export function formatScalar(value: null | boolean | number | string, unit?: string): string {
  if (value === null || value === '') return t('value.none')
  if (typeof value === 'boolean') return t(value ? 'value.yes' : 'value.no')
  if (typeof value === 'number') {
    if (unit === 'bytes') return formatBytes(value)
    if (unit === 's') return formatSeconds(value)
    return unit === undefined ? formatNumber(value) : t('value.unit', { value: formatNumber(value), unit })
  }
  return isoTime.test(value) ? exactTime(value) : value
}

export function Value({ value, unit }: { value: Json | undefined; unit?: string }) {
  if (value === undefined || value === null || typeof value !== 'object') return <Scalar value={value ?? null} {...(unit === undefined ? {} : { unit })} />
  if (Array.isArray(value)) {
    if (value.length === 0) return <Text size="sm" c="dimmed" component="span">{t('value.emptyList')}</Text>
    if (value.every((item) => typeof item !== 'object' || item === null)) return <Scalar value={value.map((item) => formatScalar(item as string)).join(', ')} />
    return (
      <ul className={classes.values}>
        {value.map((item, i) => (
          // Items of a report have no id of their own: their place is their name.
          <li key={i}>
            <Value value={item} />
          </li>
        ))}
      </ul>
    )
  }
  const entries = Object.entries(value)
  if (entries.length === 0) return <Text size="sm" c="dimmed" component="span">{t('value.none')}</Text>
  return <Pairs entries={entries.map(([name, v]) => ({ name, value: v }))} />
}

/** Names and values below one another; two columns where there is room. */
export function Pairs({ entries, wide = false }: { entries: readonly { name: string; value: Json | undefined; unit?: string }[]; wide?: boolean }) {
  return (
    <dl className={wide ? classes.pairsWide : classes.pairs}>
      {entries.map(({ name, value, unit }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Value value={value} {...(unit === undefined ? {} : { unit })} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Scalar({ value, unit }: { value: null | boolean | number | string; unit?: string }) {
  const words = formatScalar(value, unit)
  if (words.includes('\n')) return <Code block className={classes.output ?? ''} tabIndex={0}>{words}</Code>
  return <Text size="sm" component="span" {...(value === null ? { c: 'dimmed' } : {})} className={classes.wrapAnywhere ?? ''}>{words}</Text>
}
