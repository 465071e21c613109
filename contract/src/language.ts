/** The languages in which platforms speak to people, and which of them a reader gets. */
export type Language = 'en' | 'de'
/** One text in every language: none can be left out. */
export type Words = Readonly<Record<Language, string>>

/** Of an Accept-Language header or a tag: the first that the reader wishes for; English without a wish that is known. */
export const languageOf = (wish: string | undefined): Language => (/^\s*de\b/i.test(wish ?? '') ? 'de' : 'en')
