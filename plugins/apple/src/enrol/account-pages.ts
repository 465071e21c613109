/** What a person sees who adds a device with an account: whom it will belong to, what is seen of it, the licence, one button. */
import type { Conditions, Language, Person, Reply } from '@muster/contract'
import type { AccountMode } from './account-store.ts'
import { escaped, page } from './pages.ts'

const texts = {
  en: {
    title: (organisation: string) => `Add this device to ${organisation}`,
    who: ['You are signed in as ', '.'],
    notYou: 'Somebody else?',
    user: 'It stays your own device. Work apps, accounts and files are kept apart from yours; only they are managed, and only they go when you leave. What is private is neither seen nor erased, and the device tells neither its serial number nor where it is.',
    device:
      'It is managed as a device of your organisation: it can be locked, erased and located, and its settings are set.',
    account: (account: string) => `On the next screen the device asks for the password of ${account}.`,
    licence: 'Please read and accept the licence.',
    version: (v: string) => `Version ${v}`,
    accept: 'Accept and add this device',
    add: 'Add this device',
    refused: 'This device cannot be added',
    forbidden: 'You may not enrol devices of your own. Ask your administrator.',
    none: 'Your organisation does not add devices this way. Ask your administrator.',
    accountless:
      'Your user here has no e-mail address, and the device named no account. Begin again on the device with your Managed Apple Account.',
    unready: 'This server cannot manage Apple devices yet. Tell your administrator.',
  },
  de: {
    title: (organisation: string) => `Dieses Gerät zu ${organisation} hinzufügen`,
    who: ['Sie sind angemeldet als ', '.'],
    notYou: 'Jemand anderes?',
    user: 'Es bleibt Ihr eigenes Gerät. Apps, Konten und Dateien der Arbeit sind von Ihren getrennt; nur sie werden verwaltet, und nur sie verschwinden, wenn Sie gehen. Privates wird weder gesehen noch gelöscht, und das Gerät nennt weder seine Seriennummer noch seinen Ort.',
    device:
      'Es wird als Gerät Ihrer Organisation verwaltet: Es kann gesperrt, gelöscht und geortet werden, und seine Einstellungen werden vorgegeben.',
    account: (account: string) => `Danach fragt das Gerät nach dem Passwort von ${account}.`,
    licence: 'Bitte lesen und akzeptieren Sie die Lizenz.',
    version: (v: string) => `Version ${v}`,
    accept: 'Akzeptieren und Gerät hinzufügen',
    add: 'Gerät hinzufügen',
    refused: 'Dieses Gerät kann nicht hinzugefügt werden',
    forbidden:
      'Sie dürfen keine eigenen Geräte registrieren. Wenden Sie sich an Ihre Administratorin oder Ihren Administrator.',
    none: 'Ihre Organisation fügt Geräte nicht auf diesem Weg hinzu. Wenden Sie sich an Ihre Administratorin oder Ihren Administrator.',
    accountless:
      'Ihr Benutzer hat hier keine E-Mail-Adresse, und das Gerät hat kein Konto genannt. Beginnen Sie auf dem Gerät neu, mit Ihrem verwalteten Apple Account.',
    unready:
      'Dieser Server kann noch keine Apple-Geräte verwalten. Sagen Sie es Ihrer Administratorin oder Ihrem Administrator.',
  },
} as const satisfies Record<Language, object>

export type AccountFault = 'forbidden' | 'none' | 'accountless' | 'unready'
const statuses: Readonly<Record<AccountFault, number>> = { forbidden: 403, none: 403, accountless: 422, unready: 503 }

export function accountFaultPage(language: Language, fault: AccountFault): Reply {
  const t = texts[language]
  return page(statuses[fault], language, t.refused, `<p role="alert">${escaped(t[fault])}</p>`)
}

export interface ConsentShown {
  person: Person
  mode: AccountMode
  account: string
  conditions: Conditions
  /** Where somebody else signs in. */
  again: string
  /** The address that the form's answer leads to: the device's own. */
  onward: string
}
/** Its button says yes for the device that opened this page. */
export function consentPage(language: Language, o: ConsentShown): Reply {
  const t = texts[language]
  const { organisation, licence } = o.conditions
  const shown = licence
    ? `<p>${escaped(t.licence)}</p>
<section tabindex="0" lang="${escaped(licence.language)}" aria-label="${escaped(t.version(licence.version))}">${escaped(licence.text)}</section>
<p><small>${escaped(t.version(licence.version))}</small></p>`
    : ''
  const hidden = licence ? `<input type="hidden" name="licence" value="${escaped(licence.version)}">` : ''
  return page(
    200,
    language,
    t.title(organisation),
    `<p>${escaped(t.who[0])}<strong>${escaped(o.person.displayName)}</strong>${escaped(t.who[1])} <a href="${escaped(o.again)}">${escaped(t.notYou)}</a></p>
<p>${escaped(t[o.mode])}</p>
${shown}
<form method="post">${hidden}<button>${escaped(licence ? t.accept : t.add)}</button></form>
<p><small>${escaped(t.account(o.account))}</small></p>`,
    o.onward,
  )
}
