/** A certificate as a setting holds it, and one for examples. */
import { z } from 'zod'

/** One X.509 certificate in PEM; whether it can be read is judged where there are tools to read it. */
export const certificatePem = z
  .string()
  .max(16_384)
  .regex(
    /^\s*-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=]{1,76}\r?\n)+-----END CERTIFICATE-----\s*$/,
    'is no single certificate in PEM',
  )

/** For examples and tests: self-signed, valid for a hundred years. */
export const examplePem = `-----BEGIN CERTIFICATE-----
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
