/** Mail accounts: by IMAP or POP, and Microsoft Exchange. */
import { feature, type JsonObject } from '@muster/contract'
import { z } from 'zod'
import { identityFields, identityPayloads, identitySecrets } from './certificates.ts'
import { field, objectOf, shape, written } from './fields.ts'
import { profileFeature } from './row.ts'
import { choiceOr, host, hostOr, line, lineOr, maybe, port, webOr, yes } from './words.ts'

const signsIn = {
  none: 'EmailAuthNone',
  password: 'EmailAuthPassword',
  'cram-md5': 'EmailAuthCRAMMD5',
  ntlm: 'EmailAuthNTLM',
  'http-md5': 'EmailAuthHTTPMD5',
} as const
const ways = ['none', 'password', 'cram-md5', 'ntlm', 'http-md5'] as const
const mailFields = {
  name: field('EmailAccountDescription', line('Name of the account', undefined, 100)),
  kind: field('EmailAccountType', choiceOr('Kind', ['imap', 'pop'], 'imap'), (v) =>
    v === 'imap' ? 'EmailTypeIMAP' : 'EmailTypePOP',
  ),
  person: field('EmailAccountName', lineOr('Name of the person', 'Such as {{user.name}}')),
  address: field('EmailAddress', line('Mail address', 'Such as {{user.email}}')),
  incomingHost: field('IncomingMailServerHostName', host('Server for receiving')),
  incomingPort: field('IncomingMailServerPortNumber', port('Its port')),
  incomingTls: field('IncomingMailServerUseSSL', yes('Receive over TLS')),
  incomingSignIn: field(
    'IncomingMailServerAuthentication',
    choiceOr('Signing in to receive', ways, 'password'),
    (v) => signsIn[v],
  ),
  incomingUser: field('IncomingMailServerUsername', lineOr('User for receiving', 'Such as {{user.name}}')),
  incomingPath: field('IncomingMailServerIMAPPathPrefix', lineOr('Folder prefix (IMAP)')),
  outgoingHost: field('OutgoingMailServerHostName', host('Server for sending')),
  outgoingPort: field('OutgoingMailServerPortNumber', port('Its port')),
  outgoingTls: field('OutgoingMailServerUseSSL', yes('Send over TLS')),
  outgoingSignIn: field(
    'OutgoingMailServerAuthentication',
    choiceOr('Signing in to send', ways, 'password'),
    (v) => signsIn[v],
  ),
  outgoingUser: field('OutgoingMailServerUsername', lineOr('User for sending')),
  samePassword: field('OutgoingPasswordSameAsIncomingPassword', yes('Send with the same password')),
  keepHere: field('PreventMove', maybe('Messages stay in this account', 'iPhones and iPads')),
  mailAppOnly: field('PreventAppSheet', maybe('Other apps cannot send with it', 'iPhones and iPads')),
  noRecents: field('disableMailRecentsSyncing', maybe('Recent addresses stay on the device')),
  mailDrop: field('allowMailDrop', maybe('Mail Drop')),
}
export const mail = profileFeature(
  feature({
    id: 'apple.mail',
    title: 'Mail account',
    summary: 'A mail account by IMAP or POP. Users are asked for a password that is not given here.',
    secret: ['incomingPassword', 'outgoingPassword'],
    settings: z.strictObject({
      ...shape(mailFields),
      incomingPassword: lineOr('Password for receiving'),
      outgoingPassword: lineOr('Password for sending'),
    }),
    merge: { rule: 'priority' },
    examples: [
      {
        name: 'Work',
        kind: 'imap',
        person: '{{user.name}}',
        address: '{{user.email}}',
        incomingHost: 'imap.example.com',
        incomingPort: 993,
        incomingTls: true,
        incomingSignIn: 'password',
        incomingUser: '{{user.name}}',
        incomingPath: 'INBOX',
        incomingPassword: 'topsecret',
        outgoingHost: 'smtp.example.com',
        outgoingPort: 465,
        outgoingTls: true,
        outgoingSignIn: 'cram-md5',
        outgoingUser: '{{user.name}}',
        outgoingPassword: 'topsecret',
        samePassword: false,
        keepHere: true,
        mailAppOnly: true,
        noRecents: false,
        mailDrop: false,
      },
    ],
  }),
  {
    to: { iOS: {}, macOS: {}, visionOS: { version: '1.1' } },
    build: (s) => [
      {
        PayloadType: 'com.apple.mail.managed',
        ...written(mailFields, s as JsonObject),
        ...(s.incomingPassword && { IncomingPassword: s.incomingPassword }),
        ...(s.outgoingPassword && { OutgoingPassword: s.outgoingPassword }),
      },
    ],
  },
)

const both = {
  host: field('Host', host('Server')),
  tls: field('SSL', yes('Over TLS')),
  address: field('EmailAddress', line('Mail address', 'Such as {{user.email}}')),
  user: field('UserName', lineOr('User', 'Such as {{user.name}}')),
  modern: field('OAuth', maybe('Sign in on a web page (OAuth)')),
  signInPage: field('OAuthSignInURL', webOr('Address of that page')),
  mailDrop: field('allowMailDrop', maybe('Mail Drop')),
}
/** Exchange ActiveSync: iPhones, iPads and Vision. */
const mobile = {
  tokenPage: field('OAuthTokenRequestURL', webOr('Address for tokens')),
  days: field(
    'MailNumberOfPastDaysToSync',
    choiceOr('Days of mail to keep', ['0', '1', '3', '7', '14', '31'], '7', '0: all'),
    Number,
  ),
  mail: field('EnableMail', maybe('Mail')),
  contacts: field('EnableContacts', maybe('Contacts')),
  calendars: field('EnableCalendars', maybe('Calendars')),
  reminders: field('EnableReminders', maybe('Reminders')),
  notes: field('EnableNotes', maybe('Notes')),
  keepHere: field('PreventMove', maybe('Messages stay in this account')),
  mailAppOnly: field('PreventAppSheet', maybe('Other apps cannot send with it')),
  noRecents: field('disableMailRecentsSyncing', maybe('Recent addresses stay on the device')),
  replacePassword: field('OverridePreviousPassword', maybe('Replace a password that the user entered')),
}
/** Exchange Web Services: Macs. */
const mac = {
  path: field('Path', lineOr('Path on the server')),
  port: field('Port', port('Port')),
  externalHost: field('ExternalHost', hostOr('Server from outside')),
  externalTls: field('ExternalSSL', maybe('From outside over TLS')),
  externalPath: field('ExternalPath', lineOr('Path from outside')),
  externalPort: field('ExternalPort', port('Port from outside')),
}
export const exchange = profileFeature(
  feature({
    id: 'apple.exchange',
    title: 'Exchange account',
    summary: 'A Microsoft Exchange account: ActiveSync on iPhones and iPads, web services on Macs.',
    secret: ['password', ...identitySecrets],
    settings: z.strictObject({
      name: line('Name of the account', undefined, 100),
      ...shape(both),
      mobile: objectOf(mobile).optional().meta({ title: 'iPhones and iPads' }),
      mac: objectOf(mac).optional().meta({ title: 'Macs' }),
      password: lineOr('Password', 'Without one the device asks its user'),
      ...identityFields,
    }),
    merge: { rule: 'priority' },
    examples: [
      {
        name: 'Work',
        host: 'mail.example.com',
        tls: true,
        address: '{{user.email}}',
        user: '{{user.name}}',
        modern: false,
        signInPage: 'https://login.example.com',
        mailDrop: false,
        password: 'topsecret',
        mobile: {
          tokenPage: 'https://login.example.com/token',
          days: '31',
          mail: true,
          contacts: true,
          calendars: true,
          reminders: false,
          notes: false,
          keepHere: true,
          mailAppOnly: true,
          noRecents: true,
          replacePassword: false,
        },
        mac: {
          path: '/EWS/Exchange.asmx',
          port: 443,
          externalHost: 'mail.example.com',
          externalTls: true,
          externalPath: '/EWS',
          externalPort: 443,
        },
        scep: {
          url: 'https://ca.example.com/scep',
          subject: [{ attribute: 'CN', value: '{{user.email}}' }],
          keySize: '2048',
          usage: 'both',
          retries: 3,
          retryDelayS: 10,
        },
        challenge: 'topsecret',
      },
    ],
  }),
  {
    to: { iOS: {}, macOS: {}, visionOS: { version: '1.1' } },
    build: (s, c, part) => {
      const onMac = c.facts['os.name'] === 'macOS'
      const identity = identityPayloads(s, part('identity'))
      const own = onMac ? written(mac, (s.mac ?? {}) as JsonObject) : written(mobile, (s.mobile ?? {}) as JsonObject)
      return [
        {
          PayloadType: onMac ? 'com.apple.ews.account' : 'com.apple.eas.account',
          PayloadDisplayName: s.name,
          ...written(both, s as JsonObject),
          ...own,
          ...(s.password && { Password: s.password }),
          ...(identity.length > 0 && {
            [onMac ? 'AuthenticationCertificateUUID' : 'PayloadCertificateUUID']: part('identity'),
          }),
        },
        ...identity,
      ]
    },
  },
)
