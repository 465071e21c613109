/** Apps: installed, managed and taken away again. */
import { type JsonObject, operation } from '@muster/contract'
import { z } from 'zod'
import { attributesOf, attributesType } from './attributes.ts'
import { type Command, command, plainReplies, refusedOutcome, refusedReply, textIn } from './row.ts'
import { bundleId, bytes, httpsUrl } from './words.ts'

const configuration = z.record(z.string().max(200), z.json()).describe('Settings handed to the app')

const install = operation({
  id: 'apple.app.install',
  title: { en: 'Install app', de: 'App installieren' },
  summary: {
    en: 'Installs an app from the App Store, by its number or bundle identifier, or one of your own by its manifest.',
    de: 'Installiert eine App aus dem App Store anhand ihrer Nummer oder Bundle-ID, oder eine eigene anhand ihres Manifests.',
  },
  danger: 'none',
  repeatable: true,
  params: () =>
    z
      .object({
        storeId: z.number().int().positive().optional().describe('Number in the App Store'),
        bundleId: bundleId.optional().describe('Bundle identifier in the App Store: com.apple.Pages'),
        manifestUrl: httpsUrl.optional().describe('Address of the manifest of an app of your own'),
        licensed: z.boolean().default(false).describe('With a licence that the organisation bought'),
        takeOver: z.boolean().default(false).describe('Manage it when the user has installed it already'),
        removeWithManagement: z.boolean().default(true).describe('It goes when management ends'),
        preventBackup: z.boolean().default(false).describe('Its files are not backed up'),
        configuration: configuration.optional(),
        attributes: attributesType,
        iosApp: z.boolean().optional().describe('An app for iPhone or iPad, on a Mac with Apple silicon'),
        managed: z.boolean().optional().describe('Managed as an app, on a Mac (macOS 11)'),
      })
      .strict()
      .refine((p) => [p.storeId, p.bundleId, p.manifestUrl].filter((v) => v !== undefined).length === 1, {
        path: ['storeId'],
        message: 'name one: the number, the bundle identifier or the manifest',
      }),
  result: () =>
    z.object({
      app: z.string().max(200).nullable().describe('Bundle identifier'),
      status: z.string().max(100).describe('What the device does now'),
    }),
  expiresS: 14 * 86_400,
  examples: [
    {
      params: {
        storeId: 361309726,
        licensed: true,
        takeOver: false,
        removeWithManagement: true,
        preventBackup: false,
      },
      result: { app: 'com.apple.Pages', status: 'Queued' },
    },
  ],
})
const installPackage = operation({
  id: 'apple.app.install-package',
  title: { en: 'Install package', de: 'Paket installieren' },
  summary: {
    en: 'Installs a signed package of your own on a Mac, by its manifest.',
    de: 'Installiert ein eigenes signiertes Paket anhand seines Manifests auf einem Mac.',
  },
  danger: 'none',
  repeatable: true,
  params: () =>
    z
      .object({
        manifestUrl: httpsUrl.optional().describe('Address of the manifest'),
        manifest: z.record(z.string().max(200), z.json()).optional().describe('Or the manifest itself'),
        pinnedCertificates: z.array(bytes(8192)).max(10).default([]).describe('Certificates of that server, base64'),
        checkRevocation: z.boolean().default(false).describe('Those certificates must be known not to be revoked'),
        managed: z.boolean().default(false).describe('Managed as an app (macOS 11)'),
        removeWithManagement: z.boolean().default(false).describe('It goes when management ends (macOS 11)'),
        takeOver: z.boolean().default(false).describe('Manage it when the user has installed it already (macOS 11)'),
        iosApp: z.boolean().default(false).describe('An app for iPhone or iPad (Apple silicon)'),
        configuration: configuration.optional(),
      })
      .strict()
      .refine((p) => (p.manifestUrl === undefined) !== (p.manifest === undefined), {
        path: ['manifestUrl'],
        message: 'either the address of the manifest or the manifest itself',
      }),
  result: () => z.object({}),
  expiresS: 14 * 86_400,
  examples: [
    {
      params: {
        manifestUrl: 'https://apps.example.org/tool.plist',
        pinnedCertificates: [],
        checkRevocation: false,
        managed: false,
        removeWithManagement: false,
        takeOver: false,
        iosApp: false,
      },
    },
  ],
})
const remove = operation({
  id: 'apple.app.remove',
  title: { en: 'Remove app', de: 'App entfernen' },
  summary: { en: 'Removes a managed app and its files.', de: 'Entfernt eine verwaltete App und ihre Dateien.' },
  danger: 'confirm',
  repeatable: true,
  params: () => z.object({ bundleId: bundleId.describe('Bundle identifier') }).strict(),
  result: () => z.object({}),
  expiresS: 14 * 86_400,
  examples: [{ params: { bundleId: 'org.example.tool' }, result: {} }],
})
const list = operation({
  id: 'apple.app.list',
  title: { en: 'List managed apps', de: 'Verwaltete Apps auflisten' },
  summary: {
    en: 'Asks how the managed apps are; they appear among the facts.',
    de: 'Fragt nach dem Stand der verwalteten Apps; sie erscheinen unter den Angaben.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () => z.object({ apps: z.number().int().describe('Managed apps') }),
  expiresS: 86_400,
  examples: [{ params: {}, result: { apps: 3 } }],
})

/** Apple, InstallApplication, ManagementFlags. */
const flags = { removeWithManagement: 1, preventBackup: 4 } as const

export const appCommands: readonly Command[] = [
  command(install, {
    type: 'InstallApplication',
    on: 'i7.0 m10.9 t10.2 v1.1 w10.0',
    fields: (p): JsonObject => ({
      ...(p.storeId !== undefined && { iTunesStoreID: p.storeId }),
      ...(p.bundleId && { Identifier: p.bundleId }),
      ...(p.manifestUrl && { ManifestURL: p.manifestUrl }),
      ...(p.licensed && { Options: { PurchaseMethod: 1 } }),
      ManagementFlags:
        (p.removeWithManagement ? flags.removeWithManagement : 0) + (p.preventBackup ? flags.preventBackup : 0),
      ...(p.takeOver && { ChangeManagementState: 'Managed' }),
      ...(p.configuration && { Configuration: p.configuration as JsonObject }),
      ...(p.attributes && { Attributes: attributesOf(p.attributes) }),
      ...(p.iosApp !== undefined && { iOSApp: p.iosApp }),
      ...(p.managed !== undefined && { InstallAsManaged: p.managed }),
    }),
    refused: (r) => textIn(r, 'RejectionReason') && `The device does not take the app: ${textIn(r, 'RejectionReason')}`,
    result: (r) => ({ app: textIn(r, 'Identifier', 200) ?? null, status: textIn(r, 'State', 100) ?? '' }),
    examples: [
      {
        in: { storeId: 361309726, licensed: true, configuration: { server: 'https://example.org' } },
        wire: {
          RequestType: 'InstallApplication',
          iTunesStoreID: 361309726,
          Options: { PurchaseMethod: 1 },
          ManagementFlags: 1,
          Configuration: { server: 'https://example.org' },
        },
        replies: [
          {
            reply: { Status: 'Acknowledged', Identifier: 'com.apple.Pages', State: 'Queued' },
            outcome: { state: 'completed', result: { app: 'com.apple.Pages', status: 'Queued' } },
          },
          {
            reply: { Status: 'Acknowledged', RejectionReason: 'AppAlreadyInstalled' },
            outcome: {
              state: 'failed',
              reason: { code: 'device-refused', text: 'The device does not take the app: AppAlreadyInstalled' },
            },
          },
          { reply: refusedReply, outcome: refusedOutcome },
        ],
      },
      {
        in: {
          bundleId: 'org.example.tool',
          takeOver: true,
          removeWithManagement: false,
          preventBackup: true,
          attributes: { associatedDomains: ['example.org'], removable: false },
          iosApp: true,
          managed: true,
        },
        wire: {
          RequestType: 'InstallApplication',
          Identifier: 'org.example.tool',
          ManagementFlags: 4,
          ChangeManagementState: 'Managed',
          Attributes: { AssociatedDomains: ['example.org'], Removable: false },
          iOSApp: true,
          InstallAsManaged: true,
        },
      },
    ],
  }),
  command(installPackage, {
    type: 'InstallEnterpriseApplication',
    on: 'm10.13.6',
    fields: (p): JsonObject => ({
      ...(p.manifestUrl && { ManifestURL: p.manifestUrl }),
      ...(p.manifest && { Manifest: p.manifest as JsonObject }),
      ...(p.pinnedCertificates.length > 0 && {
        ManifestURLPinningCerts: p.pinnedCertificates.map((c) => ({ $data: c })),
      }),
      ...(p.checkRevocation && { PinningRevocationCheckRequired: true }),
      ...(p.managed && { InstallAsManaged: true }),
      ...(p.removeWithManagement && { ManagementFlags: flags.removeWithManagement }),
      ...(p.takeOver && { ChangeManagementState: 'Managed' }),
      ...(p.iosApp && { iOSApp: true }),
      ...(p.configuration && { Configuration: p.configuration as JsonObject }),
    }),
    examples: [
      {
        in: { manifestUrl: 'https://apps.example.org/tool.plist', pinnedCertificates: ['MIIB'], managed: true },
        wire: {
          RequestType: 'InstallEnterpriseApplication',
          ManifestURL: 'https://apps.example.org/tool.plist',
          ManifestURLPinningCerts: [{ $data: 'MIIB' }],
          InstallAsManaged: true,
        },
        replies: plainReplies(),
      },
      {
        in: {
          manifest: { items: [] },
          checkRevocation: true,
          removeWithManagement: true,
          takeOver: true,
          iosApp: true,
          configuration: { server: 'https://example.org' },
        },
        wire: {
          RequestType: 'InstallEnterpriseApplication',
          Manifest: { items: [] },
          PinningRevocationCheckRequired: true,
          ManagementFlags: 1,
          ChangeManagementState: 'Managed',
          iOSApp: true,
          Configuration: { server: 'https://example.org' },
        },
      },
    ],
  }),
  command(remove, {
    type: 'RemoveApplication',
    on: 'i5.0 m11.0x t10.2 v1.1 w10.0',
    fields: (p) => ({ Identifier: p.bundleId }),
    examples: [
      {
        in: { bundleId: 'org.example.tool' },
        wire: { RequestType: 'RemoveApplication', Identifier: 'org.example.tool' },
        replies: plainReplies(),
      },
    ],
  }),
  command(list, {
    type: 'ManagedApplicationList',
    on: 'i5.0 m11.0 t10.2 v1.1 w10.0',
    result: (r) => ({
      apps: Object.keys(typeof r.ManagedApplicationList === 'object' ? (r.ManagedApplicationList ?? {}) : {}).length,
    }),
    examples: [
      {
        in: {},
        wire: { RequestType: 'ManagedApplicationList' },
        replies: [
          {
            reply: { Status: 'Acknowledged', ManagedApplicationList: { 'org.example.tool': { Status: 'Managed' } } },
            outcome: { state: 'completed', result: { apps: 1 } },
          },
          ...plainReplies({ apps: 0 }),
        ],
      },
    ],
  }),
]
