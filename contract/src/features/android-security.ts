/** Security of Android devices: storage, certificates and keys, USB, accounts, what happens after a reset, logs. */
import { z } from 'zod'
import { androidPackage } from '../android-words.ts'
import { feature } from '../descriptors.ts'
import { linuxCertificates } from './linux-certificates.ts'

export const androidEncryption = feature({
  id: 'android.encryption',
  title: { en: 'Encryption', de: 'Verschlüsselung' },
  summary: {
    en: 'The storage must be encrypted; where it is not, the device says so and offers its user to do it. Devices since Android 10 always are.',
    de: 'Der Speicher muss verschlüsselt sein; wo er es nicht ist, sagt es das Gerät und bietet es an. Geräte ab Android 10 sind es immer.',
  },
  settings: () =>
    z
      .object({
        ownKey: z
          .boolean()
          .default(false)
          .describe('By the passcode of its user: the standard key alone is not enough'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ ownKey: true }],
})

export const androidCertificates = feature({
  id: 'android.certificates',
  title: { en: 'Trusted certificates', de: 'Vertrauenswürdige Zertifikate' },
  summary: {
    en: 'Certificate authorities that the device, or its work profile, trusts beside its own. Apps may still trust their own list alone.',
    de: 'Zertifizierungsstellen, denen das Gerät oder sein Arbeitsprofil neben seinen eigenen vertraut. Apps können weiterhin nur ihrer eigenen Liste vertrauen.',
  },
  settings: () => linuxCertificates.settings,
  merge: { rule: 'union', lists: ['certificates'] },
  examples: linuxCertificates.examples,
})

export const androidIdentity = feature({
  id: 'android.identity',
  title: { en: 'Client certificate', de: 'Client-Zertifikat' },
  summary: {
    en: 'A key with its certificate, by which the device signs in to Wi-Fi, VPN and web sites.',
    de: 'Ein Schlüssel mit Zertifikat, mit dem sich das Gerät an WLAN, VPN und Websites anmeldet.',
  },
  secret: ['pkcs12', 'password'],
  settings: () =>
    z
      .object({
        alias: z
          .string()
          .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'takes a to z, 0 to 9 and -')
          .describe('Name, by which Wi-Fi and VPN refer to it'),
        pkcs12: z.base64().min(40).max(87_384).optional().describe('Key, certificate and chain (PKCS #12), base64'),
        password: z.string().max(200).optional().describe('Password of the file'),
        apps: z.array(androidPackage).max(50).default([]).describe('Apps that may use it without asking'),
        wifi: z.boolean().default(false).describe('Wi-Fi may use it (needed since Android 12)'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [
    {
      alias: 'device',
      pkcs12: 'MIIBAgEDMIHJBgkqhkiG9w0BBwGggbsEgbgwgbUwgbIGCSqGSIb3DQEH',
      password: 'of the file',
      apps: ['com.example.mail'],
      wifi: true,
    },
  ],
})

export const androidUsb = feature({
  id: 'android.usb',
  title: { en: 'USB connection', de: 'USB-Verbindung' },
  summary: {
    en: 'Whether USB carries data at all (Android 12, where the hardware can); charging always works. Restrictions forbid files and debugging alone.',
    de: 'Ob USB überhaupt Daten überträgt (Android 12, wo die Hardware es kann); Laden geht immer. Nur Dateien und Debugging verbieten die Einschränkungen.',
  },
  settings: () => z.object({ dataBlocked: z.boolean().default(true).describe('USB carries no data') }).strict(),
  merge: { rule: 'priority' },
  examples: [{ dataBlocked: true }],
})

export const androidFactoryResetProtection = feature({
  id: 'android.factoryResetProtection',
  title: { en: 'Protection after a reset', de: 'Schutz nach dem Zurücksetzen' },
  summary: {
    en: 'Who can set the device up again after it was reset without permission: these Google accounts (Android 11). Needs Google services. Devices with the agent know them by their ids, those in Android Enterprise by their addresses.',
    de: 'Wer das Gerät nach unerlaubtem Zurücksetzen wieder einrichten kann: diese Google-Konten (Android 11). Braucht Google-Dienste. Geräte mit dem Agenten kennen sie an ihren Kennungen, die in Android Enterprise an ihren Adressen.',
  },
  settings: () =>
    z
      .object({
        accounts: z
          .array(z.string().regex(/^\d{15,30}$/, 'is no id of an account: digits, as the People API gives them'))
          .max(20)
          .default([])
          .describe('Ids of Google accounts (devices with the agent)'),
        emails: z
          .array(z.email().max(254))
          .min(1)
          .max(20)
          .optional()
          .describe('Addresses of Google accounts (Android Enterprise)'),
      })
      .strict()
      .refine((s) => s.accounts.length > 0 || s.emails !== undefined, {
        path: ['accounts'],
        message: 'or addresses are needed: without any nothing is protected',
      }),
  merge: { rule: 'priority' },
  examples: [
    { accounts: ['103418736491752837465'] },
    { accounts: ['103418736491752837465'], emails: ['it@example.com'] },
  ],
})

export const androidAccounts = feature({
  id: 'android.accounts',
  title: { en: 'Accounts', de: 'Konten' },
  summary: {
    en: 'Kinds of accounts that users cannot add or remove.',
    de: 'Arten von Konten, die Benutzer weder hinzufügen noch entfernen können.',
  },
  settings: () =>
    z
      .object({
        blockedTypes: z
          .array(
            z
              .string()
              .max(200)
              .regex(/^[A-Za-z][\w-]*(\.[\w-]+)+$/, 'is no kind of account, such as com.google'),
          )
          .min(1)
          .max(50)
          .describe('Kinds of accounts'),
      })
      .strict(),
  merge: { rule: 'union', lists: ['blockedTypes'] },
  examples: [{ blockedTypes: ['com.google'] }],
})

export const androidBackup = feature({
  id: 'android.backup',
  title: { en: 'Backup', de: 'Sicherung' },
  summary: {
    en: 'Whether Android backs the device, or its work profile, up to the account of its user.',
    de: 'Ob Android das Gerät oder sein Arbeitsprofil im Konto der Person sichert.',
  },
  settings: () => z.object({ enabled: z.boolean().default(false).describe('Backups are made') }).strict(),
  merge: { rule: 'priority' },
  examples: [{ enabled: false }],
})

export const androidLogging = feature({
  id: 'android.logging',
  title: { en: 'Security and network logs', de: 'Sicherheits- und Netzwerkprotokolle' },
  summary: {
    en: 'Whether Android notes security events, and the connections and names that apps ask for. "Collect logs" fetches them. Its user is told.',
    de: 'Ob Android Sicherheitsereignisse festhält, und Verbindungen und Namen, nach denen Apps fragen. „Protokolle holen“ holt sie. Die Person wird informiert.',
  },
  settings: () =>
    z
      .object({
        security: z.boolean().default(false).describe('Security events'),
        network: z.boolean().default(false).describe('Connections of apps (Android 8; work profiles Android 12)'),
      })
      .strict(),
  merge: { rule: 'priority' },
  examples: [{ security: true, network: false }],
})
