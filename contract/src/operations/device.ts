/** Operations that most platforms know, in one place so that one activity can reach all of them. */
import { z } from 'zod'
import { type OperationDescriptor, operation } from '../descriptors.ts'
import { logsCollect } from './computer.ts'
import {
  deviceLostModeDisable,
  deviceLostModeEnable,
  deviceMute,
  devicePasscodeClear,
  devicePasscodeSet,
  deviceRename,
} from './mobile.ts'

export const deviceInventory = operation({
  id: 'device.inventory',
  title: 'Refresh inventory',
  summary: 'Asks the device for everything it knows about itself.',
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () => z.object({ facts: z.number().int().describe('Number of facts reported') }),
  expiresS: 7 * 86400,
  examples: [{ params: {}, result: { facts: 42 } }],
})
export const deviceMessage = operation({
  id: 'device.message',
  title: 'Send message',
  summary: 'Shows a message to whoever uses the device.',
  danger: 'none',
  repeatable: false,
  params: () =>
    z
      .object({
        title: z.string().max(120).default('').describe('Heading'),
        text: z.string().min(1).max(4000).describe('Message'),
      })
      .strict(),
  result: () => z.object({ shownTo: z.number().int().describe('Sessions that saw it') }),
  expiresS: 7 * 86400,
  examples: [{ params: { title: 'Maintenance', text: 'We restart at 18:00.' }, result: { shownTo: 1 } }],
})
export const deviceDisenrol = operation({
  id: 'device.disenrol',
  title: 'Disenrol',
  summary: 'Undoes what Muster manages on the device, removes its credentials and ends management.',
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () => z.object({}),
  expiresS: 30 * 86400,
  examples: [{ params: {}, result: {} }],
})
export const deviceLock = operation({
  id: 'device.lock',
  title: 'Lock',
  summary: 'Locks the screens of everybody who is signed in; nothing is lost, the password opens them again.',
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () => z.object({ sessions: z.number().int().describe('Sessions that were told to lock') }),
  expiresS: 86_400,
  examples: [{ params: {}, result: { sessions: 1 } }],
})
export const deviceRing = operation({
  id: 'device.ring',
  title: 'Ring',
  summary: 'Lets the device sound, so that somebody finds it.',
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({ seconds: z.number().int().min(1).max(120).default(20).describe('How long it sounds, seconds') })
      .strict(),
  result: () => z.object({ by: z.string().max(64).describe('What made the sound') }),
  expiresS: 3600,
  examples: [{ params: { seconds: 20 }, result: { by: 'loudspeaker' } }],
})
const delay = z
  .number()
  .int()
  .min(0)
  .max(1440)
  .default(1)
  .describe('Minutes until then, so that people can save; phones, tablets and televisions do it at once')
const notice = z
  .string()
  .max(500)
  .regex(/^[^\p{Cc}]*$/u, 'has a line break or a control character')
  .default('')
  .describe('Words shown to whoever uses it')
export const deviceReboot = operation({
  id: 'device.reboot',
  title: 'Restart',
  summary: 'Restarts the device after a delay; unsaved work of its user is lost.',
  danger: 'confirm',
  repeatable: false,
  collapse: true,
  params: () => z.object({ delayMinutes: delay, message: notice }).strict(),
  result: () =>
    z.object({
      at: z.string().nullable().describe('When it happens (ISO 8601, device clock); none when it does not say'),
    }),
  expiresS: 86_400,
  examples: [
    { params: { delayMinutes: 5, message: 'Restart for updates.' }, result: { at: '2026-01-02T18:05:00.000Z' } },
  ],
})
export const deviceShutdown = operation({
  id: 'device.shutdown',
  title: 'Shut down',
  summary: 'Turns the device off after a delay; somebody has to turn it on again by hand.',
  danger: 'confirm',
  repeatable: false,
  collapse: true,
  params: () => z.object({ delayMinutes: delay, message: notice }).strict(),
  result: () =>
    z.object({
      at: z.string().nullable().describe('When it happens (ISO 8601, device clock); none when it does not say'),
    }),
  expiresS: 86_400,
  examples: [{ params: { delayMinutes: 1, message: '' }, result: { at: '2026-01-02T18:01:00.000Z' } }],
})
export const deviceLocate = operation({
  id: 'device.locate',
  title: 'Locate',
  summary: 'Asks the device once where it is. Only a device with a source of positions can answer.',
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () =>
    z.object({
      latitude: z.number().min(-90).max(90).describe('Latitude, degrees'),
      longitude: z.number().min(-180).max(180).describe('Longitude, degrees'),
      accuracyM: z.number().min(0).nullable().describe('Accuracy, metres'),
      source: z.string().max(64).describe('Where the position is from'),
      at: z.string().describe('When it was taken (ISO 8601)'),
    }),
  expiresS: 3600,
  examples: [
    {
      params: {},
      result: {
        latitude: 52.52,
        longitude: 13.405,
        accuracyM: 25,
        source: 'geoclue',
        at: '2026-01-02T18:01:00.000Z',
      },
    },
  ],
})
export const deviceWipeCorporate = operation({
  id: 'device.wipe.corporate',
  title: 'Corporate wipe',
  summary:
    'Takes everything from the device that the company put there, also keys and networks, and ends its management. What belongs to its user stays.',
  danger: 'destructive',
  effect: 'corporate-wipe',
  signed: true,
  repeatable: true,
  params: () => z.object({}).strict(),
  result: () => z.object({ removed: z.array(z.string()).max(1000).describe('What was taken back') }),
  expiresS: 30 * 86_400,
  examples: [
    { params: {}, result: { removed: ['/etc/NetworkManager/system-connections/muster-office.nmconnection'] } },
  ],
})
export const deviceWipe = operation({
  id: 'device.wipe',
  title: 'Wipe',
  summary:
    'Erases the whole device. Nothing can be brought back. Never possible on personally owned devices; the device does it only with a valid signature of this server.',
  danger: 'destructive',
  effect: 'wipe',
  signed: true,
  repeatable: false,
  params: () => z.object({}).strict(),
  result: () =>
    z.object({
      begins: z.literal(true).describe('It begins now; a device that erases itself cannot tell when it is done'),
    }),
  expiresS: 30 * 86_400,
  examples: [{ params: {}, result: { begins: true } }],
})

/** What every platform may speak without bringing the words. */
export const commonOperations: readonly OperationDescriptor[] = [
  deviceInventory,
  deviceMessage,
  deviceLock,
  deviceRing,
  deviceReboot,
  deviceShutdown,
  deviceLocate,
  devicePasscodeClear,
  devicePasscodeSet,
  deviceMute,
  deviceLostModeEnable,
  deviceLostModeDisable,
  deviceRename,
  logsCollect,
  deviceWipeCorporate,
  deviceWipe,
  deviceDisenrol,
]
