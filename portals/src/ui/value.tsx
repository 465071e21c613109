/** Any JSON the API shows (facts, settings, results), in a form a person reads. */
import { Code, Text } from '@mantine/core'
import { formatNumber, locale, readable, t } from '../text/index.ts'
import { formatSeconds } from './spans.ts'
import { exactTime } from './time.tsx'
import classes from './ui.module.css'

/** What a schema calls the members of a value; without it their property names are made readable. */
export interface Words {
  readonly label?: string
  readonly members?: ReadonlyMap<string, Words>
  /** Of each item of a list, or each value below a free name. */
  readonly each?: Words
}
const ofMember = (words: Words | undefined, property: string) => words?.members?.get(property) ?? words?.each

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/
const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

export function formatBytes(bytes: number): string {
  const step = bytes > 0 ? Math.min(byteUnits.length - 1, Math.floor(Math.log2(bytes) / 10)) : 0
  return new Intl.NumberFormat(locale, {
    style: 'unit',
    unit: byteUnits[step] ?? 'byte',
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: 1,
  }).format(bytes / 1024 ** step)
}

type Plain = null | boolean | number | string
function scalar(value: unknown): Plain {
  return value === undefined || value === null
    ? null
    : typeof value === 'boolean' || typeof value === 'number'
      ? value
      : String(value)
}

export function formatScalar(value: Plain, unit?: string): string {
  if (value === null || value === '') return t('value.none')
  if (typeof value === 'boolean') return t(value ? 'value.yes' : 'value.no')
  if (typeof value === 'number') {
    if (unit === 'bytes') return formatBytes(value)
    if (unit === 's') return formatSeconds(value)
    return unit === undefined ? formatNumber(value) : t('value.unit', { value: formatNumber(value), unit })
  }
  return isoTime.test(value) ? exactTime(value) : value
}

/** One line for a table: `Shown to: 1`. */
export function formatInline(value: unknown, words?: Words): string {
  if (value === undefined || value === null || typeof value !== 'object') return formatScalar(scalar(value))
  if (Array.isArray(value))
    return value.length === 0 ? t('value.none') : value.map((item) => formatInline(item, words?.each)).join(', ')
  const parts = Object.entries(value).map(([property, v]) => {
    const { name, unit } = nameIn(words, property)
    const shown = typeof v === 'number' ? formatScalar(v, unit) : formatInline(v, ofMember(words, property))
    return t('value.named', { name, value: shown })
  })
  return parts.length === 0 ? t('value.none') : parts.join(' · ')
}

export function Value({ value, unit, words }: { value: unknown; unit?: string; words?: Words }) {
  if (value === undefined || value === null || typeof value !== 'object')
    return <Scalar value={scalar(value)} {...(unit === undefined ? {} : { unit })} />
  if (Array.isArray(value)) {
    if (value.length === 0)
      return (
        <Text size="sm" c="dimmed" component="span">
          {t('value.emptyList')}
        </Text>
      )
    if (value.every((item) => typeof item !== 'object' || item === null))
      return <Scalar value={value.map((item) => formatScalar(scalar(item))).join(', ')} />
    return (
      <ul className={classes.values}>
        {Array.from(value.entries(), ([place, item]) => (
          // Items of a report have no id of their own: their place is their name.
          <li key={place}>
            <Value value={item} {...(words?.each === undefined ? {} : { words: words.each })} />
          </li>
        ))}
      </ul>
    )
  }
  const entries = Object.entries(value)
  if (entries.length === 0)
    return (
      <Text size="sm" c="dimmed" component="span">
        {t('value.none')}
      </Text>
    )
  return <Pairs entries={entries.map(([name, v]) => entryOf(name, v, words))} />
}

function entryOf(property: string, value: unknown, words: Words | undefined) {
  return { ...nameIn(words, property), value, words: ofMember(words, property) }
}
/** As the schema titles it, else as it is named. */
export function nameIn(words: Words | undefined, property: string): { name: string; unit?: string } {
  const label = words?.members?.get(property)?.label
  return label === undefined ? nameOf(property) : { name: label }
}

/** Property names end in their unit: `sizeBytes`, `uptimeS`. A path or an address stays as it is. */
export function nameOf(property: string): { name: string; unit?: string } {
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(property)) return { name: property }
  const unit = /[a-z]Bytes$/.test(property) ? 'bytes' : /[a-z]S$/.test(property) ? 's' : undefined
  return unit === undefined
    ? { name: readable(property) }
    : { name: readable(property.replace(/(Bytes|S)$/, '')), unit }
}

/** Objects within objects stand below their name: columns within columns leave no room to read. */
export function holdsObjects(value: unknown): boolean {
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object' && item !== null)
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

/** Names and values below one another. */
export function Pairs({
  entries,
}: {
  entries: readonly { name: string; value: unknown; unit?: string; words?: Words | undefined }[]
}) {
  return (
    <dl className={classes.pairs}>
      {entries.map(({ name, value, unit, words }) => (
        <div key={name} className={holdsObjects(value) ? classes.tall : undefined}>
          <dt>{name}</dt>
          <dd>
            <Value value={value} {...(unit === undefined ? {} : { unit })} {...(words && { words })} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Scalar({ value, unit }: { value: Plain; unit?: string }) {
  const words = formatScalar(value, unit)
  if (words.includes('\n'))
    return (
      <Code block className={classes.output ?? ''} tabIndex={0}>
        {words}
      </Code>
    )
  return (
    <Text
      size="sm"
      component="span"
      {...(value === null ? { c: 'dimmed' } : {})}
      className={classes.wrapAnywhere ?? ''}
    >
      {words}
    </Text>
  )
}
