/** The few pages that a person sees before the profile: its licence, or why there is none. In English and German, without a script. */
import { createHash } from 'node:crypto'
import type { Language, Reply } from '@muster/contract'

const texts = {
  en: {
    title: (organisation: string) => `Management by ${organisation}`,
    licence: 'Before the profile is downloaded, please read the licence and accept it.',
    version: (v: string) => `Version ${v}`,
    accept: 'Accept and download the profile',
    refused: 'The profile cannot be downloaded',
    unknown: 'The enrolment code is wrong. Check the address, or ask for a new invitation.',
    used: 'The enrolment code was used already. Ask for a new invitation.',
    over: 'The enrolment code has expired or was withdrawn. Ask for a new invitation.',
    foreign: 'The enrolment code is for a device of another kind. Ask for a new invitation.',
    unready:
      'This server cannot manage Apple devices yet: its push certificate is missing. Tell your administrator. The code stays good.',
    plain:
      'Apple devices can only be managed by a server with an https address. Tell your administrator. The code stays good.',
    stopped: 'This device cannot be set up here',
    noDevice: 'This page is for devices that are being set up. Open it on none other.',
    notAssigned: 'This device is not assigned to this server. Tell your administrator its serial number.',
    mayNot: 'You may not bring devices in. Ask your administrator for it, or have somebody else sign in.',
  },
  de: {
    title: (organisation: string) => `Verwaltung durch ${organisation}`,
    licence: 'Bitte lesen und akzeptieren Sie die Lizenz, bevor das Profil geladen wird.',
    version: (v: string) => `Version ${v}`,
    accept: 'Akzeptieren und Profil laden',
    refused: 'Das Profil kann nicht geladen werden',
    unknown: 'Der Registrierungscode ist falsch. Prüfen Sie die Adresse oder bitten Sie um eine neue Einladung.',
    used: 'Der Registrierungscode wurde schon verwendet. Bitten Sie um eine neue Einladung.',
    over: 'Der Registrierungscode ist abgelaufen oder wurde zurückgezogen. Bitten Sie um eine neue Einladung.',
    foreign: 'Der Registrierungscode gilt für eine andere Art von Gerät. Bitten Sie um eine neue Einladung.',
    unready:
      'Dieser Server kann noch keine Apple-Geräte verwalten: Das Push-Zertifikat fehlt. Sagen Sie es Ihrer Administratorin oder Ihrem Administrator. Der Code bleibt gültig.',
    plain:
      'Apple-Geräte kann nur ein Server mit https-Adresse verwalten. Sagen Sie es Ihrer Administratorin oder Ihrem Administrator. Der Code bleibt gültig.',
    stopped: 'Dieses Gerät kann hier nicht eingerichtet werden',
    noDevice: 'Diese Seite ist für Geräte, die gerade eingerichtet werden. Öffnen Sie sie auf keinem anderen.',
    notAssigned:
      'Dieses Gerät ist diesem Server nicht zugeordnet. Nennen Sie Ihrer Administratorin oder Ihrem Administrator die Seriennummer.',
    mayNot:
      'Sie dürfen keine Geräte anmelden. Bitten Sie Ihre Administratorin oder Ihren Administrator darum, oder lassen Sie jemand anderen sich anmelden.',
  },
} as const
export type Fault = 'unknown' | 'used' | 'over' | 'foreign' | 'unready' | 'plain'

const statuses: Readonly<Record<Fault, number>> = {
  unknown: 404,
  used: 409,
  over: 410,
  foreign: 422,
  unready: 503,
  plain: 503,
}
export function faultPage(language: Language, fault: Fault): Reply {
  const t = texts[language]
  return page(statuses[fault], language, t.refused, `<p role="alert">${escaped(t[fault])}</p>`)
}

/** Why a device that is being set up gets no further. */
export function noticePage(status: number, language: Language, notice: 'noDevice' | 'notAssigned' | 'mayNot'): Reply {
  const t = texts[language]
  return page(status, language, t.stopped, `<p role="alert">${escaped(t[notice])}</p>`)
}

export interface LicenceShown {
  organisation: string
  licence: { version: string; language: string; text: string }
  /** Of the form: what the next request carries, besides the version that was accepted. */
  fields: Readonly<Record<string, string>>
}
/** Its button asks for the same address again, with the version that was shown. */
export function licencePage(language: Language, { organisation, licence, fields }: LicenceShown): Reply {
  const t = texts[language]
  const hidden = Object.entries({ ...fields, licence: licence.version }).map(
    ([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
  )
  return page(
    200,
    language,
    t.title(organisation),
    `<p>${escaped(t.licence)}</p>
<section tabindex="0" lang="${escaped(licence.language)}" aria-label="${escaped(t.version(licence.version))}">${escaped(licence.text)}</section>
<p><small>${escaped(t.version(licence.version))}</small></p>
<form method="get">${hidden.join('')}<button>${escaped(t.accept)}</button></form>`,
  )
}

const style = `:root{color-scheme:light dark}body{font:1.05rem/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}
section{white-space:pre-wrap;overflow-wrap:anywhere;max-height:55vh;overflow:auto;border:1px solid;padding:1rem}
button{font:inherit;padding:.7rem 1.2rem;border:0;border-radius:.5rem;background:#0b5cad;color:#fff}`
const styleHash = createHash('sha256').update(style).digest('base64')

/** `onward`: where the answer to its form leads, besides to us. */
export function page(status: number, language: Language, title: string, body: string, onward = ''): Reply {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'${onward && ` ${onward}`}; frame-ancestors 'none'; base-uri 'none'`,
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
export const escaped = (text: string): string => text.replace(/[&<>"']/g, (c) => entities[c] ?? c)
