/** Settings that are set once (Apple's Settings command): names, radio, wallpaper and what else a user could change again. */
import { deviceRename, type JsonObject, operation, type Words } from '@muster/contract'
import { z } from 'zod'
import { attributesOf, attributesShape } from './attributes.ts'
import type { Command } from './row.ts'
import { setting } from './setting.ts'
import { onSharedIpads } from './systems.ts'
import { bundleId, bytes, line } from './words.ts'

const once = <P>(id: string, title: Words, summary: Words, params: z.ZodType<P> | (() => z.ZodType<P>), example: P) =>
  operation({
    id,
    title,
    summary,
    danger: 'none',
    repeatable: true,
    collapse: true,
    params,
    result: () => z.object({}),
    expiresS: 7 * 86_400,
    examples: [{ params: example, result: {} }],
  })
const switchOf = (id: string, title: Words, summary: Words) =>
  once(id, title, summary, () => z.object({ on: z.boolean().describe('On') }).strict(), { on: true })
const enabled = (Item: string) => (p: { on: boolean }) => [{ Item, Enabled: p.on }]
const toggle = (
  d: ReturnType<typeof switchOf>,
  Item: string,
  on: string,
  only: Partial<typeof onSharedIpads> = {},
): Command =>
  setting(d, { on, ...only, items: enabled(Item), shown: { in: { on: false }, items: [{ Item, Enabled: false }] } })

const hostname = once(
  'apple.hostname',
  { en: 'Set host name', de: 'Hostnamen setzen' },
  { en: 'Gives a Mac another host name.', de: 'Gibt einem Mac einen anderen Hostnamen.' },
  z
    .object({
      name: z
        .string()
        .regex(/^(?!-)[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$/)
        .max(253)
        .describe('Host name'),
    })
    .strict(),
  { name: 'studio-3' },
)
const wallpaper = once(
  'apple.wallpaper',
  { en: 'Set wallpaper', de: 'Hintergrundbild setzen' },
  {
    en: 'Sets the picture behind the lock screen, the home screen or both.',
    de: 'Setzt das Bild hinter dem Sperrbildschirm, dem Home-Bildschirm oder beiden.',
  },
  z
    .object({
      image: bytes(3 << 20).describe('Picture (PNG or JPEG), base64'),
      where: z.enum(['lock', 'home', 'both']).default('both').describe('Where it is shown'),
    })
    .strict(),
  { image: 'iVBORw0KGgo=', where: 'lock' as const },
)
const places = { lock: 1, home: 2, both: 3 } as const
const timeZone = once(
  'apple.time-zone',
  { en: 'Set time zone', de: 'Zeitzone setzen' },
  { en: 'Sets the time zone.', de: 'Setzt die Zeitzone.' },
  z
    .object({
      timeZone: z
        .string()
        .regex(/^[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*$/)
        .max(64)
        .describe('Name: Europe/Berlin'),
    })
    .strict(),
  { timeZone: 'Europe/Berlin' },
)
const organisation = once(
  'apple.organisation',
  { en: 'Set organisation', de: 'Organisation setzen' },
  {
    en: 'Tells the device whose it is; it shows the name where it speaks of its organisation.',
    de: 'Sagt dem Gerät, wem es gehört; es zeigt den Namen, wo es von seiner Organisation spricht.',
  },
  z
    .object({
      name: line(200).min(1).describe('Name'),
      shortName: line(40).default('').describe('Short name'),
      address: z.string().max(500).default('').describe('Address'),
      phone: line(40).default('').describe('Phone number'),
      email: z
        .union([z.literal(''), z.email().max(200)])
        .default('')
        .describe('E-mail address'),
    })
    .strict(),
  { name: 'Example Ltd', shortName: 'Example', address: '', phone: '', email: 'it@example.org' },
)
const appSettings = once(
  'apple.app.configure',
  { en: 'Configure app', de: 'App konfigurieren' },
  {
    en: 'Hands settings to a managed app; without settings those that it has are taken away.',
    de: 'Übergibt einer verwalteten App Einstellungen; ohne Angabe werden ihr die vorhandenen genommen.',
  },
  z
    .object({
      bundleId: bundleId.describe('Bundle identifier'),
      configuration: z.record(z.string().max(200), z.json()).optional().describe('Settings handed to the app'),
    })
    .strict(),
  { bundleId: 'org.example.tool', configuration: { server: 'https://example.org' } },
)
const appAttributes = once(
  'apple.app.attributes',
  { en: 'Set app attributes', de: 'App-Eigenschaften setzen' },
  {
    en: 'Through which VPN, filter or relay a managed app reaches the network, and what its user may do with it.',
    de: 'Über welches VPN, welchen Filter oder welches Relay eine verwaltete App ins Netz kommt und was man mit ihr tun darf.',
  },
  z.object({ bundleId: bundleId.describe('Bundle identifier'), ...attributesShape }).strict(),
  { bundleId: 'org.example.tool', vpn: 'Work apps', removable: false },
)
const activationLock = switchOf(
  'apple.activation-lock.allow',
  { en: 'Allow Activation Lock', de: 'Aktivierungssperre zulassen' },
  {
    en: 'Whether the user of a supervised device may lock it to an Apple Account.',
    de: 'Ob die Person ein betreutes Gerät an ihren Apple Account binden darf.',
  },
)
const lockGrace = z
  .union([0, 60, 300, 900, 3600, 14_400].map((n) => z.literal(n)))
  .optional()
  .describe('Seconds before the passcode is asked again')
const bootstrapToken = once(
  'apple.bootstrap-token.use',
  { en: 'Use of the bootstrap token', de: 'Nutzung des Bootstrap-Tokens' },
  {
    en: 'Whether a Mac may use the token that it entrusted to this server, and whether it asks its user before.',
    de: 'Ob ein Mac das Token nutzen darf, das er diesem Server anvertraut hat, und ob er vorher fragt.',
  },
  z
    .object({
      allowed: z.boolean().optional().describe('The Mac may use it (macOS 10.15)'),
      ask: z.boolean().optional().describe('It asks its user before (macOS 11)'),
    })
    .strict()
    .refine((p) => p.allowed !== undefined || p.ask !== undefined, { path: ['allowed'], message: 'set at least one' }),
  { ask: true },
)
const olderShared = once(
  'apple.shared-ipad.older',
  { en: 'Set up older shared iPad', de: 'Älteres geteiltes iPad einrichten' },
  {
    en: 'Before iPadOS 13.4: how many users it keeps, and when the passcode is asked for again.',
    de: 'Vor iPadOS 13.4: wie viele Benutzer es behält und wann der Code wieder verlangt wird.',
  },
  z
    .object({
      residentUsers: z.number().int().min(1).max(99).optional().describe('Users that are kept'),
      lockGraceS: lockGrace,
    })
    .strict()
    .refine((p) => p.residentUsers !== undefined || p.lockGraceS !== undefined, {
      path: ['residentUsers'],
      message: 'set at least one',
    }),
  { residentUsers: 5 },
)
const accessibility = once(
  'apple.accessibility',
  { en: 'Set accessibility', de: 'Bedienungshilfen setzen' },
  {
    en: 'Sets aids for people who see, hear or move with difficulty.',
    de: 'Setzt Hilfen für Menschen, die schwer sehen, hören oder sich bewegen.',
  },
  z
    .object({
      boldText: z.boolean().optional().describe('Bold text'),
      increaseContrast: z.boolean().optional().describe('More contrast'),
      reduceMotion: z.boolean().optional().describe('Less motion'),
      reduceTransparency: z.boolean().optional().describe('Less transparency'),
      textSize: z.number().int().min(0).max(11).optional().describe('Text size'),
      touchAccommodations: z.boolean().optional().describe('Touch accommodations'),
      grayscale: z.boolean().optional().describe('No colours (watch)'),
      voiceOver: z.boolean().optional().describe('VoiceOver'),
      zoom: z.boolean().optional().describe('Zoom'),
    })
    .strict(),
  { voiceOver: true, textSize: 8 },
)
const aidKeys = {
  boldText: 'BoldTextEnabled',
  increaseContrast: 'IncreaseContrastEnabled',
  reduceMotion: 'ReduceMotionEnabled',
  reduceTransparency: 'ReduceTransparencyEnabled',
  textSize: 'TextSize',
  touchAccommodations: 'TouchAccommodationsEnabled',
  grayscale: 'GrayscaleEnabled',
  voiceOver: 'VoiceOverEnabled',
  zoom: 'ZoomEnabled',
} as const
const updateOffer = once(
  'apple.update.offer',
  { en: 'Which updates are offered', de: 'Angebotene Updates' },
  {
    en: 'Whether users of supervised devices are offered the newest system, the one before it with its updates, or both.',
    de: 'Ob auf betreuten Geräten das neueste System, das vorige mit seinen Updates oder beides angeboten wird.',
  },
  z.object({ offer: z.enum(['both', 'before', 'newest']).describe('Updates that users see') }).strict(),
  { offer: 'newest' as const },
)
const cadences = { both: 0, before: 1, newest: 2 } as const
const seconds = (max: number) => z.number().int().min(0).max(max).optional()
const shared = once(
  'apple.shared-ipad',
  { en: 'Set up shared iPad', de: 'Geteiltes iPad einrichten' },
  {
    en: 'How many users a shared iPad keeps, how much each may store and when they are signed out.',
    de: 'Wie viele Benutzer ein geteiltes iPad behält, wie viel jeder speichern darf und wann sie abgemeldet werden.',
  },
  z
    .object({
      quotaMb: z.number().int().min(1024).max(1_000_000).optional().describe('Storage of each user, MB'),
      residentUsers: z.number().int().min(1).max(99).optional().describe('Users that are kept'),
      userSessionTimeoutS: seconds(86_400).describe('Signed out after so many seconds unused'),
      temporarySessionTimeoutS: seconds(86_400).describe('Temporary session: ended after so many seconds unused'),
      temporarySessionOnly: z.boolean().optional().describe('Temporary sessions alone'),
      defaultDomains: z.array(line(253)).max(20).optional().describe('Domains offered at sign-in'),
      onlineGraceDays: z
        .number()
        .int()
        .min(0)
        .max(365)
        .optional()
        .describe('Days that a user may sign in without a network'),
      skipLanguage: z.boolean().optional().describe('New users are not asked for their language'),
      lockGraceS: lockGrace,
      autoLockS: seconds(86_400).describe('Locks after so many seconds unused (iPadOS 17)'),
      awaitUser: z.boolean().optional().describe('New users wait until their settings are there (iPadOS 17)'),
    })
    .strict()
    .refine((p) => p.quotaMb === undefined || p.residentUsers === undefined, {
      path: ['residentUsers'],
      message: 'or the storage of each user: one of them',
    }),
  { residentUsers: 5, userSessionTimeoutS: 600 },
)
const sharedKeys = {
  quotaMb: 'QuotaSize',
  residentUsers: 'ResidentUsers',
  userSessionTimeoutS: 'UserSessionTimeout',
  temporarySessionTimeoutS: 'TemporarySessionTimeout',
  temporarySessionOnly: 'TemporarySessionOnly',
  defaultDomains: 'ManagedAppleIDDefaultDomains',
  onlineGraceDays: 'OnlineAuthenticationGracePeriod',
  skipLanguage: 'SkipLanguageAndLocaleSetupForNewUsers',
} as const

/** What is set, under Apple's keys. */
function named(of: Readonly<Record<string, unknown>>, keys: Readonly<Record<string, string>>): JsonObject {
  return Object.fromEntries(
    Object.entries(keys).flatMap(([ours, theirs]) => (of[ours] === undefined ? [] : [[theirs, of[ours] as never]])),
  )
}

export const settingsCommands: readonly Command[] = [
  setting(deviceRename, {
    on: 'i!x m10.10x t v2.0!x',
    items: (p) => [{ Item: 'DeviceName', DeviceName: p.name }],
    shown: { in: { name: 'Front desk' }, items: [{ Item: 'DeviceName', DeviceName: 'Front desk' }] },
  }),
  setting(hostname, {
    on: 'm10.11x',
    items: (p) => [{ Item: 'HostName', HostName: p.name }],
    shown: { in: { name: 'studio-3' }, items: [{ Item: 'HostName', HostName: 'studio-3' }] },
  }),
  setting(wallpaper, {
    on: 'i8.0!x',
    items: (p) => [{ Item: 'Wallpaper', Image: { $data: p.image }, Where: places[p.where] }],
    shown: {
      in: { image: 'iVBORw0KGgo=', where: 'lock' },
      items: [{ Item: 'Wallpaper', Image: { $data: 'iVBORw0KGgo=' }, Where: 1 }],
    },
  }),
  toggle(
    switchOf(
      'apple.bluetooth',
      { en: 'Bluetooth', de: 'Bluetooth' },
      { en: 'Turns Bluetooth on or off.', de: 'Schaltet Bluetooth ein oder aus.' },
    ),
    'Bluetooth',
    'i11.3!x m10.13.4x',
  ),
  toggle(
    switchOf(
      'apple.data-roaming',
      { en: 'Data roaming', de: 'Datenroaming' },
      { en: 'Turns data roaming on or off.', de: 'Schaltet Datenroaming ein oder aus.' },
    ),
    'DataRoaming',
    'i5.0x',
  ),
  toggle(
    switchOf(
      'apple.voice-roaming',
      { en: 'Voice roaming', de: 'Sprachroaming' },
      {
        en: 'Turns voice roaming on or off, where the carrier lets it.',
        de: 'Schaltet Sprachroaming ein oder aus, soweit der Mobilfunkanbieter es zulässt.',
      },
    ),
    'VoiceRoaming',
    'i5.0x',
  ),
  toggle(
    switchOf(
      'apple.hotspot',
      { en: 'Personal hotspot', de: 'Persönlicher Hotspot' },
      { en: 'Turns the personal hotspot on or off.', de: 'Schaltet den persönlichen Hotspot ein oder aus.' },
    ),
    'PersonalHotspot',
    'i7.0x',
  ),
  toggle(
    switchOf(
      'apple.diagnostics',
      { en: 'Send diagnostics', de: 'Diagnosedaten senden' },
      {
        en: 'Whether a shared iPad sends diagnostics to Apple.',
        de: 'Ob ein geteiltes iPad Diagnosedaten an Apple sendet.',
      },
    ),
    'DiagnosticSubmission',
    'i9.3x',
    onSharedIpads,
  ),
  toggle(
    switchOf(
      'apple.app-analytics',
      { en: 'Send app analytics', de: 'App-Analysen senden' },
      {
        en: 'Whether a shared iPad shares app analytics with developers.',
        de: 'Ob ein geteiltes iPad App-Analysen mit Entwicklern teilt.',
      },
    ),
    'AppAnalytics',
    'i9.3.2x',
    onSharedIpads,
  ),
  setting(timeZone, {
    on: 'i14.0!x t14.0! v2.0!x',
    items: (p) => [{ Item: 'TimeZone', TimeZone: p.timeZone }],
    shown: { in: { timeZone: 'Europe/Berlin' }, items: [{ Item: 'TimeZone', TimeZone: 'Europe/Berlin' }] },
  }),
  setting(organisation, {
    on: 'i7.0 m10.9 t9.0 v1.1 w10.0',
    items: (p) => [
      {
        Item: 'OrganizationInfo',
        OrganizationInfo: {
          OrganizationName: p.name,
          ...(p.shortName && { OrganizationShortName: p.shortName }),
          ...(p.address && { OrganizationAddress: p.address }),
          ...(p.phone && { OrganizationPhone: p.phone }),
          ...(p.email && { OrganizationEmail: p.email }),
        },
      },
    ],
    shown: {
      in: { name: 'Example Ltd', email: 'it@example.org' },
      items: [
        {
          Item: 'OrganizationInfo',
          OrganizationInfo: { OrganizationName: 'Example Ltd', OrganizationEmail: 'it@example.org' },
        },
      ],
    },
  }),
  setting(appSettings, {
    on: 'i7.0 m10.15 t10.2 v1.1 w10.0',
    items: (p) => [
      {
        Item: 'ApplicationConfiguration',
        Identifier: p.bundleId,
        ...(p.configuration && { Configuration: p.configuration as JsonObject }),
      },
    ],
    shown: {
      in: { bundleId: 'org.example.tool', configuration: { server: 'x' } },
      items: [{ Item: 'ApplicationConfiguration', Identifier: 'org.example.tool', Configuration: { server: 'x' } }],
    },
  }),
  setting(appAttributes, {
    on: 'i7.0 t10.2 v1.1 w10.0',
    items: ({ bundleId: Identifier, ...p }) => [
      { Item: 'ApplicationAttributes', Identifier, Attributes: attributesOf(p) },
    ],
    shown: {
      in: { bundleId: 'org.example.tool', removable: false },
      items: [{ Item: 'ApplicationAttributes', Identifier: 'org.example.tool', Attributes: { Removable: false } }],
    },
  }),
  setting(activationLock, {
    on: 'i7.0! m10.15!x v2.0!',
    items: (p) => [{ Item: 'MDMOptions', MDMOptions: { ActivationLockAllowedWhileSupervised: p.on } }],
    shown: {
      in: { on: true },
      items: [{ Item: 'MDMOptions', MDMOptions: { ActivationLockAllowedWhileSupervised: true } }],
    },
  }),
  setting(bootstrapToken, {
    on: 'm10.15x',
    items: (p) => [
      {
        Item: 'MDMOptions',
        MDMOptions: named(p, {
          allowed: 'BootstrapTokenAllowed',
          ask: 'PromptUserToAllowBootstrapTokenForAuthentication',
        }),
      },
    ],
    shown: {
      in: { allowed: true, ask: false },
      items: [
        {
          Item: 'MDMOptions',
          MDMOptions: { BootstrapTokenAllowed: true, PromptUserToAllowBootstrapTokenForAuthentication: false },
        },
      ],
    },
  }),
  setting(olderShared, {
    on: 'i9.3x',
    ...onSharedIpads,
    items: (p): JsonObject[] => [
      ...(p.residentUsers === undefined
        ? []
        : [{ Item: 'MaximumResidentUsers', MaximumResidentUsers: p.residentUsers }]),
      ...(p.lockGraceS === undefined
        ? []
        : [{ Item: 'PasscodeLockGracePeriod', PasscodeLockGracePeriod: p.lockGraceS }]),
    ],
    shown: {
      in: { residentUsers: 5, lockGraceS: 60 },
      items: [
        { Item: 'MaximumResidentUsers', MaximumResidentUsers: 5 },
        { Item: 'PasscodeLockGracePeriod', PasscodeLockGracePeriod: 60 },
      ],
    },
  }),
  setting(accessibility, {
    on: 'i16.0!x w10.0!',
    items: (p) => [{ Item: 'AccessibilitySettings', ...named(p, aidKeys) }],
    shown: {
      in: { voiceOver: true, textSize: 8 },
      items: [{ Item: 'AccessibilitySettings', TextSize: 8, VoiceOverEnabled: true }],
    },
  }),
  setting(updateOffer, {
    on: 'i14.5!x',
    items: (p) => [{ Item: 'SoftwareUpdateSettings', RecommendationCadence: cadences[p.offer] }],
    shown: { in: { offer: 'newest' }, items: [{ Item: 'SoftwareUpdateSettings', RecommendationCadence: 2 }] },
  }),
  setting(shared, {
    on: 'i13.4x',
    ...onSharedIpads,
    items: ({ lockGraceS, autoLockS, awaitUser, ...p }) => [
      {
        Item: 'SharedDeviceConfiguration',
        ...named(p, sharedKeys),
        ...((lockGraceS !== undefined || autoLockS !== undefined) && {
          PasscodePolicy: named(
            { lockGraceS, autoLockS },
            { lockGraceS: 'PasscodeLockGracePeriod', autoLockS: 'AutoLockTime' },
          ),
        }),
        ...(awaitUser !== undefined && { AwaitUserConfiguration: { Enabled: awaitUser } }),
      },
    ],
    shown: {
      in: { residentUsers: 5, lockGraceS: 300 },
      items: [
        {
          Item: 'SharedDeviceConfiguration',
          ResidentUsers: 5,
          PasscodePolicy: { PasscodeLockGracePeriod: 300 },
        },
      ],
    },
  }),
]
