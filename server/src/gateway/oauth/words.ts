/** The words of the key manager's pages, in the languages of the console (docs/glossary.md has the German ones). */

const en = {
  signIn: 'Sign in',
  toContinue: ['to continue to ', ''],
  userName: 'User name',
  password: 'Password',
  cancel: 'Cancel',
  allowTitle: 'Allow access',
  wants: [' wants to act for you, ', '.'],
  asksFor: 'It asks for:',
  neverMore: 'It can never do more than you may do yourself.',
  allow: 'Allow',
  deny: 'Deny',
  connectTitle: 'Connect a device',
  codeOnDevice: 'Code shown on the device',
  goOn: 'Continue',
  showsCode: ' shows this code:',
  ifNotYou: 'If you did not start this yourself, or the code differs, choose Cancel.',
  staleTitle: 'This page is no longer good',
  staleText: 'It took too long, or was opened in another browser. Start again from the program you came from.',
  otherText: 'Start again from the program you came from.',
  stuckTitle: 'This cannot go on',
  doneTitle: 'Done',
  doneText: 'The device is connected. You can close this page.',
  cancelled: 'The request was cancelled.',
  wrongCode: 'The code is not right, or no longer good. Check it and try again.',
  failed: 'That did not work. Try again.',
  'wrong-credentials': 'User name or password is wrong.',
  throttled: 'Too many tries. Wait a moment, then try again.',
} as const

type Same<T> = { readonly [K in keyof T]: T[K] extends readonly string[] ? readonly [string, string] : string }
export type Words = { readonly language: string } & Same<typeof en>

const de: Same<typeof en> = {
  signIn: 'Anmelden',
  toContinue: ['um mit ', ' fortzufahren'],
  userName: 'Benutzername',
  password: 'Passwort',
  cancel: 'Abbrechen',
  allowTitle: 'Zugriff erlauben',
  wants: [' möchte für Sie handeln, ', '.'],
  asksFor: 'Verlangt wird:',
  neverMore: 'Mehr, als Sie selbst dürfen, ist damit nie möglich.',
  allow: 'Erlauben',
  deny: 'Ablehnen',
  connectTitle: 'Gerät verbinden',
  codeOnDevice: 'Auf dem Gerät angezeigter Code',
  goOn: 'Weiter',
  showsCode: ' zeigt diesen Code:',
  ifNotYou: 'Wenn Sie das nicht selbst begonnen haben oder der Code ein anderer ist, wählen Sie Abbrechen.',
  staleTitle: 'Diese Seite gilt nicht mehr',
  staleText:
    'Es hat zu lange gedauert, oder sie wurde in einem anderen Browser geöffnet. Beginnen Sie neu in dem Programm, aus dem Sie kamen.',
  otherText: 'Beginnen Sie neu in dem Programm, aus dem Sie kamen.',
  stuckTitle: 'Hier geht es nicht weiter',
  doneTitle: 'Fertig',
  doneText: 'Das Gerät ist verbunden. Sie können diese Seite schließen.',
  cancelled: 'Die Anfrage wurde abgebrochen.',
  wrongCode: 'Der Code ist falsch oder gilt nicht mehr. Prüfen Sie ihn und versuchen Sie es erneut.',
  failed: 'Das hat nicht geklappt. Versuchen Sie es erneut.',
  'wrong-credentials': 'Benutzername oder Passwort ist falsch.',
  throttled: 'Zu viele Versuche. Warten Sie einen Moment und versuchen Sie es dann erneut.',
}

const spoken: Readonly<Record<string, Same<typeof en>>> = { en, de }

/**
 * Words for a reader. `asked`: the client's `ui_locales` (OpenID Connect Core 1.0 section 3.1.2.1), best first, apart by
 * spaces; `accepted`: the browser's Accept-Language (RFC 9110 section 12.5.4).
 */
export function wordsFor(asked: unknown, accepted: string | undefined): Words {
  const wanted = [...(typeof asked === 'string' ? asked.slice(0, 200).split(' ') : []), ...byWeight(accepted ?? '')]
  const language = wanted.map((tag) => tag.toLowerCase().split('-')[0] ?? '').find((tag) => Object.hasOwn(spoken, tag))
  return { language: language ?? 'en', ...(spoken[language ?? 'en'] ?? en) }
}

function byWeight(accepted: string): string[] {
  const ranges = accepted
    .slice(0, 200)
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim())
      const weight = parameters.find((parameter) => /^q=/i.test(parameter))
      return { tag, q: weight === undefined ? 1 : Number(weight.slice(2)) || 0 }
    })
  return ranges
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q)
    .map(({ tag }) => tag)
}
