/** Apps of Android devices: which there must be, which there may be, what they may do and how they are set up. */
import { z } from 'zod'
import { androidPackage, apkFile, sha256, webClip } from '../android-words.ts'
import { feature } from '../descriptors.ts'

const apps = (max: number) => z.array(androidPackage).max(max)
const some = (max: number) => z.array(androidPackage).min(1).max(max)
const something = (s: object) => Object.values(s).some((v) => v !== undefined)
const orStays = { message: 'set at least one' }

export const androidAppList = feature({
  id: 'android.appList',
  title: { en: 'App list', de: 'App-Liste' },
  summary: {
    en: 'Apps that may be used: only these, or all but these. What may not be used is suspended, and where that is impossible hidden, as soon as it appears.',
    de: 'Apps, die benutzt werden dürfen: nur diese, oder alle außer diesen. Was nicht erlaubt ist, wird angehalten, und wo das nicht geht, verborgen, sobald es auftaucht.',
  },
  settings: () =>
    z
      .object({
        rule: z.enum(['only', 'all-but']).default('all-but').describe('Only these apps, or all but these'),
        packages: some(500).describe('Package names; apps of the system are not touched by "only"'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ rule: 'all-but', packages: ['com.example.game', 'com.example.chat'] }],
})
export const androidHiddenApps = feature({
  id: 'android.hiddenApps',
  title: { en: 'Hidden apps', de: 'Verborgene Apps' },
  summary: {
    en: 'Apps that are there and cannot be seen or used, also those of the system.',
    de: 'Apps, die da sind und weder gesehen noch benutzt werden können, auch solche des Systems.',
  },
  settings: () => z.object({ packages: some(300).describe('Package names') }).strict(),
  merge: { rule: 'union', lists: ['packages'] },
  examples: [{ packages: ['com.android.chrome'] }],
})
export const androidRequiredApps = feature({
  id: 'android.requiredApps',
  title: { en: 'Required apps', de: 'Erforderliche Apps' },
  summary: {
    en: 'Apps that are installed without asking and come back when somebody removes them; apps of the system that are switched on.',
    de: 'Apps, die ohne Rückfrage installiert werden und wiederkommen, wenn jemand sie entfernt; Apps des Systems, die eingeschaltet werden.',
  },
  settings: () =>
    z
      .object({
        apps: z
          .array(
            z
              .object({
                packageName: androidPackage.describe('Package name'),
                versionCode: z
                  .number()
                  .int()
                  .min(0)
                  .max(Number.MAX_SAFE_INTEGER)
                  .describe('Version code of the files; a newer one on the device stays'),
                files: z.array(apkFile).min(1).max(30).describe('The APK, or the base and its splits'),
                signer: sha256.optional().describe('SHA-256 of the certificate that must have signed it'),
              })
              .strict(),
          )
          .max(50)
          .default([])
          .describe('Apps'),
        system: apps(100).default([]).describe('Apps of the system that are switched on'),
      })
      .strict()
      .refine((s) => s.apps.length + s.system.length > 0, 'name at least one app')
      .refine((s) => new Set(s.apps.map((a) => a.packageName)).size === s.apps.length, {
        path: ['apps'],
        message: 'names one app twice',
      }),
  merge: { rule: 'union', lists: ['apps', 'system'] },
  examples: [
    {
      apps: [
        {
          packageName: 'com.example.till',
          versionCode: 42,
          files: [
            {
              url: 'https://apps.example.com/till-42.apk',
              sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
            },
          ],
        },
      ],
      system: ['com.android.camera2'],
    },
  ],
})
export const androidProtectedApps = feature({
  id: 'android.protectedApps',
  title: { en: 'Protected apps', de: 'Geschützte Apps' },
  summary: {
    en: 'Apps that cannot be uninstalled, and apps that cannot be stopped or cleared.',
    de: 'Apps, die nicht deinstalliert, und Apps, die nicht beendet oder geleert werden können.',
  },
  settings: () =>
    z
      .object({
        keep: apps(200).optional().describe('Cannot be uninstalled'),
        untouchable: apps(100).optional().describe('Cannot be stopped, nor their data cleared (Android 11)'),
      })
      .strict()
      .refine(something, orStays),
  merge: { rule: 'priority' },
  examples: [{ keep: ['com.example.till'], untouchable: ['com.example.till'] }],
})
export const androidPermissions = feature({
  id: 'android.permissions',
  title: { en: 'Permissions of apps', de: 'Berechtigungen von Apps' },
  summary: {
    en: 'What apps get when they ask for a runtime permission, and what some get without asking. Since Android 12 location, camera, microphone and the like can only be granted where the device was enrolled for it.',
    de: 'Was Apps bekommen, wenn sie um eine Berechtigung bitten, und was manche ohne Rückfrage bekommen. Ab Android 12 lassen sich Standort, Kamera, Mikrofon und Ähnliches nur gewähren, wo das Gerät dafür registriert wurde.',
  },
  settings: () =>
    z
      .object({
        rule: z.enum(['ask', 'grant', 'deny']).default('ask').describe('What is done with a new request'),
        grants: z
          .array(
            z
              .object({
                packageName: androidPackage.describe('App'),
                permission: z
                  .string()
                  .max(200)
                  .regex(/^[A-Za-z][\w]*(\.[A-Za-z][\w]*)+$/, 'is no permission, such as android.permission.CAMERA')
                  .describe('Permission'),
                state: z.enum(['grant', 'deny', 'user']).describe('Granted, denied, or as its user decides'),
              })
              .strict(),
          )
          .max(500)
          .default([])
          .describe('For single apps'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [
    {
      rule: 'ask',
      grants: [{ packageName: 'com.example.till', permission: 'android.permission.CAMERA', state: 'grant' }],
    },
  ],
})
/** A value of an app's own settings (Android: a Bundle of restrictions). */
const value = z.union([
  z.boolean(),
  z.number().int().min(-2_147_483_648).max(2_147_483_647),
  z.string().max(4000),
  z.array(z.string().max(1000)).max(200),
])
export const androidManagedConfiguration = feature({
  id: 'android.managedConfiguration',
  title: { en: 'Settings of apps', de: 'Einstellungen von Apps' },
  summary: {
    en: 'Hands apps the settings that their makers let administrators give (managed configurations). Variables such as {{user.email}} are filled in for each device.',
    de: 'Übergibt Apps die Einstellungen, die ihre Hersteller Administratoren überlassen (verwaltete Konfigurationen). Variablen wie {{user.email}} werden für jedes Gerät ausgefüllt.',
  },
  settings: () =>
    z
      .object({
        apps: z
          .array(
            z
              .object({
                packageName: androidPackage.describe('App'),
                values: z.record(z.string().min(1).max(200), value).describe('Settings by their keys'),
              })
              .strict(),
          )
          .min(1)
          .max(50)
          .describe('Apps'),
      })
      .strict()
      .refine((s) => new Set(s.apps.map((a) => a.packageName)).size === s.apps.length, {
        path: ['apps'],
        message: 'names one app twice',
      }),
  merge: { rule: 'union', lists: ['apps'] },
  examples: [
    {
      apps: [
        {
          packageName: 'com.example.mail',
          values: { server: 'mail.example.com', address: '{{user.email}}', ssl: true },
        },
      ],
    },
  ],
})
export const androidDefaultApps = feature({
  id: 'android.defaultApps',
  title: { en: 'Default apps', de: 'Standard-Apps' },
  summary: {
    en: 'The apps that open for these tasks without asking. What is not set stays as it is.',
    de: 'Die Apps, die sich für diese Aufgaben ohne Rückfrage öffnen. Was nicht gesetzt ist, bleibt, wie es ist.',
  },
  settings: () =>
    z
      .object({
        browser: androidPackage.optional().describe('Web pages'),
        launcher: androidPackage.optional().describe('Home screen'),
        dialer: androidPackage.optional().describe('Calls (Android 14)'),
        sms: androidPackage.optional().describe('SMS (Android 10)'),
      })
      .strict()
      .refine(something, orStays),
  merge: { rule: 'priority' },
  examples: [{ browser: 'org.mozilla.firefox', launcher: 'com.example.launcher' }],
})
export const androidAssistant = feature({
  id: 'android.assistant',
  title: { en: 'Assistant', de: 'Assistent' },
  summary: {
    en: 'Whether an assistant can be called. Blocked, every app that offers one is hidden, and since Android 15 none gets to see the screen.',
    de: 'Ob ein Assistent gerufen werden kann. Blockiert wird jede App verborgen, die einen anbietet, und ab Android 15 sieht keiner den Bildschirm.',
  },
  settings: () => z.object({ blocked: z.boolean().default(true).describe('No assistant') }).strict(),
  merge: { rule: 'priority' },
  examples: [{ blocked: true }],
})
export const androidServices = feature({
  id: 'android.services',
  title: { en: 'Keyboards and accessibility', de: 'Tastaturen und Bedienungshilfen' },
  summary: {
    en: 'Which apps may be keyboards and accessibility services: both see what is typed. Those of the system always may. What is not set stays as it is.',
    de: 'Welche Apps Tastatur und Bedienungshilfe sein dürfen: Beide sehen, was getippt wird. Die des Systems dürfen es immer. Was nicht gesetzt ist, bleibt, wie es ist.',
  },
  settings: () =>
    z
      .object({
        keyboards: apps(50).optional().describe('Apps that may be keyboards; an empty list: only those of the system'),
        accessibility: apps(50)
          .optional()
          .describe('Apps that may be accessibility services; an empty list: only those of the system'),
      })
      .strict()
      .refine(something, orStays),
  merge: { rule: 'priority' },
  examples: [{ keyboards: ['org.example.keyboard'], accessibility: [] }],
})
export const androidWebClips = feature({
  id: 'android.webClips',
  title: { en: 'Web clips', de: 'Webclips' },
  summary: {
    en: 'Web addresses on the home screen. They come back when somebody removes them.',
    de: 'Webadressen auf dem Startbildschirm. Sie kommen wieder, wenn jemand sie entfernt.',
  },
  settings: () =>
    z
      .object({
        clips: z.array(webClip).min(1).max(50).describe('Web clips'),
      })
      .strict()
      .refine((s) => new Set(s.clips.map((c) => c.id)).size === s.clips.length, {
        path: ['clips'],
        message: 'names one twice',
      }),
  merge: { rule: 'union', lists: ['clips'] },
  examples: [{ clips: [{ id: 'intranet', title: 'Intranet', url: 'https://intranet.example.com/' }] }],
})
