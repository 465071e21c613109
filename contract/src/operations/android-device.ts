/** Operations of Android devices that other platforms do not know: files, system updates, storage, Samsung Knox. */
import { z } from 'zod'
import { apkFile, httpsAddress } from '../android-words.ts'
import { operation } from '../descriptors.ts'

/** Within the shared storage that the agent may write; no step upwards, no hidden folder. */
const filePath = z
  .string()
  .max(400)
  .regex(/^(?!\.)[^\p{Cc}\\/]+(\/(?!\.)[^\p{Cc}\\/]+)*$/u, 'is no path such as Download/form.pdf')

export const androidFilePut = operation({
  id: 'android.file.put',
  title: { en: 'Send file to device', de: 'Datei an das Gerät senden' },
  summary: {
    en: 'Fetches a file from an address of yours and places it in the shared storage of the device or its work profile.',
    de: 'Holt eine Datei von einer Ihrer Adressen und legt sie in den gemeinsamen Speicher des Geräts oder seines Arbeitsprofils.',
  },
  danger: 'none',
  repeatable: true,
  params: () =>
    z
      .object({
        ...apkFile.shape,
        path: filePath.describe('Where it goes, below the shared storage'),
        replace: z.boolean().default(false).describe('Replace a file that is there'),
      })
      .strict(),
  result: () => z.object({ bytes: z.number().int().min(0).describe('Size, bytes') }),
  expiresS: 7 * 86_400,
  examples: [
    {
      params: {
        url: 'https://files.example.com/prices.pdf',
        sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
        path: 'Download/prices.pdf',
        replace: true,
      },
      result: { bytes: 52_311 },
    },
  ],
})
/** Bytes of a file that may come within the answer. */
const fileInlineBytes = 256 * 1024
export const androidFileGet = operation({
  id: 'android.file.get',
  title: { en: 'Fetch file from device', de: 'Datei vom Gerät holen' },
  summary: {
    en: 'Fetches one file of the shared storage: within the answer up to 256 KB, or by PUT to an address of yours. Personal files beside a work profile are out of reach.',
    de: 'Holt eine Datei aus dem gemeinsamen Speicher: bis 256 KB in der Antwort, oder per PUT an eine Ihrer Adressen. Persönliche Dateien neben einem Arbeitsprofil sind unerreichbar.',
  },
  danger: 'confirm',
  repeatable: true,
  params: () =>
    z
      .object({
        path: filePath.describe('Where it is, below the shared storage'),
        uploadUrl: httpsAddress.optional().describe('Where it is sent by HTTP PUT; without one it is in the answer'),
      })
      .strict(),
  result: () =>
    z.object({
      bytes: z.number().int().min(0).describe('Size, bytes'),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe('SHA-256 of the file'),
      content: z
        .base64()
        .max(Math.ceil(fileInlineBytes / 3) * 4)
        .optional()
        .describe('The file, base64'),
    }),
  expiresS: 7 * 86_400,
  secret: ['uploadUrl'],
  examples: [
    {
      params: { path: 'Documents/route.txt' },
      result: {
        bytes: 3,
        sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae',
        content: 'Zm9v',
      },
    },
  ],
})
export const androidEncrypt = operation({
  id: 'android.storage.encrypt',
  title: { en: 'Encrypt storage', de: 'Speicher verschlüsseln' },
  summary: {
    en: 'Encrypts the storage of a device that came without; it restarts and takes an hour. Devices since Android 10 are encrypted always.',
    de: 'Verschlüsselt den Speicher eines Geräts, das ohne kam; es startet neu und braucht eine Stunde. Geräte ab Android 10 sind immer verschlüsselt.',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () => z.object({}).strict(),
  result: () =>
    z.object({
      status: z
        .enum(['unsupported', 'inactive', 'activating', 'active', 'active-default-key', 'active-per-user'])
        .describe('How the storage is now'),
    }),
  expiresS: 86_400,
  examples: [{ params: {}, result: { status: 'active-per-user' } }],
})
export const androidSystemUpdate = operation({
  id: 'android.system.update',
  title: { en: 'Upgrade firmware', de: 'Firmware aktualisieren' },
  summary: {
    en: 'Installs a system update of the manufacturer, from a file of yours or the one that the device has found. It restarts when that is done.',
    de: 'Installiert ein Systemupdate des Herstellers, aus Ihrer Datei oder das vom Gerät gefundene. Danach startet es neu.',
  },
  danger: 'confirm',
  repeatable: false,
  collapse: true,
  params: () =>
    z
      .object({
        file: apkFile
          .optional()
          .describe('The update package (A/B devices); without one the update that the device was offered'),
        minimumBatteryPercent: z.number().int().min(5).max(100).default(40).describe('Battery that it must have, %'),
      })
      .strict(),
  result: () =>
    z.object({
      build: z.string().max(200).describe('Build before the restart'),
      restarts: z.boolean().describe('It restarts for it'),
    }),
  expiresS: 14 * 86_400,
  examples: [
    {
      params: { minimumBatteryPercent: 40 },
      result: { build: 'TQ3A.230901.001', restarts: true },
    },
  ],
})
export const androidBugReport = operation({
  id: 'android.bug-report',
  title: { en: 'Take bug report', de: 'Fehlerbericht erstellen' },
  summary: {
    en: 'Asks Android for its full report for developers and sends it to an address of yours. Its user is told, and may refuse.',
    de: 'Fordert von Android den vollen Bericht für Entwickler an und sendet ihn an eine Ihrer Adressen. Die Person wird informiert und kann ablehnen.',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () => z.object({ uploadUrl: httpsAddress.describe('Where it is sent by HTTP PUT') }).strict(),
  result: () =>
    z.object({
      bytes: z.number().int().min(0).describe('Size, bytes'),
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe('SHA-256 of the report'),
    }),
  expiresS: 86_400,
  secret: ['uploadUrl'],
  examples: [
    {
      params: { uploadUrl: 'https://files.example.com/upload/7' },
      result: { bytes: 5_242_880, sha256: '2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae' },
    },
  ],
})
export const androidKnoxFirmware = operation({
  id: 'android.knox.firmware',
  title: { en: 'Update Samsung firmware', de: 'Samsung-Firmware aktualisieren' },
  summary: {
    en: 'Brings a Samsung device to a firmware version of your choice (Knox E-FOTA).',
    de: 'Bringt ein Samsung-Gerät auf eine Firmware-Version Ihrer Wahl (Knox E-FOTA).',
  },
  danger: 'confirm',
  repeatable: true,
  collapse: true,
  params: () =>
    z
      .object({
        version: z
          .string()
          .max(100)
          .regex(
            /^[A-Z0-9]+(\/[A-Z0-9]+){2}$/,
            'is no firmware version, such as A536BXXS8DXA1/A536BOXM8DXA1/A536BXXS8DXA1',
          )
          .describe('Firmware version: AP/CSC/CP'),
      })
      .strict(),
  result: () => z.object({ scheduled: z.boolean().describe('The device fetches it') }),
  expiresS: 14 * 86_400,
  examples: [{ params: { version: 'A536BXXS8DXA1/A536BOXM8DXA1/A536BXXS8DXA1' }, result: { scheduled: true } }],
})
