/** Certificate requests (PKCS#10, DER) as OpenSSL makes them: good ones, and ones that a careful authority refuses. */
const der = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))

const p256 =
  'MIHLMHMCAQAwETEPMA0GA1UEAwwGZGV2aWNlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKPkdqgZf+hH4sOkLccBG+soonjgJ9fKly4utjEPIjJJIc5n6suRiTk8B6m7KKmUJTQJRyMzQBH7AUsen81vc3aAAMAoGCCqGSM49BAMCA0gAMEUCIQDto8R8wGDbowoC+LpFu/3n9RDfZJj09ETUchxllDo9vwIgWiU+B8e4SnLnxRrIueXAxtO1gy0gLxOAgF4WflXwl3E='
const rsa2048 =
  'MIICVjCCAT4CAQAwETEPMA0GA1UEAwwGZGV2aWNlMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvxiWZstpfRFDrlwIBt/KXdpEmr2+Mdq9UAvalj06NQ2QrfJlBHh1kH7HsSQbXDjS6BKGoD/wLw/nyvY3RCiusD8fm5I5vPARp1RjrIytX96VK+Hi8fD8D1VHuKoBp8sOuAT2bL9npOQaC+PLY20jAc7Ex9X0SaZQ5lko6KDYiREb+n1E93XxzNpYpulIVZKE3dOnTe3yZdV1mFT4wTwigs5jvB0z1pnbwWlsyOKYDvv/k5bivejrcvod/Waxje4F2cbtbjRfFI3iPcE8yspIEJBMxXxXzTbmyIXRylgpHvvnh/0FO4QdBQlvKvxvjz26hUQvQS9QgYORE4Ii+mK+4wIDAQABoAAwDQYJKoZIhvcNAQELBQADggEBAKgZPE1ql3tJ3A/v7L7VRSNe3FZhxIGXBiBXUKcEj/J3lvo8vDO8gBAooJNCuofq0xWi3W3fwI/mAMPoVivntMLB7wKFaDvqsN+JPUWTxmutDph3eXP4lw/qRF46Vf5I3AFCErACEHqMgS13nD5vDD+zKm1xA6qEp8LlcMVh3mo9TOosRIs94WwU/TQ++zKyZeKKMfpLZ2YJ06cL0WILsCoVG7FJkItScgZ7RP4jQOHLfK7eCmsGPm1PFdc7R96qJug6eo7Z9S/WULbbiG/pc9udFmseYyfy9/OTJQlU+7RYMJ7mkj9Gh/eIL9H6KiOXpIo3WXKqq2fDh0UItR2L4Jo='
const rsa1024 =
  'MIIBUDCBugIBADARMQ8wDQYDVQQDDAZkZXZpY2UwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBAMZgUAYbB8HiyIx+naRqMsfFHoy0GnEaD7bQVqd09X/JtlKnB8RWnoVYOrszwvWi+u/S0OJ9jtTuPF5sX/7L/nF8GsNa3ZmmOh9Dd2WhSiLz1pI280zp/VSXrD04a8zi7ZG/i+ek7X0gCKnrhfMsfuwe9awOsMaCeZpryYIalHa3AgMBAAGgADANBgkqhkiG9w0BAQsFAAOBgQA/BMUFDpXfpRPOX04g8oO3jAIZKNsj47bpGPb9bH10GOa5u+0xOqVsUzl38T2GAvdVupbxFBlZ91swFFCSX10xbfB8mYCMTfyhp2z5cUsKhcg3uFAwoLg4PgbDqkO3VaU6peBXy8v2Ir4go4bvX+CqfjSMByBQ6yKYKCD6plSTdw=='
const ed25519 =
  'MIGQMEQCAQAwETEPMA0GA1UEAwwGZGV2aWNlMCowBQYDK2VwAyEAQxLSI3gp2eUD2IFO8gTu2oPznYV3CQ9D/Vx5ZJsqJTWgADAFBgMrZXADQQDI0lTmE68fqGXtLmZypBM9R4KGZ615yDHJNx7fuI/PpAUwH2M3ugN1Zec3A8ZwvqNicCoFP9O0SSySClCcxE4C'
const secp256k1 =
  'MIHHMHACAQAwETEPMA0GA1UEAwwGZGV2aWNlMFYwEAYHKoZIzj0CAQYFK4EEAAoDQgAEowVzlJTf6mxz7ypRIfhijkWco32QUlv5ivBUKbo/czW2nmKZlRP+oTCO47Av3rMTtW/GdGyh7r6fyGdpoz94wqAAMAoGCCqGSM49BAMCA0cAMEQCIHlghLesG4cz2UT0R5VchQnG9oq+WTKczy5wwLWzf3jWAiA5oLveQvlCs6bKmNRi7r+bUegvgD7HyxhCIOqNMcwtSw=='

const whole = der(p256)
/** The last byte of the signature is another. */
const forged = whole.with(whole.length - 1, (whole.at(-1) ?? 0) ^ 1)

export const request = {
  good: [whole, der(rsa2048)],
  bad: [
    new Uint8Array(0),
    forged,
    whole.slice(0, 100),
    der(rsa1024),
    der(ed25519),
    der(secp256k1),
    // Indefinite length, a length of four gigabytes, and sequences all the way down.
    Uint8Array.of(0x30, 0x80, 0, 0),
    Uint8Array.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff),
    new Uint8Array(Buffer.from('3080'.repeat(4000), 'hex')),
  ],
}
