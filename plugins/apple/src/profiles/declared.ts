/** What iPhones, iPads and users of Macs take by declarations alone: managed apps, Google accounts, extensions of Safari, the calculator, attestation of passkeys. */
import { feature, type Json, type JsonObject } from '@muster/contract'
import { choice, choiceOr, line, lineOr, maybe, no, some, yes } from '@muster/kit/words'
import { z } from 'zod'
import { pkcs12Type } from './certificates.ts'
import { type Fields, field, group, objectOf, shape, written } from './fields.ts'
import { assetRef, nativeAvailability } from './native.ts'
import { listFeature, profileFeature } from './row.ts'
import { app, domain, many, webOr } from './words.ts'

const uuid = (title: string, hint?: string) => z.uuid().optional().meta({ title, description: hint })
const attributes = {
  associatedDomains: field('AssociatedDomains', many('Associated domains', domain, 100)),
  directDownloads: field('AssociatedDomainsEnableDirectDownloads', maybe('Ask those domains directly')),
  vpn: field('VPNUUID', uuid('VPN for this app (UUID)')),
  contentFilter: field('ContentFilterUUID', uuid('Content filter (UUID)')),
  dnsProxy: field('DNSProxyUUID', uuid('DNS proxy (UUID)')),
  relay: field('RelayUUID', uuid('Relay (UUID)')),
  slice: field('CellularSliceUUID', lineOr('Mobile network slice')),
  tapToPayLock: field('TapToPayScreenLock', maybe('Lock after each payment by Tap to Pay')),
}
const appFields = {
  storeId: field(
    'AppStoreID',
    z
      .string()
      .regex(/^\d{1,20}$/, 'is no number')
      .optional()
      .meta({ title: 'Number in the App Store' }),
  ),
  bundleId: field('BundleID', app.optional().meta({ title: 'Or bundle identifier in the App Store' })),
  manifest: field('ManifestURL', webOr('Or manifest of an app of your own')),
  install: field(
    'InstallBehavior/Install',
    choiceOr('Installed', ['required', 'optional'], 'required'),
    (v) => installs[v],
  ),
  license: field(
    'InstallBehavior/License',
    choice('Licence that the organisation bought, for', ['device', 'user']),
    (v): Json => licences[v],
  ),
  backup: field('IncludeInBackup', yes('Its data is backed up')),
  attributes: field('Attributes', objectOf(attributes).optional().meta({ title: 'How it reaches the network' }), (v) =>
    written(attributes, v as JsonObject),
  ),
}
const installs = { required: 'Required', optional: 'Optional' } as const
/** Both words for it: the first is the newer one. */
const licences = {
  device: { Assignment: 'Device', VPPType: 'Device' },
  user: { Assignment: 'User', VPPType: 'User' },
} as const
const managedApp = objectOf(appFields).refine(
  (a) => [a.storeId, a.bundleId, a.manifest].filter((v) => v !== undefined).length === 1,
  { path: ['storeId'], message: 'name one: the number, the bundle identifier or the manifest' },
)
export const managedApps = listFeature(
  feature({
    id: 'apple.managedApps',
    title: { en: 'Managed apps', de: 'Verwaltete Apps' },
    summary: {
      en: 'Apps that devices have, or that their users may install: each device keeps to it by itself.',
      de: 'Apps, die Geräte haben oder die ihre Benutzer installieren dürfen: Jedes Gerät hält sich von selbst daran.',
    },
    settings: () => z.strictObject({ apps: some('Apps', managedApp, 200) }),
    merge: { rule: 'union', lists: ['apps'] },
    examples: [
      {
        apps: [
          {
            storeId: '361309726',
            install: 'required',
            license: 'device',
            backup: false,
            attributes: {
              associatedDomains: ['example.com'],
              directDownloads: true,
              vpn: '7d3f6a2e-2f55-4c5a-9a4e-0c7a6b1f2d10',
              tapToPayLock: false,
            },
          },
          { bundleId: 'com.example.tool', install: 'optional', backup: true },
          { manifest: 'https://apps.example.com/tool.plist', install: 'required', backup: true },
        ],
      },
    ],
  }),
  {
    list: 'apps',
    name: (a: z.output<typeof managedApp>) => [a.storeId ?? a.bundleId ?? a.manifest ?? ''],
    to: nativeAvailability('app.managed', 'device'),
    build: () => [],
    native: (a) => [{ type: 'app.managed', payload: written(appFields, a as JsonObject) }],
  },
)

const googleAccount = z.strictObject({
  name: lineOr('Name of the account', undefined, 100),
  person: lineOr('Name of the person', 'Such as {{user.name}}'),
  address: line('Google address', 'Such as {{user.email}}'),
})
export const googleAccounts = listFeature(
  feature({
    id: 'apple.google',
    title: { en: 'Google accounts', de: 'Google-Konten' },
    summary: {
      en: 'Google accounts for mail, calendars and contacts. Users sign in to them.',
      de: 'Google-Konten für E-Mail, Kalender und Kontakte. Benutzer melden sich daran an.',
    },
    settings: () => z.strictObject({ accounts: some('Accounts', googleAccount, 10) }),
    merge: { rule: 'union', lists: ['accounts'] },
    examples: [{ accounts: [{ name: 'Work', person: '{{user.name}}', address: '{{user.email}}' }] }],
  }),
  {
    list: 'accounts',
    name: (a: z.output<typeof googleAccount>) => [a.address],
    to: nativeAvailability('account.google', 'device'),
    users: nativeAvailability('account.google', 'user'),
    build: () => [],
    native: (a) => [
      {
        type: 'account.google',
        payload: { ...(a.name && { VisibleName: a.name }), UserIdentityAssetReference: assetRef('person') },
        assets: [
          {
            name: 'person',
            type: 'useridentity',
            payload: { ...(a.person && { FullName: a.person }), EmailAddress: a.address },
          },
        ],
      },
    ],
  },
)

const states = { allowed: 'Allowed', on: 'AlwaysOn', off: 'AlwaysOff' } as const
const stateNames = ['allowed', 'on', 'off'] as const
const extension = {
  state: field('State', choice('Extension', stateNames, 'allowed: users decide'), (v) => states[v]),
  private: field('PrivateBrowsing', choice('While browsing privately', stateNames), (v) => states[v]),
  allowed: field('AllowedDomains', many('Sites that it may read', domain, 200)),
  denied: field('DeniedDomains', many('Sites that it may not read', domain, 200)),
}
const extensionId = z
  .string()
  .max(300)
  .regex(/^(\*|[A-Za-z0-9.-]+ \([A-Z0-9]{10}\))$/, 'is no identifier, such as com.example.blocker (ABCDE12345), nor *')
export const safariExtensions = profileFeature(
  feature({
    id: 'apple.safariExtensions',
    title: { en: 'Safari extensions', de: 'Safari-Erweiterungen' },
    summary: {
      en: 'Which extensions of Safari are on, and what they may read.',
      de: 'Welche Safari-Erweiterungen eingeschaltet sind und was sie lesen dürfen.',
    },
    settings: () =>
      z.strictObject({
        extensions: some(
          'Extensions',
          z.strictObject({
            id: extensionId.meta({
              title: 'Identifier',
              description: 'com.example.blocker (ABCDE12345); *: all others',
            }),
            ...shape(extension),
          }),
          100,
        ),
      }),
    merge: { rule: 'union', lists: ['extensions'] },
    examples: [
      {
        extensions: [
          {
            id: 'com.example.blocker (ABCDE12345)',
            state: 'on',
            private: 'allowed',
            allowed: ['*.example.com'],
            denied: ['bank.example'],
          },
          { id: '*', state: 'off' },
        ],
      },
    ],
  }),
  {
    to: nativeAvailability('safari.extensions.settings', 'device'),
    users: nativeAvailability('safari.extensions.settings', 'user'),
    build: () => [],
    native: (s) => [
      {
        type: 'safari.extensions.settings',
        payload: {
          // Of two with one name the first counts: it is of the policy that comes first.
          ManagedExtensions: Object.fromEntries(
            s.extensions.toReversed().map((e) => [e.id, written(extension, e as JsonObject)]),
          ),
        },
      },
    ],
  },
)

const mode = (key: string, title: string): Fields[string] => field(`Calculator/${key}/Enabled`, maybe(title))
const math = {
  squareRoot: field('Calculator/BasicMode/AddSquareRoot', maybe('Square root in the basic mode')),
  scientific: mode('ScientificMode', 'Scientific mode'),
  programmer: mode('ProgrammerMode', 'Programmer mode, on Macs'),
  notes: mode('MathNotesMode', 'Math notes'),
  input: group('Calculator/InputModes', 'Input', {
    units: field('UnitConversion', no('Conversion of units')),
    rpn: field('RPN', no('Reverse Polish notation, on Macs')),
  }),
  system: group('SystemBehavior', 'Elsewhere', {
    keyboard: field('KeyboardSuggestions', no('Solutions among the keyboard’s suggestions')),
    notes: field('MathNotes', no('Math notes in other apps')),
  }),
}
export const calculator = profileFeature(
  feature({
    id: 'apple.calculator',
    title: { en: 'Calculator', de: 'Rechner' },
    summary: {
      en: 'What the calculator offers, and what other apps reckon: for exams.',
      de: 'Was der Rechner bietet und was andere Apps ausrechnen: für Prüfungen.',
    },
    settings: () =>
      (objectOf(math) as unknown as z.ZodType<JsonObject>).refine((s) => Object.keys(s).length > 0, 'set at least one'),
    merge: { rule: 'priority' },
    examples: [
      {
        squareRoot: true,
        scientific: false,
        programmer: false,
        notes: false,
        input: { units: false, rpn: false },
        system: { keyboard: false, notes: false },
      },
    ],
  }),
  {
    to: nativeAvailability('math.settings', 'device'),
    users: nativeAvailability('math.settings', 'user'),
    build: () => [],
    native: (s) => [{ type: 'math.settings', payload: written(math, s) }],
  },
)

export const passkeyAttestation = profileFeature(
  feature({
    id: 'apple.passkeyAttestation',
    title: { en: 'Attestation of passkeys', de: 'Attestierung von Passkeys' },
    summary: {
      en: 'Passkeys for these sites are attested by an identity of the organisation.',
      de: 'Passkeys für diese Seiten werden durch eine Identität der Organisation attestiert.',
    },
    secret: ['pkcs12', 'password'],
    settings: () =>
      z.strictObject({
        sites: some('Sites', domain, 100),
        pkcs12: pkcs12Type.optional().meta({ title: 'Identity (PKCS #12) in base64' }),
        password: lineOr('Password of the file'),
      }),
    merge: { rule: 'priority' },
    examples: [{ sites: ['example.com'], pkcs12: 'MIIB', password: 'topsecret' }],
  }),
  {
    to: nativeAvailability('security.passkey.attestation', 'device'),
    users: nativeAvailability('security.passkey.attestation', 'user'),
    build: () => [],
    native: (s) => [
      {
        type: 'security.passkey.attestation',
        payload: { AttestationIdentityAssetReference: assetRef('identity'), RelyingParties: s.sites },
        assets: [identityFile(s.pkcs12 ?? '', s.password ?? '')],
      },
    ],
  },
)

/** Apple, `com.apple.credential.identity`. */
function identityFile(pkcs12: string, password: string) {
  const json = JSON.stringify({ Password: password, Identity: pkcs12.replace(/\s/g, '') })
  return {
    name: 'identity',
    type: 'credential.identity',
    data: { bytes: Buffer.from(json).toString('base64'), contentType: 'application/json' },
  }
}
