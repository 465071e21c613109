/** Operations of devices that people carry: passcodes, sound, lost mode, names. */
import { z } from 'zod'
import { operation } from '../descriptors.ts'

const line = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'has a line break or a control character')

export const devicePasscodeClear = operation({
  id: 'device.passcode.clear',
  title: 'Clear passcode',
  summary: 'Takes the passcode off the device, for somebody who forgot it. Whoever has the device can then use it.',
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () => z.object({}),
  expiresS: 3600,
  examples: [{ params: {}, result: {} }],
})
export const deviceLostModeEnable = operation({
  id: 'device.lost-mode.enable',
  title: 'Lost mode on',
  summary: 'Locks a lost device and shows whoever finds it a message and a phone number.',
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({
        message: line(500).min(1).describe('Message on the locked screen'),
        phoneNumber: line(40).default('').describe('Phone number to call'),
        footnote: line(200).default('').describe('Words below'),
      })
      .strict(),
  result: () => z.object({}),
  expiresS: 30 * 86_400,
  examples: [
    { params: { message: 'Lost. Please call us.', phoneNumber: '+49 30 123456', footnote: 'Example Ltd' }, result: {} },
  ],
})
export const deviceLostModeDisable = operation({
  id: 'device.lost-mode.disable',
  title: 'Lost mode off',
  summary: 'Ends lost mode: the device is used again as before.',
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () => z.object({}),
  expiresS: 7 * 86_400,
  examples: [{ params: {}, result: {} }],
})
export const deviceRename = operation({
  id: 'device.rename',
  title: 'Rename',
  summary: 'Gives the device another name, as it shows it itself.',
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({ name: line(63).min(1).describe('Name') }).strict(),
  result: () => z.object({}),
  expiresS: 7 * 86_400,
  examples: [{ params: { name: 'Front desk' }, result: {} }],
})
export const devicePasscodeSet = operation({
  id: 'device.passcode.set',
  title: 'Change passcode',
  summary: 'Gives the device, or its work profile, another passcode. Whoever uses it needs the new one from then on.',
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({
        passcode: z
          .string()
          .regex(/^[\x21-\x7e]{4,16}$/, 'is not 4 to 16 printable ASCII characters without blanks')
          .describe('New passcode'),
        lockNow: z.boolean().default(true).describe('Lock the screen at once'),
      })
      .strict(),
  result: () => z.object({}),
  expiresS: 3600,
  secret: ['passcode'],
  examples: [{ params: { passcode: '730415', lockNow: true }, result: {} }],
})
export const deviceMute = operation({
  id: 'device.mute',
  title: 'Mute',
  summary: 'Silences the device, or lets it sound again. Its user can change that.',
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({ muted: z.boolean().default(true).describe('Silent; otherwise it sounds again') }).strict(),
  result: () => z.object({}),
  expiresS: 86_400,
  examples: [{ params: { muted: true }, result: {} }],
})
