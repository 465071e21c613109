/** What belongs to the organisation: its domains, its words on the lock screen, signing in to its services, its cards, keys and fonts. */
import { feature, type Json, type JsonObject } from '@muster/contract'
import { choice, choiceOr, line, lineOr, maybe, no, some, wholeOr } from '@muster/kit/words'
import { z } from 'zod'
import { field, objectOf, shape, written } from './fields.ts'
import { listFeature, profileFeature } from './row.ts'
import { app, domain, many, team, web } from './words.ts'

const domains = {
  mail: field('EmailDomains', many('Mail domains', domain, 200, 'Other addresses are marked as outside')),
  web: field(
    'WebDomains',
    many('Web domains', line('Domain', undefined, 300), 200, 'What comes from them counts as work'),
  ),
  passwords: field(
    'SafariPasswordAutoFillDomains',
    many('Domains whose passwords Safari keeps', line('Domain', undefined, 300), 200, 'Supervised iPhones and iPads'),
  ),
  tracking: field(
    'CrossSiteTrackingPreventionRelaxedDomains',
    many('Domains that may know users across sites', domain, 10, 'iOS 16.2 (supervised), macOS 13.1'),
  ),
}
export const managedDomains = profileFeature(
  feature({
    id: 'apple.domains',
    title: { en: 'Domains of the organisation', de: 'Domains der Organisation' },
    summary: {
      en: 'Which mail addresses and web sites count as work.',
      de: 'Welche E-Mail-Adressen und Websites als dienstlich gelten.',
    },
    settings: () => objectOf(domains).refine((s) => Object.values(s).some((v) => v !== undefined), 'set at least one'),
    merge: { rule: 'union', lists: ['mail', 'web', 'passwords', 'tracking'] },
    examples: [
      {
        mail: ['example.com'],
        web: ['example.com', '*.example.com/docs'],
        passwords: ['example.com'],
        tracking: ['example.com'],
      },
    ],
  }),
  {
    to: {
      iOS: { version: '8.0', personal: false },
      macOS: { version: '10.10', personal: false },
      visionOS: { version: '2.0', personal: false },
    },
    build: (s) => [{ PayloadType: 'com.apple.domains', ...written(domains, s as JsonObject) }],
  },
)

const message = {
  tag: field('AssetTagInformation', lineOr('Asset tag', 'Such as {{device.serial}}')),
  footnote: field('LockScreenFootnote', lineOr('Words below', 'Such as: if found, call +49 30 123456')),
}
export const lockScreenMessage = profileFeature(
  feature({
    id: 'apple.lockScreenMessage',
    title: { en: 'Message on the lock screen', de: 'Nachricht auf dem Sperrbildschirm' },
    summary: {
      en: 'Whose the device is, for who finds it.',
      de: 'Wem das Gerät gehört, für die Person, die es findet.',
    },
    settings: () => objectOf(message).refine((s) => Object.values(s).some((v) => v !== undefined), 'set at least one'),
    merge: { rule: 'priority' },
    examples: [{ tag: 'A-1234', footnote: 'If found, call +49 30 123456' }],
  }),
  {
    to: { iOS: { version: '9.3.1', supervised: true, personal: false } },
    build: (s) => [{ PayloadType: 'com.apple.shareddeviceconfiguration', ...written(message, s as JsonObject) }],
  },
)

const signOn = {
  extension: field('ExtensionIdentifier', app.meta({ title: 'Extension that signs in' })),
  team: field('TeamIdentifier', team.optional().meta({ title: 'Its team', description: 'Macs' })),
  kind: field('Type', choiceOr('Kind', ['redirect', 'credential'], 'redirect'), (v) =>
    v === 'redirect' ? 'Redirect' : 'Credential',
  ),
  realm: field('Realm', lineOr('Realm (credential)')),
  hosts: field('Hosts', many('Hosts (credential)', domain, 100)),
  urls: field('URLs', many('Addresses that sign-in begins at (redirect)', web('Address'), 100)),
  denied: field('DeniedBundleIdentifiers', many('Apps that may not use it', app, 100)),
  locked: field('ScreenLockedBehavior', choice('While the screen is locked', ['cancel', 'pass']), (v) =>
    v === 'cancel' ? 'Cancel' : 'DoNotHandle',
  ),
  data: field(
    'ExtensionData',
    z
      .record(z.string().min(1).max(200), z.union([z.string().max(2000), z.number(), z.boolean()]))
      .optional()
      .meta({ title: 'Settings of the extension' }),
  ),
}
const signOnType = z.strictObject({ name: line('Name', undefined, 100), ...shape(signOn) })
export const singleSignOn = listFeature(
  feature({
    id: 'apple.singleSignOn',
    title: { en: 'Single sign-on', de: 'Einmalanmeldung' },
    summary: {
      en: 'Extensions that sign users in to the organisation’s services.',
      de: 'Erweiterungen, die Benutzer an den Diensten der Organisation anmelden.',
    },
    settings: () => z.strictObject({ extensions: some('Extensions', signOnType, 20) }),
    merge: { rule: 'union', lists: ['extensions'] },
    examples: [
      {
        extensions: [
          {
            name: 'Directory',
            extension: 'com.example.idp.sso',
            team: 'ABCDE12345',
            kind: 'redirect',
            urls: ['https://login.example.com'],
            denied: ['com.example.game'],
            locked: 'pass',
            data: { tenant: 'example', prompt: false },
          },
          {
            name: 'Intranet',
            extension: 'com.example.kerberos',
            kind: 'credential',
            realm: 'EXAMPLE.COM',
            hosts: ['example.com'],
          },
        ],
      },
    ],
  }),
  {
    list: 'extensions',
    name: (e: z.output<typeof signOnType>) => [e.name],
    to: { iOS: { version: '13.0' }, macOS: { version: '10.15' }, visionOS: { version: '1.1' } },
    build: (e) => [
      { PayloadType: 'com.apple.extensiblesso', PayloadDisplayName: e.name, ...written(signOn, e as JsonObject) },
    ],
  },
)

const trust = ['off', 'check', 'soft', 'hard'] as const
const cards = {
  allowed: field('allowSmartCard', maybe('Smart cards')),
  enforced: field('enforceSmartCard', maybe('Nobody signs in without one')),
  pairing: field('UserPairing', maybe('Offer to pair new cards')),
  one: field('oneCardPerUser', maybe('One card for each user')),
  trust: field(
    'checkCertificateTrust',
    choice('Certificates of cards', trust, 'soft, hard: and whether they are revoked'),
    (v): Json => trust.indexOf(v),
  ),
  removal: field(
    'tokenRemovalAction',
    choice('When the card is taken out', ['nothing', 'screen-saver']),
    (v): Json => (v === 'nothing' ? 0 : 1),
  ),
}
export const smartCards = profileFeature(
  feature({
    id: 'apple.smartCards',
    title: { en: 'Smart cards', de: 'Smartcards' },
    summary: {
      en: 'Whether Macs are signed in to by smart card, and what they ask of it.',
      de: 'Ob man sich an Macs mit Smartcard anmeldet und was sie von ihr verlangen.',
    },
    settings: () => objectOf(cards).refine((s) => Object.values(s).some((v) => v !== undefined), 'set at least one'),
    merge: { rule: 'priority' },
    examples: [{ allowed: true, enforced: false, pairing: true, one: true, trust: 'soft', removal: 'screen-saver' }],
  }),
  {
    to: { macOS: { version: '10.12.4', personal: false } },
    build: (s) => [{ PayloadType: 'com.apple.security.smartcard', ...written(cards, s as JsonObject) }],
  },
)

const font = z.strictObject({
  name: line('Name', undefined, 100),
  file: z
    .string()
    .min(4)
    .max(1_400_000)
    .regex(/^[A-Za-z0-9+/\s]+={0,2}\s*$/, 'is not base64')
    .meta({ title: 'Font file (TrueType or OpenType) in base64' }),
})
export const fonts = listFeature(
  feature({
    id: 'apple.fonts',
    title: { en: 'Fonts', de: 'Schriften' },
    summary: { en: 'Fonts that all apps may use.', de: 'Schriften, die alle Apps benutzen dürfen.' },
    settings: () => z.strictObject({ fonts: some('Fonts', font, 20) }),
    merge: { rule: 'union', lists: ['fonts'] },
    examples: [{ fonts: [{ name: 'Example Sans', file: 'AAEAAAAA' }] }],
  }),
  {
    list: 'fonts',
    name: (f: z.output<typeof font>) => [f.name],
    to: { iOS: { version: '7.0' }, macOS: { version: '10.9' }, visionOS: { version: '2.0' } },
    build: (f) => [
      {
        PayloadType: 'com.apple.font',
        PayloadDisplayName: f.name,
        Name: f.name,
        Font: { $data: Buffer.from(f.file, 'base64').toString('base64') },
      },
    ],
  },
)

const acmeFields = {
  directory: field('DirectoryURL', web('Address of the ACME directory')),
  client: field('ClientIdentifier', line('Identifier of the device there', 'Such as {{device.serial}}')),
  kind: field('KeyType', choiceOr('Kind of key', ['EC', 'RSA'], 'EC'), (v) =>
    v === 'EC' ? 'ECSECPrimeRandom' : 'RSA',
  ),
  size: field('KeySize', wholeOr('Length of the key', 192, 4096, 384, 'EC: 256 or 384 for one in the hardware')),
  hardware: field('HardwareBound', no('The key stays in the hardware')),
  attest: field('Attest', maybe('The hardware attests it')),
  subject: field(
    'Subject',
    some(
      'Subject',
      z.strictObject({
        attribute: z
          .string()
          .regex(/^([A-Za-z]{1,20}|[0-9]+(\.[0-9]+)+)$/, 'is no attribute, such as CN or 2.5.4.3')
          .default('CN')
          .meta({ title: 'Attribute' }),
        value: line('Value', 'Such as {{device.name}}'),
      }),
      20,
    ),
    (parts): Json => parts.map((p) => [[p.attribute, p.value]]),
  ),
  email: field('SubjectAltName/rfc822Name', lineOr('E-mail address in the certificate')),
  dnsName: field('SubjectAltName/dNSName', lineOr('Host name in the certificate')),
  uri: field('SubjectAltName/uniformResourceIdentifier', lineOr('Address (URI) in the certificate')),
  principal: field('SubjectAltName/ntPrincipalName', lineOr('Principal name in the certificate (NT)')),
  usage: field(
    'UsageFlags',
    choice('Use of the key', ['sign', 'encrypt', 'both']),
    (v) => ({ sign: 1, encrypt: 4, both: 5 })[v],
  ),
  purposes: field(
    'ExtendedKeyUsage',
    many('Purposes (object identifiers)', z.string().regex(/^[0-9]+(\.[0-9]+)+$/, 'is no object identifier'), 20),
  ),
}
const acmeType = z.strictObject({ label: line('Name of this identity', undefined, 100), ...shape(acmeFields) })
export const acme = listFeature(
  feature({
    id: 'apple.acme',
    title: { en: 'Identities by ACME', de: 'Identitäten über ACME' },
    summary: {
      en: 'Keys that the device makes, in its hardware if wished, and has certified by an ACME server.',
      de: 'Schlüssel, die das Gerät erzeugt, auf Wunsch in seiner Hardware, und von einem ACME-Server beglaubigen lässt.',
    },
    settings: () => z.strictObject({ identities: some('Identities', acmeType, 20) }),
    merge: { rule: 'union', lists: ['identities'] },
    examples: [
      {
        identities: [
          {
            label: 'Device',
            directory: 'https://acme.example.com/directory',
            client: '{{device.id}}',
            kind: 'EC',
            size: 384,
            hardware: true,
            attest: true,
            subject: [{ attribute: 'CN', value: '{{device.id}}' }],
            email: 'it@example.com',
            dnsName: 'mac.example.com',
            uri: 'urn:example:1',
            principal: 'ada@example.com',
            usage: 'sign',
            purposes: ['1.3.6.1.5.5.7.3.2'],
          },
        ],
      },
    ],
  }),
  {
    list: 'identities',
    name: (i: z.output<typeof acmeType>) => [i.label],
    to: {
      iOS: { version: '16.0' },
      macOS: { version: '13.1' },
      tvOS: { version: '16.0' },
      visionOS: {},
      watchOS: {},
    },
    build: (i) => [
      { PayloadType: 'com.apple.security.acme', PayloadDisplayName: i.label, ...written(acmeFields, i as JsonObject) },
    ],
  },
)
