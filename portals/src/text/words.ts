/** A catalogue made to speak: parameters filled in, counts in their plural form, numbers as the reader writes them. Pure. */
import type { en } from './en.ts'

export type TextKey = keyof typeof en
export type PluralKey = TextKey extends infer K ? (K extends `${infer Head}.other` ? Head : never) : never
export type Params = Readonly<Record<string, string | number>>

export interface Words {
  t(key: TextKey, params?: Params): string
  /** Words that depend on a count `n`: keys `<key>.one` and `<key>.other`. */
  tn(key: PluralKey, n: number, params?: Params): string
  /** The catalogue's words under a key that is put together, where it has some. */
  phrase(key: string): string | undefined
  formatNumber(n: number): string
}

/** `language`: of the words; `locale`: how numbers are written. Both BCP 47. */
export function createWords(catalogue: Readonly<Record<string, string>>, language: string, locale: string): Words {
  const plural = new Intl.PluralRules(language)
  const numbers = new Intl.NumberFormat(locale)
  const fill = (text: string, params: Params) =>
    text.replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = params[name]
      return value === undefined ? whole : typeof value === 'number' ? numbers.format(value) : value
    })
  return {
    t: (key, params = {}) => fill(catalogue[key] ?? key, params),
    tn: (key, n, params = {}) =>
      fill(catalogue[`${key}.${plural.select(n)}`] ?? catalogue[`${key}.other`] ?? key, { n, ...params }),
    phrase: (key) => catalogue[key],
    formatNumber: (n) => numbers.format(n),
  }
}
