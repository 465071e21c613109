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
  title: 'Install app',
  summary:
    'Installs an app from its file without asking, where the device is managed that far; elsewhere its user is asked. Installing a newer version keeps its data.',
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
  title: 'Update app',
  summary: 'Brings an app that is there to the version in the files; one that is not there is not installed.',
  danger: 'none',
  repeatable: true,
  params: () => androidAppInstall.params,
  result: () => androidAppInstall.result,
  expiresS: 14 * 86_400,
  examples: androidAppInstall.examples,
})
export const androidAppRemove = operation({
  id: 'android.app.remove',
  title: 'Uninstall app',
  summary:
    'Removes an app and its data without asking, where the device is managed that far; elsewhere its user is asked.',
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
  title: 'List apps',
  summary:
    'Asks which apps are installed; they appear among the facts. On a personal device only those of the work profile.',
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
  title: 'Block apps',
  summary:
    'Suspends apps: they stay with their data and cannot be opened until they are released. A policy that lists apps does it for good.',
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
  title: 'Clear app data',
  summary: 'Deletes everything that apps have kept on the device, as if they had just been installed.',
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
  title: 'Add web clip',
  summary: 'Puts a web address on the home screen; where the launcher asks its user, so it says.',
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
  title: 'Remove web clip',
  summary: 'Takes a web clip away that was added by its name.',
  danger: 'none',
  repeatable: true,
  params: () => z.object({ id: webClip.shape.id }).strict(),
  result: () => z.object({}),
  expiresS: 7 * 86_400,
  examples: [{ params: { id: 'intranet' }, result: {} }],
})
