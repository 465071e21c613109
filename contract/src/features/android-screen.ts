/** What a person sees of a managed Android device: lock screen, camera, screen, notifications, kiosk, words of the organisation. */
import { z } from 'zod'
import { androidPackage } from '../android-words.ts'
import { feature } from '../descriptors.ts'
import { oneLine } from './addresses.ts'

const something = (s: object) => Object.values(s).some((v) => v !== undefined)
const orStays = { message: 'set at least one' }

export const androidScreenLock = feature({
  id: 'android.screenLock',
  title: { en: 'Screen lock', de: 'Bildschirmsperre' },
  summary: {
    en: 'When the device locks itself, how strong its lock is at least, and what the lock screen offers. What is not set stays as it is.',
    de: 'Wann sich das Gerät sperrt, wie stark seine Sperre mindestens ist und was der Sperrbildschirm bietet. Was nicht gesetzt ist, bleibt, wie es ist.',
  },
  settings: () =>
    z
      .object({
        complexity: z
          .enum(['low', 'medium', 'high'])
          .optional()
          .describe(
            'Strength of the lock as Android 12 and later measures it: low (pattern or PIN), medium (PIN of 4 without runs), high (PIN of 8, or 6 letters)',
          ),
        lockAfterS: z.number().int().min(15).max(3600).optional().describe('Seconds without use until it locks'),
        strongAuthHours: z
          .number()
          .int()
          .min(1)
          .max(72)
          .optional()
          .describe('Hours until the passcode is asked for again instead of a fingerprint'),
        oneLock: z.boolean().optional().describe('The work profile may use the lock of the device'),
        fingerprint: z.boolean().optional().describe('Fingerprints open it'),
        face: z.boolean().optional().describe('A face opens it'),
        iris: z.boolean().optional().describe('An iris opens it'),
        trustAgents: z.boolean().optional().describe('Smart Lock keeps it open (trusted places and things)'),
        camera: z.boolean().optional().describe('The camera works on the lock screen'),
        notifications: z
          .enum(['all', 'redacted', 'none'])
          .optional()
          .describe('Notifications on the lock screen: with contents, without, or none'),
      })
      .strict()
      .refine(something, orStays),
  merge: { rule: 'priority' },
  examples: [
    { complexity: 'medium', lockAfterS: 120, strongAuthHours: 24, trustAgents: false, notifications: 'redacted' },
  ],
})

export const androidCamera = feature({
  id: 'android.camera',
  title: { en: 'Camera', de: 'Kamera' },
  summary: {
    en: 'Whether cameras can be used: on the whole device where it is managed, else by the apps of the work profile.',
    de: 'Ob Kameras benutzt werden können: am ganzen Gerät, wo es verwaltet ist, sonst von den Apps des Arbeitsprofils.',
  },
  settings: () => z.object({ blocked: z.boolean().default(true).describe('Cameras cannot be used') }).strict(),
  merge: { rule: 'priority' },
  examples: [{ blocked: true }],
})

export const androidScreen = feature({
  id: 'android.screen',
  title: { en: 'Screen', de: 'Bildschirm' },
  summary: {
    en: 'Screenshots, status bar, and how long the screen stays on. What is not set stays as it is.',
    de: 'Bildschirmfotos, Statusleiste und wie lange der Bildschirm an bleibt. Was nicht gesetzt ist, bleibt, wie es ist.',
  },
  settings: () =>
    z
      .object({
        captureBlocked: z.boolean().optional().describe('No screenshots and recordings'),
        statusBarBlocked: z
          .boolean()
          .optional()
          .describe('The status bar cannot be pulled down: no quick settings, no notifications'),
        keyguardOff: z.boolean().optional().describe('No lock screen while there is no passcode (kiosks)'),
        keepOn: z
          .array(z.enum(['ac', 'usb', 'wireless']))
          .max(3)
          .optional()
          .describe('The screen stays on while it is charged so'),
        offAfterS: z
          .number()
          .int()
          .min(15)
          .max(3600)
          .optional()
          .describe('Seconds without use until the screen turns off'),
        brightness: z.number().int().min(1).max(255).optional().describe('Brightness; turns the automatic one off'),
      })
      .strict()
      .refine(something, orStays),
  merge: { rule: 'priority' },
  examples: [{ captureBlocked: true, statusBarBlocked: true, keepOn: ['ac', 'usb'], offAfterS: 600 }],
})

const apps = (max: number) => z.array(androidPackage).max(max)
export const androidNotifications = feature({
  id: 'android.notifications',
  title: { en: 'Notifications', de: 'Mitteilungen' },
  summary: {
    en: 'Which apps may show notifications, and which may read those of others. What is not set stays as it is.',
    de: 'Welche Apps Mitteilungen zeigen und welche die anderer lesen dürfen. Was nicht gesetzt ist, bleibt, wie es ist.',
  },
  settings: () =>
    z
      .object({
        silenced: apps(200).optional().describe('Apps that may show none (Android 13)'),
        listeners: apps(50)
          .optional()
          .describe('Apps that may read notifications; an empty list: none but those of the system'),
      })
      .strict()
      .refine(something, orStays),
  merge: { rule: 'priority' },
  examples: [{ silenced: ['com.example.game'], listeners: [] }],
})

export const androidKiosk = feature({
  id: 'android.kiosk',
  title: { en: 'Kiosk', de: 'Kiosk' },
  summary: {
    en: 'The device shows these apps and nothing else (lock task). The first one is started and comes back when it ends.',
    de: 'Das Gerät zeigt diese Apps und sonst nichts (Lock Task). Die erste wird gestartet und kommt wieder, wenn sie endet.',
  },
  settings: () =>
    z
      .object({
        apps: z.array(androidPackage).min(1).max(50).describe('Apps, the one that is started first'),
        launcher: z
          .enum(['first-app', 'muster'])
          .default('first-app')
          .describe('What the home button shows: the first app, or a page of all of them'),
        home: z.boolean().default(false).describe('Home button'),
        overview: z.boolean().default(false).describe('Recent apps (needs the home button)'),
        notifications: z.boolean().default(false).describe('Notifications (need the home button)'),
        systemInfo: z.boolean().default(true).describe('Clock, battery and network in the status bar'),
        powerMenu: z.boolean().default(true).describe('Power menu'),
        lockScreen: z.boolean().default(false).describe('Lock screen'),
        exitCode: z
          .string()
          .regex(/^\d{6,12}$/, 'is not 6 to 12 digits')
          .optional()
          .describe('Digits by which a technician leaves it for ten minutes; without them nobody leaves'),
      })
      .strict()
      .refine((s) => s.home || (!s.overview && !s.notifications), {
        path: ['home'],
        message: 'is needed for recent apps and notifications',
      }),
  secret: ['exitCode'],
  merge: { rule: 'priority' },
  examples: [
    {
      apps: ['com.example.till', 'com.example.scanner'],
      launcher: 'muster',
      home: true,
      overview: false,
      notifications: false,
      systemInfo: true,
      powerMenu: true,
      lockScreen: false,
      exitCode: '83561204',
    },
    {
      apps: ['com.example.till'],
      launcher: 'first-app',
      home: false,
      overview: false,
      notifications: false,
      systemInfo: true,
      powerMenu: false,
      lockScreen: false,
    },
  ],
})

const text = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*(\n[^\p{Cc}]*)*$/u, 'has a control character')
export const androidMessages = feature({
  id: 'android.messages',
  title: { en: 'Words of the organisation', de: 'Worte der Organisation' },
  summary: {
    en: 'What Android shows where it says that the device is managed: on the lock screen and beside settings that are forbidden.',
    de: 'Was Android zeigt, wo es sagt, dass das Gerät verwaltet ist: auf dem Sperrbildschirm und neben verbotenen Einstellungen.',
  },
  settings: () =>
    z
      .object({
        organisation: oneLine(80).min(1).optional().describe('Name of the organisation'),
        lockScreen: oneLine(200)
          .min(1)
          .optional()
          .describe('Line on the lock screen, such as {{device.name}}, Example Ltd'),
        short: text(200).optional().describe('Beside a setting that is forbidden'),
        long: text(4000).optional().describe('On the page of the device administrator'),
      })
      .strict()
      .refine(something, orStays),
  merge: { rule: 'priority' },
  examples: [
    {
      organisation: 'Example Ltd',
      lockScreen: 'Property of Example Ltd',
      short: 'Your administrator has turned this off.',
    },
  ],
})
