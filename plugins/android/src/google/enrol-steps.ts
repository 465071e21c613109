/** What a person does to bring a device in through Google, with the token that was made for the invitation. English and German. */
import { languageOf, type Ownership, type Step } from '@muster/contract'
import type { Token } from './store.ts'

const texts = {
  en: {
    away: 'Android Enterprise cannot be offered now. Try again later, or tell your administrator.',
    link: 'On your own phone or tablet with Google services: open this link on it. Android adds a work profile; what is yours stays apart and yours.',
    settings:
      'Or: Settings, Google, All services, Set up & restore, Set up your work profile; scan the code or enter this one.',
    first:
      'On a new or erased device with Google services: tap the first screen six times at the same place, and scan this code.',
    what: {
      'work-profile': 'It gets a work profile; people may use the rest for themselves.',
      dedicated: 'It is set up for one purpose and belongs to nobody in particular.',
      cope: 'All of it is managed.',
    },
    enter: 'Or enter afw#setup where the Google Account is asked for, and then this code.',
  },
  de: {
    away: 'Android Enterprise steht gerade nicht zur Verfügung. Versuchen Sie es später noch einmal, oder sagen Sie es Ihrer Administration.',
    link: 'Auf Ihrem eigenen Telefon oder Tablet mit Google-Diensten: Öffnen Sie darauf diesen Link. Android fügt ein Arbeitsprofil hinzu; Ihre eigenen Daten bleiben davon getrennt und Ihre.',
    settings:
      'Oder: Einstellungen, Google, Alle Dienste, Einrichten und wiederherstellen, Arbeitsprofil einrichten; scannen Sie den Code, oder geben Sie diesen ein.',
    first:
      'Auf einem neuen oder gelöschten Gerät mit Google-Diensten: Tippen Sie auf dem ersten Bildschirm sechsmal auf dieselbe Stelle, und scannen Sie diesen Code.',
    what: {
      'work-profile': 'Es bekommt ein Arbeitsprofil; der Rest darf privat verwendet werden.',
      dedicated: 'Es wird für einen Zweck eingerichtet und gehört niemandem persönlich.',
      cope: 'Das ganze Gerät wird verwaltet.',
    },
    enter: 'Oder geben Sie afw#setup ein, wo nach dem Google-Konto gefragt wird, und dann diesen Code.',
  },
} as const

/** Opened on the device itself, it leads to the work profile. */
const linkFor = (value: string) => `https://enterprise.google.com/android/enroll?et=${encodeURIComponent(value)}`

export function tokenSteps(
  token: Pick<Token, 'value' | 'qr'>,
  { ownership, language }: { ownership: Ownership; language?: string },
): Step[] {
  const t = texts[languageOf(language)]
  if (ownership === 'byod') {
    const link = linkFor(token.value)
    return [
      { text: t.link, link, qr: link },
      { text: t.settings, command: token.value },
    ]
  }
  return [
    { text: `${t.first} ${t.what[ownership]}`, qr: token.qr || token.value },
    { text: t.enter, command: token.value },
  ]
}

/** Why is the administrator's matter, and in the log. */
export const awayText = (language?: string): string => texts[languageOf(language)].away
