/** The device itself: accounts and groups, power, pictures, time zone, proxy. */
import { feature, type Json, oneLine, type Verdict } from '@muster/contract'
import { choiceOr, line, maybe, some } from '@muster/kit/words'
import { node, writeXml } from '@muster/kit/xml'
import { z } from 'zod'
import { notHome } from './availability.ts'
import { csp, firstOf, policy, segment, type WantedNode } from './node.ts'
import { nodeFeature, type Undo } from './row.ts'
import { type Table, tableFeature } from './table.ts'
import { anySet, many, setOne, webOr } from './words.ts'

const member = line('Account', 'A name, DOMAIN\\name, AzureAD\\name or a SID', 300)
const group = z
  .strictObject({
    group: line('Group', 'Such as Administrators, or its SID S-1-5-32-544', 100),
    act: choiceOr(
      'The members named are',
      ['add', 'only'],
      'add',
      'add: joined to those that are there; only: all others leave',
    ),
    members: many('Members', member, 100),
    leave: many('Leave it', member, 100),
  })
  .refine((g) => g.act === 'only' || (g.members ?? g.leave) !== undefined, 'names nobody')
  .refine((g) => g.act === 'add' || g.leave === undefined, { path: ['leave'], message: 'all others leave already' })

export const localGroups = nodeFeature(
  feature({
    id: 'windows.localGroups',
    title: { en: 'Local groups', de: 'Lokale Gruppen' },
    summary: {
      en: 'Who is in groups such as the administrators. Taking it away leaves the members as they are.',
      de: 'Wer in Gruppen wie den Administratoren ist. Es wegzunehmen lässt die Mitglieder, wie sie sind.',
    },
    settings: () =>
      z.strictObject({
        groups: some('Groups', group, 20).refine(
          (all) => new Set(all.map((g) => g.group)).size === all.length,
          'names a group twice',
        ),
      }),
    merge: { rule: 'priority' },
    examples: [
      {
        groups: [
          { group: 'Administrators', act: 'add', members: ['AzureAD\\ada@example.com'], leave: ['EXAMPLE\\guests'] },
          { group: 'S-1-5-32-555', act: 'only', members: ['EXAMPLE\\support'] },
        ],
      },
    ],
  }),
  {
    to: { ...notHome, build: 19_042 },
    nodes: (s) => {
      const groups = s.groups.map((g) =>
        node(
          'accessgroup',
          [
            node('group', undefined, { action: g.act === 'only' ? 'R' : 'U' }),
            ...(g.members ?? []).map((m) => node('add', undefined, { member: m })),
            ...(g.leave ?? []).map((m) => node('remove', undefined, { member: m })),
          ],
          { desc: g.group },
        ),
      )
      return [policy('LocalUsersAndGroups', 'Configure', writeXml(node('GroupConfiguration', groups)))]
    },
  },
)

const accountForm = oneLine(20)
  .min(1)
  .refine((t) => !/["/\\[\]:;|=,+*?<>@]/.test(t) && t.trim() === t, 'is no name of an account')
const local = z.strictObject({
  name: accountForm.meta({ title: 'Name' }),
  password: oneLine(127).min(1).optional().meta({ title: 'Password' }),
  administrator: z.boolean().default(false).meta({ title: 'Administrator' }),
})
export const localAccounts = nodeFeature(
  feature({
    id: 'windows.localAccounts',
    title: { en: 'Local accounts', de: 'Lokale Konten' },
    summary: {
      en: 'Accounts that are made on the device. Windows tells nobody what it has of them, changes no password of one that is there, and keeps them when the policy goes.',
      de: 'Konten, die auf dem Gerät angelegt werden. Windows verrät nicht, was es davon hat, ändert kein Passwort eines vorhandenen und behält sie, wenn die Richtlinie geht.',
    },
    secret: ['accounts/*/password'],
    settings: () =>
      z.strictObject({
        accounts: some('Accounts', local, 10),
      }),
    merge: { rule: 'union', lists: ['accounts'] },
    examples: [{ accounts: [{ name: 'support', password: 'topsecret', administrator: true }] }],
  }),
  {
    to: { ...notHome, build: 17_134, csp: ['Accounts', '1.0'] },
    nodes: (s) =>
      firstOf(s.accounts, (a) => a.name.toLowerCase()).flatMap((a): WantedNode[] => {
        const at = `${csp}/Accounts/Users/${segment(a.name)}`
        return [
          { uri: `${at}/Password`, format: 'chr', data: a.password ?? '', how: 'add', read: 'none' },
          { uri: `${at}/LocalUserGroup`, format: 'int', data: a.administrator ? '2' : '1', how: 'add', read: 'none' },
        ]
      }),
    undo: () => 'keep',
  },
)

const acts = { nothing: 0, sleep: 1, hibernate: 2, 'shut-down': 3 } as const
const seconds = [0, 86_400] as const
const powerTable: Table = {
  'Power/EnergySaverBatteryThresholdOnBattery': ['Energy saver below, % (on battery)', [0, 100], 18_362],
  'Power/EnergySaverBatteryThresholdPluggedIn': ['Energy saver below, % (plugged in)', [0, 100], 18_362],
  'Power/SelectLidCloseActionOnBattery': ['Lid is closed (on battery)', acts, 18_362],
  'Power/SelectLidCloseActionPluggedIn': ['Lid is closed (plugged in)', acts, 18_362],
  'Power/SelectPowerButtonActionOnBattery': ['Power button (on battery)', acts, 18_362],
  'Power/SelectPowerButtonActionPluggedIn': ['Power button (plugged in)', acts, 18_362],
  'Power/SelectSleepButtonActionOnBattery': ['Sleep button (on battery)', acts, 18_362],
  'Power/SelectSleepButtonActionPluggedIn': ['Sleep button (plugged in)', acts, 18_362],
  'Power/TurnOffHybridSleepOnBattery': ['Hybrid sleep (on battery)', { off: 0, on: 1 }, 18_362],
  'Power/TurnOffHybridSleepPluggedIn': ['Hybrid sleep (plugged in)', { off: 0, on: 1 }, 18_362],
  'Power/UnattendedSleepTimeoutOnBattery': ['Seconds until it sleeps, nobody there (on battery)', seconds, 18_362],
  'Power/UnattendedSleepTimeoutPluggedIn': ['Seconds until it sleeps, nobody there (plugged in)', seconds, 18_362],
}
/** Templates of group policy with one element: seconds. */
const timeouts = {
  displayOffBattery: [
    'Power/DisplayOffTimeoutOnBattery',
    'EnterVideoDCPowerDownTimeOut',
    'Seconds until the screen is dark (on battery)',
  ],
  displayOffPlugged: [
    'Power/DisplayOffTimeoutPluggedIn',
    'EnterVideoACPowerDownTimeOut',
    'Seconds until the screen is dark (plugged in)',
  ],
  standbyBattery: ['Power/StandbyTimeoutOnBattery', 'EnterDCStandbyTimeOut', 'Seconds until it sleeps (on battery)'],
  standbyPlugged: ['Power/StandbyTimeoutPluggedIn', 'EnterACStandbyTimeOut', 'Seconds until it sleeps (plugged in)'],
  hibernateBattery: [
    'Power/HibernateTimeoutOnBattery',
    'EnterDCHibernateTimeOut',
    'Seconds until it hibernates (on battery)',
  ],
  hibernatePlugged: [
    'Power/HibernateTimeoutPluggedIn',
    'EnterACHibernateTimeOut',
    'Seconds until it hibernates (plugged in)',
  ],
} as const
export const power = tableFeature(
  {
    id: 'windows.power',
    title: { en: 'Power', de: 'Energie' },
    summary: { en: 'Lid, buttons, sleep and energy saving.', de: 'Deckel, Tasten, Standby und Energiesparen.' },
    examples: [{ SelectLidCloseActionOnBattery: 'hibernate', UnattendedSleepTimeoutPluggedIn: 1800 }],
  },
  powerTable,
)
const timeoutShape = Object.fromEntries(
  Object.entries(timeouts).map(([key, [, , title]]) => [
    key,
    z.number().int().min(0).max(999_999).optional().meta({ title }),
  ]),
) as Record<keyof typeof timeouts, z.ZodOptional<z.ZodNumber>>
export const sleep = nodeFeature(
  feature({
    id: 'windows.sleep',
    title: { en: 'Screen and sleep', de: 'Bildschirm und Standby' },
    summary: {
      en: 'When the screen goes dark and the device sleeps, and whether it asks for the password then.',
      de: 'Wann der Bildschirm dunkel wird und das Gerät schläft, und ob es danach das Passwort verlangt.',
    },
    settings: () =>
      z
        .strictObject({
          ...timeoutShape,
          passwordBattery: maybe('Password when it wakes (on battery)'),
          passwordPlugged: maybe('Password when it wakes (plugged in)'),
        })
        .refine(anySet, setOne),
    merge: { rule: 'priority' },
    examples: [{ displayOffBattery: 300, standbyPlugged: 3600, passwordBattery: true }],
  }),
  {
    to: { ...notHome, build: 16_299 },
    nodes: (s) => {
      const element = (key: string, value: string) => policy(key.split('/')[0] ?? '', key.split('/')[1] ?? '', value)
      const times = (Object.keys(timeouts) as (keyof typeof timeouts)[]).flatMap((key) => {
        const value = s[key]
        const [at, id] = timeouts[key]
        return value === undefined ? [] : [element(at, `<enabled/><data id="${id}" value="${value}"/>`)]
      })
      const asks = (name: string, on: boolean | undefined) =>
        on === undefined
          ? []
          : [element(`Power/RequirePasswordWhenComputerWakes${name}`, on ? '<enabled/>' : '<disabled/>')]
      return [...times, ...asks('OnBattery', s.passwordBattery), ...asks('PluggedIn', s.passwordPlugged)]
    },
  },
)

const personal = `${csp}/Personalization`
/** 1 done; the others as the provider has them. */
const pictureStates: Readonly<Record<string, string>> = {
  '3': 'it could not be fetched',
  '4': 'this kind of picture is not known',
  '5': 'the address is not of a kind that it takes',
  '6': 'it failed too often',
  '7': 'this edition of Windows does not take it',
}
function picture(value: Json): Verdict | undefined {
  const why = pictureStates[`${value}`.trim()]
  return why === undefined
    ? undefined
    : { state: 'failed', reason: { code: 'picture', text: `A picture is not shown: ${why}.` } }
}
export const personalisation = nodeFeature(
  feature({
    id: 'windows.personalisation',
    title: { en: 'Pictures', de: 'Bilder' },
    summary: {
      en: 'The background of the desktop and of the lock screen. Enterprise and Education alone.',
      de: 'Der Hintergrund des Desktops und des Sperrbildschirms. Nur Enterprise und Education.',
    },
    settings: () =>
      z
        .strictObject({
          desktop: webOr('Desktop (address of a JPEG or PNG)'),
          lockScreen: webOr('Lock screen (address of a JPEG or PNG)'),
        })
        .refine(anySet, setOne),
    merge: { rule: 'priority' },
    examples: [{ desktop: 'https://example.com/desktop.png', lockScreen: 'https://example.com/lock.jpg' }],
  }),
  {
    to: { except: ['home', 'pro'], build: 16_299, csp: ['Personalization', '1.0'] },
    nodes: (s) => [
      ...(s.desktop ? [{ uri: `${personal}/DesktopImageUrl`, format: 'chr' as const, data: s.desktop }] : []),
      ...(s.lockScreen ? [{ uri: `${personal}/LockScreenImageUrl`, format: 'chr' as const, data: s.lockScreen }] : []),
    ],
    watch: (s) => [
      ...(s.desktop ? [{ uri: `${personal}/DesktopImageStatus`, judge: picture }] : []),
      ...(s.lockScreen ? [{ uri: `${personal}/LockScreenImageStatus`, judge: picture }] : []),
    ],
  },
)

export const timeZone = nodeFeature(
  feature({
    id: 'windows.timeZone',
    title: { en: 'Time zone', de: 'Zeitzone' },
    summary: { en: 'The time zone of the device.', de: 'Die Zeitzone des Geräts.' },
    settings: () =>
      z.strictObject({
        zone: z
          .string()
          .max(100)
          .regex(/^[A-Za-z0-9 .()+-]+$/, 'is no time zone of Windows, such as W. Europe Standard Time')
          .meta({ title: 'Time zone', description: 'As tzutil /l lists them' }),
      }),
    merge: { rule: 'priority' },
    examples: [{ zone: 'W. Europe Standard Time' }],
  }),
  { to: { ...notHome, build: 18_362 }, nodes: (s) => [policy('TimeLanguageSettings', 'ConfigureTimeZone', s.zone)] },
)

const proxyRoot = `${csp}/NetworkProxy`
export const proxy = nodeFeature(
  feature({
    id: 'windows.proxy',
    title: { en: 'Web proxy', de: 'Web-Proxy' },
    summary: {
      en: 'The proxy of the device for Ethernet and Wi-Fi; VPNs and networks have their own.',
      de: 'Der Proxy des Geräts für Ethernet und WLAN; VPNs und Netzwerke haben ihren eigenen.',
    },
    settings: () =>
      z
        .strictObject({
          detect: maybe('Find it by itself (WPAD)'),
          script: webOr('Address of the proxy script'),
          server: z
            .string()
            .max(260)
            .regex(/^[A-Za-z0-9.[\]:_-]+:\d{1,5}$/, 'is no host:port')
            .optional()
            .meta({ title: 'Proxy (host:port)' }),
          exceptions: many(
            'Not for',
            line('Address', 'Such as *.example.com', 200).refine((t) => !t.includes(';'), 'has a ; in it'),
            100,
          ),
          local: maybe('Also for local addresses'),
          everybody: maybe('The same for all users'),
        })
        .refine(anySet, setOne)
        .refine((s) => s.server !== undefined || (!s.exceptions && s.local === undefined), {
          path: ['server'],
          message: 'is needed',
        }),
    merge: { rule: 'priority' },
    examples: [
      { detect: false, server: 'proxy.example.com:3128', exceptions: ['*.example.com'], local: false, everybody: true },
    ],
  }),
  {
    to: { csp: ['NetworkProxy', '1.0'] },
    nodes: (s) => {
      const one = (name: string, format: 'int' | 'chr', data: string | undefined): WantedNode[] =>
        data === undefined ? [] : [{ uri: `${proxyRoot}/${name}`, format, data }]
      const bit = (b: boolean | undefined, turned = false) => (b === undefined ? undefined : b !== turned ? '1' : '0')
      return [
        ...one('ProxySettingsPerUser', 'int', bit(s.everybody, true)),
        ...one('AutoDetect', 'int', bit(s.detect)),
        ...one('SetupScriptUrl', 'chr', s.script),
        ...one('ProxyServer/ProxyAddress', 'chr', s.server),
        ...one('ProxyServer/Exceptions', 'chr', s.exceptions?.join(';')),
        ...one('ProxyServer/UseProxyForLocalAddresses', 'int', bit(s.local)),
      ]
    },
    undo: (uri): Undo => ({ remove: uri.includes('/ProxyServer/') ? `${proxyRoot}/ProxyServer` : uri }),
  },
)
