/** Every word a person reads comes from the catalogue of the reader's language, through here. */
import { en } from './en.ts'
import { bestOf, chosen, reader } from './language.ts'
import { createWords } from './words.ts'

export { type Language, languages, speak } from './language.ts'
export type { Params, TextKey } from './words.ts'

/** The language of the words (BCP 47); a change of it starts the page anew. */
export const language = bestOf([chosen(), ...reader])
/** How numbers and dates are written: as the reader's system does, where it speaks the same language. */
export const locale = reader.find((one) => one.split('-')[0] === language) ?? language
// Only who reads German fetches it.
const catalogue = language === 'de' ? (await import('./de.ts')).de : en
export const { t, tn, phrase, formatNumber } = createWords(catalogue, language, locale)

/** Words for an id that the server chose (a state, an ownership): the catalogue's, else the id made readable. */
export function named(
  family:
    | 'state'
    | 'setupState'
    | 'stateMeaning'
    | 'ownership'
    | 'ownershipShort'
    | 'formFactor'
    | 'lifecycle'
    | 'action'
    | 'problem'
    | 'refusal'
    | 'auditNoun'
    | 'identifier'
    | 'factGroup'
    | 'severity'
    | 'outcome'
    | 'noun'
    | 'alert'
    | 'approval'
    | 'event',
  id: string,
  fallback?: string,
): string {
  return phrase(`${family}.${id}`) ?? fallback ?? readable(id)
}

/** A language in the words of a language, the reader's unless told: `de` is "German". */
export function languageName(tag: string, inWordsOf: string = language): string {
  try {
    return new Intl.DisplayNames(inWordsOf, { type: 'language' }).of(tag) ?? tag
  } catch {
    // Not a language tag: shown as it is.
    return tag
  }
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
