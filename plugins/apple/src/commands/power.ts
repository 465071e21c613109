/** Locking, restarting, shutting down and leaving. */
import {
  deviceDisenrol,
  deviceLock,
  deviceReboot,
  deviceShutdown,
  deviceWipeCorporate,
  type JsonObject,
  operation,
} from '@muster/contract'
import { z } from 'zod'
import { type Command, command, plainReplies } from './row.ts'
import { unless } from './systems.ts'
import { line, pin } from './words.ts'

const appleLock = operation({
  id: 'apple.lock',
  title: { en: 'Lock with a message', de: 'Mit Nachricht sperren' },
  summary: {
    en: 'Locks the device and shows a message. A Mac restarts and asks for the PIN before it starts again; without the PIN it stays locked.',
    de: 'Sperrt das Gerät und zeigt eine Nachricht. Ein Mac startet neu und verlangt vorher die PIN; ohne sie bleibt er gesperrt.',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({
        message: line(500).default('').describe('Message on the locked screen'),
        phoneNumber: line(40).default('').describe('Phone number on the locked screen'),
        pin: pin.optional().describe('PIN that opens a Mac again: six digits'),
      })
      .strict(),
  result: () => z.object({ message: z.string().nullable().describe('What became of the message') }),
  secret: ['pin'],
  expiresS: 86_400,
  examples: [{ params: { message: 'Please call us.', phoneNumber: '+49 30 123456' }, result: { message: 'Success' } }],
})

/** One restart cannot be taken back: the device answers before it does it. */
const soon = () => ({ at: null })
const at = plainReplies({ at: null })

/** The management's own profile goes, and with it all that it brought. `identifier`: the enrolment profile's. */
export const powerCommands = (identifier: string): readonly Command[] => [
  command(deviceLock, {
    type: 'DeviceLock',
    on: 'i4.0 m10.7x v2.0 w10.0',
    and: [
      (c) =>
        c.facts['os.name'] === 'macOS'
          ? {
              code: 'mac-needs-pin',
              text: 'A Mac restarts when it is locked and needs a PIN: use "Lock with a message".',
            }
          : true,
    ],
    result: () => ({ sessions: 1 }),
    examples: [{ in: {}, wire: { RequestType: 'DeviceLock' }, replies: plainReplies({ sessions: 1 }) }],
  }),
  command(appleLock, {
    type: 'DeviceLock',
    on: 'i4.0 m10.7x v2.0 w10.0',
    fields: (p) => ({
      ...(p.message && { Message: p.message }),
      ...(p.phoneNumber && { PhoneNumber: p.phoneNumber }),
      ...(p.pin && { PIN: p.pin }),
    }),
    result: (r): JsonObject => ({
      message: typeof r.MessageResult === 'string' ? r.MessageResult.slice(0, 100) : null,
    }),
    examples: [
      {
        in: { message: 'Please call us.', phoneNumber: '+49 30 123456', pin: '123456' },
        wire: {
          RequestType: 'DeviceLock',
          Message: 'Please call us.',
          PhoneNumber: '+49 30 123456',
          PIN: '123456',
        },
        replies: [
          {
            reply: { Status: 'Acknowledged', MessageResult: 'Success' },
            outcome: { state: 'completed', result: { message: 'Success' } },
          },
          ...plainReplies({ message: null }),
        ],
      },
      { in: {}, wire: { RequestType: 'DeviceLock' } },
    ],
  }),
  command(deviceReboot, {
    type: 'RestartDevice',
    on: 'i10.3!x m10.13x t10.2!',
    // Macs from 11.4 on tell the user, who may put it off; the others know no such word and pass over it.
    fields: (_p, c): JsonObject => (c.facts['os.name'] === 'macOS' ? { NotifyUser: true } : {}),
    result: soon,
    examples: [{ in: { delayMinutes: 0 }, wire: { RequestType: 'RestartDevice' }, replies: at }],
  }),
  command(deviceShutdown, {
    type: 'ShutDownDevice',
    on: 'i10.3!x m10.13x',
    result: soon,
    examples: [{ in: { delayMinutes: 0 }, wire: { RequestType: 'ShutDownDevice' }, replies: at }],
  }),
  command(deviceDisenrol, {
    type: 'RemoveProfile',
    on: 'i m t v w',
    fields: () => ({ Identifier: identifier }),
    examples: [{ in: {}, wire: { RequestType: 'RemoveProfile', Identifier: identifier }, replies: plainReplies() }],
  }),
  command(deviceWipeCorporate, {
    type: 'RemoveProfile',
    on: 'i m t v w',
    fields: () => ({ Identifier: identifier }),
    // Profiles, managed apps and accounts go with the enrolment profile (Apple, MDM payload).
    result: () => ({ removed: [identifier] }),
    examples: [
      {
        in: {},
        wire: { RequestType: 'RemoveProfile', Identifier: identifier },
        replies: plainReplies({ removed: [identifier] }),
      },
    ],
  }),
]

export const noErasePin = unless('apple.erasePin', true, 'erase-pin', 'This Mac needs a PIN: use "Erase with options".')
