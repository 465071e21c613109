/** The pages that a person meets on the way to enrolment, in Windows' own small browser: consent, terms of use, the way back, and what went wrong. English and German. */
import { createHash } from 'node:crypto'
import type { Conditions, Language, Reply } from '@muster/contract'

const texts = {
  en: {
    title: (organisation: string) => `Add this PC to ${organisation}`,
    who: ['You are signed in as ', '.'],
    notYou: 'Somebody else?',
    byCode: 'You enrol this PC with an invitation.',
    what: {
      byod: 'It stays your own PC. Your organisation sets rules for it, sees its name, its model and what is installed, and can take itself off it again. It does not erase it.',
      cope: 'It is managed as a PC of your organisation: it can be locked, erased and located, and its settings are set.',
      dedicated:
        'It is managed as a PC of your organisation: it can be locked, erased and located, and its settings are set.',
    },
    licence: 'Please read and accept the licence.',
    version: (v: string) => `Version ${v}`,
    accept: 'Accept and add this PC',
    add: 'Add this PC',
    agree: 'Accept',
    decline: 'Decline',
    going: 'Going back to Windows …',
    go: 'Continue',
    refused: 'This PC cannot be added',
    faults: {
      address: 'This page is opened by Windows, when a PC is added under Settings, Accounts, Access work or school.',
      used: 'The enrolment code was used already. Ask for a new invitation.',
      over: 'The enrolment code has expired or was withdrawn. Ask for a new invitation.',
      foreign: 'The enrolment code is for a device of another kind. Ask for a new invitation.',
      forbidden: 'Your account may not add devices. Ask your administrator for that permission.',
    },
  },
  de: {
    title: (organisation: string) => `Diesen PC zu ${organisation} hinzufügen`,
    who: ['Sie sind angemeldet als ', '.'],
    notYou: 'Jemand anderes?',
    byCode: 'Sie registrieren diesen PC mit einer Einladung.',
    what: {
      byod: 'Es bleibt Ihr eigener PC. Ihre Organisation gibt ihm Regeln vor, sieht seinen Namen, sein Modell und was installiert ist, und kann sich wieder von ihm entfernen. Sie löscht ihn nicht.',
      cope: 'Er wird als PC Ihrer Organisation verwaltet: Er kann gesperrt, gelöscht und geortet werden, und seine Einstellungen werden vorgegeben.',
      dedicated:
        'Er wird als PC Ihrer Organisation verwaltet: Er kann gesperrt, gelöscht und geortet werden, und seine Einstellungen werden vorgegeben.',
    },
    licence: 'Bitte lesen und akzeptieren Sie die Lizenz.',
    version: (v: string) => `Version ${v}`,
    accept: 'Akzeptieren und PC hinzufügen',
    add: 'PC hinzufügen',
    agree: 'Akzeptieren',
    decline: 'Ablehnen',
    going: 'Zurück zu Windows …',
    go: 'Weiter',
    refused: 'Dieser PC kann nicht hinzugefügt werden',
    faults: {
      address:
        'Diese Seite öffnet Windows, wenn ein PC unter Einstellungen, Konten, Auf Arbeits- oder Schulkonto zugreifen hinzugefügt wird.',
      used: 'Der Registrierungscode wurde schon verwendet. Bitten Sie um eine neue Einladung.',
      over: 'Der Registrierungscode ist abgelaufen oder wurde zurückgezogen. Bitten Sie um eine neue Einladung.',
      foreign: 'Der Registrierungscode gilt für eine andere Art von Gerät. Bitten Sie um eine neue Einladung.',
      forbidden: 'Ihr Konto darf keine Geräte hinzufügen. Bitten Sie Ihren Administrator um diese Berechtigung.',
    },
  },
} as const
export type PageFault = keyof (typeof texts)['en']['faults']

/** The first language tag of an Accept-Language header. */
export const tagOf = (accept: string | undefined): string | undefined =>
  /^\s*([a-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3})/.exec(accept ?? '')?.[1]

const statuses: Readonly<Record<PageFault, number>> = {
  address: 400,
  used: 409,
  over: 410,
  foreign: 422,
  forbidden: 403,
}
export function pageFault(language: Language, fault: PageFault): Reply {
  const t = texts[language]
  return page({
    status: statuses[fault],
    language,
    title: t.refused,
    body: `<p role="alert">${escaped(t.faults[fault])}</p>`,
  })
}

export interface Consent {
  conditions: Conditions
  ownership: keyof (typeof texts)['en']['what']
  /** Who is signed in, and where somebody else does; absent: an invitation is enough. */
  person?: { name: string; again: string }
  /** Of the form. */
  fields: Readonly<Record<string, string>>
}
export function consentPage(language: Language, o: Consent): Reply {
  const t = texts[language]
  const { licence, organisation } = o.conditions
  const who = o.person
    ? `<p>${escaped(t.who[0])}<strong>${escaped(o.person.name)}</strong>${escaped(t.who[1])} <a href="${escaped(o.person.again)}">${escaped(t.notYou)}</a></p>`
    : `<p>${escaped(t.byCode)}</p>`
  const fields = { ...o.fields, ...(licence && { licence: licence.version }) }
  const hidden = Object.entries(fields).map(
    ([n, v]) => `<input type="hidden" name="${escaped(n)}" value="${escaped(v)}">`,
  )
  return page({
    status: 200,
    language,
    title: t.title(organisation),
    body: `${who}
<p>${escaped(t.what[o.ownership])}</p>
${licenceSection(language, licence)}
<form method="post">${hidden.join('')}<button>${escaped(licence ? t.accept : t.add)}</button></form>`,
  })
}

function licenceSection(language: Language, licence: Conditions['licence']): string {
  const t = texts[language]
  if (!licence) return ''
  const version = escaped(t.version(licence.version))
  return `<p>${escaped(t.licence)}</p>
<section tabindex="0" lang="${escaped(licence.language)}" aria-label="${version}">${escaped(licence.text)}</section>
<p><small>${version}</small></p>`
}

/** Two ways on, as links: what they lead to is made already, and believed only when Windows brings it back. */
export function termsPage(
  language: Language,
  o: { conditions: Conditions; joins: boolean; accept: string; decline: string },
): Reply {
  const t = texts[language]
  // Microsoft: who joins a machine to the directory is not offered to decline.
  const decline = o.joins ? '' : ` <a class="plain" href="${escaped(o.decline)}">${escaped(t.decline)}</a>`
  return page({
    status: 200,
    language,
    title: t.title(o.conditions.organisation),
    // Windows 11 shows it in a frame of its set-up; it comes only to who shows Entra's token, which no page of another site can.
    within: '*',
    body: `<p>${escaped(t.what[o.joins ? 'cope' : 'byod'])}</p>
${licenceSection(language, o.conditions.licence)}
<p><a class="button" href="${escaped(o.accept)}">${escaped(t.agree)}</a>${decline}</p>`,
  })
}

const submit = 'document.forms[0].submit()'
/** Gives Windows the token (MS-MDE2 3.2): a form that sends itself, or is sent by hand where scripts are off. */
export function backToWindows(language: Language, o: { appru: string; token: string; organisation: string }): Reply {
  const t = texts[language]
  const hash = createHash('sha256').update(submit).digest('base64')
  return page({
    status: 200,
    language,
    title: t.title(o.organisation),
    policy: `; script-src 'sha256-${hash}'`,
    onward: new URL(o.appru).protocol,
    body: `<p>${escaped(t.going)}</p>
<form method="post" action="${escaped(o.appru)}"><input type="hidden" name="wresult" value="${escaped(o.token)}"><button>${escaped(t.go)}</button></form>
<script>${submit}</script>`,
  })
}

const style = `:root{color-scheme:light dark}body{font:1.05rem/1.5 "Segoe UI",system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}
section{white-space:pre-wrap;overflow-wrap:anywhere;max-height:55vh;overflow:auto;border:1px solid;padding:1rem}
button,.button{display:inline-block;font:inherit;padding:.7rem 1.2rem;border:0;border-radius:.5rem;background:#0b5cad;color:#fff;text-decoration:none}.plain{padding:.7rem 1.2rem}`
const styleHash = createHash('sha256').update(style).digest('base64')

interface Page {
  status: number
  language: Language
  title: string
  body: string
  /** Of the content security policy, beside its strict rest. */
  policy?: string
  /** Scheme that a form leads to, besides us. */
  onward?: string
  /** Who may show it within a page of their own. */
  within?: string
}
function page({ status, language, title, body, policy = '', onward = '', within = "'none'" }: Page): Reply {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'${policy}; form-action 'self'${onward && ` ${onward}`}; frame-ancestors ${within}; base-uri 'none'`,
      'cache-control': 'no-store',
      // Without a referrer browsers send a form with `Origin: null`, which counts as another site's.
      'referrer-policy': 'same-origin',
    },
    body: `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title><style>${style}</style></head>
<body><main><h1>${escaped(title)}</h1>
${body}
</main></body></html>
`,
  }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => entities[c] ?? c)
