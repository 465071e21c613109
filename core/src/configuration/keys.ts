/** What can be configured: one schema a key, with defaults, so that an empty database is a working installation. */
import { z } from 'zod'
import { plainText } from '../db/index.ts'

const platformId = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/)
const seconds = z.number().int().min(5).max(86_400)
const days = z.number().int().min(1).max(3650)
const devices = z.number().int().min(0).max(1_000_000)
/** What one person may do alone. */
const budget = (usual: { tenMinutes: number; day: number; sharePercent: number; atLeast: number }) =>
  z
    .strictObject({
      tenMinutes: devices.default(usual.tenMinutes).describe('Devices in ten minutes'),
      day: devices.default(usual.day).describe('Devices in a day'),
      sharePercent: z
        .number()
        .min(0)
        .max(100)
        .default(usual.sharePercent)
        .describe('Share of the fleet in a day, percent'),
      atLeast: devices.default(usual.atLeast).describe('Devices in a day that are allowed in any fleet, however small'),
    })
    .prefault({})

/** How sleeping devices are woken; each is an adapter of the push room. */
const notifiers = ['apns', 'fcm', 'wns', 'mqtt', 'webpush', 'sms'] as const
export type Notifier = (typeof notifiers)[number]

export const configurationKeys = {
  /** Shown to people before they enrol, and written into certificates. */
  organisation: z.strictObject({ name: plainText(64, 1).default('Muster') }),
  /** Seconds between two polls of a device. Each poll is moved at random by up to `jitter` of the interval, so that a fleet spreads out. */
  polling: z.strictObject({
    defaultS: seconds.default(60),
    jitter: z.number().min(0).max(0.5).default(0.1),
    platforms: z.record(platformId, seconds).default({}),
  }),
  /** Per platform, in order of preference; a platform not named uses what its plugin asks for. */
  notifiers: z.strictObject({
    platforms: z.record(platformId, z.array(z.enum(notifiers)).max(notifiers.length)).default({}),
  }),
  /** Days that closed records are kept. The audit is kept for good. */
  retention: z.strictObject({
    historyDays: days.default(365),
    messageDays: days.default(30),
    deviceEventDays: days.default(90),
    outboxDays: days.default(7),
  }),
  /** The look of the pages people meet. The logo is a small picture inside the value, never fetched from elsewhere. */
  branding: z.strictObject({
    colour: z
      .string()
      .regex(/^#[0-9a-f]{6}$/, 'is not a colour like #1c7ed6')
      .default('#1c7ed6'),
    logo: z
      .string()
      .max(100_000)
      .regex(
        /^data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}$/,
        'is not a data URL of a PNG, JPEG or WebP picture',
      )
      .optional(),
    supportText: plainText(500).default(''),
  }),
  /** What one person may destroy alone; beyond it a second administrator approves. What is weakened here holds as it was for `settleHours`. */
  guard: z.strictObject({
    wipes: budget({ tenMinutes: 2, day: 5, sharePercent: 1, atLeast: 1 }).describe('Wiped by one person alone'),
    removals: budget({ tenMinutes: 20, day: 100, sharePercent: 10, atLeast: 20 }).describe(
      'Disenrolled by one person alone',
    ),
    approvalHours: z
      .number()
      .int()
      .min(1)
      .max(168)
      .default(24)
      .describe('Hours until a request that nobody approved expires'),
    settleHours: z
      .number()
      .int()
      .min(0)
      .max(720)
      .default(24)
      .describe('Hours before a weaker guard counts, and before an account that somebody else changed may approve'),
  }),
} as const

export type ConfigurationKey = keyof typeof configurationKeys
export type Configured<K extends ConfigurationKey> = z.output<(typeof configurationKeys)[K]>
/** What may be written: members with defaults may be left out. */
export type ConfigurationInput<K extends ConfigurationKey> = z.input<(typeof configurationKeys)[K]>

export function isConfigurationKey(key: string): key is ConfigurationKey {
  return Object.hasOwn(configurationKeys, key)
}
