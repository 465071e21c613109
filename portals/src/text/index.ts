/** Every word a person reads comes from the catalogue through here; a second language is a second catalogue. */
import { en } from './en.ts'

export type TextKey = keyof typeof en
type PluralKey = TextKey extends infer K ? (K extends `${infer Head}.other` ? Head : never) : never
export type Params = Readonly<Record<string, string | number>>

/** The language in use (BCP 47), for words, numbers and dates alike. */
export const language = 'en'
const catalogue: Readonly<Record<string, string>> = en
const plural = new Intl.PluralRules(language)
const numbers = new Intl.NumberFormat(language)

export function t(key: TextKey, params: Params = {}): string {
  return fill(catalogue[key] ?? key, params)
}

/** Words that depend on a count `n`: keys `<key>.one` and `<key>.other`. */
export function tn(key: PluralKey, n: number, params: Params = {}): string {
  return fill(catalogue[`${key}.${plural.select(n)}`] ?? catalogue[`${key}.other`] ?? key, { n, ...params })
}

/** Words for an id that the server chose (a state, an ownership): the catalogue's, else the id made readable. */
export function named(family: 'state' | 'stateMeaning' | 'ownership' | 'formFactor' | 'lifecycle' | 'action' | 'problem' | 'identifier' | 'factGroup', id: string, fallback?: string): string {
  return catalogue[`${family}.${id}`] ?? fallback ?? readable(id)
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

function readable(id: string): string {
  const words = id.replace(/[-_.]+/g, ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
