/** Mail by Exchange ActiveSync (ActiveSync CSP): an account of Windows's own mail app, for the user who is signed in. */
import { createHash } from 'node:crypto'
import { feature } from '@muster/contract'
import { choiceOr, host, line, lineOr, some, yes } from '@muster/kit/words'
import { z } from 'zod'
import { firstOf, segment, type WantedNode } from './node.ts'
import { nodeFeature } from './row.ts'

const root = './User/Vendor/MSFT/ActiveSync/Accounts'
const account = z.strictObject({
  name: line('Name', 'As the mail app shows it', 100),
  server: host('Server', 'Such as outlook.office365.com'),
  address: line('E-mail address', 'Such as {{user.email}}'),
  user: lineOr('User name', 'Without one the address'),
  domain: lineOr('Domain'),
  password: lineOr('Password', 'Without one the user is asked'),
  tls: yes('Encrypted'),
  days: choiceOr('Mail of the last', ['all', '1', '3', '7', '14', '30'], '30'),
  schedule: choiceOr('Fetched', ['as-it-comes', 'by-hand', '15', '30', '60'], 'as-it-comes', 'Numbers: minutes'),
  mail: yes('Mail'),
  contacts: yes('Contacts'),
  calendar: yes('Calendar'),
})
type Account = z.output<typeof account>
/** Windows's numbers of ages (MS-ASCMD, FilterType). */
const ages = { all: 0, '1': 1, '3': 2, '7': 3, '14': 4, '30': 5 } as const
const schedules = { 'as-it-comes': -1, 'by-hand': 0, '15': 15, '30': 30, '60': 60 } as const
const contents = {
  mail: '{c6d47067-6e92-480e-b0fc-4ba82182fac7}',
  contacts: '{0dd8685c-e272-4fcb-9ecf-2ead7ea2497b}',
  calendar: '{4a5d9fe0-f139-4a63-a5a4-4f31ceea02ad}',
} as const

/** The same as long as the account is: address and server. */
function idOf(a: Account): string {
  const h = createHash('sha256').update(`${a.server}\0${a.address}`).digest('hex')
  return `{${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-8${h.slice(17, 20)}-${h.slice(20, 32)}}`
}

function nodes(a: Account): WantedNode[] {
  const at = `${root}/${segment(idOf(a))}`
  const add = (name: string, format: 'chr' | 'int', data: string, read: 'value' | 'none' = 'value'): WantedNode => ({
    uri: `${at}/${name}`,
    format,
    data,
    how: 'add',
    read,
  })
  return [
    add('AccountName', 'chr', a.name),
    add('AccountType', 'chr', 'Exchange'),
    add('EmailAddress', 'chr', a.address),
    add('ServerName', 'chr', a.server),
    add('UserName', 'chr', a.user ?? a.address),
    ...(a.domain ? [add('Domain', 'chr', a.domain)] : []),
    ...(a.password === undefined ? [] : [add('Password', 'chr', a.password, 'none')]),
    add('Options/UseSSL', 'chr', a.tls ? '1' : '0'),
    add('Options/MailAgeFilter', 'chr', `${ages[a.days]}`),
    add('Options/Schedule', 'chr', `${schedules[a.schedule]}`),
    ...(Object.keys(contents) as (keyof typeof contents)[]).map((kind) =>
      add(`Options/ContentTypes/${segment(contents[kind])}/Enabled`, 'chr', a[kind] ? '1' : '0'),
    ),
  ]
}

export const exchange = nodeFeature(
  feature({
    id: 'windows.exchange',
    title: { en: 'Exchange mail', de: 'Exchange-E-Mail' },
    summary: {
      en: 'An Exchange account for Windows’s own mail app. It waits until a user is signed in. Outlook sets itself up.',
      de: 'Ein Exchange-Konto für die Mail-App von Windows. Es wartet, bis jemand angemeldet ist. Outlook richtet sich selbst ein.',
    },
    secret: ['accounts/*/password'],
    settings: () => z.strictObject({ accounts: some('Accounts', account, 5) }),
    merge: { rule: 'union', lists: ['accounts'] },
    examples: [
      {
        accounts: [
          {
            name: 'Work',
            server: 'mail.example.com',
            address: '{{user.email}}',
            password: 'topsecret',
            tls: true,
            days: '14',
            schedule: 'as-it-comes',
            mail: true,
            contacts: true,
            calendar: false,
          },
        ],
      },
    ],
  }),
  {
    to: { csp: ['ActiveSync', '1.0'] },
    nodes: (s) => firstOf(s.accounts, idOf).flatMap(nodes),
    undo: (uri) => ({ remove: uri.split('/').slice(0, 7).join('/') }),
  },
)
