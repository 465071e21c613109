/** Certificate authorities that Linux devices trust. */
import { z } from 'zod'
import { certificatePem, examplePem } from '../certificate-pem.ts'
import { feature } from '../descriptors.ts'

export const linuxCertificates = feature({
  id: 'linux.certificates',
  title: 'Trusted certificates',
  summary: 'Certificate authorities that the device trusts beside its own.',
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
                  .describe('Name of the file'),
                pem: certificatePem.describe('Certificate, PEM'),
              })
              .strict(),
          )
          .min(1)
          .max(50)
          .describe('Authorities'),
      })
      .strict(),
  merge: { rule: 'union', lists: ['certificates'] },
  examples: [{ certificates: [{ name: 'example-root', pem: examplePem }] }],
})
