/** Mail accounts: by IMAP or POP, and Microsoft Exchange. */
import { type ChannelDetail, feature, type JsonObject } from '@muster/contract'
import { choiceOr, host, hostOr, line, lineOr, maybe, port, some, yes } from '@muster/kit/words'
import { z } from 'zod'
import { identityFields, identityPayloads, identitySecrets, pkcs12Payload, pkcs12Type } from './certificates.ts'
import { field, objectOf, shape, written } from './fields.ts'
import { listFeature, macUsers, type Payload } from './row.ts'
import { webOr } from './words.ts'

const signsIn = {
  none: 'EmailAuthNone',
  password: 'EmailAuthPassword',
  'cram-md5': 'EmailAuthCRAMMD5',
  ntlm: 'EmailAuthNTLM',
  'http-md5': 'EmailAuthHTTPMD5',
} as const
const ways = ['none', 'password', 'cram-md5', 'ntlm', 'http-md5'] as const
/** Signing and encrypting messages (RFC 8551): iPhones, iPads and Vision. Each identity is a file, beside the settings as a secret. */
const smimeFields = {
  sign: field('SMIMESigningEnabled', maybe('Sign messages')),
  userSigns: field('SMIMESigningUserOverrideable', maybe('Users may turn signing on and off')),
  userSigningIdentity: field(
    'SMIMESigningCertificateUUIDUserOverrideable',
    maybe('Users may choose what they sign with'),
  ),
  encrypt: field('SMIMEEncryptByDefault', maybe('Encrypt messages')),
  userEncrypts: field('SMIMEEncryptByDefaultUserOverrideable', maybe('Users may turn encrypting on and off')),
  userEncryptionIdentity: field(
    'SMIMEEncryptionCertificateUUIDUserOverrideable',
    maybe('Users may choose what they encrypt with'),
  ),
  perMessage: field('SMIMEEnableEncryptionPerMessageSwitch', maybe('Users may decide it for each message')),
}
const smimeType = objectOf(smimeFields).optional().meta({ title: 'S/MIME', description: 'iPhones and iPads' })
const smimeSecretTypes = {
  signingIdentity: pkcs12Type.optional().meta({ title: 'Identity to sign with: PKCS #12 in base64' }),
  signingIdentityPassword: lineOr('Password of that file'),
  encryptionIdentity: pkcs12Type.optional().meta({ title: 'Identity to encrypt with: PKCS #12 in base64' }),
  encryptionIdentityPassword: lineOr('Password of that file'),
}
const smimeSecrets = Object.keys(smimeSecretTypes)
type Smime = z.output<z.ZodObject<typeof smimeSecretTypes>> & { smime?: object }
const exampleSmime = {
  smime: { sign: true, userSigns: false, encrypt: true, userEncrypts: true, perMessage: true },
  signingIdentity: 'MIIB',
  signingIdentityPassword: 'topsecret',
  encryptionIdentity: 'MIIC',
  encryptionIdentityPassword: 'topsecret',
}

function smime(s: Smime, c: ChannelDetail, part: (name: string) => string) {
  if (c.facts['os.name'] === 'macOS') return { keys: {}, identities: [] }
  const found: [key: string, payload: Payload][] = []
  if (s.signingIdentity)
    found.push([
      'SMIMESigningCertificateUUID',
      pkcs12Payload(s.signingIdentity, s.signingIdentityPassword, part('sign')),
    ])
  if (s.encryptionIdentity)
    found.push([
      'SMIMEEncryptionCertificateUUID',
      pkcs12Payload(s.encryptionIdentity, s.encryptionIdentityPassword, part('encrypt')),
    ])
  const uuids = Object.fromEntries(found.map(([key, p]) => [key, p.PayloadUUID ?? '']))
  return {
    keys: { ...written(smimeFields, (s.smime ?? {}) as JsonObject), ...uuids },
    identities: found.map(([, payload]) => payload),
  }
}

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
const account = z.strictObject({
  ...shape(mailFields),
  incomingPassword: lineOr('Password for receiving'),
  outgoingPassword: lineOr('Password for sending'),
  smime: smimeType,
  ...smimeSecretTypes,
})
type Account = z.output<typeof account>

export const mail = listFeature(
  feature({
    id: 'apple.mail',
    title: { en: 'Mail accounts', de: 'E-Mail-Konten' },
    summary: {
      en: 'Mail accounts by IMAP or POP. Users are asked for a password that is not given here.',
      de: 'E-Mail-Konten über IMAP oder POP. Nach einem Passwort, das hier fehlt, werden die Benutzer gefragt.',
    },
    secret: ['incomingPassword', 'outgoingPassword', ...smimeSecrets].map((name) => `accounts/*/${name}`),
    settings: () => z.strictObject({ accounts: some('Accounts', account, 20) }),
    merge: { rule: 'union', lists: ['accounts'] },
    examples: [
      {
        accounts: [
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
            ...exampleSmime,
          },
        ],
      },
    ],
  }),
  {
    list: 'accounts',
    name: (a: Account) => [a.name, a.incomingHost],
    to: { iOS: {}, macOS: {}, visionOS: { version: '1.1' } },
    users: macUsers,
    build: (s, c, part) => {
      const { keys, identities } = smime(s, c, part)
      return [
        {
          PayloadType: 'com.apple.mail.managed',
          ...written(mailFields, s as JsonObject),
          ...(s.incomingPassword && { IncomingPassword: s.incomingPassword }),
          ...(s.outgoingPassword && { OutgoingPassword: s.outgoingPassword }),
          ...keys,
        },
        ...identities,
      ]
    },
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
const exchangeAccount = z.strictObject({
  name: line('Name of the account', undefined, 100),
  ...shape(both),
  mobile: objectOf(mobile).optional().meta({ title: 'iPhones and iPads' }),
  mac: objectOf(mac).optional().meta({ title: 'Macs' }),
  password: lineOr('Password', 'Without one the device asks its user'),
  ...identityFields,
  smime: smimeType,
  ...smimeSecretTypes,
})
type ExchangeAccount = z.output<typeof exchangeAccount>

export const exchange = listFeature(
  feature({
    id: 'apple.exchange',
    title: { en: 'Exchange accounts', de: 'Exchange-Konten' },
    summary: {
      en: 'Microsoft Exchange accounts: ActiveSync on iPhones and iPads, web services on Macs.',
      de: 'Microsoft-Exchange-Konten: ActiveSync auf iPhones und iPads, Webdienste auf Macs.',
    },
    secret: ['password', ...identitySecrets, ...smimeSecrets].map((name) => `accounts/*/${name}`),
    settings: () => z.strictObject({ accounts: some('Accounts', exchangeAccount, 10) }),
    merge: { rule: 'union', lists: ['accounts'] },
    examples: [
      {
        accounts: [
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
            ...exampleSmime,
          },
        ],
      },
    ],
  }),
  {
    list: 'accounts',
    name: (a: ExchangeAccount) => [a.name, a.host],
    to: { iOS: {}, macOS: {}, visionOS: { version: '1.1' } },
    users: macUsers,
    build: (s, c, part) => {
      const { keys, identities } = smime(s, c, part)
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
          ...keys,
        },
        ...identity,
        ...identities,
      ]
    },
  },
)
