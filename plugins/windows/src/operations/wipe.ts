/** Erasing a PC, in the ways that Windows knows. */
import { type ChannelDetail, deviceWipe, operation, type Reason } from '@muster/contract'
import { z } from 'zod'
import { commands, example, exec, type Operation, operationOf, vendor } from './row.ts'

const ways = {
  protected: 'doWipeProtected',
  keepProvisioning: 'doWipePersistProvisionedData',
  keepUserData: 'doWipePersistUserData',
  cloud: 'doWipeCloud',
  cloudKeepProvisioning: 'doWipeCloudPersistProvisionedData',
  cloudKeepUserData: 'doWipeCloudPersistUserData',
} as const
const wipeWork = (node: string) => commands(exec(`${vendor}/RemoteWipe/${node}`))

const windowsWipe = operation({
  id: 'windows.wipe',
  title: { en: 'Wipe in another way', de: 'Auf andere Weise löschen' },
  summary: {
    en: 'Resets the PC: so that it begins again when it is turned off meanwhile, with what people keep in their folders, or with Windows fetched from Microsoft. Its enrolment ends.',
    de: 'Setzt den PC zurück: so, dass es nach einem Ausschalten weitergeht, mit den Dateien in den Ordnern der Personen, oder mit frischem Windows von Microsoft. Die Registrierung endet.',
  },
  danger: 'destructive',
  effect: 'wipe',
  repeatable: false,
  params: () =>
    z
      .object({
        way: z
          .enum(Object.keys(ways) as [keyof typeof ways, ...(keyof typeof ways)[]])
          .describe(
            'protected: cannot be broken off; keepProvisioning: provisioning packages are applied again; keepUserData: people’s files stay; cloud…: with Windows downloaded anew',
          ),
      })
      .strict(),
  result: () => z.object({ begins: z.literal(true).describe('It begins now; it cannot tell when it is done') }),
  expiresS: 30 * 86_400,
  examples: [{ params: { way: 'protected' }, result: { begins: true } }],
})
const autopilotReset = operation({
  id: 'windows.autopilot-reset',
  title: { en: 'Autopilot reset', de: 'Autopilot-Zurücksetzung' },
  summary: {
    en: 'Takes people’s accounts, files and apps off the PC and keeps it joined and enrolled, for the next user.',
    de: 'Nimmt Konten, Dateien und Apps der Personen vom PC und lässt ihn beigetreten und registriert, für die nächste Person.',
  },
  danger: 'destructive',
  repeatable: false,
  params: () => z.object({}).strict(),
  result: () => z.object({ begins: z.literal(true).describe('It begins now') }),
  expiresS: 7 * 86_400,
  examples: [{ params: {}, result: { begins: true } }],
})
const cleanPc = operation({
  id: 'windows.clean-pc',
  title: { en: 'Clean PC', de: 'PC bereinigen' },
  summary: {
    en: 'Takes off the programs that came with the PC or were installed since; Windows stays.',
    de: 'Entfernt Programme, die mit dem PC kamen oder seither installiert wurden; Windows bleibt.',
  },
  danger: 'destructive',
  repeatable: false,
  params: () => z.object({ keepUserData: z.boolean().default(true).describe('People’s files stay') }).strict(),
  result: () => z.object({ begins: z.literal(true).describe('It begins now') }),
  expiresS: 7 * 86_400,
  examples: [{ params: { keepUserData: true }, result: { begins: true } }],
})
/** What takes away people’s own things is not for PCs that they brought along. */
const organisationOwned = (c: ChannelDetail): true | Reason =>
  c.ownership === 'byod' ? { code: 'byod', text: 'The PC belongs to its user.' } : true

const begins = { begins: true }
const resetWork = wipeWork('AutomaticRedeployment/doAutomaticRedeployment')
const cleanWork = (keep: boolean) =>
  commands(exec(`${vendor}/CleanPC/${keep ? 'CleanPCRetainingUserData' : 'CleanPCWithoutRetainingUserData'}`))

export const wipeOperations: readonly Operation[] = [
  operationOf(deviceWipe, {
    csp: 'RemoteWipe',
    work: () => wipeWork('doWipe'),
    result: () => begins,
    examples: [example({}, wipeWork('doWipe'), begins)],
  }),
  operationOf(windowsWipe, {
    csp: 'RemoteWipe',
    work: (p) => wipeWork(ways[p.way as keyof typeof ways]),
    result: () => begins,
    examples: [
      example({ way: 'protected' }, wipeWork('doWipeProtected'), begins),
      example({ way: 'cloudKeepUserData' }, wipeWork('doWipeCloudPersistUserData'), begins),
    ],
  }),
  operationOf(autopilotReset, {
    csp: 'RemoteWipe',
    build: 17763,
    and: organisationOwned,
    work: () => resetWork,
    result: () => begins,
    examples: [example({}, resetWork, begins)],
  }),
  operationOf(cleanPc, {
    csp: 'CleanPC',
    and: organisationOwned,
    work: (p) => cleanWork(p.keepUserData),
    result: () => begins,
    examples: [example({ keepUserData: false }, cleanWork(false), begins)],
  }),
]
