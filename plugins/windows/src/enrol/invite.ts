/** What the person does who enrols a PC with an invitation, step by step. English and German. */
import { languageOf, type PlatformHost, type Step } from '@muster/contract'
import type { EnrolmentSettings } from './settings.ts'

const texts = {
  en: {
    link: 'On the PC, follow this link, which opens Windows’ own enrolment (or press Windows+R and paste it).',
    settings:
      'Or open Settings, Accounts, Access work or school, Enrol only in device management, and enter this as the e-mail address:',
    server: 'If Windows asks for a server, enter:',
    password: 'When Windows asks for a password, enter the code.',
    accepts: ' By entering it you accept the licence below.',
    page: 'A page of this server opens: read it, and add the PC.',
    done: 'Windows says that everything is set. The PC then asks this server for its settings.',
  },
  de: {
    link: 'Folgen Sie auf dem PC diesem Link, der die Registrierung von Windows öffnet (oder drücken Sie Windows+R und fügen Sie ihn ein).',
    settings:
      'Oder öffnen Sie Einstellungen, Konten, Auf Arbeits- oder Schulkonto zugreifen, Nur bei Geräteverwaltung registrieren, und geben Sie dies als E-Mail-Adresse ein:',
    server: 'Wenn Windows nach einem Server fragt, geben Sie ein:',
    password: 'Wenn Windows nach einem Kennwort fragt, geben Sie den Code ein.',
    accepts: ' Damit akzeptieren Sie die Lizenz unten.',
    page: 'Eine Seite dieses Servers öffnet sich: Lesen Sie sie, und fügen Sie den PC hinzu.',
    done: 'Windows sagt, dass alles eingerichtet ist. Der PC fragt dann diesen Server nach seinen Einstellungen.',
  },
} as const

/**
 * The code takes the place of a password: Windows asks for an address first, so it stands in that (`CODE@server`), and again where a password is
 * asked for. The link opens Windows' own enrolment with both filled in (ms-device-enrollment).
 */
export async function enrolmentSteps(
  host: PlatformHost,
  settings: EnrolmentSettings,
  { code, language }: { code: string; language?: string },
): Promise<Step[]> {
  const t = texts[languageOf(language)]
  const { url } = host.server()
  const address = `${code}@${new URL(url).hostname}`
  const discovery = `${url}/EnrollmentServer/Discovery.svc`
  // As Microsoft writes it, without escapes: nothing of it needs one.
  const link = `ms-device-enrollment:?mode=mdm&username=${address}&servername=${discovery}`
  const { licence } = await host.invitation(code)
  const byPassword = settings.authPolicy === 'OnPremise'
  return [
    { text: t.link, link, command: link },
    { text: t.settings, command: address },
    { text: t.server, command: discovery },
    byPassword ? { text: `${t.password}${licence ? t.accepts : ''}`, command: code } : { text: t.page },
    { text: t.done },
  ]
}
