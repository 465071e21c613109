/** What an administrator sets of the agent channel: the app that devices fetch, how they get to it, and how they are woken. */
import { androidPackage } from '@muster/contract'
import { z } from 'zod'

/** SHA-256 as people have it at hand: base64url, or hexadecimal as apksigner and keytool print it. */
const checksum = z
  .string()
  .max(120)
  .regex(
    /^([A-Za-z0-9_-]{43}=?|[A-Za-z0-9+/]{43}=|([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2})$/,
    'is no SHA-256: 43 characters of base64url, or 64 hexadecimal digits',
  )
const line = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\p{Cc}]*$/u, 'has a control character')

const wifi = z
  .object({
    ssid: line(32).describe('Name of the network (SSID)'),
    hidden: z.boolean().default(false).describe('The network does not tell its name'),
    security: z.enum(['NONE', 'WPA', 'WEP']).default('WPA').describe('Protection'),
    password: line(63).optional().describe('Password. Whoever sees the QR code can read it: take a network for guests'),
    proxyHost: line(253).optional().describe('Proxy: host'),
    proxyPort: z.number().int().min(1).max(65_535).optional().describe('Proxy: port'),
    pacUrl: z
      .url({ protocol: /^https?$/ })
      .max(500)
      .optional()
      .describe('Proxy: address of the script that chooses it'),
  })
  .strict()
  .refine((w) => w.security === 'NONE' || w.password !== undefined, { path: ['password'], message: 'is needed' })

export const agentSettings = z
  .object({
    packageName: androidPackage.default('org.muster.agent').describe('Package name of the agent'),
    receiver: z
      .string()
      .max(200)
      .regex(/^\.?[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, 'is no class, such as .AdminReceiver')
      .default('.AdminReceiver')
      .describe('Its device administrator, a class'),
    downloadUrl: z
      .url({ protocol: /^https$/ })
      .max(500)
      .optional()
      .describe(
        'Where devices fetch the agent (APK); with it and a checksum they can be enrolled by QR code from the first screen',
      ),
    signatureChecksum: checksum
      .optional()
      .describe('SHA-256 of the certificate that signed the agent: stays over versions'),
    packageChecksum: checksum.optional().describe('SHA-256 of the file instead: changes with each version'),
    minimumVersion: z
      .string()
      .regex(/^\d{1,6}(\.\d{1,6}){0,3}$/, 'is no version, such as 1.4.0')
      .default('0.1.0')
      .describe('Older agents are told to update, and do not enrol'),
    longPollS: z
      .number()
      .int()
      .min(0)
      .max(50)
      .default(50)
      .describe('Seconds that a waiting agent is held (0: agents poll)'),
    wifi: wifi.optional().describe('Wi-Fi that new devices join to fetch the agent'),
    mobileData: z.boolean().default(true).describe('New devices may fetch the agent over mobile data'),
    systemApps: z.boolean().default(true).describe('New devices keep the apps of their maker'),
    sensors: z
      .boolean()
      .default(true)
      .describe('Policies may grant location, camera and microphone to apps on new fully managed devices (Android 12)'),
    locale: z
      .string()
      .regex(/^[a-z]{2,3}(_[A-Z]{2})?$/, 'is no language, such as de_DE')
      .optional()
      .describe('Language of new devices'),
    timeZone: z
      .string()
      .max(64)
      .regex(/^[A-Za-z_]+(\/[A-Za-z0-9_+-]+)+$/, 'is no time zone, such as Europe/Berlin')
      .optional()
      .describe('Time zone of new devices'),
  })
  .strict()
export type AgentSettings = z.infer<typeof agentSettings>
