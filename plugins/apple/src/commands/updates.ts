/** Operating system updates by command, for devices that do not take them by declaration. */
import { type JsonObject, operation } from '@muster/contract'
import { z } from 'zod'
import { type Command, command, flagIn, listOf, plainReplies, refusedOutcome, refusedReply, textIn } from './row.ts'
import { line } from './words.ts'

const scan = operation({
  id: 'apple.update.scan',
  title: { en: 'Look for updates', de: 'Nach Updates suchen' },
  summary: {
    en: 'Lets a Mac look for updates in the background.',
    de: 'Lässt einen Mac im Hintergrund nach Updates suchen.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({ force: z.boolean().default(false).describe('Also where it looked a moment ago') }).strict(),
  result: () => z.object({}),
  expiresS: 86_400,
  examples: [{ params: { force: true }, result: {} }],
})
const available = operation({
  id: 'apple.update.list',
  title: { en: 'List updates', de: 'Updates auflisten' },
  summary: {
    en: 'Asks which updates the device is offered; they appear among its facts.',
    de: 'Fragt, welche Updates dem Gerät angeboten werden; sie erscheinen unter den Angaben.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () => z.object({ updates: z.number().int().describe('Updates on offer') }),
  expiresS: 86_400,
  examples: [{ params: {}, result: { updates: 1 } }],
})
const install = operation({
  id: 'apple.update.install',
  title: { en: 'Install updates', de: 'Updates installieren' },
  summary: {
    en: 'Downloads and installs a version of the operating system, or one update of a list.',
    de: 'Lädt und installiert eine Version des Betriebssystems oder ein Update aus einer Liste.',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({
        version: line(40).optional().describe('Version: 18.1'),
        productKey: line(200).optional().describe('Key of an update, as the device lists it'),
        action: z
          .enum(['Default', 'DownloadOnly', 'InstallASAP', 'NotifyOnly', 'InstallLater', 'InstallForceRestart'])
          .default('Default')
          .describe('When it is installed'),
        maxDeferrals: z.number().int().min(0).max(100).optional().describe('How often a user may put it off (Mac)'),
        priority: z.enum(['Low', 'High']).optional().describe('Priority of download and preparation (Mac)'),
      })
      .strict()
      .refine((p) => p.version !== undefined || p.productKey !== undefined, {
        path: ['version'],
        message: 'or a product key is needed',
      }),
  result: () => z.object({ status: z.string().max(100).describe('What the device does now') }),
  expiresS: 14 * 86_400,
  examples: [{ params: { version: '18.1', action: 'InstallASAP' as const }, result: { status: 'Downloading' } }],
})
const status = operation({
  id: 'apple.update.status',
  title: { en: 'State of updates', de: 'Stand der Updates' },
  summary: {
    en: 'Asks how far updates are; it appears among the facts.',
    de: 'Fragt, wie weit Updates sind; es erscheint unter den Angaben.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () => z.object({ updates: z.number().int().describe('Updates under way') }),
  expiresS: 86_400,
  examples: [{ params: {}, result: { updates: 1 } }],
})
const first = (r: JsonObject) => listOf(r.UpdateResults)[0] ?? {}

export const updateCommands: readonly Command[] = [
  command(scan, {
    type: 'ScheduleOSUpdateScan',
    on: 'm10.11!x',
    fields: (p) => ({ Force: p.force }),
    refused: (r) => (flagIn(r, 'ScanInitiated') === false ? 'The Mac did not begin to look.' : undefined),
    examples: [
      {
        in: { force: true },
        wire: { RequestType: 'ScheduleOSUpdateScan', Force: true },
        replies: [
          { reply: { Status: 'Acknowledged', ScanInitiated: true }, outcome: { state: 'completed', result: {} } },
          {
            reply: { Status: 'Acknowledged', ScanInitiated: false },
            outcome: { state: 'failed', reason: { code: 'device-refused', text: 'The Mac did not begin to look.' } },
          },
        ],
      },
    ],
  }),
  command(available, {
    type: 'AvailableOSUpdates',
    on: 'i9.0!x m10.11x t12.0!',
    result: (r) => ({ updates: listOf(r.AvailableOSUpdates).length }),
    examples: [{ in: {}, wire: { RequestType: 'AvailableOSUpdates' }, replies: plainReplies({ updates: 0 }) }],
  }),
  command(install, {
    type: 'ScheduleOSUpdate',
    on: 'i9.0!x m10.11!x t12.0!',
    fields: (p): JsonObject => ({
      Updates: [
        {
          ...(p.productKey && { ProductKey: p.productKey }),
          ...(p.version && { ProductVersion: p.version }),
          InstallAction: p.action,
          ...(p.maxDeferrals !== undefined && { MaxUserDeferrals: p.maxDeferrals }),
          ...(p.priority && { Priority: p.priority }),
        },
      ],
    }),
    refused: (r) =>
      first(r).InstallAction === 'Error'
        ? `The device refuses the update: ${textIn(first(r), 'Status') ?? ''}`
        : undefined,
    result: (r) => ({ status: textIn(first(r), 'Status', 100) ?? '' }),
    examples: [
      {
        in: { version: '18.1', action: 'InstallASAP' },
        wire: { RequestType: 'ScheduleOSUpdate', Updates: [{ ProductVersion: '18.1', InstallAction: 'InstallASAP' }] },
        replies: [
          {
            reply: {
              Status: 'Acknowledged',
              UpdateResults: [{ ProductKey: 'k', InstallAction: 'InstallASAP', Status: 'Downloading' }],
            },
            outcome: { state: 'completed', result: { status: 'Downloading' } },
          },
          {
            reply: {
              Status: 'Acknowledged',
              UpdateResults: [{ ProductKey: 'k', InstallAction: 'Error', Status: 'DownloadInsufficientSpace' }],
            },
            outcome: {
              state: 'failed',
              reason: { code: 'device-refused', text: 'The device refuses the update: DownloadInsufficientSpace' },
            },
          },
          { reply: refusedReply, outcome: refusedOutcome },
        ],
      },
    ],
  }),
  command(status, {
    type: 'OSUpdateStatus',
    on: 'i9.0!x m10.11.5!x t12.0!',
    result: (r) => ({ updates: listOf(r.OSUpdateStatus).length }),
    examples: [{ in: {}, wire: { RequestType: 'OSUpdateStatus' }, replies: plainReplies({ updates: 0 }) }],
  }),
]
