/** Certificate authorities that Linux devices trust. */
import { z } from 'zod'
import { certificatePem, examplePem } from '../certificate-pem.ts'
import { feature } from '../descriptors.ts'
import { said } from '../language.ts'

export const linuxCertificates = feature({
  id: 'linux.certificates',
  title: { en: 'Trusted certificates', de: 'Vertrauenswürdige Zertifikate' },
  summary: {
    en: 'Certificate authorities that the device trusts beside its own.',
    de: 'Zertifizierungsstellen, denen das Gerät neben seinen eigenen vertraut.',
  },
  settings: () =>
    z
      .object({
        certificates: z
          .array(
            z
              .object({
                name: z
                  .string()
                  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'takes a to z, 0 to 9 and -')
                  .meta(said('Name of the file', 'Name der Datei')),
                pem: certificatePem.meta(
                  said('Certificate, PEM', 'Zertifikat, PEM', { en: 'Certificate', de: 'Zertifikat' }),
                ),
              })
              .strict(),
          )
          .min(1)
          .max(50)
          .meta(said('Authorities', 'Zertifizierungsstellen')),
      })
      .strict(),
  merge: { rule: 'union', lists: ['certificates'] },
  examples: [{ certificates: [{ name: 'example-root', pem: examplePem }] }],
})
