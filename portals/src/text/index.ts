/** Every word a person reads comes from the catalogue through here; a second language is a second catalogue. */
import { en } from './en.ts'

export type TextKey = keyof typeof en
type PluralKey = TextKey extends infer K ? (K extends `${infer Head}.other` ? Head : never) : never
export type Params = Readonly<Record<string, string | number>>

/** The language of the words (BCP 47). */
export const language = 'en'
/** How numbers and dates are written: as the reader's system does, where it speaks the same language. */
export const locale = navigator.languages.find((one) => one.startsWith(language)) ?? language
const catalogue: Readonly<Record<string, string>> = en
const plural = new Intl.PluralRules(language)
const numbers = new Intl.NumberFormat(locale)

export function t(key: TextKey, params: Params = {}): string {
  return fill(catalogue[key] ?? key, params)
}

/** Words that depend on a count `n`: keys `<key>.one` and `<key>.other`. */
export function tn(key: PluralKey, n: number, params: Params = {}): string {
  return fill(catalogue[`${key}.${plural.select(n)}`] ?? catalogue[`${key}.other`] ?? key, { n, ...params })
}

/** Words for an id that the server chose (a state, an ownership): the catalogue's, else the id made readable. */
export function named(
  family:
    | 'state'
    | 'stateMeaning'
    | 'ownership'
    | 'ownershipShort'
    | 'formFactor'
    | 'lifecycle'
    | 'action'
    | 'problem'
    | 'identifier'
    | 'factGroup'
    | 'severity'
    | 'outcome'
    | 'noun'
    | 'alert',
  id: string,
  fallback?: string,
): string {
  return catalogue[`${family}.${id}`] ?? fallback ?? readable(id)
}

/** The catalogue's words under a key that is put together, where it has some. */
export function phrase(key: string): string | undefined {
  return catalogue[key]
}

/** A language in the reader's words: `de` is "German". */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(language, { type: 'language' }).of(tag) ?? tag
  } catch {
    // Not a language tag: shown as it is.
    return tag
  }
}

export function formatNumber(n: number): string {
  return numbers.format(n)
}

function fill(text: string, params: Params): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name]
    return value === undefined ? whole : typeof value === 'number' ? numbers.format(value) : value
  })
}

/** An id or property name as words: `maxFailedAttempts`, `max_failed-attempts` become "Max failed attempts". */
export function readable(id: string): string {
  const words = id
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[-_.]+/g, ' ')
    .trim()
  const lower = words
    .split(' ')
    .map((word) => (/^[A-Z]{2,}$/.test(word) ? word : word.toLowerCase()))
    .join(' ')
  return lower.charAt(0).toUpperCase() + lower.slice(1)
}

/** Who did it: `user:ada` is "ada". */
export function actorName(actor: string): string {
  if (actor === 'system') return t('actor.system')
  const [kind, ...name] = actor.split(':')
  if (kind === 'user' && name.length > 0) return name.join(':')
  return kind === 'client' || kind === 'device' ? t(`actor.${kind}`, { name: name.join(':') }) : actor
}
