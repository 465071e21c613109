/** The system of Android devices: updates, time, location, and what passes between work and personal apps. */
import { z } from 'zod'
import { androidPackage } from '../android-words.ts'
import { feature } from '../descriptors.ts'

const something = (s: object) => Object.values(s).some((v) => v !== undefined)
const orStays = { message: 'set at least one' }
const minute = z.number().int().min(0).max(1439)
const days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
/** The how many-th day of a year without 29 February, from 0. */
const dayOf = (monthDay: string) =>
  days.slice(0, Number(monthDay.slice(0, 2)) - 1).reduce((sum, n) => sum + n, 0) + Number(monthDay.slice(3)) - 1
const monthDay = z
  .string()
  .regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'is no day such as 11-20')
  .refine((d) => Number(d.slice(3)) <= (days[Number(d.slice(0, 2)) - 1] ?? 0), 'is no day of that month')

/** Days from the first to the last, both counted, also over the new year. */
const lengthOf = (p: { from: string; to: string }) => ((dayOf(p.to) - dayOf(p.from) + 365) % 365) + 1

export const androidSystemUpdates = feature({
  id: 'android.systemUpdates',
  title: { en: 'System updates', de: 'Systemupdates' },
  summary: {
    en: 'When updates of the manufacturer are installed, and the days of a year on which none is.',
    de: 'Wann Updates des Herstellers installiert werden und an welchen Tagen des Jahres nicht.',
  },
  settings: () =>
    z
      .object({
        type: z
          .enum(['automatic', 'windowed', 'postpone'])
          .default('windowed')
          .describe('As soon as there is one, within hours of the day, or 30 days later'),
        from: minute.default(120).describe('Begin, minute of the day in the device’s zone (windowed)'),
        to: minute.default(300).describe('End, minute of the day (windowed)'),
        freeze: z
          .array(z.object({ from: monthDay.describe('First day'), to: monthDay.describe('Last day') }).strict())
          .max(10)
          .default([])
          .describe('Days without updates (Android 9): at most 90 in a row, 60 days between two'),
      })
      .strict()
      .refine((s) => s.type !== 'windowed' || s.from !== s.to, { path: ['to'], message: 'is the begin, too' })
      .refine((s) => s.freeze.every((p) => lengthOf(p) <= 90), {
        path: ['freeze'],
        message: 'has more than 90 days in a row',
      })
      .refine((s) => apart(s.freeze), { path: ['freeze'], message: 'leaves fewer than 60 days between two' }),
  merge: { rule: 'priority' },
  examples: [{ type: 'windowed', from: 120, to: 300, freeze: [{ from: '11-20', to: '01-06' }] }],
})

/** Android, SystemUpdatePolicy.setFreezePeriods: at least 60 days from the end of one to the begin of the next. */
function apart(periods: readonly { from: string; to: string }[]): boolean {
  if (periods.length < 2) return true
  const sorted = [...periods].sort((a, b) => dayOf(a.from) - dayOf(b.from))
  return sorted.every((p, i) => {
    const next = sorted[(i + 1) % sorted.length] ?? p
    return ((dayOf(next.from) - dayOf(p.from) + 365) % 365) - lengthOf(p) >= 60
  })
}

export const androidTime = feature({
  id: 'android.time',
  title: { en: 'Date and time', de: 'Datum und Uhrzeit' },
  summary: {
    en: 'Where the device takes its time from. What is not set stays as it is.',
    de: 'Woher das Gerät seine Zeit nimmt. Was nicht gesetzt ist, bleibt, wie es ist.',
  },
  settings: () =>
    z
      .object({
        automatic: z.boolean().optional().describe('Time from the network'),
        automaticZone: z.boolean().optional().describe('Time zone from the network'),
        zone: z
          .string()
          .max(64)
          .regex(/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)+$/, 'is no time zone, such as Europe/Berlin')
          .optional()
          .describe('Time zone, where it is not from the network (Android 9)'),
      })
      .strict()
      .refine(something, orStays)
      .refine((s) => s.zone === undefined || s.automaticZone !== true, {
        path: ['zone'],
        message: 'is from the network already',
      }),
  merge: { rule: 'priority' },
  examples: [{ automatic: true, automaticZone: false, zone: 'Europe/Berlin' }],
})

export const androidLocation = feature({
  id: 'android.location',
  title: { en: 'Location', de: 'Standort' },
  summary: {
    en: 'Whether the device knows where it is (Android 11). Its user is told of every change.',
    de: 'Ob das Gerät weiß, wo es ist (Android 11). Die Person erfährt von jeder Änderung.',
  },
  settings: () => z.object({ enabled: z.boolean().default(true).describe('Location is on') }).strict(),
  merge: { rule: 'priority' },
  examples: [{ enabled: true }],
})

const apps = z.array(androidPackage).max(100)
export const androidWorkProfile = feature({
  id: 'android.workProfile',
  title: { en: 'Work profile', de: 'Arbeitsprofil' },
  summary: {
    en: 'What passes between work and personal apps, and how long the work profile may be off. What is not set stays as it is.',
    de: 'Was zwischen dienstlichen und privaten Apps übergeht und wie lange das Arbeitsprofil aus sein darf. Was nicht gesetzt ist, bleibt, wie es ist.',
  },
  settings: () =>
    z
      .object({
        name: z
          .string()
          .min(1)
          .max(60)
          .regex(/^[^\p{Cc}]*$/u, 'has a control character')
          .optional()
          .describe('Name of the profile'),
        contactsSearch: z.boolean().optional().describe('Personal apps find work contacts'),
        callerId: z.boolean().optional().describe('Calls show the names of work contacts'),
        bluetoothContacts: z.boolean().optional().describe('Cars and headsets get work contacts'),
        crossProfileApps: apps.optional().describe('Apps that may speak with their other half (Android 11)'),
        crossProfileCalendar: apps.optional().describe('Personal apps that may read the work calendar (Android 10)'),
        widgets: apps.optional().describe('Work apps with widgets on the home screen'),
        offDays: z
          .number()
          .int()
          .min(0)
          .max(365)
          .optional()
          .describe(
            'Days that it may be off until personal apps are suspended; company devices (Android 11), 0: for ever',
          ),
      })
      .strict()
      .refine((s) => s.offDays === undefined || s.offDays === 0 || s.offDays >= 3, {
        path: ['offDays'],
        message: 'is at least 3 (Android), or 0',
      })
      .refine(something, orStays),
  merge: { rule: 'priority' },
  examples: [{ name: 'Example Ltd', contactsSearch: true, callerId: true, crossProfileApps: ['com.example.mail'] }],
})
