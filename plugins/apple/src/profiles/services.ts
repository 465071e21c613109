/** Services around the device: content caches, printers and screens of AirPlay, and mobile data of apps. */
import { feature, type JsonObject } from '@muster/contract'
import { choice, host, line, lineOr, maybe, port, some, whole, yes } from '@muster/kit/words'
import { z } from 'zod'
import { field, list, objectOf, shape, written } from './fields.ts'
import { profileFeature } from './row.ts'
import { many } from './words.ts'

const range = {
  kind: field('type', choice('Kind', ['IPv4', 'IPv6'])),
  first: field('first', host('First address')),
  last: field('last', host('Last address')),
}
const ranges = (key: string, title: string) =>
  field(key, z.array(objectOf(range)).max(100).optional().meta({ title }), (v) =>
    v.map((r) => written(range, r as JsonObject)),
  )
const cache = {
  on: field('AutoActivation', maybe('Turn content caching on')),
  limit: field('CacheLimit', whole('Bytes at most', 0, Number.MAX_SAFE_INTEGER, '0: no limit')),
  folder: field('DataPath', lineOr('Folder', undefined, 1000)),
  shared: field('AllowSharedCaching', maybe('Keep what is shared: apps and updates')),
  personal: field('AllowPersonalCaching', maybe('Keep what is personal: iCloud data')),
  users: field('AllowCacheDelete', maybe('The cache may shrink when the Mac needs room')),
  tethered: field('AutoEnableTetheredCaching', maybe('Share the Internet connection over USB')),
  noTethered: field('DenyTetheredCaching', maybe('Never share it')),
  alerts: field('DisplayAlerts', maybe('Show alerts')),
  awake: field('KeepAwake', maybe('Do not sleep while it is on')),
  port: field('Port', port('Port')),
  localOnly: field('LocalSubnetsOnly', maybe('For the local networks alone')),
  listen: ranges('ListenRanges', 'Networks that it serves'),
  listenOnly: field('ListenRangesOnly', maybe('Those alone')),
  listenPeers: field('ListenWithPeersAndParents', maybe('And those of its peers and parents')),
  peersLocal: field('PeerLocalSubnetsOnly', maybe('Peers of the local networks alone')),
  peers: ranges('PeerFilterRanges', 'Networks of its peers'),
  peerListen: ranges('PeerListenRanges', 'Networks that its peers serve'),
  public: ranges('PublicRanges', 'Public addresses of the network'),
  parents: field('Parents', many('Caches above it', host('Address'), 50)),
  parentChoice: field(
    'ParentSelectionPolicy',
    choice('Which of them', ['first-available', 'url-path-hash', 'random', 'round-robin', 'sticky-available']),
  ),
  log: field('LogClientIdentity', maybe('Log who asks')),
}
export const contentCaching = profileFeature(
  feature({
    id: 'apple.contentCaching',
    title: { en: 'Content caching', de: 'Inhaltscaching' },
    summary: {
      en: 'Macs that keep apps, updates and iCloud data for the devices around them.',
      de: 'Macs, die Apps, Updates und iCloud-Daten für die Geräte ringsum vorhalten.',
    },
    settings: () => objectOf(cache).refine((s) => Object.values(s).some((v) => v !== undefined), 'set at least one'),
    merge: { rule: 'priority' },
    examples: [
      {
        on: true,
        limit: 50_000_000_000,
        shared: true,
        personal: false,
        localOnly: true,
        listen: [{ kind: 'IPv4', first: '10.0.0.1', last: '10.0.0.254' }],
        listenOnly: true,
        parents: ['10.1.0.1'],
        parentChoice: 'round-robin',
        awake: true,
      },
    ],
  }),
  {
    to: { macOS: { version: '10.13.4', personal: false } },
    build: (s) => [{ PayloadType: 'com.apple.AssetCache.managed', ...written(cache, s as JsonObject) }],
  },
)

const printer = {
  address: field('IPAddress', host('Address')),
  path: field('ResourcePath', line('Path', 'Such as ipp/print', 500)),
  port: field('Port', port('Port')),
  tls: field('ForceTLS', maybe('Over TLS')),
}
const printers = { printers: list('AirPrint', 'Printers', 200, printer) }
export const airPrint = profileFeature(
  feature({
    id: 'apple.airPrint',
    title: { en: 'AirPrint printers', de: 'AirPrint-Drucker' },
    summary: {
      en: 'Printers that devices know without looking for them.',
      de: 'Drucker, die Geräte ohne Suche kennen.',
    },
    settings: () => objectOf(printers),
    merge: { rule: 'union', lists: ['printers'] },
    examples: [{ printers: [{ address: '10.0.0.9', path: 'ipp/print', port: 631, tls: true }] }],
  }),
  {
    to: { iOS: { version: '7.0' }, macOS: { version: '10.10' }, visionOS: { version: '2.0' } },
    build: (s) => [{ PayloadType: 'com.apple.airprint', ...written(printers, s as JsonObject) }],
  },
)

const screen = z.strictObject({
  name: line('Name of the receiver'),
  id: z
    .string()
    .regex(/^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$/, 'is no device id: six bytes in hexadecimal with colons')
    .optional()
    .meta({ title: 'Its device id', description: 'Before iOS 18 and macOS 15' }),
  password: lineOr('Password'),
})
export const airPlay = profileFeature(
  feature({
    id: 'apple.airPlay',
    title: { en: 'AirPlay receivers', de: 'AirPlay-Empfänger' },
    summary: {
      en: 'Passwords of receivers, and which ones may be seen.',
      de: 'Passwörter von Empfängern und welche zu sehen sind.',
    },
    secret: ['receivers/*/password'],
    settings: () =>
      z.strictObject({
        receivers: some('Receivers', screen, 200),
        only: maybe('These alone', 'Supervised iPhones and iPads, and Macs'),
      }),
    merge: { rule: 'union', lists: ['receivers'] },
    examples: [
      { receivers: [{ name: 'Hall', id: 'AA:BB:CC:DD:EE:FF', password: 'topsecret' }, { name: 'Room 2' }], only: true },
    ],
  }),
  {
    to: { iOS: { version: '7.0' }, macOS: { version: '10.10' } },
    build: (s) => {
      const named = (r: z.output<typeof screen>) => ({ DeviceName: r.name, ...(r.id && { DeviceID: r.id }) })
      const passwords = s.receivers.flatMap((r) => (r.password ? [{ ...named(r), Password: r.password }] : []))
      return [
        {
          PayloadType: 'com.apple.airplay',
          ...(s.only && { AllowList: s.receivers.map(named) }),
          ...(passwords.length > 0 && { Passwords: passwords }),
        },
      ]
    },
  },
)

/** `com.example.*` stands for all that begin like it. */
const appMatch = z
  .string()
  .max(255)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*\*?$/, 'is no bundle identifier, such as com.example.app or com.example.*')
const rule = {
  apps: field('AppIdentifierMatches', many('Apps', appMatch, 200, 'None: all managed apps')),
  mobile: field('AllowCellularData', yes('Mobile data')),
  roaming: field('AllowRoamingCellularData', yes('Mobile data while roaming')),
}
const sim = {
  cards: field('ICCIDs', some('SIM cards', z.string().regex(/^\d{18,22}$/, 'is no SIM card number'), 50)),
  assist: field(
    'WiFiAssistPolicy',
    z.enum(['default', 'aggressive']).meta({ title: 'Mobile data where Wi-Fi is poor' }),
    (v) => (v === 'aggressive' ? 3 : 2),
  ),
}
const rules = {
  apps: field('ApplicationRules', z.array(objectOf(rule)).max(100).optional().meta({ title: 'Managed apps' }), (v) =>
    v.map((r) => written(rule, r as JsonObject)),
  ),
  sims: field('SIMRules', z.array(objectOf(sim)).max(20).optional().meta({ title: 'SIM cards' }), (v) =>
    v.map((r) => written(sim, r as JsonObject)),
  ),
}
export const networkUsage = profileFeature(
  feature({
    id: 'apple.networkUsage',
    title: { en: 'Mobile data of apps', de: 'Mobile Daten von Apps' },
    summary: {
      en: 'Which managed apps may use mobile data, and when Wi-Fi gives way to it.',
      de: 'Welche verwalteten Apps mobile Daten nutzen dürfen und wann WLAN ihnen weicht.',
    },
    settings: () =>
      z.strictObject(shape(rules)).refine((s) => (s.apps ?? []).length + (s.sims ?? []).length > 0, 'set at least one'),
    merge: { rule: 'union', lists: ['apps', 'sims'] },
    examples: [
      {
        apps: [{ apps: ['com.example.*'], mobile: true, roaming: false }],
        sims: [{ cards: ['8949020000000000001'], assist: 'aggressive' }],
      },
    ],
  }),
  {
    to: { iOS: { version: '9.0', personal: false } },
    build: (s) => [{ PayloadType: 'com.apple.networkusagerules', ...written(rules, s as JsonObject) }],
  },
)
