/** Operations on apps of Android devices: the rows of an app store that needs no store. */
import { z } from 'zod'
import { androidPackage, apkFile, sha256, webClip } from '../android-words.ts'
import { operation } from '../descriptors.ts'

const packages = z.array(androidPackage).min(1).max(100).describe('Package names')
const installed = z.object({
  packageName: z.string().max(223),
  versionCode: z.number().int().nullable().describe('Installed version; none when it is not there'),
})

export const androidAppInstall = operation({
  id: 'android.app.install',
  title: { en: 'Install app', de: 'App installieren' },
  summary: {
    en: 'Installs an app from its file without asking, where the device is managed that far; elsewhere its user is asked. Installing a newer version keeps its data.',
    de: 'Installiert eine App aus ihrer Datei, ohne zu fragen, wo das Gerät so weit verwaltet ist; sonst wird die Person gefragt. Eine neuere Version behält die Daten.',
  },
  danger: 'none',
  repeatable: true,
  params: () =>
    z
      .object({
        packageName: androidPackage.describe('Package name: another package in the files is refused'),
        files: z.array(apkFile).min(1).max(30).describe('The APK, or the base and its splits'),
        signer: sha256.optional().describe('SHA-256 of the certificate that must have signed it'),
        askUser: z.boolean().default(false).describe('Ask the user where it cannot be done silently'),
      })
      .strict(),
  result: () => z.object({ ...installed.shape, asked: z.boolean().describe('Its user was asked') }),
  expiresS: 14 * 86_400,
  examples: [
    {
      params: {
        packageName: 'com.example.till',
        files: [
          {
            url: 'https://apps.example.com/till-42.apk',
            sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
          },
        ],
        askUser: false,
      },
      result: { packageName: 'com.example.till', versionCode: 42, asked: false },
    },
  ],
})
export const androidAppUpdate = operation({
  id: 'android.app.update',
  title: { en: 'Update app', de: 'App aktualisieren' },
  summary: {
    en: 'Brings an app that is there to the version in the files; one that is not there is not installed.',
    de: 'Bringt eine vorhandene App auf die Version der Dateien; eine fehlende wird nicht installiert.',
  },
  danger: 'none',
  repeatable: true,
  params: () => androidAppInstall.params,
  result: () => androidAppInstall.result,
  expiresS: 14 * 86_400,
  examples: androidAppInstall.examples,
})
export const androidAppRemove = operation({
  id: 'android.app.remove',
  title: { en: 'Uninstall app', de: 'App deinstallieren' },
  summary: {
    en: 'Removes an app and its data without asking, where the device is managed that far; elsewhere its user is asked.',
    de: 'Entfernt eine App mit ihren Daten, ohne zu fragen, wo das Gerät so weit verwaltet ist; sonst wird die Person gefragt.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        packageName: androidPackage.describe('Package name'),
        askUser: z.boolean().default(false).describe('Ask the user where it cannot be done silently'),
      })
      .strict(),
  result: () =>
    z.object({ packageName: z.string().max(223), removed: z.boolean().describe('It was there, and is gone') }),
  expiresS: 14 * 86_400,
  examples: [
    {
      params: { packageName: 'com.example.game', askUser: false },
      result: { packageName: 'com.example.game', removed: true },
    },
  ],
})
export const androidAppList = operation({
  id: 'android.app.list',
  title: { en: 'List apps', de: 'Apps auflisten' },
  summary: {
    en: 'Asks which apps are installed; they appear among the facts. On a personal device only those of the work profile.',
    de: 'Fragt, welche Apps installiert sind; sie erscheinen unter den Angaben. Auf einem privaten Gerät nur die des Arbeitsprofils.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({ system: z.boolean().default(true).describe('Those of the system, too') }).strict(),
  result: () => z.object({ apps: z.number().int().min(0).describe('Apps') }),
  expiresS: 86_400,
  examples: [{ params: { system: true }, result: { apps: 137 } }],
})
export const androidAppSuspend = operation({
  id: 'android.app.suspend',
  title: { en: 'Block apps', de: 'Apps blockieren' },
  summary: {
    en: 'Suspends apps: they stay with their data and cannot be opened until they are released. A policy that lists apps does it for good.',
    de: 'Hält Apps an: Sie bleiben mit ihren Daten und lassen sich nicht öffnen, bis sie freigegeben werden. Auf Dauer tut das eine Richtlinie mit App-Liste.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z.object({ packages, suspended: z.boolean().default(true).describe('Suspended; otherwise released') }).strict(),
  result: () =>
    z.object({
      failed: z
        .array(z.string().max(223))
        .max(100)
        .describe('Apps that Android does not let be suspended, or that are not there'),
    }),
  expiresS: 7 * 86_400,
  examples: [{ params: { packages: ['com.example.game'], suspended: true }, result: { failed: [] } }],
})
export const androidAppClear = operation({
  id: 'android.app.clear',
  title: { en: 'Clear app data', de: 'App-Daten löschen' },
  summary: {
    en: 'Deletes everything that apps have kept on the device, as if they had just been installed.',
    de: 'Löscht alles, was Apps auf dem Gerät aufbewahrt haben, als wären sie gerade installiert worden.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () => z.object({ packages }).strict(),
  result: () =>
    z.object({ failed: z.array(z.string().max(223)).max(100).describe('Apps whose data could not be deleted') }),
  expiresS: 86_400,
  examples: [{ params: { packages: ['com.example.till'] }, result: { failed: [] } }],
})
export const androidWebClipAdd = operation({
  id: 'android.web-clip.add',
  title: { en: 'Add web clip', de: 'Webclip hinzufügen' },
  summary: {
    en: 'Puts a web address on the home screen; where the launcher asks its user, so it says.',
    de: 'Legt eine Webadresse auf den Startbildschirm; fragt der Launcher die Person, so meldet er es.',
  },
  danger: 'none',
  repeatable: true,
  params: () => webClip,
  result: () => z.object({ asked: z.boolean().describe('The launcher asks its user') }),
  expiresS: 7 * 86_400,
  examples: [
    { params: { id: 'intranet', title: 'Intranet', url: 'https://intranet.example.com/' }, result: { asked: false } },
  ],
})
export const androidWebClipRemove = operation({
  id: 'android.web-clip.remove',
  title: { en: 'Remove web clip', de: 'Webclip entfernen' },
  summary: {
    en: 'Takes a web clip away that was added by its name.',
    de: 'Nimmt einen hinzugefügten Webclip anhand seines Namens weg.',
  },
  danger: 'none',
  repeatable: true,
  params: () => z.object({ id: webClip.shape.id }).strict(),
  result: () => z.object({}),
  expiresS: 7 * 86_400,
  examples: [{ params: { id: 'intranet' }, result: {} }],
})
