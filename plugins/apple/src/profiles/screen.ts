/** What people see on the device: web clips, the home screen, one app alone, and notifications. */
import { feature, type Json, type JsonObject } from '@muster/contract'
import { line, maybe, no, some, yes } from '@muster/kit/words'
import { z } from 'zod'
import { type Fields, field, list, objectOf, written } from './fields.ts'
import { listFeature, macUsers, profileFeature } from './row.ts'
import { app, web } from './words.ts'

const clip = {
  label: field('Label', line('Title', undefined, 100)),
  address: field('URL', web('Address')),
  icon: field(
    'Icon',
    z
      .string()
      .max(200_000)
      .regex(/^[A-Za-z0-9+/\s]+={0,2}\s*$/, 'is not base64')
      .optional()
      .meta({ title: 'Icon (PNG) in base64' }),
    (v): Json => ({ $data: Buffer.from(v, 'base64').toString('base64') }),
  ),
  removable: field('IsRemovable', no('Users may remove it', 'iPhones and iPads')),
  fullScreen: field('FullScreen', no('Opens without the browser’s bars', 'iPhones and iPads')),
  plainIcon: field('Precomposed', maybe('Icon without effects')),
  leaveSite: field('IgnoreManifestScope', maybe('Stays without bars on other sites')),
  opensIn: field('TargetApplicationBundleIdentifier', app.optional().meta({ title: 'App that opens it' })),
}
const clipType = objectOf(clip)
export const webClips = listFeature(
  feature({
    id: 'apple.webClips',
    title: { en: 'Web clips', de: 'Webclips' },
    summary: {
      en: 'Links on the home screen (iPhones and iPads) or in the Dock (Macs).',
      de: 'Links auf dem Home-Bildschirm (iPhones und iPads) oder im Dock (Macs).',
    },
    settings: () => z.strictObject({ clips: some('Web clips', clipType, 100) }),
    merge: { rule: 'union', lists: ['clips'] },
    examples: [
      {
        clips: [
          { label: 'Intranet', address: 'https://intranet.example.com/', removable: false, fullScreen: true },
          {
            label: 'Help',
            address: 'https://help.example.com/?device={{device.id}}',
            icon: 'iVBORw0KGgo=',
            removable: true,
            fullScreen: false,
            plainIcon: true,
            leaveSite: true,
            opensIn: 'com.example.browser',
          },
        ],
      },
    ],
  }),
  {
    list: 'clips',
    name: (c: z.output<typeof clipType>) => [c.label, c.address],
    to: { iOS: {}, macOS: {} },
    users: macUsers,
    build: (c, _, part) => [
      {
        PayloadType: 'com.apple.webClip.managed',
        PayloadUUID: part('clip'),
        PayloadDisplayName: c.label,
        ...written(clip, c as JsonObject),
      },
    ],
  },
)

const bundle = z.strictObject({ app: app.meta({ title: 'App' }) }).meta({ title: 'App' })
const link = z.strictObject({ link: web('Address of a web clip') }).meta({ title: 'Web clip' })
const item = z.union([bundle, link])
const folder = z
  .strictObject({
    folder: line('Name', undefined, 100),
    items: z.array(item).min(1).max(200).meta({ title: 'In it' }),
  })
  .meta({ title: 'Folder' })
const place = z.union([bundle, link, folder])
type Place = z.output<typeof place>
/** Icons that a page of a folder holds. */
const folderPage = 9

function icon(p: Place): JsonObject {
  if ('app' in p) return { Type: 'App', BundleID: p.app }
  if ('link' in p) return { Type: 'WebClip', URL: p.link }
  const icons = p.items.map(icon)
  const pages = Array.from({ length: Math.ceil(icons.length / folderPage) }, (_, n) =>
    icons.slice(n * folderPage, (n + 1) * folderPage),
  )
  return { Type: 'Folder', DisplayName: p.folder, Pages: pages }
}
const layout = {
  dock: field('Dock', z.array(place).max(20).optional().meta({ title: 'Dock' }), (v): Json => v.map(icon)),
  pages: field(
    'Pages',
    z.array(z.array(place).max(100)).min(1).max(20).meta({ title: 'Pages' }),
    (v): Json => v.map((page) => page.map(icon)),
  ),
}
export const homeScreen = profileFeature(
  feature({
    id: 'apple.homeScreen',
    title: { en: 'Home screen layout', de: 'Aufteilung des Home-Bildschirms' },
    summary: {
      en: 'Which apps, folders and web clips are where. Users cannot rearrange them.',
      de: 'Wo welche Apps, Ordner und Webclips liegen. Benutzer können sie nicht umordnen.',
    },
    settings: () => objectOf(layout),
    merge: { rule: 'priority' },
    examples: [
      {
        dock: [{ app: 'com.apple.mobilesafari' }],
        pages: [
          [{ app: 'com.example.work' }, { link: 'https://intranet.example.com/' }],
          [{ folder: 'Tools', items: [{ app: 'com.example.scan' }, { link: 'https://help.example.com/' }] }],
        ],
      },
    ],
  }),
  {
    to: { iOS: { version: '9.3', supervised: true, personal: false }, tvOS: { version: '11.0', supervised: true } },
    build: (s) => [{ PayloadType: 'com.apple.homescreenlayout', ...written(layout, s as JsonObject) }],
  },
)

const flags = (keys: Readonly<Record<string, readonly [key: string, title: string]>>): Fields =>
  Object.fromEntries(Object.entries(keys).map(([name, [key, title]]) => [name, field(key, maybe(title))]))
const options = flags({
  touchOff: ['DisableTouch', 'Touch is off'],
  rotationOff: ['DisableDeviceRotation', 'Rotation is off'],
  volumeOff: ['DisableVolumeButtons', 'Volume buttons are off'],
  ringerOff: ['DisableRingerSwitch', 'Ringer switch is off'],
  sleepButtonOff: ['DisableSleepWakeButton', 'Sleep button is off'],
  autoLockOff: ['DisableAutoLock', 'Never locks by itself'],
  voiceOver: ['EnableVoiceOver', 'VoiceOver'],
  zoom: ['EnableZoom', 'Zoom'],
  invertColors: ['EnableInvertColors', 'Inverted colours'],
  assistiveTouch: ['EnableAssistiveTouch', 'AssistiveTouch'],
  speakSelection: ['EnableSpeakSelection', 'Speak selection'],
  monoAudio: ['EnableMonoAudio', 'Mono audio'],
  voiceControl: ['EnableVoiceControl', 'Voice Control'],
})
const usersChoice = flags({
  voiceControl: ['VoiceControl', 'Voice Control'],
  voiceOver: ['VoiceOver', 'VoiceOver'],
  zoom: ['Zoom', 'Zoom'],
  invertColors: ['InvertColors', 'Inverted colours'],
  assistiveTouch: ['AssistiveTouch', 'AssistiveTouch'],
})
const lockFields = {
  app: field('App/Identifier', app.meta({ title: 'App' })),
  options: field('App/Options', objectOf(options).optional().meta({ title: 'How the device behaves' }), (v) =>
    written(options, v as JsonObject),
  ),
  users: field(
    'App/UserEnabledOptions',
    objectOf(usersChoice).optional().meta({ title: 'What users may change' }),
    (v) => written(usersChoice, v as JsonObject),
  ),
}
export const singleApp = profileFeature(
  feature({
    id: 'apple.singleApp',
    title: { en: 'Single-app mode', de: 'Einzel-App-Modus' },
    summary: {
      en: 'The device shows one app and nothing else, until the policy is taken away.',
      de: 'Das Gerät zeigt eine App und sonst nichts, bis die Richtlinie wegfällt.',
    },
    settings: () => objectOf(lockFields),
    merge: { rule: 'priority' },
    examples: [
      {
        app: 'com.example.kiosk',
        options: Object.fromEntries(Object.keys(options).map((name) => [name, false])),
        users: Object.fromEntries(Object.keys(usersChoice).map((name) => [name, true])),
      },
    ],
  }),
  {
    to: { iOS: { supervised: true, personal: false }, tvOS: { version: '10.2', supervised: true } },
    build: (s) => [{ PayloadType: 'com.apple.app.lock', ...written(lockFields, s as JsonObject) }],
  },
)

const index =
  <V extends string>(values: readonly V[]) =>
  (v: V): Json =>
    values.indexOf(v)
const alerts = ['none', 'temporary', 'persistent'] as const
const groupings = ['automatic', 'app', 'off'] as const
const previews = ['always', 'unlocked', 'never'] as const
const notification = {
  app: field('BundleIdentifier', app.meta({ title: 'App' })),
  allowed: field('NotificationsEnabled', yes('Notifications')),
  alerts: field('AlertType', z.enum(alerts).optional().meta({ title: 'Banners' }), index(alerts)),
  center: field('ShowInNotificationCenter', maybe('In the notification centre')),
  lockScreen: field('ShowInLockScreen', maybe('While locked')),
  badges: field('BadgesEnabled', maybe('Badges')),
  sounds: field('SoundsEnabled', maybe('Sounds')),
  critical: field('CriticalAlertEnabled', maybe('Critical alerts go through silence')),
  carPlay: field('ShowInCarPlay', maybe('In CarPlay')),
  grouping: field('GroupingType', z.enum(groupings).optional().meta({ title: 'Grouped' }), index(groupings)),
  previews: field('PreviewType', z.enum(previews).optional().meta({ title: 'Previews' }), index(previews)),
}
const notificationFields = { apps: list('NotificationSettings', 'Apps', 200, notification) }
export const notifications = profileFeature(
  feature({
    id: 'apple.notifications',
    title: { en: 'Notifications', de: 'Mitteilungen' },
    summary: {
      en: 'How apps may notify. Users cannot change it.',
      de: 'Wie Apps mitteilen dürfen. Benutzer können es nicht ändern.',
    },
    settings: () => objectOf(notificationFields),
    merge: { rule: 'union', lists: ['apps'] },
    examples: [
      {
        apps: [
          {
            app: 'com.example.work',
            allowed: true,
            alerts: 'persistent',
            center: true,
            lockScreen: false,
            badges: true,
            sounds: true,
            critical: false,
            carPlay: false,
            grouping: 'app',
            previews: 'unlocked',
          },
        ],
      },
    ],
  }),
  {
    to: {
      iOS: { version: '9.3', supervised: true, personal: false },
      macOS: { version: '10.15', personal: false },
    },
    build: (s) => [{ PayloadType: 'com.apple.notificationsettings', ...written(notificationFields, s as JsonObject) }],
  },
)
