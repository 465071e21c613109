/** The languages in which platforms speak to people, and which of them a reader gets. */
export type Language = 'en' | 'de'
/** One text in every language: none can be left out. */
export type Words = Readonly<Record<Language, string>>
/** What is said to people: in every language, or as it is (a name of its own, the words of a platform that speaks but one). */
export type Text = string | Words

/** Where a schema keeps the words of a member; `jsonSchema` leaves those of one language, as its description. */
export const wordsKey = 'x-words'
/** What a member of a schema is, in every language: `.meta(said('Heading', 'Überschrift'))`. A sentence has a name beside it, by which forms call the member. */
export const said = (en: string, de: string, name?: Words): { description: string; [wordsKey]: SaidWords } => ({
  description: en,
  [wordsKey]: { words: { en, de }, name },
})
export interface SaidWords {
  readonly words: Words
  readonly name?: Words
}

export const textIn = (text: Text, language: Language = 'en'): string =>
  typeof text === 'string' ? text : text[language]

/** Of an Accept-Language header or a tag: the first that the reader wishes for; English without a wish that is known. */
export const languageOf = (wish: string | undefined): Language => (/^\s*de\b/i.test(wish ?? '') ? 'de' : 'en')
