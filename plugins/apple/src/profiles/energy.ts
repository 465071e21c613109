/** When Macs sleep, and when they wake or shut down by themselves. */
import { feature, type Json, type JsonObject } from '@muster/contract'
import { maybe, whole } from '@muster/kit/words'
import { z } from 'zod'
import { field, objectOf, written } from './fields.ts'
import { profileFeature } from './row.ts'

/** Energy settings have numbers where others have booleans. */
const bit = (v: boolean): Json => (v ? 1 : 0)
const power = {
  displayMinutes: field('Display Sleep Timer', whole('Minutes until the display sleeps', 0, 180, '0: never')),
  diskMinutes: field('Disk Sleep Timer', whole('Minutes until disks sleep', 0, 180, '0: never')),
  systemMinutes: field('System Sleep Timer', whole('Minutes until it sleeps', 0, 180, '0: never')),
  wakeOnLan: field('Wake on LAN', maybe('Wake for network access'), bit),
  restart: field('Automatic Restart On Power Loss', maybe('Start again when the power is back'), bit),
  slower: field('Reduce Processor Speed', maybe('Slower processor'), bit),
  dynamic: field('Dynamic Power Step', maybe('Speed as it is needed'), bit),
}
const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
const actions = ['wake', 'poweron', 'wakepoweron', 'sleep', 'shutdown', 'restart'] as const
const moment = z.strictObject({
  action: z.enum(actions).meta({ title: 'Does' }),
  days: z
    .array(z.enum(days))
    .min(1)
    .max(7)
    .default([...days])
    .meta({ title: 'On' }),
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is no time of day, such as 07:30')
    .meta({ title: 'At', description: 'Such as 07:30' }),
})
/** Days as bits from Monday; minutes since midnight. */
const event = (m: z.output<typeof moment>): Json => ({
  eventtype: m.action,
  weekdays: m.days.reduce((bits, day) => bits | (1 << days.indexOf(day)), 0),
  time: Number(m.at.slice(0, 2)) * 60 + Number(m.at.slice(3)),
})
const schedule = {
  on: field('RepeatingPowerOn', moment.optional().meta({ title: 'Starting' }), event),
  off: field('RepeatingPowerOff', moment.optional().meta({ title: 'Stopping' }), event),
}
const part = (key: string, title: string) =>
  field(key, objectOf(power).optional().meta({ title }), (v) => written(power, v as JsonObject))
const fields = {
  desktop: part('com.apple.EnergySaver.desktop.ACPower', 'Desktops'),
  portable: part('com.apple.EnergySaver.portable.ACPower', 'Laptops on mains'),
  battery: part('com.apple.EnergySaver.portable.BatteryPower', 'Laptops on battery'),
  schedule: field(
    'com.apple.EnergySaver.desktop.Schedule',
    objectOf(schedule).optional().meta({ title: 'Timetable' }),
    (v) => written(schedule, v as JsonObject),
  ),
  neverSleep: field('SleepDisabled', maybe('No sleep at all')),
}
const all = {
  displayMinutes: 10,
  diskMinutes: 10,
  systemMinutes: 0,
  wakeOnLan: true,
  restart: true,
  slower: false,
  dynamic: true,
}

export const energy = profileFeature(
  feature({
    id: 'apple.energy',
    title: { en: 'Energy saving', de: 'Energie sparen' },
    summary: {
      en: 'When Macs sleep, wake and shut down by themselves.',
      de: 'Wann Macs von selbst schlafen, aufwachen und herunterfahren.',
    },
    settings: () => objectOf(fields).refine((s) => Object.values(s).some((v) => v !== undefined), 'set at least one'),
    merge: { rule: 'priority' },
    examples: [
      {
        desktop: all,
        portable: all,
        battery: { displayMinutes: 2, systemMinutes: 10 },
        schedule: {
          on: { action: 'wakepoweron', days: ['monday', 'friday'], at: '07:30' },
          off: { action: 'shutdown', days: ['sunday'], at: '20:05' },
        },
        neverSleep: false,
      },
    ],
  }),
  {
    to: { macOS: { personal: false } },
    build: (s) => [{ PayloadType: 'com.apple.MCX', ...written(fields, s as JsonObject) }],
  },
)
