/** Which language the pages speak: the one chosen in this browser, else the first of the reader's that there is. */
export const languages = ['en', 'de'] as const
export type Language = (typeof languages)[number]

const keptAs = 'muster-language'

/** The first wanted language that there is, else English; `de-AT` is German. Pure. */
export function bestOf(wanted: readonly (string | null)[]): Language {
  const known = wanted.map((tag) => languages.find((one) => one === tag?.toLowerCase().split('-')[0]))
  return known.find((one) => one !== undefined) ?? 'en'
}

/** Nothing but a browser has a reader: elsewhere it is English. */
export const reader: readonly string[] = typeof document === 'undefined' ? [] : navigator.languages

export function chosen(): string | null {
  try {
    return typeof document === 'undefined' ? null : localStorage.getItem(keptAs)
  } catch {
    // A browser that keeps nothing: its own language is spoken.
    return null
  }
}

/** Remembers the choice and starts the page anew in it. */
export function speak(language: Language): void {
  localStorage.setItem(keptAs, language)
  location.reload()
}
