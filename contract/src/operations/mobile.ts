/** Operations of devices that people carry: passcodes, sound, lost mode, names. */
import { z } from 'zod'
import { operation } from '../descriptors.ts'
import { said } from '../language.ts'

const line = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'has a line break or a control character')

export const devicePasscodeClear = operation({
  id: 'device.passcode.clear',
  title: { en: 'Clear passcode', de: 'Code entfernen' },
  summary: {
    en: 'Takes the passcode off the device, for somebody who forgot it. Whoever has the device can then use it.',
    de: 'Nimmt den Code vom Gerät, wenn ihn jemand vergessen hat. Danach kann jeder es benutzen, der es hat.',
  },
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
  title: { en: 'Lost mode on', de: 'Verloren-Modus einschalten' },
  summary: {
    en: 'Locks a lost device and shows whoever finds it a message and a phone number.',
    de: 'Sperrt ein verlorenes Gerät und zeigt der Person, die es findet, eine Nachricht und eine Telefonnummer.',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({
        message: line(500).min(1).meta(said('Message on the locked screen', 'Nachricht auf dem gesperrten Bildschirm')),
        phoneNumber: line(40).default('').meta(said('Phone number to call', 'Telefonnummer für den Anruf')),
        footnote: line(200).default('').meta(said('Words below', 'Worte darunter')),
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
  title: { en: 'Lost mode off', de: 'Verloren-Modus ausschalten' },
  summary: {
    en: 'Ends lost mode: the device is used again as before.',
    de: 'Beendet den Verloren-Modus: Das Gerät wird wieder benutzt wie zuvor.',
  },
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
  title: { en: 'Rename', de: 'Umbenennen' },
  summary: {
    en: 'Gives the device another name, as it shows it itself.',
    de: 'Gibt dem Gerät einen anderen Namen, wie es ihn selbst anzeigt.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () => z.object({ name: line(63).min(1).meta(said('Name', 'Name')) }).strict(),
  result: () => z.object({}),
  expiresS: 7 * 86_400,
  examples: [{ params: { name: 'Front desk' }, result: {} }],
})
export const devicePasscodeSet = operation({
  id: 'device.passcode.set',
  title: { en: 'Change passcode', de: 'Code ändern' },
  summary: {
    en: 'Gives the device, or its work profile, another passcode. Whoever uses it needs the new one from then on.',
    de: 'Gibt dem Gerät oder seinem Arbeitsprofil einen anderen Code. Von da an wird der neue gebraucht.',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({
        passcode: z
          .string()
          .regex(/^[\x21-\x7e]{4,16}$/, 'is not 4 to 16 printable ASCII characters without blanks')
          .meta(said('New passcode', 'Neuer Code')),
        lockNow: z.boolean().default(true).meta(said('Lock the screen at once', 'Bildschirm sofort sperren')),
      })
      .strict(),
  result: () => z.object({}),
  expiresS: 3600,
  secret: ['passcode'],
  examples: [{ params: { passcode: '730415', lockNow: true }, result: {} }],
})
export const deviceMute = operation({
  id: 'device.mute',
  title: { en: 'Mute', de: 'Stumm schalten' },
  summary: {
    en: 'Silences the device, or lets it sound again. Its user can change that.',
    de: 'Schaltet das Gerät stumm oder wieder laut. Die Person am Gerät kann das ändern.',
  },
  danger: 'none',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({
        muted: z
          .boolean()
          .default(true)
          .meta(said('Silent; otherwise it sounds again', 'Stumm; sonst wieder laut', { en: 'Muted', de: 'Stumm' })),
      })
      .strict(),
  result: () => z.object({}),
  expiresS: 86_400,
  examples: [{ params: { muted: true }, result: {} }],
})
