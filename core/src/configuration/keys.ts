/** What can be configured: one schema a key, with defaults, so that an empty database is a working installation. */
import { z } from 'zod'
import { plainText } from '../db/index.ts'

const platformId = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/)
const seconds = z.number().int().min(5).max(86_400)
const days = z.number().int().min(1).max(3650)

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
} as const

export type ConfigurationKey = keyof typeof configurationKeys
export type Configured<K extends ConfigurationKey> = z.output<(typeof configurationKeys)[K]>
/** What may be written: members with defaults may be left out. */
export type ConfigurationInput<K extends ConfigurationKey> = z.input<(typeof configurationKeys)[K]>

export function isConfigurationKey(key: string): key is ConfigurationKey {
  return Object.hasOwn(configurationKeys, key)
}
