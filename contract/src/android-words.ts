/** What operations and policy features of Android devices share: names of releases, packages, files of apps, web clips. */
import { z } from 'zod'

/** Android, "Set the application ID": at least two segments, each begins with a letter. */
export const androidPackage = z
  .string()
  .max(223)
  .regex(/^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$/, 'is no package name, such as com.example.app')
export const httpsAddress = z
  .string()
  .max(2000)
  .regex(/^https:\/\/[^\s/?#@]+(\/[^\s]*)?$/, 'is no https address')
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'is no SHA-256: 64 hexadecimal digits in lower case')
/** One file of a package: an APK, or one of its splits. */
export const apkFile = z
  .object({
    url: httpsAddress.describe('Where the file is'),
    sha256: sha256.describe('SHA-256 of the file'),
  })
  .strict()
/** A web address on the home screen. */
export const webClip = z
  .object({
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'takes a to z, 0 to 9 and -')
      .describe('Name by which it is taken away again'),
    title: z
      .string()
      .min(1)
      .max(40)
      .regex(/^[^\p{Cc}]*$/u, 'has a line break or a control character')
      .describe('Title below the icon'),
    url: httpsAddress.describe('Web address'),
  })
  .strict()

const releases: Readonly<Record<string, string>> = {
  21: '5',
  22: '5.1',
  23: '6',
  24: '7',
  25: '7.1',
  26: '8',
  27: '8.1',
  28: '9',
  29: '10',
  30: '11',
  31: '12',
  32: '12L',
  33: '13',
  34: '14',
  35: '15',
  36: '16',
}
/** The release that people know an API level by: 31 is Android 12. */
export const androidRelease = (apiLevel: number): string => releases[apiLevel] ?? `API level ${apiLevel}`
