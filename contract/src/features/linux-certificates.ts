/** Certificate authorities that Linux devices trust. */
import { z } from 'zod'
import { feature } from '../descriptors.ts'

/** One X.509 certificate in PEM; whether it can be read is judged where there are tools to read it. */
export const certificatePem = z
  .string()
  .max(16_384)
  .regex(
    /^\s*-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=]{1,76}\r?\n)+-----END CERTIFICATE-----\s*$/,
    'is no single certificate in PEM',
  )

/** For examples and tests: self-signed, valid for a hundred years. */
const example = `-----BEGIN CERTIFICATE-----
MIIBuDCCAV+gAwIBAgIUXjQkkCB9FRKuGvRuBio/cKupWgswCgYIKoZIzj0EAwIw
KTEQMA4GA1UECgwHRXhhbXBsZTEVMBMGA1UEAwwMRXhhbXBsZSBSb290MCAXDTI2
MTEyMjA4MjcyOVoYDzIxMjYxMDI5MDgyNzI5WjApMRAwDgYDVQQKDAdFeGFtcGxl
MRUwEwYDVQQDDAxFeGFtcGxlIFJvb3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATWourmES9pHRCGarsdnrt6d8D58Hjya15Q1zu7US/SBI8QDPLACtARZG7fiGNX
lKB1QBl6uQGM0y+Pss/oB1ewo2MwYTAdBgNVHQ4EFgQU6Jt14jF4UzOvT0RZDorH
OM2kzbMwHwYDVR0jBBgwFoAU6Jt14jF4UzOvT0RZDorHOM2kzbMwDwYDVR0TAQH/
BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwCgYIKoZIzj0EAwIDRwAwRAIgZnIpEIs+
9J/d3q9+jHXegi+UzAuQVNXh2POjHIL7l5oCIGdbiBPOKQP5fjlMN1d15tX0RTa7
lLm78YWZ+/gIINE2
-----END CERTIFICATE-----
`

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
  examples: [{ certificates: [{ name: 'example-root', pem: example }] }],
})
